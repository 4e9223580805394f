/* The whole path on one screen: an insurer locks a sum, a claim makes the contract ask for a
 * computation, the promise pauses and resumes with an answer and its proof, and the contract pays.
 */
#include "cli/demo.h"
#include "cli/cli.h"
#include "cli/settings.h"

#include "base/enc.h"
#include "base/json.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ARENA_BYTES (64u << 20)
#define CONSUMER "rain.test.near"
#define FARMER "farmer.test.near"
#define SUM_NEAR 5u

const char demo_policy[] = "{\"place\":\"Seattle\",\"from\":\"2014-03-01\",\"to\":\"2014-03-09\","
                           "\"threshold_tenths_mm\":100,\"payouts\":["
                           "{\"rainy_days\":2,\"payout_yocto\":\"1000000000000000000000000\"},"
                           "{\"rainy_days\":4,\"payout_yocto\":\"2500000000000000000000000\"},"
                           "{\"rainy_days\":7,\"payout_yocto\":\"5000000000000000000000000\"}]}";

void demo_step(struct demo *d, const char *name, uint64_t block, uint64_t gas, const char *fmt, ...)
{
    uint64_t now = alc_clock_mono_ms(&alc_clock_system), ms = now - d->last_ms;
    char text[16u << 10], height[32] = "", burnt[32] = "";
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    d->last_ms = now;
    if (d->set.json) {
        struct alc_buf out = ALC_BUF(128u << 10);
        struct alc_jw w = {.out = &out};
        alc_jw_obj(&w);
        alc_jw_key(&w, "step");
        alc_jw_text(&w, name);
        alc_jw_key(&w, "block");
        alc_jw_u64(&w, block);
        alc_jw_key(&w, "gas");
        alc_jw_u64(&w, gas);
        alc_jw_key(&w, "ms");
        alc_jw_u64(&w, ms);
        alc_jw_key(&w, "text");
        alc_jw_text(&w, text);
        alc_jw_end(&w);
        printf("%s\n", alc_buf_text(&out));
        alc_buf_fini(&out);
    } else {
        if (block > 0) snprintf(height, sizeof height, "block %" PRIu64, block);
        if (gas > 0) snprintf(burnt, sizeof burnt, "%.2f Tgas", (double)gas / 1e12);
        printf("  %-9s %-9s %10s %6" PRIu64 " ms  %s\n", name, height, burnt, ms, text);
    }
    fflush(stdout);
}

/* ---- reading what the chain says ---- */

static enum alc_rc height_of(struct demo *d, uint64_t *height, const char *hash,
                             struct alc_err *err)
{
    char params[128];
    struct alc_json *block = NULL;
    enum alc_rc rc;

    snprintf(params, sizeof params, "{\"block_id\":\"%s\"}", hash);
    rc = alc_near_rpc_call(d->dev.client, &block, "block", alc_cstr(params), NULL, err);
    if (rc == ALC_OK &&
        !alc_json_u64(alc_json_get(alc_json_get(block, "header"), "height"), height))
        rc = alc_fail(err, ALC_IO, "a block without a height");
    alc_json_close(block);
    return rc;
}

/* height_of_tx is the height of a transaction's block; it closes the result. */
static enum alc_rc height_of_tx(struct demo *d, uint64_t *height, struct alc_json *tx,
                                struct alc_err *err)
{
    const char *hash;
    enum alc_rc rc = ALC_OK;

    if (!alc_json_text(alc_json_get(alc_json_get(tx, "transaction_outcome"), "block_hash"), &hash))
        rc = alc_fail(err, ALC_IO, "a transaction without a block");
    else
        rc = height_of(d, height, hash, err);
    alc_json_close(tx);
    return rc;
}

enum alc_rc demo_receipt_on(struct demo *d, struct demo_receipt *out, const struct alc_json *tx,
                            const char *account, unsigned nth, struct alc_err *err)
{
    const struct alc_json *all = alc_json_get(tx, "receipts_outcome");
    const char *hash;

    for (size_t i = 0; i < alc_json_count(all); i++) {
        const struct alc_json *o = alc_json_get(alc_json_at(all, i), "outcome");
        struct alc_bytes who;
        if (!alc_json_str(alc_json_get(o, "executor_id"), &who) || !alc_bytes_is(who, account) ||
            nth-- > 0)
            continue;
        if (!alc_json_u64(alc_json_get(o, "gas_burnt"), &out->gas) ||
            !alc_json_text(alc_json_get(alc_json_at(all, i), "block_hash"), &hash))
            break;
        return height_of(d, &out->height, hash, err);
    }
    return alc_fail(err, ALC_IO, "the transaction shows no receipt %u on %s", nth, account);
}

/* gas_of_all is what a transaction of the operator burnt, with all that followed from it. */
static enum alc_rc gas_of_all(struct demo *d, uint64_t *gas, struct alc_bytes tx_hash,
                              struct alc_err *err)
{
    struct alc_near_tx_status status;
    struct alc_hash hash;
    size_t n;
    enum alc_rc rc;

    if (!alc_base58_decode(hash.b, sizeof hash.b, &n, tx_hash) || n != sizeof hash.b)
        return alc_fail(err, ALC_IO, "a receipt without its transaction");
    rc = alc_near_rpc_tx(d->dev.client, &status, &hash, CLI_DEVNET_OPERATOR, "FINAL", false,
                         &d->arena, err);
    if (rc == ALC_OK) *gas = status.gas_burnt;
    return rc;
}

enum alc_rc demo_resolved(struct demo *d, struct demo_receipt *out, uint64_t from, uint64_t to,
                          bool all, struct alc_err *err)
{
    const struct alc_near_stream_conf conf = {
        .urls = d->dev.urls, .urls_count = 1, .plain_ok = true};
    struct alc_near_stream *stream = NULL;
    enum alc_rc rc = alc_near_stream_open(&stream, &conf, err);
    bool found = false;

    for (uint64_t h = from; rc == ALC_OK && h <= to && !found; h++) {
        struct alc_near_stream_block block;
        rc = alc_near_stream_get(stream, &block, h, CLI_DEVNET_CONTRACT, &d->arena, err);
        for (size_t i = 0; rc == ALC_OK && i < block.receipts_count; i++) {
            if (!alc_bytes_is(block.receipts[i].predecessor_id, CLI_DEVNET_OPERATOR)) continue;
            *out = (struct demo_receipt){block.receipts[i].gas_burnt, h};
            found = true;
            if (all) rc = gas_of_all(d, &out->gas, block.receipts[i].tx_hash, err);
        }
    }
    alc_near_stream_close(stream);
    if (rc == ALC_OK && !found) rc = alc_fail(err, ALC_IO, "no block holds the worker's answer");
    return rc;
}

static enum alc_rc balance(struct demo *d, __uint128_t *out, const char *account_id,
                           struct alc_err *err)
{
    char params[256];
    struct alc_json *result = NULL;
    struct alc_bytes amount;
    enum alc_rc rc;

    snprintf(params, sizeof params,
             "{\"request_type\":\"view_account\",\"finality\":\"final\",\"account_id\":\"%s\"}",
             account_id);
    rc = alc_near_rpc_call(d->dev.client, &result, "query", alc_cstr(params), NULL, err);
    if (rc == ALC_OK &&
        (!alc_json_str(alc_json_get(result, "amount"), &amount) || !alc_u128_decode(out, amount)))
        rc = alc_fail(err, ALC_IO, "an account without an amount");
    alc_json_close(result);
    return rc;
}

/* ---- the steps ---- */

const char *demo_hardware(const struct demo *d)
{
    return alc_attest_simulated(d->enclave.attest)
               ? "SIMULATED"
               : alc_source_name(alc_attest_source(d->enclave.attest));
}

/* registered waits until the chain vouches for the worker's key. */
static enum alc_rc registered(struct demo *d, struct alc_err *err)
{
    const struct timespec tick = {.tv_nsec = 5000000};
    uint64_t until = alc_clock_mono_ms(&alc_clock_system) + PATIENCE_MS;
    struct alc_worker_stats stats;
    struct alc_hash measurement;
    char hex[65];

    for (;;) {
        cli_node_stats(d->node, &stats);
        if (stats.registered) break;
        if (alc_clock_mono_ms(&alc_clock_system) > until)
            return alc_fail(err, ALC_TIMEOUT, "the worker's key does not get registered");
        nanosleep(&tick, NULL);
    }
    alc_attest_measurement_hash(d->enclave.attest, &measurement);
    if (alc_attest_source(d->enclave.attest) != ALC_SOURCE_NONE)
        demo_step(
            d, "enclave", 0, 0, "%s quote: the register vouches for the key of enclave %.12s...",
            alc_source_name(alc_attest_source(d->enclave.attest)), cli_hex(hex, &measurement));
    return ALC_OK;
}

static enum alc_rc begin(struct demo *d, struct alc_err *err)
{
    struct alc_ed25519 key = {0};
    char path[4096];
    enum alc_rc rc = cli_state_open(&d->state, d->set.state, err);

    if (rc == ALC_OK) rc = cli_node_key(&key, d->state.path, err);
    if (rc == ALC_OK) rc = cli_devnet_start(&d->dev, d->state.path, d->set.localnet_port, err);
    if (rc == ALC_OK)
        demo_step(d, "chain", 0, 0, "a NEAR chain of one node serves at %s", d->dev.rpc);
    cli_devnet_settings(&d->dev, &d->set, d->state.path, &d->arena);
    if (rc == ALC_OK) rc = cli_enclave_open(&d->enclave, &d->set, d->state.path, true, &key, err);
    if (rc == ALC_OK && alc_attest_source(d->enclave.attest) == ALC_SOURCE_SIMULATED)
        rc = cli_policy_keep(d->state.path, &d->set, err);
    if (rc == ALC_OK) rc = cli_devnet_prepare(&d->dev, d->state.path, d->enclave.attest, err);
    if (rc == ALC_OK)
        demo_step(d, "contract", 0, 0, "%s is deployed: %zu bytes of C", CLI_DEVNET_CONTRACT,
                  cli_embedded(CLI_COMPUTE).n);
    if (rc == ALC_OK) rc = cli_node_open(&d->node, &d->set, d->state.path, &d->enclave, err);
    if (rc == ALC_OK) rc = cli_node_module(d->node, &d->module, cli_embedded(CLI_RAIN), err);
    if (rc == ALC_OK)
        demo_step(d, "worker", 0, 0, "watcher, worker and settlement run; attestation is %s",
                  demo_hardware(d));
    if (rc == ALC_OK) rc = registered(d, err);
    snprintf(path, sizeof path, "%s/user.json", d->state.path);
    if (rc == ALC_OK) rc = alc_near_key_file(&d->user, NULL, path, err);
    alc_ed25519_fini(&key);
    return rc;
}

/* insure deploys the insurance, makes the beneficiary, and locks the sum. */
static enum alc_rc insure(struct demo *d, struct alc_err *err)
{
    struct alc_near_tx_status tx;
    struct alc_near_action make[4] = {
        {.kind = ALC_NEAR_CREATE_ACCOUNT},
        {.kind = ALC_NEAR_TRANSFER, .amount = 10 * ALC_NEAR_YOCTO},
        {.kind = ALC_NEAR_DEPLOY, .data = cli_embedded(CLI_CONSUMER)}};
    char args[2048], hex[65];
    uint64_t height = 0;
    enum alc_rc rc;

    snprintf(args, sizeof args, "{\"compute_id\":\"%s\",\"owner_id\":\"%s\"}", CLI_DEVNET_CONTRACT,
             d->dev.root_id.s);
    make[3] = cli_call("new", args, 50u * (uint64_t)ALC_NEAR_TGAS, 0);
    rc = cli_send(d->dev.client, d->dev.root_id.s, &d->dev.root, FARMER, make, 2, false, &tx,
                  &d->arena, err);
    if (rc == ALC_TRAP && strstr(err->text, "AccountAlreadyExists") != NULL)
        rc = alc_fail(
            err, ALC_CONFLICT,
            "the demo was shown in %s before, and its chain goes on: name another --state, "
            "or none",
            d->state.path);
    if (rc == ALC_OK)
        rc = cli_send(d->dev.client, d->dev.root_id.s, &d->dev.root, CONSUMER, make, 4, true, &tx,
                      &d->arena, err);
    if (rc == ALC_OK) rc = height_of_tx(d, &height, tx.json, err);
    if (rc != ALC_OK) return rc;
    demo_step(d, "insurer", height, tx.gas_burnt, "%s is deployed: it believes only what is proven",
              CONSUMER);
    snprintf(args, sizeof args,
             "{\"beneficiary\":\"%s\",\"policy\":%s,\"max_payout\":\"%u000000000000000000000000\","
             "\"url\":\"https://alcove.invalid/rain.wasm\",\"hash\":\"%s\"}",
             FARMER, demo_policy, SUM_NEAR, cli_hex(hex, &d->module));
    make[0] = cli_call("insure", args, 50u * (uint64_t)ALC_NEAR_TGAS, SUM_NEAR * ALC_NEAR_YOCTO);
    rc = cli_send(d->dev.client, d->dev.root_id.s, &d->dev.root, CONSUMER, make, 1, true, &tx,
                  &d->arena, err);
    if (rc == ALC_OK) rc = height_of_tx(d, &height, tx.json, err);
    if (rc == ALC_OK)
        demo_step(
            d, "policy", height, tx.gas_burnt,
            "%u NEAR against rain in Seattle, 1 to 9 March 2014; decided by rain.wasm %.12s...",
            SUM_NEAR, hex);
    return rc;
}

/* claim asks, and shows the three blocks of the one logical transaction. */
static enum alc_rc claim(struct demo *d, struct alc_json **answer, struct alc_err *err)
{
    struct alc_near_action call =
        cli_call("claim", "{\"policy_id\":0}", GAS_ALL, ALC_NEAR_YOCTO / 10);
    struct demo_receipt asked = {0}, told = {0}, resumed = {0}, paid = {0};
    struct alc_near_tx_status tx = {0};
    uint64_t begun = alc_clock_mono_ms(&alc_clock_system), ms;
    enum alc_rc rc;

    rc = cli_send(d->dev.client, CLI_DEVNET_USER, &d->user, CONSUMER, &call, 1, true, &tx,
                  &d->arena, err);
    ms = alc_clock_mono_ms(&alc_clock_system) - begun;
    if (rc == ALC_OK) rc = demo_receipt_on(d, &asked, tx.json, CLI_DEVNET_CONTRACT, 0, err);
    if (rc == ALC_OK) rc = demo_receipt_on(d, &resumed, tx.json, CLI_DEVNET_CONTRACT, 1, err);
    if (rc == ALC_OK) rc = demo_receipt_on(d, &paid, tx.json, CONSUMER, 1, err);
    if (rc == ALC_OK) rc = demo_resolved(d, &told, asked.height, resumed.height, false, err);
    if (rc == ALC_OK) {
        demo_step(d, "claim", asked.height, asked.gas,
                  "the contract asks compute, whose promise pauses");
        demo_step(d, "resolve", told.height, told.gas,
                  "the worker ran the module and signed the answer with its statement");
        demo_step(d, "resume", resumed.height, resumed.gas,
                  "the promise resumes; %" PRIu64 " ms from claim to final", ms);
        demo_step(d, "payout", paid.height, paid.gas, "%s", tx.value.p);
        rc = alc_json_open(answer, tx.value, 64u << 10, err);
    }
    alc_json_close(tx.json);
    return rc;
}

static enum alc_rc demo(struct demo *d, struct alc_err *err)
{
    const __uint128_t owed = 5 * ALC_NEAR_YOCTO / 2;
    struct alc_json *answer = NULL;
    __uint128_t before = 0, after = 0;
    enum alc_rc rc;

    d->last_ms = alc_clock_mono_ms(&alc_clock_system);
    rc = begin(d, err);
    if (rc == ALC_OK) rc = insure(d, err);
    if (rc == ALC_OK) rc = balance(d, &before, FARMER, err);
    if (rc == ALC_OK) rc = claim(d, &answer, err);
    if (rc == ALC_OK) rc = demo_prove(d, answer, err);
    if (rc == ALC_OK) rc = demo_levels(d, err);
    if (rc == ALC_OK) rc = balance(d, &after, FARMER, err);
    /* Five of the nine days had at least 10 mm: the row of four days pays 2.5 NEAR. */
    if (rc == ALC_OK && after - before != owed)
        rc = alc_fail(err, ALC_CORRUPT, "the beneficiary did not get the 2.5 NEAR that are owed");
    if (rc == ALC_OK)
        demo_step(d, "done", 0, 0, "%s got 2.5 NEAR, decided off chain, proven on chain", FARMER);
    if (rc == ALC_OK) demo_check(d);
    alc_buf_fini(&d->command);
    alc_json_close(answer);
    cli_node_close(d->node);
    cli_enclave_close(&d->enclave);
    cli_devnet_stop(&d->dev);
    alc_ed25519_fini(&d->user);
    cli_state_close(&d->state);
    alc_arena_fini(&d->arena);
    return rc;
}

static const char help[] =
    "alcove demo: a contract asks, pauses, and resumes with an answer and its proof\n\n"
    "Starts a development chain and all roles, insures against rain, claims, pays, and checks\n"
    "the proof.  The proof goes to alcove-demo.json, in --state when there is one, with "
    "statement,\n"
    "quote, collateral and boot log; the root of SIMULATED quotes goes beside it.  The last line\n"
    "says how to verify it.  exit: 0 when all of it came true.\n"
    "It takes the settings of `alcove up`, but not those that name a network: the demo brings its\n"
    "own chain.  Without --state nothing but those two files is left.\n\n";

static bool named(const struct cli_settings *s)
{
    return s->rpc != NULL && s->rpc[0] != NULL;
}

/* on_its_own_chain refuses a network, and forgets what was set for another contract. */
static enum alc_rc on_its_own_chain(struct cli_settings *s, struct alc_err *err)
{
    if (named(s))
        return alc_fail(err, ALC_BAD_INPUT,
                        "near.rpc is set (%.200s): the demo brings its own chain; leave it out of "
                        "flags, environment and --conf file",
                        s->rpc[0]);
    if (strcmp(s->contract_id, CLI_DEVNET_CONTRACT) != 0 ||
        strcmp(s->operator_id, CLI_DEVNET_OPERATOR) != 0)
        return alc_fail(err, ALC_BAD_INPUT,
                        "near.contract and near.operator are set: the demo deploys its own; leave "
                        "them out");
    s->localnet_port = 0;
    return ALC_OK;
}

int alc_cli_demo(int argc, char **argv)
{
    struct alc_arena arena = ALC_ARENA(1u << 20);
    struct demo d = {.arena = ALC_ARENA(ARENA_BYTES), .command = ALC_BUF(64u << 10)};
    struct alc_err err = {0};
    const char *slash;
    bool asked = false;
    enum alc_rc rc = cli_node_settings(&d.set, &asked, argc, argv, &arena, &err);

    if (rc == ALC_OK && asked) {
        fputs(help, stdout);
        alc_conf_help(&cli_node_table);
    } else if (rc == ALC_OK || (rc == ALC_BAD_INPUT && named(&d.set))) {
        rc = on_its_own_chain(&d.set, &err);
        if (rc == ALC_OK) {
            if (strcmp(d.set.log, "info") == 0) alc_log_set(ALC_WARN); /* the steps say it */
            slash = d.set.state[0] != 0 ? "/" : "";
            snprintf(d.out, sizeof d.out, "%s%salcove-demo.json", d.set.state, slash);
            snprintf(d.root, sizeof d.root, "%s%salcove-demo-root.der", d.set.state, slash);
            rc = demo(&d, &err);
        }
    }
    if (rc != ALC_OK) fprintf(stderr, "alcove demo: %s\n", alc_err_text(&err, rc));
    alc_arena_fini(&arena);
    return alc_rc_exit(rc);
}
