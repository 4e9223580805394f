/* contracts/token/methods.h — every method and how it may be called (contract/near.h). */
#ifndef TOKEN_METHODS_H
#define TOKEN_METHODS_H

#define TOKEN_METHODS(X)                                                                           \
    X(new, CALL)                                                                                   \
    X(mint, PAYABLE)                                                                               \
    /* NEP-141 */                                                                                  \
    X(ft_transfer, PAYABLE)                                                                        \
    X(ft_transfer_call, PAYABLE)                                                                   \
    X(ft_resolve_transfer, PRIVATE)                                                                \
    X(ft_total_supply, VIEW)                                                                       \
    X(ft_balance_of, VIEW)                                                                         \
    /* NEP-148 */                                                                                  \
    X(ft_metadata, VIEW)                                                                           \
    /* NEP-145 */                                                                                  \
    X(storage_deposit, PAYABLE)                                                                    \
    X(storage_withdraw, PAYABLE)                                                                   \
    X(storage_unregister, PAYABLE)                                                                 \
    X(storage_balance_of, VIEW)                                                                    \
    X(storage_balance_bounds, VIEW)

#define TOKEN_METHOD_DECLARED(name, kind) void method_##name(void);
TOKEN_METHODS(TOKEN_METHOD_DECLARED)
#undef TOKEN_METHOD_DECLARED

#endif
