/* What the development chain needs before the roles can work on it; each part is made when it is
 * not there yet, so that a start which was cut off goes on where it ended. */
#include "cli/node.h"

#include "base/json.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ARENA_BYTES (16u << 20)
#define GAS (100u * (uint64_t)ALC_NEAR_TGAS)
#define CHAIN_ID "localnet"

/* ---- asking and telling ---- */

static enum alc_rc exists(struct cli_devnet *d, bool *out, const char *account_id,
                          struct alc_err *err)
{
    char params[256];
    struct alc_json *result = NULL;
    enum alc_rc rc;

    snprintf(params, sizeof params,
             "{\"request_type\":\"view_account\",\"finality\":\"final\",\"account_id\":\"%s\"}",
             account_id);
    rc = alc_near_rpc_call(d->client, &result, "query", alc_cstr(params), NULL, err);
    alc_json_close(result);
    *out = rc == ALC_OK;
    return rc == ALC_NOT_FOUND ? ALC_OK : rc;
}

static enum alc_rc view(struct cli_devnet *d, struct alc_json **out, const char *account_id,
                        const char *method, struct alc_bytes args, struct alc_arena *arena,
                        struct alc_err *err)
{
    struct alc_bytes bytes;
    enum alc_rc rc = alc_near_rpc_view(d->client, &bytes, account_id, method, args, arena, err);
    return rc == ALC_OK ? alc_json_open(out, bytes, 1u << 20, err) : rc;
}

/* own calls a contract as its owner, who is the root. */
static enum alc_rc own(struct cli_devnet *d, const char *contract_id, const char *method,
                       struct alc_bytes args, struct alc_arena *arena, struct alc_err *err)
{
    struct alc_near_tx_status status;
    struct alc_near_action call = {
        .kind = ALC_NEAR_CALL, .method = alc_cstr(method), .data = args, .gas = GAS};
    return cli_send(d->client, d->root_id.s, &d->root, contract_id, &call, 1, false, &status, arena,
                    err);
}

static struct alc_near_action full_access(const struct alc_ed25519 *key)
{
    return (struct alc_near_action){.kind = ALC_NEAR_ADD_KEY,
                                    .key = alc_near_key_of(key),
                                    .access = {.permission = ALC_NEAR_FULL_ACCESS}};
}

/* person makes an account whose key goes to <state>/<name>.json.  The key is on disk before the
 * chain knows it: nothing is locked out by a crash. */
static enum alc_rc person(struct cli_devnet *d, const char *state, const char *name,
                          const char *account_id, unsigned near, struct alc_arena *arena,
                          struct alc_err *err)
{
    char path[4096];
    struct alc_ed25519 key = {0};
    struct alc_near_id id = {""};
    struct alc_near_tx_status status;
    struct alc_near_action actions[3] = {
        {.kind = ALC_NEAR_CREATE_ACCOUNT},
        {.kind = ALC_NEAR_TRANSFER, .amount = near * ALC_NEAR_YOCTO},
    };
    bool there;
    enum alc_rc rc = exists(d, &there, account_id, err);

    if (rc != ALC_OK || there) return rc;
    snprintf(path, sizeof path, "%s/%s.json", state, name);
    rc = alc_ed25519_make(&key);
    if (rc != ALC_OK) return rc;
    actions[2] = full_access(&key);
    if (!alc_near_id_set(&id, alc_cstr(account_id))) rc = ALC_BAD_INPUT;
    if (rc == ALC_OK) rc = alc_near_key_file_write(path, &key, &id, err);
    if (rc == ALC_OK)
        rc = cli_send(d->client, d->root_id.s, &d->root, account_id, actions, 3, false, &status,
                      arena, err);
    alc_ed25519_fini(&key);
    return rc;
}

/* ---- the contract and the operator's account ---- */

static enum alc_rc make_contract(struct cli_devnet *d, struct alc_arena *arena, struct alc_err *err)
{
    char args[256];
    struct alc_near_tx_status status;
    struct alc_near_action actions[4] = {
        {.kind = ALC_NEAR_CREATE_ACCOUNT},
        {.kind = ALC_NEAR_TRANSFER, .amount = 1000 * ALC_NEAR_YOCTO},
        {.kind = ALC_NEAR_DEPLOY, .data = cli_embedded(CLI_COMPUTE)},
    };
    bool there;
    enum alc_rc rc = exists(d, &there, CLI_DEVNET_CONTRACT, err);

    if (rc != ALC_OK || there) return rc;
    snprintf(args, sizeof args,
             "{\"owner_id\":\"%s\",\"operator_id\":\"" CLI_DEVNET_OPERATOR
             "\",\"chain_id\":\"" CHAIN_ID "\"}",
             d->root_id.s);
    actions[3] = cli_call("new", args, GAS, 0);
    return cli_send(d->client, d->root_id.s, &d->root, CLI_DEVNET_CONTRACT, actions, 4, false,
                    &status, arena, err);
}

/* The account itself stays with the root's key. */
static enum alc_rc make_operator(struct cli_devnet *d, struct alc_arena *arena, struct alc_err *err)
{
    struct alc_near_tx_status status;
    struct alc_near_action actions[] = {
        {.kind = ALC_NEAR_CREATE_ACCOUNT},
        {.kind = ALC_NEAR_TRANSFER, .amount = 10000 * ALC_NEAR_YOCTO},
        full_access(&d->root),
    };
    bool there;
    enum alc_rc rc = exists(d, &there, CLI_DEVNET_OPERATOR, err);

    if (rc != ALC_OK || there) return rc;
    return cli_send(d->client, d->root_id.s, &d->root, CLI_DEVNET_OPERATOR, actions, 3, false,
                    &status, arena, err);
}

/* believe names whom the contract takes worker keys from: the register, or (NULL) its owner. */
static enum alc_rc believe(struct cli_devnet *d, const char *register_id, struct alc_arena *arena,
                           struct alc_err *err)
{
    struct alc_json *now = NULL;
    struct alc_bytes who = {NULL, 0};
    const char *args = register_id == NULL
                           ? "{\"register_id\":null}"
                           : alc_arena_text(arena, "{\"register_id\":\"%s\"}", register_id);
    bool same;
    enum alc_rc rc = view(d, &now, CLI_DEVNET_CONTRACT, "get_register", ALC_LIT("{}"), arena, err);

    if (rc != ALC_OK) return rc;
    same = alc_json_str(now, &who) ? register_id != NULL && alc_bytes_is(who, register_id)
                                   : register_id == NULL;
    alc_json_close(now);
    if (same) return ALC_OK;
    return args == NULL ? ALC_NOMEM
                        : own(d, CLI_DEVNET_CONTRACT, "set_register", alc_cstr(args), arena, err);
}

/* ---- without quotes: a key that the owner adds ---- */

static enum alc_rc add_key(struct cli_devnet *d, const struct alc_ed25519 *worker,
                           struct alc_arena *arena, struct alc_err *err)
{
    char key[ALC_NEAR_KEY_TEXT_MAX], args[ALC_NEAR_KEY_TEXT_MAX + 32];
    struct alc_near_key k = alc_near_key_of(worker);
    struct alc_json *record = NULL;
    bool there;
    enum alc_rc rc;

    alc_near_key_text(key, &k);
    snprintf(args, sizeof args, "{\"public_key\":\"%s\"}", key);
    rc = view(d, &record, CLI_DEVNET_CONTRACT, "get_worker_key", alc_cstr(args), arena, err);
    there = rc == ALC_OK && alc_json_kind(record) != ALC_JSON_NULL;
    alc_json_close(record);
    if (rc != ALC_OK || there) return rc;
    return own(d, CLI_DEVNET_CONTRACT, "add_worker_key", alc_cstr(args), arena, err);
}

/* let_resolve: the worker's key can resolve and nothing else. */
static enum alc_rc let_resolve(struct cli_devnet *d, const struct alc_ed25519 *worker,
                               struct alc_arena *arena, struct alc_err *err)
{
    struct alc_bytes methods[] = {ALC_LIT("resolve_execution"),
                                  ALC_LIT("submit_execution_output_and_resolve")};
    struct alc_near_tx_status status;
    struct alc_near_action add = {.kind = ALC_NEAR_ADD_KEY,
                                  .key = alc_near_key_of(worker),
                                  .access = {.permission = ALC_NEAR_FUNCTION_CALL_KEY,
                                             .receiver_id = ALC_LIT(CLI_DEVNET_CONTRACT),
                                             .methods = methods,
                                             .methods_count = 2}};
    uint64_t nonce;
    enum alc_rc rc = alc_near_rpc_nonce(d->client, &nonce, CLI_DEVNET_OPERATOR, &add.key, err);

    if (rc != ALC_NOT_FOUND) return rc;
    return cli_send(d->client, CLI_DEVNET_OPERATOR, &d->root, CLI_DEVNET_OPERATOR, &add, 1, false,
                    &status, arena, err);
}

static enum alc_rc by_owner(struct cli_devnet *d, const struct alc_ed25519 *worker,
                            struct alc_arena *arena, struct alc_err *err)
{
    enum alc_rc rc = believe(d, NULL, arena, err);
    if (rc == ALC_OK) rc = add_key(d, worker, arena, err);
    return rc == ALC_OK ? let_resolve(d, worker, arena, err) : rc;
}

/* ---- with quotes: the register ---- */

static enum alc_rc make_register(struct cli_devnet *d, const struct alc_attest *attest,
                                 struct alc_arena *arena, struct alc_err *err)
{
    struct alc_buf args = ALC_BUF(64u << 10);
    struct alc_jw w = {.out = &args};
    struct alc_bytes root = alc_attest_simulated_root(attest);
    struct alc_near_tx_status status;
    struct alc_json *init = NULL;
    struct alc_near_action actions[2] = {
        {.kind = ALC_NEAR_DEPLOY, .data = cli_embedded(CLI_REGISTER)}};
    enum alc_rc rc =
        view(d, &init, CLI_DEVNET_OPERATOR, "get_init_worker_account", ALC_LIT("{}"), arena, err);

    alc_json_close(init);
    if (rc != ALC_NOT_FOUND) return rc;
    alc_jw_obj(&w);
    alc_jw_key(&w, "owner_id");
    alc_jw_text(&w, d->root_id.s);
    alc_jw_key(&w, "init_worker_account");
    alc_jw_text(&w, CLI_DEVNET_INIT);
    alc_jw_key(&w, "outlayer_contract_id");
    alc_jw_text(&w, CLI_DEVNET_CONTRACT);
    alc_jw_key(&w, "chain_id");
    alc_jw_text(&w, CHAIN_ID);
    if (root.n > 0) {
        alc_jw_key(&w, "simulated_root");
        alc_jw_base64(&w, root);
    }
    alc_jw_end(&w);
    actions[1] = cli_call("new", alc_buf_text(&args), GAS, 0);
    rc = args.failed ? ALC_NOMEM
                     : cli_send(d->client, CLI_DEVNET_OPERATOR, &d->root, CLI_DEVNET_OPERATOR,
                                actions, 2, false, &status, arena, err);
    alc_buf_fini(&args);
    if (rc == ALC_OK) /* quotes are for this register, this contract and a fresh challenge alone */
        rc = own(d, CLI_DEVNET_OPERATOR, "set_policy", ALC_LIT("{\"require_binding\":true}"), arena,
                 err);
    return rc;
}

/* approve: this enclave, and no longer one of before an update. */
static enum alc_rc approve(struct cli_devnet *d, const struct alc_attest *attest,
                           struct alc_arena *arena, struct alc_err *err)
{
    const struct alc_measurement m = alc_attest_measurement(attest);
    struct alc_buf args = ALC_BUF(4096), more = ALC_BUF(4096);
    struct alc_jw w = {.out = &args}, v = {.out = &more};
    struct alc_json *answer = NULL;
    bool approved = false;
    enum alc_rc rc;

    alc_jw_obj(&w);
    alc_jw_key(&w, "measurements");
    cli_put_measurements(&w, &m);
    alc_jw_end(&w);
    alc_jw_obj(&v);
    alc_jw_key(&v, "measurements");
    cli_put_measurements(&v, &m);
    alc_jw_key(&v, "clear_others");
    alc_jw_bool(&v, true);
    alc_jw_end(&v);
    rc = args.failed || more.failed
             ? ALC_NOMEM
             : view(d, &answer, CLI_DEVNET_OPERATOR, "is_measurements_approved",
                    alc_buf_bytes(&args), arena, err);
    if (rc == ALC_OK && !alc_json_bool(answer, &approved))
        rc = alc_fail(err, ALC_IO, "the register does not say whether measurements are approved");
    if (rc == ALC_OK && !approved)
        rc = own(d, CLI_DEVNET_OPERATOR, "add_approved_measurements", alc_buf_bytes(&more), arena,
                 err);
    alc_json_close(answer);
    alc_buf_fini(&more);
    alc_buf_fini(&args);
    return rc;
}

static enum alc_rc by_register(struct cli_devnet *d, const char *state,
                               const struct alc_attest *attest, struct alc_arena *arena,
                               struct alc_err *err)
{
    enum alc_rc rc = person(d, state, "init", CLI_DEVNET_INIT, 1000, arena, err);

    if (rc == ALC_OK) rc = make_register(d, attest, arena, err);
    if (rc == ALC_OK) rc = believe(d, CLI_DEVNET_OPERATOR, arena, err);
    return rc == ALC_OK ? approve(d, attest, arena, err) : rc;
}

enum alc_rc cli_devnet_prepare(struct cli_devnet *d, const char *state,
                               const struct alc_attest *attest, struct alc_err *err)
{
    struct alc_arena arena = ALC_ARENA(ARENA_BYTES);
    enum alc_rc rc = make_contract(d, &arena, err);

    if (rc == ALC_OK) rc = make_operator(d, &arena, err);
    if (rc == ALC_OK)
        rc = alc_attest_source(attest) == ALC_SOURCE_NONE
                 ? by_owner(d, alc_attest_key(attest), &arena, err)
                 : by_register(d, state, attest, &arena, err);
    if (rc == ALC_OK) rc = person(d, state, "user", CLI_DEVNET_USER, 10000, &arena, err);
    if (rc != ALC_OK) alc_fail_in(err, "cannot prepare the development chain");
    alc_arena_fini(&arena);
    return rc;
}

void cli_devnet_settings(const struct cli_devnet *d, struct cli_settings *s, const char *state,
                         struct alc_arena *arena)
{
    const char *path = alc_arena_text(arena, "%s/init.json", state);

    s->rpc = d->urls;
    s->plain_http = true;
    if (s->init_id[0] == 0) s->init_id = CLI_DEVNET_INIT;
    if (s->init_key[0] == 0 && path != NULL) s->init_key = path;
}
