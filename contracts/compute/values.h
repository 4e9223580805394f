/* contracts/compute/values.h — this contract's own values in tables of fields. */
#ifndef COMPUTE_VALUES_H
#define COMPUTE_VALUES_H

#include "contract/json.h"

#define COMPUTE_VALUES(X)                                                                          \
    X(read_source, write_source)                                                                   \
    X(read_code_source, NULL)                                                                      \
    X(read_limits, write_limits)                                                                   \
    X(read_given_limits, NULL)                                                                     \
    X(read_secrets, write_secrets)                                                                 \
    X(read_format, write_format)                                                                   \
    X(read_params, NULL)                                                                           \
    X(read_output, write_output)                                                                   \
    X(read_metrics, write_metrics)                                                                 \
    X(read_response, NULL)                                                                         \
    X(read_ids, NULL)                                                                              \
    X(read_account_or_null, NULL)                                                                  \
    X(read_measurement, NULL)                                                                      \
    X(read_measurements, NULL)                                                                     \
    X(read_operations, NULL)                                                                       \
    X(read_pricing, NULL)                                                                          \
    X(read_plans, NULL)                                                                            \
    X(read_top_up_result, NULL)                                                                    \
    X(read_delete_result, NULL)                                                                    \
    X(read_accessor, NULL)                                                                         \
    X(read_condition, NULL)                                                                        \
    X(read_node, NULL)                                                                             \
    X(read_accounts, NULL)                                                                         \
    X(read_members, NULL)                                                                          \
    X(read_op, NULL)                                                                               \
    X(read_logic_op, NULL)                                                                         \
    X(read_item, NULL)

NEAR_OWN_VALUES(COMPUTE_VALUES)

#endif
