/* src/cli/settings.h — what the subcommands share of their settings: the names that belong to
 * `alcove up`, and the policy of a state folder's worker, which a simulated enclave measures. */
#ifndef ALC_CLI_SETTINGS_H
#define ALC_CLI_SETTINGS_H

#include "cli/node.h"

/* For `others` of a table that shares file and environment with the roles: all names of
 * cli_node_table.  A name that a table has itself is its own, whatever stands here. */
extern const char *const cli_others[];

/* cli_policy is the policy of a worker with these settings.  Without endpoints it is that of a
 * development chain at localnet.port. */
void cli_policy(struct alc_hash *out, const struct cli_settings *s);

/* cli_policy_keep notes in the state folder what its simulated enclave measures from now on;
 * cli_policy_kept reads it.  ALC_NOT_FOUND: no such worker started there. */
ALC_MUST enum alc_rc cli_policy_keep(const char *state, const struct cli_settings *s,
                                     struct alc_err *err);
ALC_MUST enum alc_rc cli_policy_kept(struct alc_hash *out, const char *state, struct alc_err *err);

#endif
