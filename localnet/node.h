/* localnet/node.h — what the files of the chain share, and nobody else includes.
 *
 *   chain.c   life, the thread, the turn             block.c   one block
 *   check.c   is this transaction valid              fees.c    gas and tokens of actions
 *   apply.c   one action receipt                     action.c  what each action does
 *   call.c    the function call, through NEAR's VM   wait.c    data receipts, yields, timeouts
 *   state.c, state_key.c  the state in the store     receipt.c receipts and their ids
 *   submit.c  the way in, and waiting                journal.c what a block changed
 *   read.c, read_state.c  answers for readers        sandbox.c patch, import, fast forward
 *   head.c    the head as it is kept                 record.c one state record written
 *   block_tx.c transactions in it                    state.h  the state and the journal
 *   genesis.c the first block                        records.c records out of a file
 *   snapshot.c the whole chain, put by and brought back   dump.c accounts as records
 *   read_epoch.c epochs                              trace.c  the log of transactions
 *   past.c   the state at older blocks
 *
 * A failure of a contract or a transaction is not an error here: it is JSON (NEAR's own names) in
 * `struct lnet_fail`, and the function returns ALC_OK.  An error (ALC_IO, ALC_NOMEM, ALC_CORRUPT)
 * ends the block, which is rolled back. */
#ifndef LNET_NODE_H
#define LNET_NODE_H

#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include "base/json.h"
#include "localnet/chain.h"
#include "localnet/nearvm/nearvm.h"
#include "localnet/state.h"
#include "store/store.h"

#define LNET_SYSTEM "system"                  /* predecessor of refunds; nobody else may be it */
#define LNET_NONCES_PER_BLOCK 1000000u        /* a nonce is below height times this */
#define LNET_RECEIPT_ARENA_BYTES (512u << 20) /* of one receipt and all it makes */
#define LNET_DOC_MAX_BYTES (256u << 20)       /* of one JSON document */
#define LNET_CODE_CACHE_BYTES (64u << 20)
#define LNET_PRICE_MIN ((__uint128_t)100000000u) /* of gas, yoctoNEAR */
#define LNET_FREE_USAGE_BYTES 770u /* an account of at most so many bytes needs no balance */

/* ---- receipt.c ---- */

enum lnet_receipt_kind {
    LNET_ACTION = 0,
    LNET_DATA = 1,
    LNET_YIELD = 2,
    LNET_RESUME = 3,
    LNET_GLOBAL = 4, /* brings a global contract to the shard */
};

struct lnet_output {
    struct alc_hash data_id;
    struct alc_near_id receiver;
};

struct lnet_receipt {
    enum lnet_receipt_kind kind;
    struct alc_hash id;
    uint64_t tx;  /* number of the transaction it comes from; 0: none */
    uint64_t seq; /* its own number, in the order of creation */
    struct alc_near_id predecessor, receiver;
    /* ACTION, YIELD */
    struct alc_near_id signer, refund_to; /* refund_to: "" when not set */
    struct alc_near_key signer_key;
    __uint128_t gas_price;
    struct lnet_output *outputs;
    uint32_t outputs_count;
    struct alc_hash *inputs;
    uint32_t inputs_count;
    struct alc_near_action *actions;
    uint32_t actions_count;
    /* DATA, RESUME */
    struct alc_hash data_id;
    bool has_data;
    struct alc_bytes data; /* GLOBAL: the module */
    /* GLOBAL */
    bool by_account; /* of the predecessor; else by hash */
};

/* lnet_ix is the one form of NEAR's derived ids: SHA-256(base ‖ le64 height ‖ le64 n). */
void lnet_ix(struct alc_hash *out, const struct alc_hash *base, uint64_t height, uint64_t n);
void lnet_receipt_write(struct alc_buf *out, const struct lnet_receipt *r);
ALC_MUST enum alc_rc lnet_receipt_read(struct lnet_receipt *out, struct alc_bytes in,
                                       struct alc_arena *arena, struct alc_err *err);
/* lnet_is_refund: a refund (or a deleted account's rest), made by the system. */
static inline bool lnet_is_refund(const struct lnet_receipt *r)
{
    return alc_bytes_is(alc_near_id_bytes(&r->predecessor), LNET_SYSTEM);
}
/* lnet_has_outcome: it is executed and shown, rather than only delivered. */
static inline bool lnet_has_outcome(const struct lnet_receipt *r)
{
    return r->kind == LNET_ACTION || r->kind == LNET_YIELD;
}

enum lnet_id_kind {
    LNET_NAMED,
    LNET_IMPLICIT_NEAR,
    LNET_IMPLICIT_ETH,
    LNET_IMPLICIT_STATE,
    LNET_IMPLICIT_UNIVERSAL
};
enum lnet_id_kind lnet_id_kind(struct alc_bytes id);

/* ---- fees.c ---- */

/* What returns bool is false when a sum does not fit 64 (gas) or 128 (tokens) bits. */
uint64_t lnet_fee_send(const struct nearvm_fees *f, const struct alc_near_action *a, bool sir,
                       struct alc_bytes receiver);
uint64_t lnet_fee_exec(const struct nearvm_fees *f, const struct alc_near_action *a,
                       struct alc_bytes receiver);
struct lnet_gas {
    uint64_t send; /* of receipt and actions, a delegate's inner ones included */
    uint64_t exec; /* of receipt and actions; of a delegate also its inner receipt's and actions' */
    uint64_t
        prepaid; /* attached to calls; of a delegate also the inner sends, paid a second time */
};
ALC_MUST bool lnet_gas_of(const struct nearvm_fees *f, struct lnet_gas *out,
                          const struct alc_near_action *actions, uint32_t count, bool sir,
                          struct alc_bytes receiver);
ALC_MUST bool lnet_deposits_of(const struct alc_near_action *actions, uint32_t count,
                               __uint128_t *out);
/* lnet_receipt_value is what a receipt under way carries: its deposits and its prepaid gas. */
ALC_MUST bool lnet_receipt_value(const struct nearvm_fees *f, const struct lnet_receipt *r,
                                 __uint128_t *out);
uint64_t lnet_key_usage(const struct nearvm_fees *f, const struct alc_near_key *key,
                        const struct alc_near_access *access);

struct lnet_cost {
    uint64_t burnt_gas;
    __uint128_t burnt, gas, deposits, total, receipt_gas_price; /* burnt is in gas, both in total */
};
ALC_MUST bool lnet_cost_of(const struct nearvm_fees *f, struct lnet_cost *out,
                           const struct alc_near_tx *tx, __uint128_t gas_price);
/* lnet_storage_lack: yoctoNEAR that the account misses for its storage, 0 when it has enough. */
__uint128_t lnet_storage_lack(const struct nearvm_fees *f, const struct lnet_account *a);

/* ---- failures ---- */

/* NEAR's JSON of what went wrong; empty while nothing did. */
struct lnet_fail {
    struct alc_buf json;
    bool no_index;  /* of an action: the receipt as a whole failed */
    uint32_t index; /* of the action */
};

/* ---- check.c ---- */

/* lnet_check_actions: ActionsValidationError into *fail, or nothing. */
ALC_MUST bool lnet_check_actions(const struct nearvm_fees *f, struct alc_buf *fail,
                                 const struct alc_near_action *actions, uint32_t count);
/* The two halves of NEAR's checks, the second against the state; `fail` gets the InvalidTxError
 * (the value under that name) or stays empty.  height: of the block that would take it.  *out is
 * set when all is well: what the signer's account and key become, and the cost.  It is also set,
 * with `deposit_failed`, for a gas key's transaction whose deposits the account cannot pay: in a
 * block that one is refused, its nonce is used all the same, and the key pays for the gas burnt. */
ALC_MUST bool lnet_check_stateless(const struct nearvm_fees *f, const struct alc_near_signed *s,
                                   size_t size_bytes, struct alc_buf *fail);
struct lnet_signer {
    struct lnet_account account;
    struct alc_near_access access;
    struct lnet_cost cost;
    bool deposit_failed;
};
ALC_MUST enum alc_rc lnet_check_state(struct lnet_chain *c, const struct alc_near_tx *tx,
                                      uint64_t height, __uint128_t gas_price,
                                      struct lnet_signer *out, struct alc_buf *fail,
                                      struct alc_arena *arena, struct alc_err *err);
/* lnet_sig_ok checks a signature of any kind. */
ALC_MUST bool lnet_sig_ok(const struct alc_near_sig *sig, const struct alc_near_key *key,
                          const struct alc_hash *hash);
/* lnet_check_call_key: the rules of a function-call key, for transactions and delegates. */
ALC_MUST bool lnet_check_call_key(const struct alc_near_access *access, struct alc_buf *fail,
                                  struct alc_bytes receiver, const struct alc_near_action *actions,
                                  uint32_t count);

/* ---- the chain ---- */

struct lnet_head {
    struct lnet_block_ref ref;
    struct alc_hash root; /* of the state: a running hash over all outcomes */
    __uint128_t gas_price, supply;
    uint64_t ordinal;
    uint64_t time_ahead_ns;                    /* of the clock, by fast forward */
    uint64_t tx_seq, receipt_seq, outcome_seq; /* last numbers given */
};

struct lnet_pending {
    struct alc_hash hash;
    struct alc_arena arena; /* holds the struct's bytes and actions */
    struct alc_near_signed tx;
    struct lnet_pending *next, *bucket;
    size_t place; /* for lnet_pending_order */
    size_t bytes;
};

struct lnet_turn { /* one thread in the queue for the state */
    bool mine;
    pthread_cond_t go;
    struct lnet_turn *next;
};

struct lnet_waiter { /* one thread that waits for a transaction or a height */
    bool by_height;
    uint64_t height;
    struct alc_hash tx;
    enum lnet_level wanted, is; /* the chain's thread writes `is` and `known` */
    bool known, met;
    bool ended; /* the chain it waited on is no more: a snapshot was restored */
    pthread_cond_t go;
    struct lnet_waiter *next;
};

#define LNET_BUCKETS 4096u

struct lnet_chain {
    /* set once */
    struct lnet_conf conf;
    char chain_id[65];
    const struct alc_clock *clock;
    struct nearvm *vm;
    struct nearvm_fees fees;
    struct lnet_block_ref genesis;
    struct alc_near_key validator_key;
    char *folder;     /* NULL: in memory */
    char *validators; /* JSON, as the genesis said */
    __uint128_t genesis_supply;
    pthread_t thread;
    bool has_thread;

    /* of whoever has the turn (lnet_take) */
    struct alc_store *store;
    struct alc_changes *changes; /* of the block in work */
    struct lnet_head head;
    struct lnet_code *codes;
    size_t codes_bytes;
    struct lnet_journal journal;
    struct lnet_snapshot *snapshots; /* in memory; a folder holds them as files */
    uint64_t snapshot_last;          /* the last id given */
    struct lnet_head now;            /* the head, while a reader is in the past */
    bool undone;                     /* and the store in a transaction that undid blocks */

    /* under `door` */
    pthread_mutex_t door;
    bool taken; /* somebody has the turn */
    bool past;  /* a reader keeps the turn, over many reads: this thread */
    pthread_t past_of;
    struct lnet_turn *turns;
    struct lnet_turn **turns_end;
    pthread_cond_t work; /* for the chain's thread */
    struct lnet_pending *pending;
    struct lnet_pending **pending_end;
    struct lnet_pending *buckets[LNET_BUCKETS]; /* all that wait or are in the block in work */
    size_t pending_count, pending_bytes;
    struct lnet_waiter *waiters;
    struct lnet_info seen; /* what readers are told of the head without a turn */
    bool stop;
    bool receipts;   /* some wait for the next block */
    uint64_t yields; /* how many wait for a resume */
};

/* lnet_take waits for the turn to use the state, in the order of asking; lnet_give passes it on. */
void lnet_take(struct lnet_chain *c);
void lnet_give(struct lnet_chain *c);
struct timespec lnet_after_ms(uint32_t ms); /* on CLOCK_MONOTONIC */
struct lnet_block_plan;
/* lnet_chain_block makes one block out of all that is pending and what the plan wants besides
 * (plan->pending is not the caller's to fill), and tells those who wait.  A deterministic chain
 * goes on until no receipt is left. */
ALC_MUST enum alc_rc lnet_chain_block(struct lnet_chain *c, const struct lnet_block_plan *plan,
                                      struct alc_err *err);
/* lnet_chain_run makes blocks until no transaction and no receipt is left; needs the turn.  An
 * error is the end of the chain. */
ALC_MUST enum alc_rc lnet_chain_run(struct lnet_chain *c, struct alc_err *err);
/* lnet_chain_reload brings what is in memory in line with a store whose content was changed; needs
 * the turn.  What was pending is forgotten, who waits is sent away. */
ALC_MUST enum alc_rc lnet_chain_reload(struct lnet_chain *c, struct alc_err *err);

/* ---- submit.c ---- */

/* All but lnet_pending_order under `door`. */
struct lnet_pending *lnet_pending_take(struct lnet_chain *c); /* the whole queue */
/* lnet_pending_order puts the transactions of each key (of a gas key: of each index) in the order
 * of their nonces, on the places that they have in the list. */
struct lnet_pending *lnet_pending_order(struct lnet_pending *list);
/* lnet_pending_done frees the first `taken` of `list` and puts the rest back in front. */
void lnet_pending_done(struct lnet_chain *c, struct lnet_pending *list, size_t taken);
void lnet_pending_fini(struct lnet_chain *c);
bool lnet_is_pending(struct lnet_chain *c, const struct alc_hash *hash); /* takes `door` itself */
/* lnet_waiters_tell wakes those whose transaction or height has come; all of them to `stop`. */
void lnet_waiters_tell(struct lnet_chain *c, const struct lnet_block *b);
void lnet_waiters_end(struct lnet_chain *c); /* all of them, unmet */

/* ---- block.c ---- */

struct lnet_touched { /* a transaction that went on in this block, and where it is now */
    uint64_t seq;
    struct alc_hash hash;
    enum lnet_level level;
};

struct lnet_block {        /* in work */
    struct lnet_head head; /* becomes the chain's on commit */
    struct alc_hash prev_hash, random, chunk_hash, epoch, next_epoch;
    uint64_t prev_height, epoch_height;
    __uint128_t gas_price; /* at which gas is burnt in it */
    uint64_t gas_used;
    __uint128_t burnt, minted;
    struct alc_sha256 roll;       /* becomes the root */
    struct alc_arena arena;       /* for what lives as long as the block */
    struct lnet_touched *touched; /* in the arena; sorted by hash when the block is made */
    size_t touched_count, touched_cap;
    struct lnet_receipt *local; /* made from transactions of accounts to themselves */
    size_t local_count;
};

struct lnet_block_plan {
    uint64_t jump;                    /* heights to go up: 1, or more to fast forward */
    struct lnet_pending *pending;     /* taken from the front; what was not taken stays */
    struct alc_bytes patch;           /* JSON array of records; empty: none */
    const struct lnet_import *import; /* a file of records; NULL: none */
};
struct lnet_import {
    FILE *f;
    struct alc_hash hash; /* of its bytes */
};

/* lnet_block_make makes and commits one block; *taken: how many of plan->pending are in it.  Needs
 * the turn.  After an error the chain is as it was before.  The caller finishes `done`. */
ALC_MUST enum alc_rc lnet_block_make(struct lnet_chain *c, const struct lnet_block_plan *plan,
                                     struct lnet_block *done, size_t *taken, struct alc_err *err);
/* lnet_block_txs takes transactions while they fill less than half of the block, and at least one;
 * those of accounts to themselves leave their receipts in b->local. */
ALC_MUST enum alc_rc lnet_block_txs(struct lnet_chain *c, struct lnet_block *b,
                                    const struct lnet_pending *p, size_t *taken,
                                    struct alc_err *err);
void lnet_block_fini(struct lnet_block *b);
/* The two ends of a block; lnet_block_begin goes up by `jump`, 0 for the first of all. */
void lnet_block_begin(struct lnet_chain *c, struct lnet_block *b, uint64_t jump);
ALC_MUST enum alc_rc lnet_block_finish(struct lnet_chain *c, struct lnet_block *b,
                                       struct alc_err *err);
ALC_MUST enum alc_rc lnet_head_write(struct lnet_chain *c, const struct lnet_head *h,
                                     struct alc_err *err);
/* lnet_block_genesis makes the first block, out of conf.accounts and conf.genesis. */
ALC_MUST enum alc_rc lnet_block_genesis(struct lnet_chain *c, struct alc_err *err);
/* lnet_genesis_check: a chain that is there goes on only with the genesis file that it was made
 * from, if one is named, and is deterministic only if it was begun so.  ALC_BAD_INPUT. */
ALC_MUST enum alc_rc lnet_genesis_check(struct lnet_chain *c, struct alc_err *err);
/* lnet_block_load reads the head of a chain that is there.  ALC_NOT_FOUND: the store is empty. */
ALC_MUST enum alc_rc lnet_block_load(struct lnet_chain *c, struct alc_err *err);
/* lnet_block_work: do receipts wait for the next block, how many yields wait for their resume? */
ALC_MUST enum alc_rc lnet_block_work(struct lnet_chain *c, bool *receipts, uint64_t *yields,
                                     struct alc_err *err);
enum lnet_level lnet_block_level(int64_t work, int64_t refunds);
void lnet_block_epoch(struct alc_hash *out, uint64_t epoch);

/* How a receipt comes to its slot. */
enum lnet_way { LNET_TRAVELS = 0, LNET_LOCAL = 1, LNET_INSTANT = 2 };
/* lnet_block_receipt numbers a new receipt and writes its view; one that travels is queued. */
ALC_MUST enum alc_rc lnet_block_receipt(struct lnet_chain *c, struct lnet_block *b,
                                        struct lnet_receipt *r, enum lnet_way way,
                                        struct alc_err *err);
struct lnet_outcome; /* views.h */
/* lnet_block_outcome writes an outcome; work and refunds: by how many the receipts that the
 * transaction still has to see executed grow. */
ALC_MUST enum alc_rc lnet_block_outcome(struct lnet_chain *c, struct lnet_block *b, uint64_t tx,
                                        const struct lnet_outcome *o, int64_t work, int64_t refunds,
                                        struct alc_err *err);

/* ---- apply.c, action.c, call.c ---- */

struct lnet_apply { /* one action receipt in work */
    struct lnet_chain *c;
    struct lnet_block *b;
    const struct lnet_receipt *r;
    struct alc_arena *arena;
    const struct nearvm_result *results; /* of the promises it waited for */
    size_t results_count;
    struct lnet_account account; /* the receiver's */
    bool exists, created;
    struct alc_near_id actor; /* who acts: the predecessor, or the account once it made itself */
    uint64_t gas_burnt, gas_used;
    __uint128_t burnt, minted; /* tokens besides gas */
    struct lnet_fail fail;
    struct alc_buf logs, profile, contracts; /* inside of JSON arrays */
    struct lnet_receipt *made;               /* new receipts */
    size_t made_count, made_cap;
    enum nearvm_return returned;
    struct alc_bytes value;
    size_t promise; /* index in made */
};

/* lnet_apply_action applies an action or yield receipt whose inputs are all there, with all that
 * follows in the same block. */
ALC_MUST enum alc_rc lnet_apply_action(struct lnet_chain *c, struct lnet_block *b,
                                       const struct lnet_receipt *r,
                                       const struct nearvm_result *results, size_t results_count,
                                       struct alc_arena *arena, struct alc_err *err);
/* lnet_apply_add makes room for one more new receipt, zeroed, with what it inherits. */
ALC_MUST struct lnet_receipt *lnet_apply_add(struct lnet_apply *a);
ALC_MUST enum alc_rc lnet_action(struct lnet_apply *a, const struct alc_near_action *act,
                                 uint32_t i, struct alc_err *err);
/* lnet_fail_lack: the account lacks `amount` yoctoNEAR for what it stores. */
void lnet_fail_lack(struct lnet_apply *a, __uint128_t amount);
/* lnet_call_state is the state of one account as the VM sees it; `x` outlives it. */
struct lnet_call_ctx {
    struct lnet_chain *c;
    const char *id;              /* of the account */
    struct alc_hash action_hash; /* base of the data ids made in the call */
    uint64_t height;
    struct alc_buf value; /* holds what was given out last */
    enum alc_rc rc;       /* of the first failure, with its sentence in err */
    struct alc_err *err;
};
struct nearvm_state lnet_call_state(struct lnet_call_ctx *x);
ALC_MUST enum alc_rc lnet_action_call(struct lnet_apply *a, const struct alc_near_action *act,
                                      uint32_t i, struct alc_err *err);
ALC_MUST enum alc_rc lnet_action_delegate(struct lnet_apply *a, const struct alc_near_delegate *d,
                                          struct alc_err *err);

/* ---- wait.c ---- */

/* lnet_deliver handles any receipt in its slot of the block. */
ALC_MUST enum alc_rc lnet_deliver(struct lnet_chain *c, struct lnet_block *b,
                                  const struct lnet_receipt *r, struct alc_arena *arena,
                                  struct alc_err *err);
ALC_MUST enum alc_rc lnet_yield_open(struct lnet_chain *c, struct lnet_block *b,
                                     const char *account, const struct alc_hash *data_id,
                                     const struct alc_hash *yield_id, struct alc_err *err);
ALC_MUST enum alc_rc lnet_yield_resumed(struct lnet_chain *c, const char *account,
                                        const struct alc_hash *data_id, struct alc_err *err);
/* ALC_NOT_FOUND: no such yield waits. */
ALC_MUST enum alc_rc lnet_yield_waits(struct lnet_chain *c, const char *account,
                                      const struct alc_hash *data_id, struct alc_err *err);
ALC_MUST enum alc_rc lnet_yield_by_id(struct lnet_chain *c, const char *account,
                                      const struct alc_hash *yield_id, struct alc_hash *data_id,
                                      struct alc_err *err);
/* lnet_yield_timeouts ends the block: sends a failure to each yield that is over its time. */
ALC_MUST enum alc_rc lnet_yield_timeouts(struct lnet_chain *c, struct lnet_block *b,
                                         struct alc_err *err);

/* ---- record.c, sandbox.c ---- */

enum lnet_record_mode {
    LNET_RECORD_CHANGES, /* what belongs to an account stands behind it */
    LNET_RECORD_GENESIS, /* and no account twice */
};
/* lnet_record_apply writes one record.  ALC_BAD_INPUT: kind, account and what is wrong. */
ALC_MUST enum alc_rc lnet_record_apply(struct lnet_chain *c, struct lnet_block *b,
                                       const struct alc_json *record, enum lnet_record_mode mode,
                                       struct alc_err *err);
ALC_MUST enum alc_rc lnet_patch_apply(struct lnet_chain *c, struct lnet_block *b,
                                      struct alc_bytes records, struct alc_err *err);
/* lnet_import_apply writes all records of a file, without a line in the journal. */
ALC_MUST enum alc_rc lnet_import_apply(struct lnet_chain *c, struct lnet_block *b, FILE *f,
                                       enum lnet_record_mode mode, struct alc_err *err);
/* lnet_file_hash is the SHA-256 of all its bytes; the file is at its begin again.  ALC_IO. */
ALC_MUST enum alc_rc lnet_file_hash(FILE *f, struct alc_hash *out, struct alc_err *err);
ALC_MUST enum alc_rc lnet_import_block(struct lnet_chain *c, struct lnet_block *b,
                                       const struct lnet_import *im, struct alc_err *err);

/* ---- past.c ---- */

/* lnet_past_init opens c->changes.  lnet_past_keep writes with a block what it has changed. */
ALC_MUST enum alc_rc lnet_past_init(struct lnet_chain *c, struct alc_err *err);
ALC_MUST enum alc_rc lnet_past_keep(struct lnet_chain *c, const struct lnet_block *b,
                                    struct alc_err *err);

/* ---- trace.c ---- */

/* lnet_trace_block logs the transactions that this block finished; needs the turn. */
void lnet_trace_block(struct lnet_chain *c, const struct lnet_block *b);

/* ---- snapshot.c ---- */

/* lnet_snapshots_find learns which snapshots the folder holds. */
ALC_MUST enum alc_rc lnet_snapshots_find(struct lnet_chain *c, struct alc_err *err);
void lnet_snapshots_fini(struct lnet_chain *c); /* those in memory */

#endif
