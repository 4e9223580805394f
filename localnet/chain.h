/* localnet/chain.h — the development chain: a single node that makes blocks out of transactions.
 *
 * Knows transactions, receipts, accounts, blocks and NEAR's rules for them (protocol version 88;
 * the fees come from NEAR's own parameter table).  Knows nothing of HTTP or JSON-RPC, but hands out
 * the JSON documents (NEAR's "views") of what it stores, so that a server only has to put them
 * together.
 *
 * All functions may be called from any thread.  A thread of the chain's own makes the blocks (patch
 * and fast forward make theirs on the caller's); a read sees the state after the last whole block.
 * The newest block is final: `optimistic`, `near-final` and `final` are the same block.  State is
 * kept for the newest LNET_PAST_BLOCKS blocks; blocks, transactions and receipts are kept for good.
 *
 * A transaction that lnet_chain_wait calls INCLUDED or more is in a block that is on disk: it
 * survives the death of this process at any line.  One that was only submitted may be lost with it;
 * sending the same bytes again is harmless. */
#ifndef LNET_CHAIN_H
#define LNET_CHAIN_H

#include "base/base.h"
#include "base/buf.h"
#include "crypto/crypto.h"
#include "near/near.h"

#define LNET_PROTOCOL_VERSION 88u
#define LNET_GAS_LIMIT 1000000000000000u /* of a block */
#define LNET_VIEW_GAS_MAX 1000000000000000u
#define LNET_EPOCH_BLOCKS 60u
#define LNET_PENDING_MAX 100000u            /* transactions that wait for a block, and */
#define LNET_PENDING_MAX_BYTES (512u << 20) /* their bytes */
#define LNET_FAST_FORWARD_MAX 100000000u    /* heights in one jump */
#define LNET_SNAPSHOTS_MAX 64u
#define LNET_PAST_BLOCKS 1000u /* of the newest, the head included, the state can be read */
#define LNET_GENESIS_TIME_NS UINT64_C(1735689600000000000) /* of a deterministic chain: 2025 */
#define LNET_VALIDATOR "test.near"                         /* author of every block */
#define LNET_REGISTRAR "registrar" /* the one who may create top-level accounts */

struct lnet_chain; /* opaque */

struct lnet_genesis_account {
    struct alc_near_id id;
    struct alc_near_key key; /* full access */
    __uint128_t amount, locked;
};

struct lnet_conf {
    const char *folder;     /* the state is kept there; NULL: in memory */
    const char *chain_id;   /* NULL: whichever the folder or the genesis has, "localnet" */
    const char *genesis;    /* file of a chain that is new (docs/localnet.md); NULL: none */
    bool genesis_once;      /* a chain that is there goes on, whatever the file holds by now */
    uint32_t block_time_ms; /* 0: instant, a block when there is something to do */
    /* The same calls in the same order make the same chain: a transaction is run to its end, in
     * blocks of its own, before lnet_chain_submit returns; nothing happens by itself; and a block
     * is block_time_ms (0: 1 s) after the one before, the first at the genesis' time. */
    bool deterministic;
    uint32_t idle_ms;              /* instant: pause between blocks while a yield waits; 0: 1000 */
    const struct alc_clock *clock; /* NULL: the machine's */
    const struct lnet_genesis_account *accounts; /* used when the folder holds no chain yet */
    size_t accounts_count;
    struct alc_near_key validator_key; /* shown in status; all zero is fine */
    uint32_t trie_nodes_per_write; /* charged for each storage write and removal; 0: minimal gas */
    uint64_t validity_blocks;    /* a transaction's block hash may be this old; 0: 86400, as on the
                                  * public nets, for instant blocks pass quickly */
    size_t state_view_max_bytes; /* lnet_read_state; 0: no limit */
    bool manual;                 /* tests: no thread; lnet_chain_step makes the blocks */
};

/* lnet_chain_open opens or begins a chain and starts its thread.  `conf` is copied, what it points
 * to (but the clock) is not needed afterwards.  ALC_IO, ALC_CORRUPT (not a chain, or of another
 * chain id), ALC_BAD_INPUT (genesis: which record or member, and why; or a chain that is there was
 * begun with another genesis file, or not deterministic), ALC_NOT_FOUND (no genesis file),
 * ALC_NOMEM. */
ALC_MUST enum alc_rc lnet_chain_open(struct lnet_chain **out, const struct lnet_conf *conf,
                                     struct alc_err *err);
/* lnet_chain_stop ends all waits (they return ALC_TIMEOUT) and asks the thread to end; the block in
 * work is finished.  lnet_chain_close does it too, waits, and frees; NULL is fine.  No other call
 * may be running in lnet_chain_close. */
void lnet_chain_stop(struct lnet_chain *c);
void lnet_chain_close(struct lnet_chain *c);

/* lnet_chain_step makes one block with all that is pending, whether there is anything or not, and
 * lnet_chain_settle makes blocks until no transaction and no receipt is left (waiting yields do not
 * count).  For chains opened `manual`.  ALC_IO, ALC_CORRUPT, ALC_NOMEM. */
ALC_MUST enum alc_rc lnet_chain_step(struct lnet_chain *c, struct alc_err *err);
ALC_MUST enum alc_rc lnet_chain_settle(struct lnet_chain *c, struct alc_err *err);

/* ---- blocks ---- */

struct lnet_block_ref {
    uint64_t height;
    struct alc_hash hash;
    uint64_t timestamp_ns;
};

struct lnet_info {
    const char *chain_id; /* valid until close */
    struct lnet_block_ref head, genesis;
    struct alc_hash state_root; /* of the head; opaque */
    struct alc_hash epoch_id;
    uint64_t epoch_start_height, epoch_height;
    struct alc_near_key validator_key;
    __uint128_t gas_price, total_supply;
    __uint128_t genesis_supply;
    const char *validators;   /* JSON array of the genesis; valid until close */
    uint64_t validity_blocks; /* conf's, with its preset filled in */
    size_t pending;           /* transactions that wait for a block */
    bool failed;              /* the chain's thread met an error and makes no more blocks */
};
void lnet_chain_info(struct lnet_chain *c, struct lnet_info *out);

enum lnet_by { LNET_LATEST, LNET_BY_HEIGHT, LNET_BY_HASH, LNET_GENESIS };
struct lnet_block_id {
    enum lnet_by by;
    uint64_t height;
    struct alc_hash hash;
};

struct lnet_epoch {
    struct alc_hash id;
    uint64_t height, start_height;
    uint64_t blocks; /* made in it so far, the genesis not among them */
};
/* lnet_read_epoch finds the epoch by its id, or of a block when `id` is NULL.  ALC_NOT_FOUND: no
 * such block, or no block of such an epoch. */
ALC_MUST enum alc_rc lnet_read_epoch(struct lnet_chain *c, const struct alc_hash *id,
                                     const struct lnet_block_id *block, struct lnet_epoch *out,
                                     struct alc_err *err);

/* Documents of blocks, appended to `out`.  ALC_NOT_FOUND: no such block.  *ref may be NULL.
 *   lnet_read_block   BlockView
 *   lnet_read_chunk   ChunkView of the block's only chunk; by_chunk reads it by the chunk's hash
 *   lnet_read_stream  the document of the block stream
 *   lnet_read_block_ref  none, just *ref and the block's gas price (may be NULL)
 *   lnet_read_changes [{"cause","type","change"}] of the block, in order */
ALC_MUST enum alc_rc lnet_read_block(struct lnet_chain *c, const struct lnet_block_id *id,
                                     struct alc_buf *out, struct lnet_block_ref *ref,
                                     struct alc_err *err);
ALC_MUST enum alc_rc lnet_read_chunk(struct lnet_chain *c, const struct lnet_block_id *id,
                                     struct alc_buf *out, struct lnet_block_ref *ref,
                                     struct alc_err *err);
ALC_MUST enum alc_rc lnet_read_by_chunk(struct lnet_chain *c, const struct alc_hash *chunk,
                                        struct alc_buf *out, struct alc_err *err);
ALC_MUST enum alc_rc lnet_read_stream(struct lnet_chain *c, uint64_t height, struct alc_buf *out,
                                      struct alc_err *err);
ALC_MUST enum alc_rc lnet_read_block_ref(struct lnet_chain *c, const struct lnet_block_id *id,
                                         struct lnet_block_ref *ref, __uint128_t *gas_price,
                                         struct alc_err *err);
ALC_MUST enum alc_rc lnet_read_changes(struct lnet_chain *c, const struct lnet_block_id *id,
                                       struct alc_buf *out, struct lnet_block_ref *ref,
                                       struct alc_err *err);

/* lnet_chain_wait_height waits until the head is at `height` or above; a height that was jumped
 * over counts as reached.  ALC_TIMEOUT. */
ALC_MUST enum alc_rc lnet_chain_wait_height(struct lnet_chain *c, uint64_t height,
                                            uint32_t timeout_ms);

/* ---- transactions ---- */

/* How far a transaction is, weakest first (NEAR's wait_until). */
enum lnet_level {
    LNET_NONE,
    LNET_INCLUDED,
    LNET_EXECUTED_OPTIMISTIC,
    LNET_INCLUDED_FINAL,
    LNET_EXECUTED,
    LNET_FINAL,
};
const char *lnet_level_name(enum lnet_level level); /* "EXECUTED_OPTIMISTIC" */
ALC_MUST bool lnet_level_of(struct alc_bytes name, enum lnet_level *out);
/* lnet_level_met: a transaction at `is` satisfies a wait for `wanted` (not the plain order: an
 * INCLUDED_FINAL transaction has not been executed). */
ALC_MUST bool lnet_level_met(enum lnet_level is, enum lnet_level wanted);

/* lnet_chain_submit checks a borsh SignedTransaction as NEAR does and puts it up for the next
 * block; those of one key get in by nonce. One that is known already is ALC_OK at once, whatever
 * its nonce. ALC_BAD_INPUT: not a transaction (PARSE_ERROR; *hash is not set). ALC_CONFLICT:
 * INVALID_TRANSACTION; *hash is set and `invalid` gets {"TxExecutionError":{"InvalidTxError":...}}.
 * ALC_BUSY: too many wait.  ALC_IO, ALC_NOMEM. */
ALC_MUST enum alc_rc lnet_chain_submit(struct lnet_chain *c, struct alc_bytes signed_tx,
                                       struct alc_hash *hash, struct alc_buf *invalid,
                                       struct alc_err *err);

/* lnet_chain_wait waits until the transaction meets `level`.  A transaction nobody has submitted is
 * waited for as well.  *is gets the level at the return, also on ALC_TIMEOUT; *known is false when
 * there is no such transaction.  ALC_IO. */
ALC_MUST enum alc_rc lnet_chain_wait(struct lnet_chain *c, const struct alc_hash *tx,
                                     enum lnet_level level, uint32_t timeout_ms,
                                     enum lnet_level *is, bool *known, struct alc_err *err);

/* lnet_read_tx appends the TxResult, with `receipts` as EXPERIMENTAL_tx_status shows them.  A
 * transaction that is not in a block yet gives {"final_execution_status":"NONE"}.  ALC_NOT_FOUND.
 */
ALC_MUST enum alc_rc lnet_read_tx(struct lnet_chain *c, const struct alc_hash *tx, bool receipts,
                                  struct alc_buf *out, struct alc_err *err);
/* lnet_read_receipt appends the ReceiptView.  ALC_NOT_FOUND. */
ALC_MUST enum alc_rc lnet_read_receipt(struct lnet_chain *c, const struct alc_hash *receipt,
                                       struct alc_buf *out, struct alc_err *err);

/* ---- state, at the head; *at gets the block it was read at, also on failure ---- */

/* lnet_past_open has all that this thread reads between it and lnet_past_close read at one block,
 * whether it is the head or before it; *at gets the block.  Nobody else reads and no block is made
 * meanwhile, and this thread asks for nothing but readings.  LNET_LATEST only tells the head, and
 * stands in nobody's way.  The time it takes grows with what the blocks since changed.
 * ALC_NOT_FOUND: no such block.  ALC_LIMIT: its state is not kept (*at is set): older than
 * LNET_PAST_BLOCKS blocks, or from before a block that overwrote over 128 MB, or before the upgrade
 * of a folder from a program without this.  ALC_CORRUPT, ALC_IO, ALC_NOMEM.  After a failure there
 * is nothing to close; closing is harmless then. */
ALC_MUST enum alc_rc lnet_past_open(struct lnet_chain *c, const struct lnet_block_id *id,
                                    struct lnet_block_ref *at, struct alc_err *err);
void lnet_past_close(struct lnet_chain *c);

/* lnet_read_account appends the AccountView.  ALC_NOT_FOUND. */
ALC_MUST enum alc_rc lnet_read_account(struct lnet_chain *c, const char *id, struct alc_buf *out,
                                       struct lnet_block_ref *at, struct alc_err *err);
/* lnet_read_key appends the AccessKeyView.  ALC_NOT_FOUND. */
ALC_MUST enum alc_rc lnet_read_key(struct lnet_chain *c, const char *id,
                                   const struct alc_near_key *key, struct alc_buf *out,
                                   struct lnet_block_ref *at, struct alc_err *err);
/* lnet_read_gas_nonces appends the JSON array of a gas key's nonces, by index.  ALC_NOT_FOUND: no
 * such key, or one of another kind (`out` may then hold an empty array). */
ALC_MUST enum alc_rc lnet_read_gas_nonces(struct lnet_chain *c, const char *id,
                                          const struct alc_near_key *key, struct alc_buf *out,
                                          struct lnet_block_ref *at, struct alc_err *err);
/* A piece of a listing.  When entries are left behind it, *last (if not NULL) gets the last one's
 * key as a JSON string, to be the next piece's `after`. */
struct lnet_page {
    struct alc_bytes after;               /* of state: keys behind this one; p NULL: all */
    const struct alc_near_key *after_key; /* of access keys: likewise, by their borsh; NULL: all */
    uint32_t limit;                       /* entries at most; 0: no limit */
    struct alc_buf *last;
};
/* lnet_read_keys appends [{"public_key","access_key":AccessKeyView}], empty for a missing account.
 * `page` may be NULL: all. */
ALC_MUST enum alc_rc lnet_read_keys(struct lnet_chain *c, const char *id,
                                    const struct lnet_page *page, struct alc_buf *out,
                                    struct lnet_block_ref *at, struct alc_err *err);
/* lnet_read_runtime_config appends NEAR's own runtime_config object of the protocol version. */
ALC_MUST enum alc_rc lnet_read_runtime_config(struct lnet_chain *c, struct alc_buf *out,
                                              struct alc_err *err);
/* lnet_read_code appends the module's bytes, the global contract's where the account uses one.
 * ALC_NOT_FOUND: no such account.  ALC_CONFLICT: it has no contract. */
ALC_MUST enum alc_rc lnet_read_code(struct lnet_chain *c, const char *id, struct alc_buf *out,
                                    struct alc_hash *hash, struct lnet_block_ref *at,
                                    struct alc_err *err);
/* lnet_read_global_code: the same for a global contract by hash, or by account when `hash` is NULL.
 * ALC_NOT_FOUND. */
ALC_MUST enum alc_rc lnet_read_global_code(struct lnet_chain *c, const struct alc_hash *hash,
                                           const char *id, struct alc_buf *out,
                                           struct alc_hash *found, struct lnet_block_ref *at,
                                           struct alc_err *err);
/* lnet_read_state appends [{"key":"<b64>","value":"<b64>"}] sorted by key; `page` as above.
 * ALC_NOT_FOUND: no such account.  ALC_LIMIT: more than conf.state_view_max_bytes. */
ALC_MUST enum alc_rc lnet_read_state(struct lnet_chain *c, const char *id, struct alc_bytes prefix,
                                     const struct lnet_page *page, struct alc_buf *out,
                                     struct lnet_block_ref *at, struct alc_err *err);

/* What a view call gave.  Give buffers with a limit; all three are owned by the caller. */
struct lnet_view {
    struct alc_buf result;     /* raw bytes */
    struct alc_buf logs;       /* JSON array of strings */
    struct alc_buf error;      /* on ALC_TRAP: "wasm execution failed with error: ..." */
    struct alc_buf error_json; /* on ALC_TRAP: the object under FunctionCallError */
    uint64_t gas_burnt;
    struct lnet_block_ref at;
};
/* lnet_read_view runs a method with no right to change anything.  ALC_NOT_FOUND: no such account.
 * ALC_TRAP: the contract failed, or has no such method, or there is no contract. */
ALC_MUST enum alc_rc lnet_read_view(struct lnet_chain *c, const char *id, struct alc_bytes method,
                                    struct alc_bytes args, struct lnet_view *out,
                                    struct alc_err *err);

/* ---- sandbox ---- */

/* lnet_chain_patch takes the JSON array of records (Account, AccessKey, GasKeyNonce, Contract,
 * Data) of sandbox_patch_state and applies them in order in a block of their own.  All or nothing.
 * ALC_BAD_INPUT (which record and why), ALC_IO, ALC_NOMEM. */
ALC_MUST enum alc_rc lnet_chain_patch(struct lnet_chain *c, struct alc_bytes records,
                                      struct alc_err *err);
/* lnet_chain_fast_forward makes one block whose height is `delta` above the head's; the chain's
 * time moves on by `delta` block times (one second each on an instant chain).  ALC_LIMIT, ALC_IO.
 */
ALC_MUST enum alc_rc lnet_chain_fast_forward(struct lnet_chain *c, uint64_t delta,
                                             struct alc_err *err);

/* lnet_chain_import writes the records of a file (a dump, a genesis, or a bare array; of any size)
 * in a block of their own, all or nothing.  A file that this chain has imported before is left
 * alone: *done says whether it was written.  Its block lists no state changes.  ALC_NOT_FOUND: no
 * such file.  ALC_BAD_INPUT (which record and why), ALC_LIMIT, ALC_IO, ALC_NOMEM. */
ALC_MUST enum alc_rc lnet_chain_import(struct lnet_chain *c, const char *path, bool *done,
                                       struct alc_err *err);
/* lnet_chain_dump gives the accounts named (none: all) at the head as a file that
 * lnet_chain_import and conf.genesis take, piece by piece to `put`, which may end it.  What is
 * under way (receipts, yields) is not in it.  ALC_NOT_FOUND: no such account.  ALC_IO, ALC_NOMEM,
 * and what `put` returned. */
typedef enum alc_rc lnet_put_fn(void *ctx, struct alc_bytes piece, struct alc_err *err);
ALC_MUST enum alc_rc lnet_chain_dump(struct lnet_chain *c, const char *const *ids, size_t count,
                                     lnet_put_fn *put, void *ctx, struct alc_err *err);

/* Snapshots: the whole chain as it is after the newest block, kept beside it (in its folder, where
 * they survive a restart; else in memory).  lnet_chain_restore brings it all back: state, blocks,
 * nonces, receipts under way, yields, and the time, which goes on from the restored head.  Waits
 * end with ALC_TIMEOUT, pending transactions are forgotten; the snapshot stays.  Whoever dies on
 * the way finds the old chain or the restored one.  ALC_LIMIT: LNET_SNAPSHOTS_MAX are there.
 * ALC_NOT_FOUND: no such snapshot.  ALC_IO, ALC_NOMEM. */
ALC_MUST enum alc_rc lnet_chain_snapshot(struct lnet_chain *c, uint64_t *id, struct alc_err *err);
ALC_MUST enum alc_rc lnet_chain_restore(struct lnet_chain *c, uint64_t id, struct alc_err *err);
ALC_MUST enum alc_rc lnet_chain_drop_snapshot(struct lnet_chain *c, uint64_t id,
                                              struct alc_err *err);

#endif
