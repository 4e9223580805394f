/* src/cli/node.h — the roles in one process, and the development chain beside it: what `up`,
 * `demo` and the flow tests start. */
#ifndef ALC_CLI_NODE_H
#define ALC_CLI_NODE_H

#include "base/conf.h"
#include "base/json.h"
#include "worker/worker.h"

#include <sys/types.h>

/* Settings of the roles; the table cli_node_items fills them. */
struct cli_settings {
    const char *state;         /* folder; "": a temporary one, removed at the end */
    const char *const *rpc;    /* JSON-RPC endpoints; none: a development chain is started */
    const char *const *stream; /* block servers; none: the RPC endpoints */
    const char *chain_id, *network_id;
    const char *contract_id, *operator_id;
    const char *standard;
    uint64_t start_height;
    uint32_t slots, max_memory_mb;
    uint64_t cache_mb;
    const char *mirror;
    const char *const *modules; /* files put among the blobs at the start */
    bool plain_http, durable, json;
    uint32_t localnet_port, gateway_port;
    const char *log;
    const char *source, *configfs_dir, *dstack_socket;
    uint32_t batch_ms, check_ms, collateral_ms;
    bool records;
    const char *register_id, *init_id, *init_key;
    const char *collateral_url;
};
extern const struct alc_conf_table cli_node_table;
/* cli_node_settings reads them: file, environment, flags.  *help: print and leave. */
ALC_MUST enum alc_rc cli_node_settings(struct cli_settings *out, bool *help, int argc, char **argv,
                                       struct alc_arena *arena, struct alc_err *err);

/* What is built into the program. */
enum cli_embedded { CLI_COMPUTE, CLI_REGISTER, CLI_CONSUMER, CLI_RAIN };
struct alc_bytes cli_embedded(enum cli_embedded which);

/* ---- the enclave: the worker's key and the source of quotes ---- */

struct cli_enclave {
    struct alc_attest *attest;
    struct alc_sets *sets; /* collateral; NULL without a source */
};

/* cli_enclave_open takes the key and opens the source that the settings name.  `devnet`: on a
 * development chain, "auto" falls back to SIMULATED; elsewhere that has to be asked for by name,
 * and ALC_NOT_FOUND says how.  It reads the settings of the roles, since their hash is measured:
 * the endpoints must be known. */
ALC_MUST enum alc_rc cli_enclave_open(struct cli_enclave *e, const struct cli_settings *s,
                                      const char *state, bool devnet, struct alc_ed25519 *key,
                                      struct alc_err *err);
void cli_enclave_close(struct cli_enclave *e); /* `= {0}` is safe */
/* cli_put_measurements writes them as the register contract's add_approved_measurements takes them.
 */
void cli_put_measurements(struct alc_jw *w, const struct alc_measurement *m);

/* ---- the development chain ---- */

#define CLI_DEVNET_CONTRACT "compute.test.near"
#define CLI_DEVNET_OPERATOR "worker.test.near"
#define CLI_DEVNET_USER "user.test.near"
#define CLI_DEVNET_INIT "init.test.near" /* registers the worker's keys */

struct cli_devnet {
    pid_t pid; /* of alcove-localnet; 0: none */
    char rpc[128];
    const char *urls[2]; /* {rpc, NULL} */
    struct alc_near_id root_id;
    struct alc_ed25519 root;
    struct alc_near_rpc *client;
};
/* cli_devnet_start runs the alcove-localnet that lies beside this program, its state under
 * <state>/localnet, and waits until it serves.  ALC_NOT_FOUND: there is no such program. */
ALC_MUST enum alc_rc cli_devnet_start(struct cli_devnet *d, const char *state, uint32_t port,
                                      struct alc_err *err);
/* cli_devnet_died: the chain was started and is no more; *err says so. */
bool cli_devnet_died(struct cli_devnet *d, struct alc_err *err);
/* cli_devnet_stop ends the chain and waits for it; `= {0}` is safe. */
void cli_devnet_stop(struct cli_devnet *d);

/* cli_devnet_prepare makes what Alcove needs and is not there yet: the contract, a user whose key
 * goes to <state>/user.json, and the operator's account.  With a source of quotes the register
 * contract lies on that account, approves this enclave and no other, and <state>/init.json is the
 * key of who registers there; without one, the worker's key is added by the owner. */
ALC_MUST enum alc_rc cli_devnet_prepare(struct cli_devnet *d, const char *state,
                                        const struct alc_attest *attest, struct alc_err *err);
/* cli_devnet_settings points the settings at a prepared chain. */
void cli_devnet_settings(const struct cli_devnet *d, struct cli_settings *s, const char *state,
                         struct alc_arena *arena);

/* cli_send signs `actions`, sends them and waits until all of it is final.  ALC_TRAP: it failed on
 * chain, with the failure as the sentence.  *out's value and JSON live as their header says. */
ALC_MUST enum alc_rc cli_send(struct alc_near_rpc *rpc, const char *signer_id,
                              const struct alc_ed25519 *key, const char *receiver_id,
                              struct alc_near_action *actions, uint32_t count, bool keep_json,
                              struct alc_near_tx_status *out, struct alc_arena *arena,
                              struct alc_err *err);
struct alc_near_action cli_call(const char *method, const char *args, uint64_t gas,
                                __uint128_t deposit);

/* ---- the roles ---- */

struct cli_node; /* opaque */

/* cli_node_key loads the worker's key of the state folder, or makes it (file mode 0600). */
ALC_MUST enum alc_rc cli_node_key(struct alc_ed25519 *out, const char *state, struct alc_err *err);
/* cli_node_worker is what the settings say of the worker; engine and attest are left open. */
struct alc_worker_conf cli_node_worker(const struct cli_settings *s);
/* cli_node_open starts engine, worker, watcher and gateway; the enclave is borrowed. */
ALC_MUST enum alc_rc cli_node_open(struct cli_node **out, const struct cli_settings *s,
                                   const char *state, const struct cli_enclave *e,
                                   struct alc_err *err);
/* cli_node_failed: the watcher gave up; *err says why. */
bool cli_node_failed(struct cli_node *n, struct alc_err *err);
void cli_node_close(struct cli_node *n);
void cli_node_stats(struct cli_node *n, struct alc_worker_stats *out);
uint16_t cli_node_port(const struct cli_node *n); /* of the gateway, on the loopback */
/* For the caller's thread: its own connection to the store. */
struct alc_queue *cli_node_queue(struct cli_node *n);
/* cli_node_module keeps a module among the blobs; *hash is its SHA-256. */
ALC_MUST enum alc_rc cli_node_module(struct cli_node *n, struct alc_hash *hash,
                                     struct alc_bytes wasm, struct alc_err *err);

/* ---- files ---- */

/* cli_state_open makes the folder (0700), or a temporary one when `name` is "". */
struct cli_state {
    char path[4000];
    bool temporary;
};
ALC_MUST enum alc_rc cli_state_open(struct cli_state *s, const char *name, struct alc_err *err);
void cli_state_close(struct cli_state *s); /* removes a temporary folder with all in it */

ALC_MUST enum alc_rc cli_read_file(struct alc_bytes *out, const char *path, size_t max_bytes,
                                   struct alc_arena *arena, struct alc_err *err);
ALC_MUST enum alc_rc cli_write_file(const char *path, struct alc_bytes bytes, struct alc_err *err);

/* cli_plain writes foreign text for a terminal into out[0..cap): whoever made it chose its bytes,
 * and a line break or an escape sequence among them could write a verdict of its own.  What is not
 * printable ASCII shows as \xNN; what does not fit is left out.  Returns out. */
const char *cli_plain(char *out, size_t cap, struct alc_bytes text);

/* cli_hex prints a hash into a static-size buffer and returns it. */
const char *cli_hex(char out[65], const struct alc_hash *h);

#endif
