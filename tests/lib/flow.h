/* tests/lib/flow.h — the real programs on loopback: a development chain, the contract on it, and
 * `alcove up` as a child that a test may kill.
 *
 *     struct flow *f = flow_open();
 *     flow_up(f, NULL, (const char *const[]){"--worker-module", flow_guest("echo"), NULL});
 *     flow_ask(f, &hash, &(struct flow_ask){.code = flow_code(f, "echo"), .input = ALC_LIT("x")});
 *     flow_end(f, &end, &hash);
 *     assert_true(alc_bytes_is(end.value, "\"x\""));
 *
 * What cannot go on fails the test, with the end of the node's log.  All waits have a deadline and
 * a condition.  One thread. */
#ifndef FLOW_H
#define FLOW_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/json.h"
#include "cli/node.h"

#define FLOW_PAYER "payer.test.near"               /* gets refunds and nothing else */
#define FLOW_PAYMENT (ALC_NEAR_YOCTO / 10)         /* attached when an ask names none */
#define FLOW_URL "https://127.0.0.1:1/module.wasm" /* nobody listens there */
#define FLOW_PATIENCE_MS 30000u

struct flow {
    struct cli_state state;
    struct cli_devnet dev;
    struct alc_ed25519 user;
    struct alc_near_key worker; /* the node's */
    uint64_t nonce;             /* of the user's key, the last used */
    const char *source;         /* of quotes, in the words of --attest-source */
    char init_key[4096];        /* file of who registers keys */
    char ready[16384];          /* the last node's ready line; "" when it died before */
    pid_t up;                   /* 0: no node runs */
    uint64_t ups;               /* nodes started so far */
    const char *rpc;            /* what a node is given as its RPC; NULL: the chain itself */
    char log[4096];             /* what all of them said on standard error */
    __uint128_t price[4];       /* base, per million instructions, per ms, per compile ms */
    struct alc_near_stream *stream;
    struct alc_arena arena; /* until flow_forget */
};

/* flow_open starts a chain in a temporary folder with contract, operator, user and payer; the owner
 * adds the worker's key, and nodes make no quotes. */
struct flow *flow_open(void);
/* flow_open_attested is flow_open with the register contract on the operator's account: nodes make
 * SIMULATED quotes and register their keys.  A node whose flags change the policy is another
 * enclave than the one that is approved. */
struct flow *flow_open_attested(void);
/* flow_close ends the node (expecting a clean end) and the chain, and removes the folder. */
void flow_close(struct flow *f);
void flow_forget(struct flow *f); /* frees what earlier answers borrow */

/* flow_fail fails the test with the sentence and the end of the log. */
_Noreturn void flow_fail(struct flow *f, const char *fmt, ...) ALC_PRINTF(2, 3);
/* flow_must: ALC_OK or flow_fail. */
void flow_must(struct flow *f, enum alc_rc rc, const struct alc_err *err);
/* flow_until polls until `holds` says so. */
void flow_until(struct flow *f, bool (*holds)(struct flow *f, void *ctx), void *ctx,
                const char *what);

/* ---- the node ---- */

/* flow_up starts `alcove up` on the chain and waits for its ready line.  failpoint: where it kills
 * itself, which may be before it is ready, and the test is skipped in a build without failpoints;
 * NULL: nowhere.  more: further
 * flags, NULL at the end; may be NULL. */
void flow_up(struct flow *f, const char *failpoint, const char *const *more);
/* flow_died waits until the node is dead by SIGKILL; flow_kill sends it. */
void flow_died(struct flow *f);
void flow_kill(struct flow *f);
/* flow_down ends the node by SIGTERM and expects exit 0 (with the sanitizers: no leak either). */
void flow_down(struct flow *f);
/* flow_log_count: how often `part` stands in the log; flow_logged waits until it does so `times`
 * times. */
unsigned flow_log_count(struct flow *f, const char *part);
void flow_logged(struct flow *f, const char *part, unsigned times);

/* flow_shows: the gateway's /metrics has this line; for flow_until too. */
bool flow_shows(struct flow *f, void *line);

/* flow_restart_chain kills the chain by SIGKILL and starts it again at the same address. */
void flow_restart_chain(struct flow *f);

/* flow_ended ends the node once so many jobs came to their end: then there are no others, and the
 * outbox is empty.  *settled: how many are SETTLED; the rest is CANCELLED. */
void flow_ended(struct flow *f, unsigned jobs, uint64_t *settled);

/* ---- guests ---- */

/* The built guest of a name: its path (static until the next four calls), bytes and SHA-256. */
const char *flow_guest(const char *name);
struct alc_bytes flow_wasm(struct flow *f, const char *name);
struct alc_hash flow_code(struct flow *f, const char *name);

/* ---- requests ---- */

struct flow_ask {
    struct alc_hash code;   /* of a WasmUrl */
    const char *source;     /* JSON, instead of code */
    const char *target;     /* build_target; NULL: none */
    struct alc_bytes input; /* p NULL: no input_data */
    const char *format;     /* NULL: none */
    bool no_limits;
    uint64_t max_instructions; /* 0: 10^9 */
    uint32_t max_memory_mb;    /* 0: 128 */
    uint32_t max_seconds;      /* 0: 60 */
    const char *secrets;       /* JSON of secrets_ref; NULL: none */
    const char *params;        /* JSON; NULL: none */
    const char *payer;         /* NULL: none is named */
    __uint128_t payment;       /* 0: FLOW_PAYMENT */
};

/* flow_ask signs a request by the user, sends it and waits until it is in a block. */
void flow_ask(struct flow *f, struct alc_hash *tx, const struct flow_ask *ask);
/* flow_send is flow_ask without the wait, against a block hash that the caller has. */
void flow_send(struct flow *f, struct alc_hash *tx, const struct flow_ask *ask,
               const struct alc_hash *block, const char *wait_until);

/* What a request came to. */
struct flow_end {
    struct alc_bytes value; /* returned JSON; empty when the transaction failed */
    const char *failure;    /* JSON; NULL unless the transaction failed */
    unsigned events;        /* execution_completed in this transaction; the rest is the last's */
    bool success;
    const char *error; /* error_message, "" when null */
    uint64_t instructions, time_ms, compile_ms;
    __uint128_t charged, refunded;
    __uint128_t burnt; /* for gas, of all that the user paid for */
};
/* flow_end waits for the end of a request. */
void flow_end(struct flow *f, struct flow_end *end, const struct alc_hash *tx);
/* flow_text decodes a returned JSON string. */
struct alc_bytes flow_text(struct flow *f, struct alc_bytes value);

/* flow_call sends actions signed with the root's key, by the root itself when signer_id is NULL,
 * and waits for their end. */
void flow_call(struct flow *f, const char *signer_id, const char *receiver_id,
               struct alc_near_action *actions, uint32_t count);

/* ---- the chain ---- */

__uint128_t flow_balance(struct flow *f, const char *account_id);
uint64_t flow_height(struct flow *f);
void flow_forward(struct flow *f, uint64_t blocks); /* sandbox_fast_forward */
void flow_rpc(struct flow *f, const char *method, const char *params);
/* get_stats: executions and fees. */
void flow_stats(struct flow *f, uint64_t *executions, __uint128_t *fees);
/* flow_events counts the contract's events of a name in blocks from `height` to the head. */
unsigned flow_events(struct flow *f, const char *event, uint64_t height);
/* flow_pending: requests that wait on chain. */
size_t flow_pending(struct flow *f);

#endif
