/* localnet/rpc_call.h — one JSON-RPC request on its way through the server: what a method is given
 * and how it answers.  For the files of the RPC alone; others include rpc.h. */
#ifndef LNET_RPC_CALL_H
#define LNET_RPC_CALL_H

#include "localnet/rpc.h"
#include "localnet/rpc_params.h"

/* Every way a request can fail.   cause   name of the error   HTTP   legacy code and message */
#define LNET_CAUSE_MAP(X)                                                                          \
    X(PARSE_ERROR, "REQUEST_VALIDATION_ERROR", 400, -32700, "Parse error")                         \
    X(METHOD_NOT_FOUND, "REQUEST_VALIDATION_ERROR", 400, -32601, "Method not found")               \
    X(INTERNAL_ERROR, "INTERNAL_ERROR", 500, -32000, "Server error")                               \
    X(UNKNOWN_BLOCK, "HANDLER_ERROR", 200, -32000, "Server error")                                 \
    X(GARBAGE_COLLECTED_BLOCK, "HANDLER_ERROR", 200, -32000, "Server error")                       \
    X(UNKNOWN_ACCOUNT, "HANDLER_ERROR", 200, -32000, "Server error")                               \
    X(NO_CONTRACT_CODE, "HANDLER_ERROR", 200, -32000, "Server error")                              \
    X(NO_GLOBAL_CONTRACT_CODE, "HANDLER_ERROR", 200, -32000, "Server error")                       \
    X(TOO_LARGE_CONTRACT_STATE, "HANDLER_ERROR", 200, -32000, "Server error")                      \
    X(UNKNOWN_ACCESS_KEY, "HANDLER_ERROR", 200, -32000, "Server error")                            \
    X(UNKNOWN_GAS_KEY, "HANDLER_ERROR", 200, -32000, "Server error")                               \
    X(CONTRACT_EXECUTION_ERROR, "HANDLER_ERROR", 200, -32000, "Server error")                      \
    X(UNKNOWN_CHUNK, "HANDLER_ERROR", 200, -32000, "Server error")                                 \
    X(INVALID_SHARD_ID, "HANDLER_ERROR", 200, -32000, "Server error")                              \
    X(INVALID_TRANSACTION, "HANDLER_ERROR", 200, -32000, "Server error")                           \
    X(UNKNOWN_TRANSACTION, "HANDLER_ERROR", 200, -32000, "Server error")                           \
    X(TIMEOUT_ERROR, "HANDLER_ERROR", 408, -32000, "Server error")                                 \
    X(UNKNOWN_RECEIPT, "HANDLER_ERROR", 200, -32000, "Server error")                               \
    X(UNKNOWN_EPOCH, "HANDLER_ERROR", 200, -32000, "Server error")                                 \
    X(NO_NEW_BLOCKS, "HANDLER_ERROR", 500, -32000, "Server error")

enum lnet_cause {
#define LNET_CAUSE_ENUM(cause, name, http, code, message) LNET_##cause,
    LNET_CAUSE_MAP(LNET_CAUSE_ENUM)
#undef LNET_CAUSE_ENUM
        LNET_CAUSES
};

/* An error on its way to the client.  `info` and `data` are JSON; an empty `info` is left out,
 * since clients tell causes with fields from those without. */
struct lnet_rpc_error {
    enum lnet_cause cause;
    int http_status; /* 0: the table's */
    struct alc_buf info, data;
};

struct lnet_call {
    const struct lnet_rpc_conf *conf;
    struct lnet_chain *chain;
    uint16_t port;
    uint64_t uptime_ms;
    const struct alc_json *params; /* NULL or JSON null: none */
    struct alc_arena *arena;       /* as long as the request */
    struct alc_buf *out;           /* a method that returns true has put one JSON value here */
    struct lnet_rpc_error error;   /* one that returns false has set this */
};

typedef bool lnet_method(struct lnet_call *c);

/* ---- failing: each sets c->error and returns false (rpc_error.c) ---- */

/* lnet_fail sets the cause and the text of `data`.  `info` was written before, or stays empty. */
bool lnet_fail(struct lnet_call *c, enum lnet_cause cause, const char *fmt, ...) ALC_PRINTF(3, 4);
/* lnet_fail_params: the sentence of a reader of rpc_params.h. */
bool lnet_fail_params(struct lnet_call *c, enum alc_rc rc, const struct alc_err *err);
/* lnet_fail_internal: the chain could not do it. */
bool lnet_fail_internal(struct lnet_call *c, enum alc_rc rc, const struct alc_err *err);
bool lnet_fail_block(struct lnet_call *c, const struct lnet_ref *ref, bool with_reference);
/* lnet_fail_config_block: the words of EXPERIMENTAL_protocol_config for the same. */
bool lnet_fail_config_block(struct lnet_call *c, const struct lnet_ref *ref);
/* lnet_fail_twice makes `data` the cause and its `info` once more, as some methods have it. */
bool lnet_fail_twice(struct lnet_call *c, enum lnet_cause cause);
bool lnet_fail_timeout(struct lnet_call *c);
bool lnet_fail_hash(struct lnet_call *c, enum lnet_cause cause, const char *key,
                    const struct alc_hash *hash);

/* lnet_error_write appends the error object. */
void lnet_error_write(struct alc_buf *out, const struct lnet_rpc_error *e);
int lnet_error_status(const struct lnet_rpc_error *e);
void lnet_error_fini(struct lnet_rpc_error *e);

/* lnet_put_at writes "block_height" and "block_hash" into the open object of `w`. */
void lnet_put_at(struct alc_jw *w, const struct lnet_block_ref *at);
void lnet_put_time(struct alc_jw *w, uint64_t timestamp_ns); /* RFC 3339 with nanoseconds, Z */
/* lnet_text58 is the base58 of a hash, in the arena; "" when it is full. */
const char *lnet_text58(struct lnet_call *c, const struct alc_hash *h);

/* ---- methods ---- */

/* rpc_node.c */
lnet_method lnet_do_status, lnet_do_health, lnet_do_network_info, lnet_do_validators,
    lnet_do_protocol_config, lnet_do_genesis_config;
/* rpc_block.c */
lnet_method lnet_do_block, lnet_do_chunk, lnet_do_gas_price, lnet_do_changes, lnet_do_block_effects;
/* rpc_query.c */
lnet_method lnet_do_query, lnet_do_view_account, lnet_do_view_code, lnet_do_view_state,
    lnet_do_view_key, lnet_do_view_keys, lnet_do_call_function;
/* rpc_tx.c */
lnet_method lnet_do_broadcast_async, lnet_do_broadcast_commit, lnet_do_send, lnet_do_tx,
    lnet_do_tx_status, lnet_do_receipt;
/* rpc_sandbox.c */
lnet_method lnet_do_patch_state, lnet_do_fast_forward, lnet_do_snapshot, lnet_do_restore,
    lnet_do_drop_snapshot, lnet_do_dump_state;

/* lnet_rpc_dispatch finds the method and runs it. */
bool lnet_rpc_dispatch(struct lnet_call *c, struct alc_bytes method);

/* lnet_stream_answer serves GET /v0/... (stream.c). */
void lnet_stream_answer(const struct lnet_rpc_conf *conf, const char *path,
                        struct alc_httpd_answer *answer);

#endif
