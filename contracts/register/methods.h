/* contracts/register/methods.h — every method and how it may be called (contract/near.h). */
#ifndef REGISTER_METHODS_H
#define REGISTER_METHODS_H

#define REGISTER_METHODS(X)                                                                        \
    X(new, CALL)                                                                                   \
    X(register_worker_key, CALL)                                                                   \
    X(on_key_added, PRIVATE)                                                                       \
    X(remove_worker_keys, CALL)                                                                    \
    X(drop_expired_worker_keys, CALL)                                                              \
    X(new_challenge, CALL)                                                                         \
    X(put_collateral, PAYABLE)                                                                     \
    X(update_collateral, CALL)                                                                     \
    X(add_approved_measurements, CALL)                                                             \
    X(remove_approved_measurements, CALL)                                                          \
    X(clear_all_approved_measurements, CALL)                                                       \
    X(set_policy, CALL)                                                                            \
    X(transfer_ownership, CALL)                                                                    \
    X(migrate, PRIVATE)                                                                            \
    X(verify_quote, VIEW)                                                                          \
    X(get_worker_key, VIEW)                                                                        \
    X(get_challenge, VIEW)                                                                         \
    X(get_collateral, VIEW)                                                                        \
    X(get_collaterals, VIEW)                                                                       \
    X(get_collateral_info, VIEW)                                                                   \
    X(get_approved_measurements, VIEW)                                                             \
    X(is_measurements_approved, VIEW)                                                              \
    X(get_policy, VIEW)                                                                            \
    X(get_init_worker_account, VIEW)

#define REGISTER_METHOD_DECLARED(name, kind) void method_##name(void);
REGISTER_METHODS(REGISTER_METHOD_DECLARED)
#undef REGISTER_METHOD_DECLARED

#endif
