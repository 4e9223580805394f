/* bench/localnet.c — the development chain as its clients feel it: how soon it listens, what it
 * holds of memory, simple function calls per second over HTTP, and how soon a snapshot is back.
 *
 * Each of CLIENTS threads has a key of its own and a connection of its own, and waits for every
 * call before it sends the next; every receipt's outcome is looked at.  The contract keeps its
 * argument and logs a line (tests/compat/greeting.wat).  Prints `name n median p99 unit`. */
#include "cli/node.h"
#include "series.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define STARTS 5u
#define CLIENTS 16u
#define CALLS 400u /* of each */
#define RESTORES 20u
#define GAS (10u * (uint64_t)ALC_NEAR_TGAS)
#define CONTRACT "greeting.test.near"
#define LEAST_CALLS_PER_S 1000.0
#define MOST_START_MS 300.0
#define MOST_IDLE_MB 40.0

static double resident_mb(pid_t pid)
{
    char path[64];
    long pages = 0;
    FILE *f;

    snprintf(path, sizeof path, "/proc/%ld/statm", (long)pid);
    f = fopen(path, "r");
    need(f != NULL && fscanf(f, "%*d %ld", &pages) == 1, "cannot read statm");
    fclose(f);
    return (double)pages * (double)sysconf(_SC_PAGESIZE) / 1e6;
}

/* ---- start and rest ---- */

static void starts(struct cli_state *state)
{
    struct series ms = {0};
    double mb = 0;

    for (size_t i = 0; i < STARTS; i++) {
        struct cli_devnet dev = {0};
        struct alc_err err = {0};
        char home[4200];
        double begun;

        snprintf(home, sizeof home, "%s/start%zu", state->path, i);
        need(mkdir(home, 0700) == 0, "cannot make a folder");
        begun = now_us();
        must(cli_devnet_start(&dev, home, 0, &err), &err);
        series_add(&ms, (now_us() - begun) / 1e3);
        mb = resident_mb(dev.pid);
        cli_devnet_stop(&dev);
    }
    series_one("localnet.idle_resident", mb, "MB");
    need(series_print(&ms, "localnet.start_to_listening", "ms") <= MOST_START_MS,
         "it starts too slowly");
    need(mb <= MOST_IDLE_MB, "it holds too much memory");
}

/* ---- calls ---- */

struct client {
    const struct cli_devnet *dev;
    pthread_t thread;
    size_t number;
    struct alc_ed25519 key;
    struct alc_hash block_hash;
    uint64_t nonce;
    struct series ms;
};

static void call(struct client *c, struct alc_near_rpc *rpc)
{
    struct alc_arena arena = ALC_ARENA(1u << 20);
    struct alc_buf bytes = ALC_BUF(8192);
    struct alc_near_tx_status status;
    struct alc_near_action act = {.kind = ALC_NEAR_CALL,
                                  .method = ALC_LIT("set_greeting"),
                                  .data = ALC_LIT("good morning"),
                                  .gas = GAS};
    struct alc_near_tx tx = {.signer_id = ALC_LIT("test.near"),
                             .receiver_id = ALC_LIT(CONTRACT),
                             .key = alc_near_key_of(&c->key),
                             .nonce = ++c->nonce,
                             .block_hash = c->block_hash,
                             .actions = &act,
                             .actions_count = 1};
    struct alc_err err = {0};
    struct alc_hash hash;
    double begun;

    must(alc_near_tx_sign(&bytes, &hash, &tx, &c->key), &err);
    begun = now_us();
    must(alc_near_rpc_send(rpc, &status, alc_buf_bytes(&bytes), "EXECUTED_OPTIMISTIC", true, &arena,
                           &err),
         &err);
    series_add(&c->ms, (now_us() - begun) / 1e3);
    need(status.state == ALC_NEAR_TX_OK, "a call failed");
    alc_json_close(status.json);
    alc_buf_fini(&bytes);
    alc_arena_fini(&arena);
}

static void *client(void *ctx)
{
    struct client *c = ctx;
    const char *url = c->dev->rpc;
    const struct alc_near_rpc_conf conf = {
        .urls = &url, .urls_count = 1, .plain_ok = true, .timeout_ms = 20000};
    struct alc_near_rpc *rpc = NULL;
    struct alc_err err = {0};

    must(alc_near_rpc_open(&rpc, &conf, &err), &err);
    for (size_t i = 0; i < CALLS; i++)
        call(c, rpc);
    alc_near_rpc_close(rpc);
    return NULL;
}

static void set_up(struct cli_devnet *dev, struct client *clients)
{
    struct alc_near_action acts[3 + CLIENTS];
    struct alc_arena arena = ALC_ARENA(4u << 20);
    struct alc_near_tx_status status;
    struct alc_near_block_ref block;
    struct alc_err err = {0};
    struct alc_bytes wasm;

    must(cli_read_file(&wasm, ALC_GREETING_WASM, 1u << 20, &arena, &err), &err);
    acts[0] = (struct alc_near_action){.kind = ALC_NEAR_CREATE_ACCOUNT};
    acts[1] = (struct alc_near_action){.kind = ALC_NEAR_TRANSFER, .amount = 100 * ALC_NEAR_YOCTO};
    acts[2] = (struct alc_near_action){.kind = ALC_NEAR_DEPLOY, .data = wasm};
    must(cli_send(dev->client, "test.near", &dev->root, CONTRACT, acts, 3, false, &status, &arena,
                  &err),
         &err);
    for (size_t i = 0; i < CLIENTS; i++) {
        struct alc_near_key key;
        must(alc_ed25519_make(&clients[i].key), &err);
        key = alc_near_key_of(&clients[i].key);
        acts[i] = (struct alc_near_action){.kind = ALC_NEAR_ADD_KEY, .key = key};
        acts[i].access.permission = ALC_NEAR_FULL_ACCESS;
    }
    must(cli_send(dev->client, "test.near", &dev->root, "test.near", acts, CLIENTS, false, &status,
                  &arena, &err),
         &err);
    for (size_t i = 0; i < CLIENTS; i++) {
        struct alc_near_key key = alc_near_key_of(&clients[i].key);
        clients[i].dev = dev;
        clients[i].number = i;
        must(alc_near_rpc_nonce(dev->client, &clients[i].nonce, "test.near", &key, &err), &err);
    }
    must(alc_near_rpc_final(dev->client, &block, &err), &err);
    for (size_t i = 0; i < CLIENTS; i++)
        clients[i].block_hash = block.hash;
    alc_arena_fini(&arena);
}

/* ---- snapshots ---- */

static void ask(const struct cli_devnet *dev, const char *method, const char *params)
{
    struct alc_json *result = NULL;
    struct alc_err err = {0};

    must(alc_near_rpc_call(dev->client, &result, method, alc_cstr(params), NULL, &err), &err);
    alc_json_close(result);
}

/* As a test suite does it: made of a chain that was just set up, brought back after each test.  It
 * is a copy of the whole chain, so a longer one takes longer. */
static void restores(const struct cli_devnet *dev)
{
    struct series ms = {0};

    ask(dev, "sandbox_snapshot", "{}"); /* the first: its id is 1 */
    for (size_t i = 0; i < RESTORES; i++) {
        double begun;
        ask(dev, "sandbox_fast_forward", "{\"delta_height\":1}");
        begun = now_us();
        ask(dev, "sandbox_restore", "{\"id\":1}");
        series_add(&ms, (now_us() - begun) / 1e3);
    }
    series_print(&ms, "localnet.restore", "ms");
}

static void calls(struct cli_state *state)
{
    struct client *clients = calloc(CLIENTS, sizeof *clients);
    struct series ms = {0};
    struct cli_devnet dev = {0};
    struct alc_err err = {0};
    double begun, per_s;

    need(clients != NULL, "no memory");
    must(cli_devnet_start(&dev, state->path, 0, &err), &err);
    set_up(&dev, clients);
    restores(&dev);
    begun = now_us();
    for (size_t i = 0; i < CLIENTS; i++)
        need(pthread_create(&clients[i].thread, NULL, client, &clients[i]) == 0, "no thread");
    for (size_t i = 0; i < CLIENTS; i++)
        pthread_join(clients[i].thread, NULL);
    per_s = CLIENTS * CALLS * 1e6 / (now_us() - begun);
    for (size_t i = 0; i < CLIENTS; i++) {
        for (size_t k = 0; k < clients[i].ms.n; k++)
            series_add(&ms, clients[i].ms.v[k]);
        free(clients[i].ms.v);
        alc_ed25519_fini(&clients[i].key);
    }
    series_print(&ms, "localnet.call_to_executed", "ms");
    series_one("localnet.calls_per_second", per_s, "1/s");
    series_one("localnet.resident_after_calls", resident_mb(dev.pid), "MB");
    cli_devnet_stop(&dev);
    free(clients);
    need(per_s >= LEAST_CALLS_PER_S, "too few calls per second");
}

int main(void)
{
    struct cli_state state = {0};
    struct alc_err err = {0};

    alc_crypto_init();
    alc_log_set(ALC_WARN);
    must(cli_state_open(&state, "", &err), &err);
    starts(&state);
    calls(&state);
    cli_state_close(&state);
    return 0;
}
