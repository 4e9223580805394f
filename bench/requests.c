/* bench/requests.c — the whole path on a chain with instant blocks: request to resume one at a
 * time, and 500 in flight, beside plain calls of the same contract on the same chain. */
#include "cli/node.h"
#include "series.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ONE_BY_ONE 200u
#define IN_FLIGHT 500u
#define GAS (100u * (uint64_t)ALC_NEAR_TGAS)
#define ARENA_BYTES (64u << 20)

struct bench {
    struct cli_devnet dev;
    struct cli_enclave enclave;
    struct cli_node *node;
    struct alc_ed25519 user;
    struct alc_hash module;
    uint64_t nonce;
    struct alc_near_block_ref block;
};

static void request_args(char out[1024], const struct bench *b, unsigned i)
{
    char hex[65];
    snprintf(
        out, 1024,
        "{\"source\":{\"WasmUrl\":{\"url\":\"https://alcove.invalid/echo.wasm\",\"hash\":\"%s\"}},"
        "\"resource_limits\":{\"max_instructions\":100000000,\"max_memory_mb\":16,"
        "\"max_execution_seconds\":5},\"input_data\":\"question %u\","
        "\"params\":{\"proof\":\"key\"}}",
        cli_hex(hex, &b->module), i);
}

/* sign makes a call from the user under the next nonce. */
static void sign(struct bench *b, struct alc_buf *out, struct alc_hash *hash, const char *method,
                 const char *args, __uint128_t deposit)
{
    struct alc_err err = {0};
    struct alc_near_action call = cli_call(method, args, GAS, deposit);
    struct alc_near_tx tx = {.signer_id = ALC_LIT(CLI_DEVNET_USER),
                             .receiver_id = ALC_LIT(CLI_DEVNET_CONTRACT),
                             .key = alc_near_key_of(&b->user),
                             .nonce = ++b->nonce,
                             .block_hash = b->block.hash,
                             .actions = &call,
                             .actions_count = 1};
    must(alc_near_tx_sign(out, hash, &tx, &b->user), &err);
}

static double one(struct bench *b, const char *method, const char *args, __uint128_t deposit)
{
    struct alc_arena arena = ALC_ARENA(ARENA_BYTES);
    struct alc_buf tx = ALC_BUF(64u << 10);
    struct alc_near_tx_status status;
    struct alc_err err = {0};
    struct alc_hash hash;
    double begun;

    sign(b, &tx, &hash, method, args, deposit);
    begun = now_us();
    must(
        alc_near_rpc_send(b->dev.client, &status, alc_buf_bytes(&tx), "FINAL", false, &arena, &err),
        &err);
    begun = now_us() - begun;
    if (status.state != ALC_NEAR_TX_OK) {
        fprintf(stderr, "bench_requests: %s failed: %s\n", method,
                status.state == ALC_NEAR_TX_FAILED ? status.failure : "not final");
        exit(1);
    }
    alc_buf_fini(&tx);
    alc_arena_fini(&arena);
    return begun;
}

static void one_by_one(struct bench *b)
{
    struct series plain = {0}, asked = {0};
    char args[1024];
    double plain_us;

    for (unsigned i = 0; i < ONE_BY_ONE; i++) {
        series_add(&plain, one(b, "get_stats", "{}", 0));
        request_args(args, b, i);
        series_add(&asked, one(b, "request_execution", args, ALC_NEAR_YOCTO / 100));
    }
    plain_us = series_print(&plain, "requests.plain_call", "us");
    series_one("requests.over_plain_call",
               series_print(&asked, "requests.request_to_resume", "us") / plain_us, "ratio");
}

static void in_flight(struct bench *b)
{
    static struct alc_hash hashes[IN_FLIGHT];
    struct alc_buf *txs = calloc(IN_FLIGHT, sizeof *txs);
    struct alc_err err = {0};
    char args[1024];
    double begun;

    for (unsigned i = 0; i < IN_FLIGHT; i++) {
        txs[i] = ALC_BUF(64u << 10);
        request_args(args, b, i);
        sign(b, &txs[i], &hashes[i], "request_execution", args, ALC_NEAR_YOCTO / 100);
    }
    begun = now_us();
    for (unsigned i = 0; i < IN_FLIGHT; i++) {
        struct alc_arena arena = ALC_ARENA(ARENA_BYTES);
        struct alc_near_tx_status status;
        must(alc_near_rpc_send(b->dev.client, &status, alc_buf_bytes(&txs[i]), "NONE", false,
                               &arena, &err),
             &err);
        alc_arena_fini(&arena);
    }
    for (unsigned i = 0; i < IN_FLIGHT; i++) {
        struct alc_arena arena = ALC_ARENA(ARENA_BYTES);
        struct alc_near_tx_status status;
        enum alc_rc rc;
        do
            rc = alc_near_rpc_tx(b->dev.client, &status, &hashes[i], CLI_DEVNET_USER, "FINAL",
                                 false, &arena, &err);
        while (rc == ALC_TIMEOUT);
        must(rc, &err);
        if (status.state != ALC_NEAR_TX_OK || alc_bytes_is(status.value, "null")) {
            fprintf(stderr, "bench_requests: request %u got no answer\n", i);
            exit(1);
        }
        alc_buf_fini(&txs[i]);
        alc_arena_fini(&arena);
    }
    begun = now_us() - begun;
    series_one("requests.500_in_flight", IN_FLIGHT * 1e6 / begun, "1/s");
    free(txs);
}

/* No job is taken before the worker's key is registered. */
static void until_registered(struct bench *b)
{
    const struct timespec tick = {.tv_nsec = 1000000};
    struct alc_worker_stats stats = {0};

    while (!stats.registered) {
        nanosleep(&tick, NULL);
        cli_node_stats(b->node, &stats);
    }
}

int main(void)
{
    struct bench b = {0};
    struct cli_settings set = {0};
    struct cli_state state = {0};
    struct alc_ed25519 key = {0};
    struct alc_arena arena = ALC_ARENA(16u << 20);
    struct alc_bytes wasm;
    struct alc_near_key user;
    struct alc_err err = {0};
    char path[4200];
    bool help;

    alc_crypto_init();
    must(cli_node_settings(&set, &help, 0, NULL, &arena, &err), &err);
    alc_log_set(ALC_WARN);
    must(cli_state_open(&state, "", &err), &err);
    must(cli_node_key(&key, state.path, &err), &err);
    must(cli_devnet_start(&b.dev, state.path, 0, &err), &err);
    cli_devnet_settings(&b.dev, &set, state.path, &arena);
    must(cli_enclave_open(&b.enclave, &set, state.path, true, &key, &err), &err);
    must(cli_devnet_prepare(&b.dev, state.path, b.enclave.attest, &err), &err);
    must(cli_node_open(&b.node, &set, state.path, &b.enclave, &err), &err);
    must(cli_read_file(&wasm, ALC_BUILD_DIR "/guests/echo.wasm", 1u << 20, &arena, &err), &err);
    must(cli_node_module(b.node, &b.module, wasm, &err), &err);
    snprintf(path, sizeof path, "%s/user.json", state.path);
    must(alc_near_key_file(&b.user, NULL, path, &err), &err);
    user = alc_near_key_of(&b.user);
    must(alc_near_rpc_nonce(b.dev.client, &b.nonce, CLI_DEVNET_USER, &user, &err), &err);
    must(alc_near_rpc_final(b.dev.client, &b.block, &err), &err);

    until_registered(&b);
    one_by_one(&b);
    in_flight(&b);

    cli_node_close(b.node);
    cli_enclave_close(&b.enclave);
    cli_devnet_stop(&b.dev);
    alc_ed25519_fini(&b.user);
    alc_ed25519_fini(&key);
    cli_state_close(&state);
    alc_arena_fini(&arena);
    return 0;
}
