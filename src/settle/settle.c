#include "settle/room.h"

#include <stdlib.h>
#include <string.h>

/* A call's life in the outbox:
 *
 *   SIGNED ──send──► SENT ──poll──► OK or FAILED ──drop──► (gone)
 *      ▲               │
 *      └── sign anew ──┘   it can no longer be included */
enum { OK = 2, FAILED = 3 }; /* SIGNED is 0 and SENT is 1 in the SQL below */

#define ANCHOR_MAX_AGE_MS 100u /* on a chain with instant blocks a block hash expires fast */
#define FIRST_PAUSE_MS 50u     /* no transaction is final at once; asking would only slow it */
#define ASK_PAUSE_MS 100u      /* after the first question about a transaction; it doubles */
#define ASK_PAUSE_MAX_MS 3200u
#define TELL_PAUSE_MS 1000u /* between two complaints in the log */

struct alc_settle {
    struct alc_store *store;
    struct alc_near_rpc *rpc;
    const struct alc_ed25519 *key;
    const struct alc_clock *clock;
    bool durable, unsynced; /* unsynced: something was put since the last barrier */
    struct alc_near_id account;
    struct alc_near_key public_key;
    uint64_t nonce; /* the highest that was given away */
    uint64_t valid_blocks;
    struct alc_near_block_ref anchor; /* a final block not older than ANCHOR_MAX_AGE_MS */
    uint64_t anchor_ms;
    uint64_t told_ms; /* when a call that was not taken was told of; 0: never */
};

#define KEY(s) ALC_BLOB(alc_hash_bytes(&(s)->key->public_key))

static enum alc_rc read_validity(struct alc_settle *s, struct alc_err *err)
{
    struct alc_json *conf = NULL;
    enum alc_rc rc;

    rc = alc_near_rpc_call(s->rpc, &conf, "EXPERIMENTAL_protocol_config",
                           ALC_LIT("{\"finality\":\"final\"}"), NULL, err);
    if (rc == ALC_OK &&
        !alc_json_u64(alc_json_get(conf, "transaction_validity_period"), &s->valid_blocks))
        rc = alc_fail(err, ALC_IO,
                      "the node's protocol config names no transaction_validity_period");
    alc_json_close(conf);
    return rc;
}

static enum alc_rc read_nonce(struct alc_settle *s, struct alc_err *err)
{
    struct alc_rows rows;
    uint64_t chain, kept = 0;
    enum alc_rc rc;

    rc = alc_near_rpc_nonce(s->rpc, &chain, s->account.s, &s->public_key, err);
    if (rc == ALC_NOT_FOUND) {
        char text[ALC_NEAR_KEY_TEXT_MAX];
        alc_near_key_text(text, &s->public_key);
        return alc_fail(err, rc, "account %s has no access key %s: add it", s->account.s, text);
    }
    if (rc != ALC_OK) return rc;
    rc = alc_rows_start(&rows, s->store,
                        "SELECT COALESCE(MAX(nonce), 0) FROM outbox WHERE signer = $1",
                        ALC_ARGS(KEY(s)), err);
    if (rc != ALC_OK) return rc;
    rc = alc_rows_next(&rows, err);
    if (rc == ALC_OK) kept = (uint64_t)alc_rows_int(&rows, 0);
    alc_rows_end(&rows);
    if (rc != ALC_OK) return rc;
    if (chain > s->nonce) s->nonce = chain;
    if (kept > s->nonce) s->nonce = kept;
    return ALC_OK;
}

enum alc_rc alc_settle_open(struct alc_settle **out, struct alc_store *store,
                            const struct alc_settle_conf *conf, struct alc_err *err)
{
    struct alc_settle *s = calloc(1, sizeof *s);
    enum alc_rc rc;

    if (s == NULL) return alc_fail(err, ALC_NOMEM, "no memory for the outbox");
    s->store = store;
    s->rpc = conf->rpc;
    s->key = conf->key;
    s->clock = conf->clock;
    s->durable = conf->durable;
    s->unsynced = true;
    s->public_key = alc_near_key_of(conf->key);
    if (!alc_near_id_set(&s->account, alc_cstr(conf->account_id))) {
        rc = alc_fail(err, ALC_BAD_INPUT, "`%.80s` is no account id", conf->account_id);
        goto out;
    }
    rc = alc_outbox_migrate(store, err);
    if (rc == ALC_OK) /* the clock of pauses begins anew with each start */
        rc = alc_store_exec(store, NULL, "UPDATE outbox SET ask_at_ms = 0 WHERE signer = $1",
                            ALC_ARGS(KEY(s)), err);
    if (rc == ALC_OK) rc = read_validity(s, err);
    if (rc == ALC_OK) rc = read_nonce(s, err);
    if (rc == ALC_OK) {
        *out = s;
        s = NULL;
    }
out:
    alc_settle_close(s);
    return rc;
}

void alc_settle_close(struct alc_settle *s)
{
    free(s);
}

static enum alc_rc fresh_anchor(struct alc_settle *s, struct alc_err *err)
{
    uint64_t now = alc_clock_mono_ms(s->clock);
    enum alc_rc rc;

    if (s->anchor_ms != 0 && now - s->anchor_ms < ANCHOR_MAX_AGE_MS) return ALC_OK;
    rc = alc_near_rpc_final(s->rpc, &s->anchor, err);
    if (rc == ALC_OK) s->anchor_ms = now;
    return rc;
}

/* sign appends the signed bytes of `tx` under the next nonce and a fresh block hash. */
static enum alc_rc sign(struct alc_settle *s, struct alc_buf *out, struct alc_hash *hash,
                        struct alc_near_tx *tx, struct alc_err *err)
{
    enum alc_rc rc = fresh_anchor(s, err);
    if (rc != ALC_OK) return rc;
    tx->nonce = s->nonce + 1;
    tx->block_hash = s->anchor.hash;
    rc = alc_near_tx_sign(out, hash, tx, s->key);
    if (rc != ALC_OK) return alc_fail(err, rc, "the call does not fit into a transaction");
    if (out->n > ALC_NEAR_TX_MAX_BYTES)
        return alc_fail(err, ALC_LIMIT, "the call makes a transaction of %zu bytes, at most %u",
                        out->n, ALC_NEAR_TX_MAX_BYTES);
    s->nonce++;
    return ALC_OK;
}

enum alc_rc alc_settle_put(struct alc_settle *s, uint64_t job, uint32_t attempt,
                           const char *contract_id, const char *method, struct alc_bytes args,
                           uint64_t gas, struct alc_err *err)
{
    struct alc_buf bytes = ALC_BUF(ALC_NEAR_TX_MAX_BYTES * 2);
    struct alc_near_action call = {
        .kind = ALC_NEAR_CALL, .method = alc_cstr(method), .data = args, .gas = gas};
    struct alc_near_tx tx = {.signer_id = alc_near_id_bytes(&s->account),
                             .receiver_id = alc_cstr(contract_id),
                             .key = s->public_key,
                             .actions = &call,
                             .actions_count = 1};
    struct alc_hash hash;
    int64_t changed = 0;
    enum alc_rc rc;

    rc = sign(s, &bytes, &hash, &tx, err);
    if (rc != ALC_OK) goto out;
    rc = alc_store_exec(
        s->store, &changed,
        "INSERT INTO outbox (job, attempt, state, nonce, hash, tx, last_valid, signer)"
        " SELECT $1, $2, 0, $3, $4, $5, $6, $7"
        " WHERE NOT EXISTS (SELECT 1 FROM outbox WHERE job = $1 AND attempt >= $2)",
        ALC_ARGS(ALC_INT(job), ALC_INT(attempt), ALC_INT(tx.nonce), ALC_BLOB(alc_hash_bytes(&hash)),
                 ALC_BLOB(alc_buf_bytes(&bytes)), ALC_INT(s->anchor.height + s->valid_blocks),
                 KEY(s)),
        err);
    if (rc == ALC_OK && changed == 0)
        rc = alc_fail(err, ALC_CONFLICT, "the outbox holds this attempt, or a later one, already");
    if (rc != ALC_OK) s->nonce--; /* never sent: the next call takes it */
    s->unsynced = true;
out:
    alc_buf_fini(&bytes);
    return rc;
}

/* not_taken tells, once a second at most, why a node does not take a call now: an operator without
 * balance or allowance, say.  It is asked again, so that is no failure. */
static enum alc_rc not_taken(struct alc_settle *s, const struct alc_err *err)
{
    uint64_t now = alc_clock_mono_ms(s->clock);

    if (s->told_ms != 0 && now - s->told_ms < TELL_PAUSE_MS) return ALC_OK;
    s->told_ms = now;
    alc_log(ALC_WARN, "settle.not_taken", "account=%s why=\"%s\" next=\"sent again\"", s->account.s,
            alc_err_text(err, ALC_CONFLICT));
    return ALC_OK;
}

/* next_signed copies the unsent call with the lowest nonce.  ALC_NOT_FOUND: none. */
static enum alc_rc next_signed(struct alc_settle *s, struct alc_bytes *tx, struct alc_hash *hash,
                               struct alc_arena *arena, struct alc_err *err)
{
    struct alc_rows rows;
    enum alc_rc rc;

    rc = alc_rows_start(&rows, s->store,
                        "SELECT tx, hash FROM outbox WHERE signer = $1 AND state = 0 "
                        "ORDER BY nonce LIMIT 1",
                        ALC_ARGS(KEY(s)), err);
    if (rc != ALC_OK) return rc;
    rc = alc_rows_next(&rows, err);
    if (rc == ALC_OK && !alc_outbox_hash(&rows, 1, hash))
        rc = alc_fail(err, ALC_CORRUPT, "the outbox holds a hash that is none");
    if (rc == ALC_OK && !alc_arena_copy(arena, alc_rows_bytes(&rows, 0), tx)) rc = ALC_NOMEM;
    alc_rows_end(&rows);
    return rc;
}

/* refuse ends a call that no node takes for a transaction, so that the next ones get their turn. */
static enum alc_rc refuse(struct alc_settle *s, const struct alc_hash *hash, const char *why,
                          struct alc_err *err)
{
    static const uint8_t no_tokens[16];
    return alc_store_exec(
        s->store, NULL,
        "UPDATE outbox SET state = 3, failure = $1, tokens_burnt = $2 WHERE hash = $3",
        ALC_ARGS(ALC_TEXT(alc_cstr(why)),
                 ALC_BLOB(((struct alc_bytes){no_tokens, sizeof no_tokens})),
                 ALC_BLOB(alc_hash_bytes(hash))),
        err);
}

enum alc_rc alc_settle_send(struct alc_settle *s, struct alc_err *err)
{
    enum alc_rc rc = ALC_OK;

    /* One barrier for all that was put, answers and statements with it. */
    if (s->durable && s->unsynced) rc = alc_store_sync(s->store, err);
    if (rc != ALC_OK) return rc;
    s->unsynced = false;
    do {
        struct alc_arena arena = ALC_ARENA(TX_ARENA_BYTES);
        struct alc_near_tx_status status = {0};
        struct alc_bytes tx;
        struct alc_hash hash;

        rc = next_signed(s, &tx, &hash, &arena, err);
        if (rc == ALC_OK) rc = alc_near_rpc_send(s->rpc, &status, tx, "NONE", false, &arena, err);
        /* Refused now (its nonce was passed, its block expired): poll finds out and signs anew. */
        if (rc == ALC_CONFLICT) rc = not_taken(s, err);
        if (rc == ALC_BAD_INPUT)
            rc = refuse(s, &hash, alc_err_text(err, rc), err);
        else if (rc == ALC_OK)
            rc = alc_store_exec(
                s->store, NULL,
                "UPDATE outbox SET state = 1, asks = 0, ask_at_ms = $1 WHERE hash = $2",
                ALC_ARGS(ALC_INT(alc_clock_mono_ms(s->clock) + FIRST_PAUSE_MS),
                         ALC_BLOB(alc_hash_bytes(&hash))),
                err);
        alc_arena_fini(&arena);
    } while (rc == ALC_OK);
    return rc == ALC_NOT_FOUND ? ALC_OK : rc;
}

/* sign_anew replaces a call that can no longer be included. */
static enum alc_rc sign_anew(struct alc_settle *s, const struct alc_hash *old,
                             struct alc_bytes bytes, struct alc_arena *arena, struct alc_err *err)
{
    struct alc_buf out = ALC_BUF(ALC_NEAR_TX_MAX_BYTES * 2);
    struct alc_near_signed was;
    struct alc_hash hash;
    enum alc_rc rc;

    rc = alc_near_tx_read(&was, bytes, arena, err);
    if (rc != ALC_OK)
        return alc_fail(err, ALC_CORRUPT, "the outbox holds bytes that are no transaction");
    rc = read_nonce(s, err);
    if (rc == ALC_NOT_FOUND) rc = ALC_DENIED;
    if (rc == ALC_OK) rc = sign(s, &out, &hash, &was.tx, err);
    if (rc == ALC_OK)
        rc = alc_store_exec(s->store, NULL,
                            "UPDATE outbox SET state = 0, nonce = $1, hash = $2, tx = $3,"
                            " last_valid = $4 WHERE hash = $5 AND state = 1",
                            ALC_ARGS(ALC_INT(was.tx.nonce), ALC_BLOB(alc_hash_bytes(&hash)),
                                     ALC_BLOB(alc_buf_bytes(&out)),
                                     ALC_INT(s->anchor.height + s->valid_blocks),
                                     ALC_BLOB(alc_hash_bytes(old))),
                            err);
    s->unsynced = true;
    alc_buf_fini(&out);
    return rc;
}

/* read_chain_nonce: ALC_DENIED: the account has lost the key, so no call under it can land. */
static enum alc_rc read_chain_nonce(struct alc_settle *s, uint64_t *nonce, struct alc_err *err)
{
    enum alc_rc rc = alc_near_rpc_nonce(s->rpc, nonce, s->account.s, &s->public_key, err);
    if (rc != ALC_NOT_FOUND) return rc;
    return alc_fail(err, ALC_DENIED, "account %s has lost the key of calls that wait",
                    s->account.s);
}

/* ask looks one sent call up and moves it on: to OK or FAILED, back to SIGNED, or leaves it. */
static enum alc_rc ask(struct alc_settle *s, const struct alc_hash *hash, uint64_t nonce,
                       uint64_t last_valid, struct alc_bytes bytes, struct alc_arena *arena,
                       struct alc_err *err)
{
    struct alc_near_tx_status tx;
    struct alc_near_block_ref head;
    uint64_t chain_nonce;
    uint8_t tokens[16];
    struct alc_borsh w = alc_borsh(tokens, sizeof tokens);
    enum alc_rc rc;

    rc = alc_near_rpc_tx(s->rpc, &tx, hash, s->account.s, "NONE", false, arena, err);
    if (rc != ALC_OK) return rc;
    if (tx.state == ALC_NEAR_TX_UNKNOWN) {
        /* Read what rules it out first and look again after: it may land in between. */
        rc = alc_near_rpc_final(s->rpc, &head, err);
        if (rc == ALC_OK) rc = read_chain_nonce(s, &chain_nonce, err);
        if (rc == ALC_OK)
            rc = alc_near_rpc_tx(s->rpc, &tx, hash, s->account.s, "NONE", false, arena, err);
        if (rc != ALC_OK) return rc;
        if (tx.state == ALC_NEAR_TX_UNKNOWN && (chain_nonce >= nonce || head.height > last_valid))
            return sign_anew(s, hash, bytes, arena, err);
        if (tx.state == ALC_NEAR_TX_UNKNOWN) {
            /* It may never have arrived: the same bytes again are harmless. */
            rc = alc_near_rpc_send(s->rpc, &tx, bytes, "NONE", false, arena, err);
            return rc == ALC_CONFLICT ? not_taken(s, err) : rc;
        }
    }
    if (tx.state == ALC_NEAR_TX_PENDING || !tx.final) return ALC_OK;
    alc_borsh_put_u128(&w, tx.tokens_burnt);
    return alc_store_exec(
        s->store, NULL,
        "UPDATE outbox SET state = $1, failure = $2, gas_burnt = $3, tokens_burnt = $4"
        " WHERE hash = $5",
        ALC_ARGS(ALC_INT(tx.state == ALC_NEAR_TX_OK ? OK : FAILED),
                 ALC_TEXT(alc_cstr(tx.state == ALC_NEAR_TX_OK ? "" : tx.failure)),
                 ALC_INT(tx.gas_burnt), ALC_BLOB(((struct alc_bytes){tokens, sizeof tokens})),
                 ALC_BLOB(alc_hash_bytes(hash))),
        err);
}

/* ask_all asks once after each sent call whose time has come. */
static enum alc_rc ask_all(struct alc_settle *s, struct alc_err *err)
{
    uint64_t now = alc_clock_mono_ms(s->clock);
    enum alc_rc rc;

    do {
        struct alc_arena arena = ALC_ARENA(TX_ARENA_BYTES);
        struct alc_rows rows;
        struct alc_hash hash = {{0}};
        struct alc_bytes bytes = {NULL, 0};
        uint64_t nonce = 0, last_valid = 0, pause = ASK_PAUSE_MS;

        rc = alc_rows_start(&rows, s->store,
                            "SELECT hash, nonce, last_valid, tx, asks FROM outbox"
                            " WHERE signer = $1 AND state = 1 AND ask_at_ms <= $2"
                            " ORDER BY ask_at_ms LIMIT 1",
                            ALC_ARGS(KEY(s), ALC_INT(now)), err);
        if (rc != ALC_OK) return rc;
        rc = alc_rows_next(&rows, err);
        if (rc == ALC_OK) {
            nonce = (uint64_t)alc_rows_int(&rows, 1);
            last_valid = (uint64_t)alc_rows_int(&rows, 2);
            for (int64_t i = alc_rows_int(&rows, 4); i > 0 && pause < ASK_PAUSE_MAX_MS; i--)
                pause *= 2;
            if (!alc_outbox_hash(&rows, 0, &hash)) rc = ALC_CORRUPT;
            if (rc == ALC_OK && !alc_arena_copy(&arena, alc_rows_bytes(&rows, 3), &bytes))
                rc = ALC_NOMEM;
        }
        alc_rows_end(&rows);
        if (rc == ALC_OK)
            rc = alc_store_exec(
                s->store, NULL, "UPDATE outbox SET asks = asks + 1, ask_at_ms = $1 WHERE hash = $2",
                ALC_ARGS(ALC_INT(now + pause), ALC_BLOB(alc_hash_bytes(&hash))), err);
        if (rc == ALC_OK) rc = ask(s, &hash, nonce, last_valid, bytes, &arena, err);
        alc_arena_fini(&arena);
    } while (rc == ALC_OK);
    return rc == ALC_NOT_FOUND ? ALC_OK : rc;
}

static enum alc_rc next_final(struct alc_settle *s, struct alc_settled *out,
                              struct alc_arena *arena, struct alc_err *err)
{
    struct alc_rows rows;
    struct alc_bytes failure, tokens;
    struct alc_cur c;
    enum alc_rc rc;

    rc = alc_rows_start(&rows, s->store,
                        "SELECT job, attempt, state, hash, failure, gas_burnt, tokens_burnt"
                        " FROM outbox WHERE signer = $1 AND state IN (2, 3)"
                        " ORDER BY nonce LIMIT 1",
                        ALC_ARGS(KEY(s)), err);
    if (rc != ALC_OK) return rc;
    rc = alc_rows_next(&rows, err);
    if (rc == ALC_OK) {
        out->job = (uint64_t)alc_rows_int(&rows, 0);
        out->attempt = (uint32_t)alc_rows_int(&rows, 1);
        out->end = alc_rows_int(&rows, 2) == OK ? ALC_SETTLED_OK : ALC_SETTLED_FAILED;
        out->gas_burnt = (uint64_t)alc_rows_int(&rows, 5);
        tokens = alc_rows_bytes(&rows, 6);
        c = alc_cur(tokens);
        if (!alc_outbox_hash(&rows, 3, &out->hash) || !alc_cur_u128le(&c, &out->tokens_burnt))
            rc = alc_fail(err, ALC_CORRUPT, "the outbox holds a row that is none");
        else if (!alc_arena_copy(arena, alc_rows_bytes(&rows, 4), &failure))
            rc = ALC_NOMEM;
        else
            out->failure = (const char *)failure.p;
    }
    alc_rows_end(&rows);
    return rc;
}

enum alc_rc alc_settle_poll(struct alc_settle *s, struct alc_settled *out, struct alc_arena *arena,
                            struct alc_err *err)
{
    enum alc_rc rc = next_final(s, out, arena, err);
    if (rc != ALC_NOT_FOUND) return rc;
    rc = ask_all(s, err);
    if (rc == ALC_OK) rc = alc_settle_send(s, err); /* what was signed anew */
    return rc == ALC_OK ? next_final(s, out, arena, err) : rc;
}

enum alc_rc alc_settle_drop(struct alc_settle *s, uint64_t job, uint32_t attempt,
                            struct alc_err *err)
{
    return alc_store_exec(s->store, NULL, "DELETE FROM outbox WHERE job = $1 AND attempt = $2",
                          ALC_ARGS(ALC_INT(job), ALC_INT(attempt)), err);
}

enum alc_rc alc_settle_pending(struct alc_settle *s, size_t *count, struct alc_err *err)
{
    return alc_outbox_count(s->store, count,
                            "SELECT COUNT(*) FROM outbox WHERE signer = $1 AND state IN (0, 1)",
                            &s->key->public_key, err);
}
