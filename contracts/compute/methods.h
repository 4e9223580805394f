/* contracts/compute/methods.h — every method and how it may be called (contract/near.h). */
#ifndef COMPUTE_METHODS_H
#define COMPUTE_METHODS_H

#define COMPUTE_METHODS(X)                                                                         \
    X(new, CALL)                                                                                   \
    X(request_execution, PAYABLE)                                                                  \
    X(resolve_execution, CALL)                                                                     \
    X(submit_execution_output, CALL)                                                               \
    X(submit_execution_output_and_resolve, CALL)                                                   \
    X(on_execution_response, PRIVATE)                                                              \
    X(cancel_stale_execution, CALL)                                                                \
    X(emergency_cancel_execution, CALL)                                                            \
    X(cancel_pending_requests, CALL)                                                               \
    X(clear_all_pending_requests, CALL)                                                            \
    X(set_owner, CALL)                                                                             \
    X(set_operator, CALL)                                                                          \
    X(set_paused, CALL)                                                                            \
    X(set_pricing, CALL)                                                                           \
    X(set_event_metadata, CALL)                                                                    \
    X(set_pending_bytes_cap, CALL)                                                                 \
    X(add_worker_key, CALL)                                                                        \
    X(remove_worker_key, CALL)                                                                     \
    X(get_worker_keys, VIEW)                                                                       \
    X(get_request, VIEW)                                                                           \
    X(get_request_context, VIEW)                                                                   \
    X(get_pending_output, VIEW)                                                                    \
    X(has_pending_output, VIEW)                                                                    \
    X(get_pending_request_ids, VIEW)                                                               \
    X(get_pending_bytes, VIEW)                                                                     \
    X(get_stats, VIEW)                                                                             \
    X(get_pricing, VIEW)                                                                           \
    X(get_pricing_full, VIEW)                                                                      \
    X(estimate_execution_cost, VIEW)                                                               \
    X(get_max_limits, VIEW)                                                                        \
    X(is_paused, VIEW)                                                                             \
    X(get_config, VIEW)                                                                            \
    X(get_event_metadata, VIEW)                                                                    \
    X(get_storage_version, VIEW)                                                                   \
    X(set_register, CALL)                                                                          \
    X(get_register, VIEW)                                                                          \
    X(retain_worker_keys, CALL)                                                                    \
    X(get_worker_key, VIEW)                                                                        \
    X(on_quote_verified, PRIVATE)

#define COMPUTE_METHOD_DECLARED(name, kind) void method_##name(void);
COMPUTE_METHODS(COMPUTE_METHOD_DECLARED)
#undef COMPUTE_METHOD_DECLARED

#endif
