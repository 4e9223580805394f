#include "cli/node.h"

#include "base/json.h"
#include "gateway/gateway.h"
#include "watcher/watcher.h"

#include <inttypes.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIELD(f) offsetof(struct cli_settings, f)
static const struct alc_conf_item items[] = {
    {"state", ALC_CONF_STR, FIELD(state), "", 0, 3800,
     "folder for everything that stays; none: everything is gone at the end"},
    {"near.rpc", ALC_CONF_LIST, FIELD(rpc), "", 0, 0,
     "JSON-RPC endpoint, may be repeated; none: a development chain is started"},
    {"near.stream", ALC_CONF_LIST, FIELD(stream), "", 0, 0,
     "block server, may be repeated; none: the RPC endpoints serve the blocks too"},
    {"near.chain-id", ALC_CONF_STR, FIELD(chain_id), "localnet", 1, 64,
     "the chain's name in statements; the contract was given the same"},
    {"near.network-id", ALC_CONF_STR, FIELD(network_id), "testnet", 1, 64,
     "NEAR_NETWORK_ID of guests: mainnet or testnet"},
    {"near.contract", ALC_CONF_STR, FIELD(contract_id), CLI_DEVNET_CONTRACT, 2, 64,
     "the contract whose requests are served"},
    {"near.operator", ALC_CONF_STR, FIELD(operator_id), CLI_DEVNET_OPERATOR, 2, 64,
     "the account that resolves; the worker's key is one of its keys"},
    {"watcher.standard", ALC_CONF_STR, FIELD(standard), "near-outlayer", 1, 64,
     "the contract's event standard"},
    {"watcher.start", ALC_CONF_U64, FIELD(start_height), "0", 0, 0,
     "height at which a new watcher begins; 0: the newest block"},
    {"worker.slots", ALC_CONF_U32, FIELD(slots), "0", 0, ALC_WORKER_SLOTS_MAX,
     "guests run at once; 0: one per core"},
    {"worker.max-memory-mb", ALC_CONF_U32, FIELD(max_memory_mb), "512", 1, 4096,
     "most memory a request may ask for"},
    {"worker.cache-mb", ALC_CONF_U64, FIELD(cache_mb), "1024", 0, 1u << 20,
     "disk for compiled modules"},
    {"worker.mirror", ALC_CONF_STR, FIELD(mirror), "", 0, 2000,
     "asked for a module as <mirror>/<hash> before the module's own URL"},
    {"worker.module", ALC_CONF_LIST, FIELD(modules), "", 0, 0,
     "file of a module to know from the start, may be repeated"},
    {"dev.plain-http", ALC_CONF_BOOL, FIELD(plain_http), "false", 0, 0,
     "development: http:// and loopback addresses may be asked"},
    {"store.durable", ALC_CONF_BOOL, FIELD(durable), "true", 0, 0,
     "what is sent to the chain is on disk first, through a power cut too"},
    {"localnet.port", ALC_CONF_U32, FIELD(localnet_port), "3030", 0, 65535,
     "port of the development chain; 0: any free one"},
    {"gateway.port", ALC_CONF_U32, FIELD(gateway_port), "0", 0, 65535,
     "port of the gateway, on the loopback; 0: any free one"},
    {"attest.source", ALC_CONF_STR, FIELD(source), "auto", 1, 16,
     "where quotes come from: auto, configfs, dstack, simulated, none"},
    {"attest.configfs-dir", ALC_CONF_STR, FIELD(configfs_dir), "", 0, 3800,
     "where the kernel's reports are asked for; none: /sys/kernel/config/tsm/report"},
    {"attest.dstack-socket", ALC_CONF_STR, FIELD(dstack_socket), "", 0, 107,
     "socket of dstack's guest agent; none: the usual places"},
    {"attest.batch-ms", ALC_CONF_U32, FIELD(batch_ms), "50", 0, 60000,
     "statements are collected for so long before one quote vouches for them"},
    {"attest.records", ALC_CONF_BOOL, FIELD(records), "true", 0, 0,
     "runs are recorded in OutLayer's form too, each with a quote of its own"},
    {"attest.register", ALC_CONF_STR, FIELD(register_id), "operator", 0, 64,
     "the register contract; operator: it lies on the operator's account; empty: keys are added "
     "by hand"},
    {"attest.init-account", ALC_CONF_STR, FIELD(init_id), "", 0, 64,
     "the account that registers the worker's keys"},
    {"attest.init-key", ALC_CONF_STR, FIELD(init_key), "", 0, 3800, "file of that account's key"},
    {"attest.check-ms", ALC_CONF_U32, FIELD(check_ms), "15000", 50, 3600000,
     "between two looks at what the chain says of the worker's key"},
    {"attest.collateral-url", ALC_CONF_STR, FIELD(collateral_url), ALC_PCS_URL, 0, 2000,
     "Intel's PCS or a PCCS, for the collateral of hardware; none: somebody else puts it on chain"},
    {"attest.collateral-ms", ALC_CONF_U32, FIELD(collateral_ms), "21600000", 50, 86400000,
     "between two times that the newest set of collateral is asked for, 6 hours; at most a day"},
    {"log", ALC_CONF_STR, FIELD(log), "info", 0, 16, "error, warn, info or debug"},
    {"json", ALC_CONF_BOOL, FIELD(json), "false", 0, 0, "say things as lines of JSON"},
};
const struct alc_conf_table cli_node_table = {items, sizeof items / sizeof *items, NULL};

static enum alc_rc check_attest(struct cli_settings *s, struct alc_err *err)
{
    bool named = s->rpc != NULL && s->rpc[0] != NULL;
    enum alc_source source;
    struct alc_near_id id;

    if (!alc_source_read(&source, s->source))
        return alc_fail(err, ALC_BAD_INPUT,
                        "attest.source: `%s` is none of auto, configfs, dstack, simulated, none",
                        s->source);
    if (strcmp(s->register_id, "operator") == 0) s->register_id = s->operator_id;
    if (source == ALC_SOURCE_NONE) s->register_id = "";
    if (s->register_id[0] == 0 || !named) return ALC_OK;
    if (!alc_near_id_set(&id, alc_cstr(s->register_id)))
        return alc_fail(err, ALC_BAD_INPUT, "attest.register: `%s` is no account id",
                        s->register_id);
    if (!alc_near_id_set(&id, alc_cstr(s->init_id)) || s->init_key[0] == 0)
        return alc_fail(err, ALC_BAD_INPUT,
                        "the worker's key is registered with %s: name who does it by "
                        "--attest-init-account and --attest-init-key, or say --attest-register= "
                        "when keys are added by hand",
                        s->register_id);
    return ALC_OK;
}

enum alc_rc cli_node_settings(struct cli_settings *out, bool *help, int argc, char **argv,
                              struct alc_arena *arena, struct alc_err *err)
{
    struct alc_conf_rest rest = {0};
    struct alc_near_id id;
    enum alc_log_level level;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    enum alc_rc rc;

    rc = alc_conf_read(out, &rest, &cli_node_table, NULL, argc, argv, arena, err);
    *help = rc == ALC_OK && rest.help;
    if (rc != ALC_OK || rest.help) return rc;
    if (rest.count > 0)
        return alc_fail(err, ALC_BAD_INPUT, "`%s`: only flags are understood here; see --help",
                        rest.words[0]);
    if (!alc_log_level_of(out->log, &level))
        return alc_fail(err, ALC_BAD_INPUT, "log: `%s` is not error, warn, info or debug",
                        out->log);
    alc_log_set(level);
    if (!alc_near_id_set(&id, alc_cstr(out->contract_id)))
        return alc_fail(err, ALC_BAD_INPUT, "near.contract: `%s` is no account id",
                        out->contract_id);
    if (!alc_near_id_set(&id, alc_cstr(out->operator_id)))
        return alc_fail(err, ALC_BAD_INPUT, "near.operator: `%s` is no account id",
                        out->operator_id);
    if (out->slots == 0)
        out->slots = cores<1 ? 1 : cores>(long) ALC_WORKER_SLOTS_MAX ? ALC_WORKER_SLOTS_MAX
                                                                     : (uint32_t)cores;
    if (out->rpc != NULL && out->rpc[0] != NULL && out->state[0] == 0)
        return alc_fail(err, ALC_BAD_INPUT,
                        "a network is named, so a --state folder is needed: it keeps the worker's "
                        "key and what is owed to callers");
    return check_attest(out, err);
}

/* ---- the roles ---- */

struct cli_node {
    struct cli_settings set;
    char db[4096], cache[4096], state[4000];
    volatile bool stop;
    struct alc_store *store; /* the caller's thread */
    struct alc_queue *queue;
    struct alc_engine *engine;
    const struct cli_enclave *enclave; /* borrowed */
    struct alc_worker *worker;
    struct alc_gateway *gateway;
    pthread_t watching;
    bool watches;
    struct alc_store *watch_store;
    struct alc_queue *watch_queue;
    struct alc_near_stream *stream;
    struct alc_watcher_conf watcher;
    char cursor[160];
    struct alc_err trouble; /* written by the watching thread before `failed` */
    volatile bool failed;
};

enum alc_rc cli_node_key(struct alc_ed25519 *out, const char *state, struct alc_err *err)
{
    return alc_worker_key(out, state, err);
}

static void woken(void *ctx, size_t jobs)
{
    struct cli_node *n = ctx;
    (void)jobs;
    alc_worker_wake(n->worker);
}

static size_t count_of(const char *const *list)
{
    size_t n = 0;
    while (list != NULL && list[n] != NULL)
        n++;
    return n;
}

/* tell_of_contract warns of what would otherwise show with the first request only: no contract
 * there, or one that is resolved by another account.  It stops nothing: both can be mended
 * meanwhile. */
static void tell_of_contract(const struct cli_node *n)
{
    const struct alc_near_rpc_conf conf = {.urls = n->set.rpc,
                                           .urls_count = count_of(n->set.rpc),
                                           .plain_ok = n->set.plain_http,
                                           .timeout_ms = 5000};
    struct alc_arena arena = ALC_ARENA(1u << 20);
    struct alc_near_rpc *rpc = NULL;
    struct alc_json *config = NULL;
    struct alc_bytes text, who;
    struct alc_err err = {0};
    enum alc_rc rc = alc_near_rpc_open(&rpc, &conf, &err);

    if (rc == ALC_OK)
        rc = alc_near_rpc_view(rpc, &text, n->set.contract_id, "get_config", ALC_LIT("{}"), &arena,
                               &err);
    if (rc == ALC_OK) rc = alc_json_open(&config, text, 4096, &err);
    if (rc != ALC_OK)
        alc_log(ALC_WARN, "node.contract", "contract=%s why=\"%s\"", n->set.contract_id,
                alc_err_text(&err, rc));
    else if (!alc_json_str(alc_json_at(config, 1), &who) || !alc_bytes_is(who, n->set.operator_id))
        alc_log(ALC_WARN, "node.contract", "contract=%s why=\"its operator is not %s\"",
                n->set.contract_id, n->set.operator_id);
    alc_json_close(config);
    alc_near_rpc_close(rpc);
    alc_arena_fini(&arena);
}

static void *watch(void *ctx)
{
    struct cli_node *n = ctx;
    enum alc_rc rc;

    tell_of_contract(n); /* here, so that nobody waits for a slow endpoint */
    rc = alc_watcher_run(&n->watcher, n->stream, n->watch_queue, &n->trouble);
    if (rc != ALC_OK) {
        alc_log(ALC_ERROR, "watcher.end", "why=\"%s\"", alc_err_text(&n->trouble, rc));
        n->failed = true;
    }
    return NULL;
}

static enum alc_rc open_engine(struct cli_node *n, const char *state, const struct alc_ed25519 *key,
                               struct alc_err *err)
{
    struct alc_hash cache_key;
    struct alc_engine_conf conf = {.slots = n->set.slots,
                                   .max_memory_mb = n->set.max_memory_mb,
                                   .compiled_max_bytes = 256u << 20,
                                   .cache_max_bytes = (size_t)n->set.cache_mb << 20};

    /* Until a keystore gives it, the key of the compiled cache comes from the worker's: it guards
     * against accident, not against who can read the state folder. */
    alc_hmac_sha256(&cache_key, (struct alc_bytes){key->key.p, ALC_ED25519_SEED_BYTES},
                    ALC_LIT("ALCOVE/COMPILED/1"));
    conf.cache_key = alc_hash_bytes(&cache_key);
    snprintf(n->cache, sizeof n->cache, "%s/compiled", state);
    if (n->set.cache_mb > 0) conf.cache_dir = n->cache;
    return alc_engine_open(&n->engine, &conf, err);
}

struct alc_worker_conf cli_node_worker(const struct cli_settings *s)
{
    return (struct alc_worker_conf){.name = "worker",
                                    .durable = s->durable,
                                    .slots = s->slots,
                                    .max_memory_mb = s->max_memory_mb,
                                    .chain_id = s->chain_id,
                                    .network_id = s->network_id,
                                    .contract_id = s->contract_id,
                                    .operator_id = s->operator_id,
                                    .rpc_urls = s->rpc,
                                    .rpc_urls_count = count_of(s->rpc),
                                    .module_mirror = s->mirror,
                                    .plain_http = s->plain_http,
                                    .clock = &alc_clock_system,
                                    .batch_ms = s->batch_ms,
                                    .records = s->records,
                                    .register_id = s->register_id,
                                    .init_id = s->init_id,
                                    .init_key = s->init_key,
                                    .check_ms = s->check_ms,
                                    .collateral_ms = s->collateral_ms};
}

static enum alc_rc open_worker(struct cli_node *n, struct alc_err *err)
{
    struct alc_worker_conf conf = cli_node_worker(&n->set);

    conf.store_path = n->db;
    conf.keys_dir = n->state;
    conf.engine = n->engine;
    conf.attest = n->enclave->attest;
    conf.sets = n->enclave->sets;
    return alc_worker_open(&n->worker, &conf, err);
}

static enum alc_rc open_watcher(struct cli_node *n, struct alc_err *err)
{
    const char *const *urls = count_of(n->set.stream) > 0 ? n->set.stream : n->set.rpc;
    const struct alc_near_stream_conf conf = {.urls = urls,
                                              .urls_count = count_of(urls),
                                              .plain_ok = n->set.plain_http,
                                              .stop = &n->stop};
    enum alc_rc rc;

    snprintf(n->cursor, sizeof n->cursor, "%s/%s", n->set.chain_id, n->set.contract_id);
    n->watcher = (struct alc_watcher_conf){.chain = n->cursor,
                                           .contract_id = n->set.contract_id,
                                           .standard = n->set.standard,
                                           .start_height = n->set.start_height,
                                           .stop = &n->stop,
                                           .fresh = woken,
                                           .ctx = n};
    rc = alc_store_open(&n->watch_store, n->db, false, err);
    if (rc == ALC_OK) rc = alc_queue_open(&n->watch_queue, n->watch_store, err);
    if (rc == ALC_OK) rc = alc_near_stream_open(&n->stream, &conf, err);
    if (rc == ALC_OK) rc = alc_watcher_place(&n->watcher, n->stream, n->watch_queue, err);
    if (alc_rc_again(rc) && n->stream != NULL) {
        alc_log(ALC_WARN, "watcher.place",
                "why=\"%s\" next=\"requests are seen from when it answers\"",
                alc_err_text(err, rc));
        rc = ALC_OK;
    }
    if (rc == ALC_OK && pthread_create(&n->watching, NULL, watch, n) != 0)
        rc = alc_fail(err, ALC_NOMEM, "cannot start the watcher's thread");
    n->watches = rc == ALC_OK;
    return rc;
}

static void put_metric(struct alc_buf *out, const char *name, const char *kind, const char *help,
                       uint64_t value)
{
    alc_buf_printf(out, "# HELP alcove_%s %s\n# TYPE alcove_%s %s\nalcove_%s %" PRIu64 "\n", name,
                   help, name, kind, name, value);
}

/* What an operator should know of collateral; docs/operations.md names what to do. */
static void put_collateral(struct alc_buf *out, const struct alc_worker_stats *s)
{
    const struct alc_sets_health *h = &s->collateral;

    put_metric(out, "collateral_puts_total", "counter", "Sets of collateral put on chain.",
               s->collateral_puts);
    put_metric(out, "collateral_failures_total", "counter",
               "Times that no set came from the collateral service.", s->collateral_failures);
    put_metric(out, "collateral_valid_until_seconds", "gauge",
               "When the newest kept set ends, Unix time; 0: none is kept.", h->window.until_s);
    put_metric(out, "collateral_evaluation_number", "gauge",
               "TCB evaluation data number of the newest kept set; 0: none is kept.",
               h->evaluation);
    put_metric(out, "collateral_warnings", "gauge",
               "What `alcove doctor` and the log warn of; above 0 wants a person.", h->count);
    if (h->has_status) /* a machine of which nothing is known is not UpToDate */
        put_metric(out, "tcb_status", "gauge",
                   "This machine's: 0 UpToDate to 6 Revoked, 7 below every level.", h->status);
}

/* metrics shows how attestation goes. */
static void metrics(void *ctx, struct alc_buf *out)
{
    struct cli_node *n = ctx;
    struct alc_worker_stats s;

    alc_worker_stats(n->worker, &s);
    put_metric(out, "quotes_total", "counter", "Quotes made.", s.quotes);
    put_metric(out, "quote_failures_total", "counter", "Times that no quote came.",
               s.quote_failures);
    put_metric(out, "quote_batches_total", "counter", "Batches of statements under one quote.",
               s.batches);
    put_metric(out, "statements_quoted_total", "counter", "Statements that a quote vouches for.",
               s.statements);
    put_metric(out, "records_total", "counter", "Runs recorded in OutLayer's form.", s.records);
    put_metric(out, "registrations_total", "counter", "Worker keys registered on chain.",
               s.registrations);
    put_metric(out, "worker_registered", "gauge", "1: the chain vouches for the newest key.",
               s.registered);
    put_metric(out, "worker_key_expires_seconds", "gauge",
               "When it no longer does, Unix time; 0: not known.", s.key_expires_s);
    if (n->enclave->sets != NULL) put_collateral(out, &s);
    put_metric(out, "attestation_simulated", "gauge", "1: SIMULATED, no hardware behind it.",
               alc_attest_simulated(n->enclave->attest));
}

static enum alc_rc open_gateway(struct cli_node *n, struct alc_err *err)
{
    const struct alc_gateway_conf conf = {.store_path = n->db,
                                          .contract_id = n->set.contract_id,
                                          .host = "127.0.0.1",
                                          .port = (uint16_t)n->set.gateway_port,
                                          .register_id = n->set.register_id,
                                          .sets = n->enclave->sets,
                                          .attest = n->enclave->attest,
                                          .metrics = metrics,
                                          .metrics_ctx = n};
    return alc_gateway_open(&n->gateway, &conf, err);
}

static enum alc_rc add_modules(struct cli_node *n, struct alc_err *err)
{
    for (const char *const *file = n->set.modules; file != NULL && *file != NULL; file++) {
        struct alc_arena arena = ALC_ARENA(ALC_ENGINE_MODULE_MAX_BYTES + 4096u);
        struct alc_bytes wasm;
        struct alc_hash hash;
        char hex[65];
        enum alc_rc rc = cli_read_file(&wasm, *file, ALC_ENGINE_MODULE_MAX_BYTES, &arena, err);
        if (rc == ALC_OK) rc = cli_node_module(n, &hash, wasm, err);
        if (rc == ALC_OK)
            alc_log(ALC_INFO, "node.module", "file=%s hash=%s", *file, cli_hex(hex, &hash));
        alc_arena_fini(&arena);
        if (rc != ALC_OK) return rc;
    }
    return ALC_OK;
}

enum alc_rc cli_node_open(struct cli_node **out, const struct cli_settings *s, const char *state,
                          const struct cli_enclave *e, struct alc_err *err)
{
    struct cli_node *n = calloc(1, sizeof *n);
    enum alc_rc rc;

    if (n == NULL) return alc_fail(err, ALC_NOMEM, "no memory for the roles");
    n->set = *s;
    n->enclave = e;
    snprintf(n->state, sizeof n->state, "%s", state);
    snprintf(n->db, sizeof n->db, "%s/alcove.db", state);
    rc = alc_store_open(&n->store, n->db, false, err);
    if (rc == ALC_OK) rc = alc_queue_open(&n->queue, n->store, err);
    if (rc == ALC_OK) rc = open_engine(n, state, alc_attest_key(e->attest), err);
    if (rc == ALC_OK) rc = add_modules(n, err);
    if (rc == ALC_OK) rc = open_worker(n, err);
    if (rc == ALC_OK) rc = open_watcher(n, err);
    if (rc == ALC_OK) rc = open_gateway(n, err);
    if (rc == ALC_OK)
        *out = n;
    else
        cli_node_close(n);
    return rc;
}

bool cli_node_failed(struct cli_node *n, struct alc_err *err)
{
    if (n->failed) *err = n->trouble;
    return n->failed;
}

void cli_node_close(struct cli_node *n)
{
    if (n == NULL) return;
    n->stop = true;
    if (n->watches) pthread_join(n->watching, NULL);
    alc_near_stream_close(n->stream);
    alc_queue_close(n->watch_queue);
    alc_store_close(n->watch_store);
    alc_gateway_close(n->gateway);
    alc_worker_close(n->worker);
    alc_engine_close(n->engine);
    alc_queue_close(n->queue);
    alc_store_close(n->store);
    free(n);
}

void cli_node_stats(struct cli_node *n, struct alc_worker_stats *out)
{
    alc_worker_stats(n->worker, out);
}

uint16_t cli_node_port(const struct cli_node *n)
{
    return alc_gateway_port(n->gateway);
}

struct alc_queue *cli_node_queue(struct cli_node *n)
{
    return n->queue;
}

enum alc_rc cli_node_module(struct cli_node *n, struct alc_hash *hash, struct alc_bytes wasm,
                            struct alc_err *err)
{
    alc_sha256(hash, wasm);
    return alc_blob_put(n->store, hash, wasm, err);
}
