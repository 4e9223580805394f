/* localnet/rpc_params.h — parameters of JSON-RPC methods: JSON → typed structs, once, at the edge.
 *
 * Pure: no chain, no I/O.  Every reader returns ALC_OK, or ALC_BAD_INPUT with a sentence that
 * becomes the PARSE_ERROR of the answer, or ALC_NOMEM (arena).  Results borrow from the document
 * and the arena.  Members that nobody asked for are ignored, as NEAR's nodes do. */
#ifndef LNET_RPC_PARAMS_H
#define LNET_RPC_PARAMS_H

#include "localnet/chain.h"

/* A block as a client names it. */
struct lnet_ref {
    struct lnet_block_id id;
    bool numeric_in_object;      /* {"block_id": 7}: an unknown block is answered with HTTP 422 */
    const struct alc_json *said; /* the value of block_id, finality or sync_checkpoint */
    const char *said_key;
};

/* lnet_params_ref reads {"finality"|"block_id"|"sync_checkpoint": ...} or [height|"hash"]; with
 * `latest_ok` also null, [], [null], {} and {"block_id": null}, which mean the newest block. */
ALC_MUST enum alc_rc lnet_params_ref(struct lnet_ref *out, const struct alc_json *params,
                                     bool latest_ok, struct alc_err *err);

enum lnet_query_kind {
    LNET_VIEW_ACCOUNT,
    LNET_VIEW_CODE,
    LNET_VIEW_STATE,
    LNET_VIEW_KEY,
    LNET_VIEW_KEYS,
    LNET_CALL_FUNCTION,
    LNET_VIEW_GLOBAL_BY_HASH,
    LNET_VIEW_GLOBAL_BY_ACCOUNT,
    LNET_VIEW_GAS_KEY,
    LNET_QUERY_KINDS,
};

struct lnet_query {
    enum lnet_query_kind kind;
    struct lnet_ref at;
    struct alc_near_id account; /* all but LNET_VIEW_GLOBAL_BY_HASH */
    struct alc_near_key key;    /* LNET_VIEW_KEY, LNET_VIEW_GAS_KEY; of KEYS: see has_after */
    struct alc_bytes method;    /* LNET_CALL_FUNCTION */
    struct alc_bytes data;      /* decoded arguments, or the prefix of LNET_VIEW_STATE */
    struct alc_hash code_hash;  /* LNET_VIEW_GLOBAL_BY_HASH */
    /* a piece of LNET_VIEW_STATE or LNET_VIEW_KEYS: behind `after` or `key`, at most `limit` */
    bool has_after;
    struct alc_bytes after;
    uint32_t limit; /* 0: all */
};

#define LNET_BASE58_DATA_MAX_BYTES (64u << 10) /* reading base58 takes the square of its length */
/* lnet_base58_read decodes base58 of any length up to that.  ALC_BAD_INPUT says the limit or the
 * mistake; ALC_NOMEM. */
ALC_MUST enum alc_rc lnet_base58_read(struct alc_bytes *out, struct alc_bytes text,
                                      struct alc_arena *arena, struct alc_err *err);
/* lnet_params_query reads {"request_type": ..., ...} and the older ["path", "base58 data"]. */
ALC_MUST enum alc_rc lnet_params_query(struct lnet_query *out, const struct alc_json *params,
                                       struct alc_arena *arena, struct alc_err *err);
/* lnet_params_query_as is for the methods whose name says the kind (EXPERIMENTAL_view_account). */
ALC_MUST enum alc_rc lnet_params_query_as(struct lnet_query *out, enum lnet_query_kind kind,
                                          const struct alc_json *params, struct alc_arena *arena,
                                          struct alc_err *err);

/* lnet_params_send reads ["base64"] and {"signed_tx_base64", "wait_until"}. */
struct lnet_send {
    struct alc_bytes signed_tx;
    enum lnet_level level;
};
ALC_MUST enum alc_rc lnet_params_send(struct lnet_send *out, const struct alc_json *params,
                                      struct alc_arena *arena, struct alc_err *err);

/* lnet_params_tx reads ["hash", "account"], {"tx_hash", "sender_account_id", "wait_until"} and the
 * forms of lnet_params_send; of the latter *hash is what the transaction's bytes hash to. */
struct lnet_tx_ref {
    struct alc_hash hash;
    enum lnet_level level;
};
ALC_MUST enum alc_rc lnet_params_tx(struct lnet_tx_ref *out, const struct alc_json *params,
                                    struct alc_arena *arena, struct alc_err *err);

/* lnet_params_chunk reads {"chunk_id"}, {"block_id", "shard_id"}, ["hash"], [[block, shard]]. */
struct lnet_chunk_ref {
    bool by_hash;
    struct alc_hash hash;
    struct lnet_ref block;
    uint64_t shard_id;
};
ALC_MUST enum alc_rc lnet_params_chunk(struct lnet_chunk_ref *out, const struct alc_json *params,
                                       struct alc_err *err);

/* lnet_params_hash reads {"<key>": "base58"} or ["base58"]. */
ALC_MUST enum alc_rc lnet_params_hash(struct alc_hash *out, const struct alc_json *params,
                                      const char *key, struct alc_err *err);

/* lnet_params_validators reads null, [null], "latest", [height|"hash"], {"block_id"}, {"epoch_id"}.
 * An epoch is named by its id; by_epoch is false for a block. */
struct lnet_validators_ref {
    bool by_epoch;
    struct alc_hash epoch_id;
    struct lnet_ref block;
};
ALC_MUST enum alc_rc lnet_params_validators(struct lnet_validators_ref *out,
                                            const struct alc_json *params, struct alc_err *err);

/* Which changes of a block a client wants. */
enum lnet_changes_kind {
    LNET_CHANGES_ACCOUNT,
    LNET_CHANGES_ONE_KEY,
    LNET_CHANGES_KEYS,
    LNET_CHANGES_CODE,
    LNET_CHANGES_DATA,
    LNET_CHANGES_KINDS,
};
struct lnet_changes_ref {
    enum lnet_changes_kind kind;
    struct lnet_ref at;
    const struct alc_json *accounts; /* array of strings; of ONE_KEY: of {account_id, public_key} */
    struct alc_bytes prefix;         /* DATA, decoded */
};
ALC_MUST enum alc_rc lnet_params_changes(struct lnet_changes_ref *out,
                                         const struct alc_json *params, struct alc_arena *arena,
                                         struct alc_err *err);
/* lnet_changes_has: the change (an element of lnet_read_changes) is one that was asked for. */
ALC_MUST bool lnet_changes_has(const struct lnet_changes_ref *ref, const struct alc_json *change);

/* lnet_params_delta reads {"delta_height": n}, 1 .. LNET_FAST_FORWARD_MAX. */
ALC_MUST enum alc_rc lnet_params_delta(uint64_t *out, const struct alc_json *params,
                                       struct alc_err *err);

#define LNET_DUMP_IDS_MAX 1000u
/* lnet_params_snapshot reads {"id": n}. */
ALC_MUST enum alc_rc lnet_params_snapshot(uint64_t *out, const struct alc_json *params,
                                          struct alc_err *err);
/* lnet_params_accounts reads {"account_ids": [...]}; absent or empty: *count is 0.  Each account
 * once; the list is in the arena, the names are the request's. */
ALC_MUST enum alc_rc lnet_params_accounts(const char ***out, size_t *count,
                                          const struct alc_json *params, struct alc_arena *arena,
                                          struct alc_err *err);

#endif
