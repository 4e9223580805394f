/* tests/unit/settle/fake_chain.h — a chain of one account and one key behind JSON-RPC on loopback.
 *
 * It takes transactions as a node does (signature, nonce), and a test decides what becomes of them:
 * they wait, are executed, fail, or get lost.  Handlers run on the server's threads, so everything
 * here is under the lock. */
#ifndef FAKE_CHAIN_H
#define FAKE_CHAIN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>

#include "base/enc.h"
#include "base/httpd.h"
#include "near/near.h"

#define CHAIN_TXS_MAX 32u
#define CHAIN_VALID_BLOCKS 100u
#define CHAIN_CONTRACT "compute.test.near"

enum chain_tx_state { CHAIN_LOST, CHAIN_WAITS, CHAIN_OK, CHAIN_FAILED };

/* One entry for each arrival of bytes. */
struct chain_tx {
    struct alc_hash hash;
    uint64_t nonce;
    struct alc_hash block_hash;
    struct alc_buf bytes;
    char method[64], args[256];
    uint64_t gas;
    enum chain_tx_state state;
};

struct chain {
    struct alc_httpd *httpd;
    char url[64];
    pthread_mutex_t lock;
    uint64_t height, nonce;
    bool no_key;       /* the account has no such access key */
    bool lose;         /* what arrives is taken and forgotten */
    bool refuse;       /* what arrives is answered with InvalidNonce */
    unsigned hide;     /* so many questions after a transaction are answered "unknown" */
    unsigned tx_asked; /* questions after a transaction */
    struct chain_tx txs[CHAIN_TXS_MAX];
    unsigned count;
};

static inline void chain_put_hash(struct alc_jw *w, uint64_t height)
{
    struct alc_hash h = {{0}};
    memcpy(h.b, &height, sizeof height);
    alc_jw_base58(w, alc_hash_bytes(&h));
}

static inline void chain_put_block(struct chain *c, struct alc_jw *w)
{
    alc_jw_obj(w);
    alc_jw_key(w, "header");
    alc_jw_obj(w);
    alc_jw_key(w, "height");
    alc_jw_u64(w, c->height);
    alc_jw_key(w, "hash");
    chain_put_hash(w, c->height);
    alc_jw_key(w, "timestamp");
    alc_jw_u64(w, 1785000000000000000u);
    alc_jw_key(w, "timestamp_nanosec");
    alc_jw_text(w, "1785000000000000000");
    alc_jw_end(w);
    alc_jw_end(w);
}

static inline bool chain_error(struct alc_jw *w, const char *cause, const char *data)
{
    alc_jw_key(w, "error");
    alc_jw_obj(w);
    alc_jw_key(w, "name");
    alc_jw_text(w, "HANDLER_ERROR");
    alc_jw_key(w, "cause");
    alc_jw_obj(w);
    alc_jw_key(w, "name");
    alc_jw_text(w, cause);
    alc_jw_end(w);
    alc_jw_key(w, "code");
    alc_jw_i64(w, -32000);
    alc_jw_key(w, "message");
    alc_jw_text(w, "Server error");
    alc_jw_key(w, "data");
    alc_jw_raw(w, alc_cstr(data));
    alc_jw_end(w);
    return false;
}

static inline void chain_put_status(struct chain *c, struct alc_jw *w, const struct chain_tx *tx)
{
    alc_jw_obj(w);
    alc_jw_key(w, "final_execution_status");
    alc_jw_text(w, tx->state == CHAIN_OK || tx->state == CHAIN_FAILED ? "FINAL" : "NONE");
    if (tx->state == CHAIN_OK || tx->state == CHAIN_FAILED) {
        alc_jw_key(w, "status");
        alc_jw_raw(w, alc_cstr(tx->state == CHAIN_OK
                                   ? "{\"SuccessValue\":\"\"}"
                                   : "{\"Failure\":{\"ActionError\":{\"index\":0}}}"));
        alc_jw_key(w, "transaction_outcome");
        alc_jw_obj(w);
        alc_jw_key(w, "block_hash");
        chain_put_hash(w, c->height);
        alc_jw_key(w, "outcome");
        alc_jw_raw(w, ALC_LIT("{\"gas_burnt\":300,\"tokens_burnt\":\"30000000000000000000000\"}"));
        alc_jw_end(w);
        alc_jw_key(w, "receipts_outcome");
        alc_jw_raw(w, ALC_LIT("[{\"outcome\":{\"gas_burnt\":21,\"tokens_burnt\":\"7\"}}]"));
    }
    alc_jw_end(w);
}

/* chain_take keeps what arrived; false: not a transaction of our key. */
static inline bool chain_take(struct chain *c, struct alc_bytes base64)
{
    struct alc_arena arena = ALC_ARENA(8u << 20);
    struct chain_tx *tx = &c->txs[c->count];
    uint8_t *raw = alc_arena_alloc(&arena, base64.n);
    struct alc_near_signed s;
    bool ok = false;
    size_t n;

    if (raw == NULL || c->count == CHAIN_TXS_MAX || !alc_base64_decode(raw, base64.n, &n, base64) ||
        alc_near_tx_read(&s, (struct alc_bytes){raw, n}, &arena, NULL) != ALC_OK ||
        !alc_near_sig_ok(&s.sig, &s.tx.key, &s.hash) || s.tx.actions_count != 1 ||
        !alc_bytes_is(s.tx.receiver_id, CHAIN_CONTRACT))
        goto out;
    *tx = (struct chain_tx){.hash = s.hash,
                            .nonce = s.tx.nonce,
                            .block_hash = s.tx.block_hash,
                            .bytes = ALC_BUF(4u << 20),
                            .gas = s.tx.actions[0].gas,
                            .state = c->lose || c->refuse ? CHAIN_LOST : CHAIN_WAITS};
    alc_buf_put(&tx->bytes, raw, n);
    snprintf(tx->method, sizeof tx->method, "%.*s", (int)s.tx.actions[0].method.n,
             (const char *)s.tx.actions[0].method.p);
    snprintf(tx->args, sizeof tx->args, "%.*s", (int)s.tx.actions[0].data.n,
             (const char *)s.tx.actions[0].data.p);
    if (tx->state == CHAIN_WAITS && tx->nonce <= c->nonce) tx->state = CHAIN_LOST;
    if (tx->state == CHAIN_WAITS) c->nonce = tx->nonce;
    c->count++;
    ok = true;
out:
    alc_arena_fini(&arena);
    return ok;
}

static inline const struct chain_tx *chain_find(struct chain *c, const struct alc_hash *hash)
{
    for (unsigned i = 0; i < c->count; i++)
        if (c->txs[i].state != CHAIN_LOST && alc_hash_eq(&c->txs[i].hash, hash)) return &c->txs[i];
    return NULL;
}

static inline bool chain_tx(struct chain *c, struct alc_jw *w, const struct alc_json *params)
{
    struct alc_hash hash = {{0}};
    struct alc_bytes text = {NULL, 0};
    const struct chain_tx *tx;
    size_t n = 0;

    c->tx_asked++;
    if (!alc_json_str(alc_json_get(params, "tx_hash"), &text) ||
        !alc_base58_decode(hash.b, sizeof hash.b, &n, text) || n != sizeof hash.b)
        return chain_error(w, "PARSE_ERROR", "\"no hash\"");
    tx = chain_find(c, &hash);
    if (tx == NULL || c->hide > 0) {
        if (c->hide > 0) c->hide--;
        return chain_error(w, "UNKNOWN_TRANSACTION", "\"unknown\"");
    }
    alc_jw_key(w, "result");
    chain_put_status(c, w, tx);
    return true;
}

static inline bool chain_send(struct chain *c, struct alc_jw *w, const struct alc_json *params)
{
    struct alc_bytes text = {NULL, 0};

    if (!alc_json_str(alc_json_get(params, "signed_tx_base64"), &text) || !chain_take(c, text))
        return chain_error(w, "PARSE_ERROR", "\"not a transaction of ours\"");
    if (c->refuse || (!c->lose && c->txs[c->count - 1].state == CHAIN_LOST))
        return chain_error(w, "INVALID_TRANSACTION",
                           "{\"TxExecutionError\":{\"InvalidTxError\":{\"InvalidNonce\":"
                           "{\"tx_nonce\":1,\"ak_nonce\":2}}}}");
    alc_jw_key(w, "result");
    alc_jw_raw(w, ALC_LIT("{\"final_execution_status\":\"NONE\"}"));
    return true;
}

static inline void chain_answer(struct chain *c, struct alc_jw *w, const char *method,
                                const struct alc_json *params)
{
    if (strcmp(method, "tx") == 0) {
        chain_tx(c, w, params);
    } else if (strcmp(method, "send_tx") == 0) {
        chain_send(c, w, params);
    } else if (strcmp(method, "block") == 0) {
        alc_jw_key(w, "result");
        chain_put_block(c, w);
    } else if (strcmp(method, "query") == 0 && c->no_key) {
        chain_error(w, "UNKNOWN_ACCESS_KEY", "\"no such key\"");
    } else if (strcmp(method, "query") == 0) {
        alc_jw_key(w, "result");
        alc_jw_obj(w);
        alc_jw_key(w, "nonce");
        alc_jw_u64(w, c->nonce);
        alc_jw_key(w, "permission");
        alc_jw_text(w, "FullAccess");
        alc_jw_end(w);
    } else if (strcmp(method, "EXPERIMENTAL_protocol_config") == 0) {
        alc_jw_key(w, "result");
        alc_jw_obj(w);
        alc_jw_key(w, "transaction_validity_period");
        alc_jw_u64(w, CHAIN_VALID_BLOCKS);
        alc_jw_end(w);
    } else {
        chain_error(w, "METHOD_NOT_FOUND", "\"\"");
    }
}

static inline void chain_handle(void *ctx, const struct alc_httpd_ask *ask,
                                struct alc_httpd_answer *answer)
{
    struct chain *c = ctx;
    struct alc_jw w = {.out = &answer->body};
    struct alc_json *doc = NULL;
    const char *method = "";
    uint64_t id = 0;

    if (alc_json_open(&doc, ask->body, 8u << 20, NULL) != ALC_OK ||
        !alc_json_u64(alc_json_get(doc, "id"), &id) ||
        !alc_json_text(alc_json_get(doc, "method"), &method))
        method = "";
    pthread_mutex_lock(&c->lock);
    alc_jw_obj(&w);
    alc_jw_key(&w, "jsonrpc");
    alc_jw_text(&w, "2.0");
    alc_jw_key(&w, "id");
    alc_jw_u64(&w, id);
    chain_answer(c, &w, method, alc_json_get(doc, "params"));
    alc_jw_end(&w);
    pthread_mutex_unlock(&c->lock);
    alc_json_close(doc);
}

static inline void chain_open(struct chain *c)
{
    struct alc_httpd_conf conf = {
        .host = "127.0.0.1", .max_body_bytes = 8u << 20, .handle = chain_handle, .ctx = c};
    struct alc_err err = {0};

    memset(c, 0, sizeof *c);
    c->height = 1000;
    c->nonce = 500;
    pthread_mutex_init(&c->lock, NULL);
    if (alc_httpd_open(&c->httpd, &conf, &err) != ALC_OK) fail_msg("%s", err.text);
    snprintf(c->url, sizeof c->url, "http://127.0.0.1:%u", alc_httpd_port(c->httpd));
}

static inline void chain_close(struct chain *c)
{
    alc_httpd_close(c->httpd);
    for (unsigned i = 0; i < c->count; i++)
        alc_buf_fini(&c->txs[i].bytes);
    pthread_mutex_destroy(&c->lock);
}

/* The test's thread sets and reads only while no request is under way: the client is this thread's,
 * and each of its calls has returned. */
static inline void chain_end(struct chain *c, unsigned i, enum chain_tx_state state)
{
    pthread_mutex_lock(&c->lock);
    assert_true(i < c->count);
    c->txs[i].state = state;
    pthread_mutex_unlock(&c->lock);
}

#endif
