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
    X(migrate, PRIVATE)                                                                            \
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
    X(contract_source_metadata, VIEW)                                                              \
    X(set_register, CALL)                                                                          \
    X(get_register, VIEW)                                                                          \
    X(retain_worker_keys, CALL)                                                                    \
    X(get_worker_key, VIEW)                                                                        \
    X(on_quote_verified, PRIVATE)                                                                  \
    /* MONEY */                                                                                    \
    X(ft_on_transfer, CALL)                                                                        \
    X(resume_topup, CALL)                                                                          \
    X(on_top_up_response, PRIVATE)                                                                 \
    X(delete_payment_key, PAYABLE)                                                                 \
    X(resume_delete_payment_key, CALL)                                                             \
    X(on_delete_payment_key_response, PRIVATE)                                                     \
    X(top_up_payment_key_with_near, PAYABLE)                                                       \
    X(on_near_wrapped, PRIVATE)                                                                    \
    X(top_up_payment_key_with_token, PAYABLE)                                                      \
    X(set_near_top_up, CALL)                                                                       \
    X(get_near_top_up, VIEW)                                                                       \
    X(withdraw_developer_earnings, PAYABLE)                                                        \
    X(on_withdraw_developer_earnings, PRIVATE)                                                     \
    X(set_payment_token_contract, CALL)                                                            \
    X(get_payment_token_contract, VIEW)                                                            \
    X(set_subscription_plans, CALL)                                                                \
    X(get_subscription_plans, VIEW)                                                                \
    X(get_user_stablecoin_balance, VIEW)                                                           \
    X(get_developer_earnings, VIEW)                                                                \
    X(get_payment_key_nonce_floor, VIEW)                                                           \
    X(get_next_payment_key_nonce, VIEW)                                                            \
    /* secrets */                                                                                  \
    X(store_secrets, PAYABLE)                                                                      \
    X(store_agent_secret, PAYABLE)                                                                 \
    X(update_access, PAYABLE)                                                                      \
    X(delete_secrets, CALL)                                                                        \
    X(delete_agent_secret, CALL)                                                                   \
    X(unbind_secret_vault, CALL)                                                                   \
    X(get_secrets, VIEW)                                                                           \
    X(get_secret_vault, VIEW)                                                                      \
    X(get_secret_with_vault, VIEW)                                                                 \
    X(secrets_exist, VIEW)                                                                         \
    X(list_user_secrets, VIEW)                                                                     \
    X(list_profiles, VIEW)                                                                         \
    X(estimate_storage_cost, VIEW)                                                                 \
    /* projects */                                                                                 \
    X(create_project, PAYABLE)                                                                     \
    X(add_version, PAYABLE)                                                                        \
    X(set_active_version, CALL)                                                                    \
    X(remove_version, CALL)                                                                        \
    X(delete_project, CALL)                                                                        \
    X(transfer_project, CALL)                                                                      \
    X(accept_project_transfer, PAYABLE)                                                            \
    X(revoke_project_transfer, CALL)                                                               \
    X(get_project, VIEW)                                                                           \
    X(list_user_projects, VIEW)                                                                    \
    X(has_project_uuid, VIEW)                                                                      \
    X(get_version, VIEW)                                                                           \
    X(list_versions, VIEW)                                                                         \
    X(get_version_count, VIEW)                                                                     \
    X(get_project_transfer_acceptance, VIEW)                                                       \
    X(estimate_transfer_acceptance_cost, VIEW)                                                     \
    X(set_project_pricing, CALL)                                                                   \
    X(remove_project_pricing, CALL)                                                                \
    X(get_project_pricing, VIEW)                                                                   \
    X(get_project_max_price, VIEW)                                                                 \
    X(get_priced_projects, VIEW)                                                                   \
    X(get_priced_project_count, VIEW)                                                              \
    /* wallet policies */                                                                          \
    X(store_wallet_policy, PAYABLE)                                                                \
    X(set_storage_refund_to, CALL)                                                                 \
    X(freeze_wallet, CALL)                                                                         \
    X(unfreeze_wallet, CALL)                                                                       \
    X(delete_wallet_policy, CALL)                                                                  \
    X(has_wallet_policy, VIEW)                                                                     \
    X(get_wallet_policy, VIEW)                                                                     \
    X(get_wallet_policies_by_owner, VIEW)                                                          \
    X(estimate_wallet_policy_cost, VIEW)

#define COMPUTE_METHOD_DECLARED(name, kind) void method_##name(void);
COMPUTE_METHODS(COMPUTE_METHOD_DECLARED)
#undef COMPUTE_METHOD_DECLARED

#endif
