/* localnet/rpc.h — the development chain over HTTP: NEAR's JSON-RPC and the block stream.
 *
 *   POST /                         JSON-RPC 2.0, one request a time
 *   GET  /status /health /network_info
 *   GET  /v0/last_block/final /v0/last_block/optimistic /v0/first_block
 *   GET  /v0/block/<height> /v0/block_opt/<height>
 *
 * Knows HTTP, JSON-RPC and how NEAR's clients read errors; the chain knows everything else.
 * Requests are served on many threads at once. */
#ifndef LNET_RPC_H
#define LNET_RPC_H

#include "base/httpd.h"
#include "localnet/chain.h"

#define LNET_RPC_BODY_MAX_BYTES (64u << 20)    /* a patch may carry several contracts */
#define LNET_RPC_ANSWER_MAX_BYTES (256u << 20) /* view_state without a limit */
#define LNET_RPC_WAIT_MS 10000u                /* NEAR's own limit; then TIMEOUT_ERROR */
#define LNET_RPC_UNKNOWN_WAIT_MS 2000u         /* for a transaction that nobody has sent yet */
#define LNET_RPC_STREAM_WAIT_MS 20000u         /* one long poll */
#define LNET_RPC_CONNECTIONS_MAX 4096u         /* a test may send thousands of requests at once */
#define LNET_RPC_STREAM_AHEAD 10u              /* heights above the head that are waited for */

struct lnet_rpc; /* opaque */

struct lnet_rpc_conf {
    struct lnet_chain *chain; /* borrowed, outlives the server */
    const char *host;         /* numeric address */
    uint16_t port;            /* 0: the system chooses */
    uint32_t wait_ms;         /* 0: the limits above; tests give less */
    uint32_t unknown_wait_ms;
    uint32_t stream_wait_ms;
    const struct alc_clock *clock; /* NULL: the machine's */
};

/* lnet_rpc_open listens and serves.  ALC_IO: the address is taken or not ours.  ALC_NOMEM. */
ALC_MUST enum alc_rc lnet_rpc_open(struct lnet_rpc **out, const struct lnet_rpc_conf *conf,
                                   struct alc_err *err);
uint16_t lnet_rpc_port(const struct lnet_rpc *r); /* the real one */
/* lnet_rpc_close waits for requests that run: stop the chain before, so that none waits on. */
void lnet_rpc_close(struct lnet_rpc *r);

/* lnet_rpc_answer serves one request; the HTTP server calls it, and so do tests. */
void lnet_rpc_answer(struct lnet_rpc *r, const struct alc_httpd_ask *ask,
                     struct alc_httpd_answer *answer);
/* lnet_rpc_init makes a server that does not listen, for tests of lnet_rpc_answer; lnet_rpc_close
 * frees it as well. */
ALC_MUST enum alc_rc lnet_rpc_init(struct lnet_rpc **out, const struct lnet_rpc_conf *conf,
                                   struct alc_err *err);

#endif
