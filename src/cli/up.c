#include "cli/cli.h"
#include "cli/settings.h"

#include "base/json.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

static const char help[] =
    "alcove up: all roles in one process: watcher, worker, settlement, on SQLite\n\n"
    "With no --near-rpc it starts a development chain beside itself, with the contract\n"
    "deployed and a funded user.  Ctrl-C ends everything in order.\n\n";

static void say_proof(const struct cli_settings *s, const struct alc_attest *attest)
{
    enum alc_source source = alc_attest_source(attest);
    struct alc_hash measurement;
    char hex[65];

    alc_attest_measurement_hash(attest, &measurement);
    if (source == ALC_SOURCE_NONE)
        printf("  proof     SIMULATED: no hardware stands behind the worker's key\n");
    else
        printf("  proof     %s%s\n  enclave   %s\n",
               alc_attest_simulated(attest) ? "SIMULATED: no hardware stands behind its quotes"
                                            : "hardware, quotes by ",
               alc_attest_simulated(attest) ? "" : alc_source_name(source),
               cli_hex(hex, &measurement));
    if (source != ALC_SOURCE_NONE && s->register_id[0] != 0)
        printf("  register  %s vouches for the worker's key\n", s->register_id);
}

static void say_people(const struct cli_settings *s, const struct cli_devnet *dev,
                       const struct alc_attest *attest, uint16_t gateway, const char *state,
                       bool temporary, uint64_t ms)
{
    printf("alcove is up after %llu ms\n", (unsigned long long)ms);
    printf("  chain     %s%s\n", s->rpc[0],
           dev->pid > 0 ? "  (development: JSON-RPC and block stream)" : "");
    printf("  contract  %s, resolved by %s\n", s->contract_id, s->operator_id);
    printf(
        "  gateway   http://127.0.0.1:%u  (/requests/<id> /statements/<hash> /metrics /health)\n",
        gateway);
    printf("  state     %s%s\n", state,
           temporary ? "  (removed at the end; --state keeps it)" : "");
    say_proof(s, attest);
    if (dev->pid > 0) {
        printf("  user      %s, its key in %s/user.json\n\n", CLI_DEVNET_USER, state);
        printf("Ask it something: start with --worker-module build/release/guests/echo.wasm, then\n"
               "  alcove request --near-rpc %s --contract %s \\\n"
               "    --key %s/user.json --module build/release/guests/echo.wasm --input hello\n",
               s->rpc[0], s->contract_id, state);
    }
    fflush(stdout);
}

static void say_machines(const struct cli_settings *s, const struct cli_devnet *dev,
                         const struct alc_attest *attest, uint16_t gateway, const char *state,
                         uint64_t ms)
{
    const struct alc_measurement m = alc_attest_measurement(attest);
    struct alc_buf out = ALC_BUF(64u << 10);
    struct alc_jw w = {.out = &out};
    struct alc_hash measurement;

    alc_jw_obj(&w);
    alc_jw_key(&w, "rpc");
    alc_jw_text(&w, s->rpc[0]);
    alc_jw_key(&w, "contract_id");
    alc_jw_text(&w, s->contract_id);
    alc_jw_key(&w, "operator_id");
    alc_jw_text(&w, s->operator_id);
    alc_jw_key(&w, "gateway");
    alc_jw_textf(&w, "http://127.0.0.1:%u", gateway);
    alc_jw_key(&w, "state");
    alc_jw_text(&w, state);
    alc_jw_key(&w, "attestation");
    alc_jw_text(&w, alc_attest_simulated(attest) ? "SIMULATED"
                                                 : alc_source_name(alc_attest_source(attest)));
    if (alc_attest_source(attest) != ALC_SOURCE_NONE) {
        alc_attest_measurement_hash(attest, &measurement);
        alc_jw_key(&w, "measurement");
        alc_jw_hex(&w, alc_hash_bytes(&measurement));
        alc_jw_key(&w, "measurements");
        cli_put_measurements(&w, &m);
        alc_jw_key(&w, "register_id");
        alc_jw_text(&w, s->register_id);
    }
    alc_jw_key(&w, "ready_ms");
    alc_jw_u64(&w, ms);
    alc_jw_key(&w, "localnet_pid");
    alc_jw_i64(&w, dev->pid);
    if (dev->pid > 0) {
        alc_jw_key(&w, "user");
        alc_jw_obj(&w);
        alc_jw_key(&w, "account_id");
        alc_jw_text(&w, CLI_DEVNET_USER);
        alc_jw_key(&w, "key_file");
        alc_jw_textf(&w, "%s/user.json", state);
        alc_jw_end(&w);
    }
    alc_jw_end(&w);
    printf("%s\n", alc_buf_text(&out));
    fflush(stdout);
    alc_buf_fini(&out);
}

/* wait_end returns when a signal asks for the end, or a role gave up. */
static enum alc_rc wait_end(struct cli_node *node, struct cli_devnet *dev, const sigset_t *signals,
                            struct alc_err *err)
{
    const struct timespec tick = {.tv_sec = 1};
    for (;;) {
        int got = sigtimedwait(signals, NULL, &tick);
        if (got > 0) return ALC_OK;
        if (errno != EAGAIN && errno != EINTR)
            return alc_fail(err, ALC_IO, "cannot wait for signals");
        if (cli_node_failed(node, err) || cli_devnet_died(dev, err)) return err->rc;
    }
}

static enum alc_rc up(struct cli_settings *s, const sigset_t *signals, struct alc_arena *arena,
                      struct alc_err *err)
{
    uint64_t begun = alc_clock_mono_ms(&alc_clock_system), ms;
    struct cli_state state = {0};
    struct cli_devnet dev = {0};
    bool devnet = s->rpc == NULL || s->rpc[0] == NULL;
    struct alc_ed25519 key = {0};
    struct cli_enclave enclave = {0};
    struct cli_node *node = NULL;
    enum alc_rc rc = cli_state_open(&state, s->state, err);

    if (rc == ALC_OK) rc = cli_node_key(&key, state.path, err);
    if (rc == ALC_OK && devnet) {
        rc = cli_devnet_start(&dev, state.path, s->localnet_port, err);
        cli_devnet_settings(&dev, s, state.path, arena);
    }
    if (rc == ALC_OK) rc = cli_enclave_open(&enclave, s, state.path, devnet, &key, err);
    if (rc == ALC_OK && alc_attest_source(enclave.attest) == ALC_SOURCE_SIMULATED)
        rc = cli_policy_keep(state.path, s, err);
    if (rc == ALC_OK && devnet) rc = cli_devnet_prepare(&dev, state.path, enclave.attest, err);
    if (rc == ALC_OK) rc = cli_node_open(&node, s, state.path, &enclave, err);
    if (rc == ALC_OK) {
        ms = alc_clock_mono_ms(&alc_clock_system) - begun;
        if (s->json)
            say_machines(s, &dev, enclave.attest, cli_node_port(node), state.path, ms);
        else
            say_people(s, &dev, enclave.attest, cli_node_port(node), state.path, state.temporary,
                       ms);
        rc = wait_end(node, &dev, signals, err);
        if (rc == ALC_OK && !s->json) printf("\nending in order; Ctrl-C again ends it at once\n");
        pthread_sigmask(SIG_UNBLOCK, signals, NULL); /* nothing on disk minds */
    }
    cli_node_close(node);
    cli_enclave_close(&enclave);
    cli_devnet_stop(&dev);
    alc_ed25519_fini(&key);
    cli_state_close(&state);
    return rc;
}

int alc_cli_up(int argc, char **argv)
{
    struct alc_arena arena = ALC_ARENA(1u << 20);
    struct cli_settings set = {0};
    struct alc_err err = {0};
    bool asked = false;
    sigset_t signals;
    enum alc_rc rc = cli_node_settings(&set, &asked, argc, argv, &arena, &err);

    if (rc == ALC_OK && asked) {
        fputs(help, stdout);
        alc_conf_help(&cli_node_table);
    } else if (rc == ALC_OK) {
        sigemptyset(&signals);
        sigaddset(&signals, SIGINT);
        sigaddset(&signals, SIGTERM);
        sigaddset(&signals, SIGHUP);
        pthread_sigmask(SIG_BLOCK, &signals, NULL); /* before there are threads */
        rc = up(&set, &signals, &arena, &err);
    }
    if (rc != ALC_OK) fprintf(stderr, "alcove up: %s\n", alc_err_text(&err, rc));
    alc_arena_fini(&arena);
    return alc_rc_exit(rc);
}
