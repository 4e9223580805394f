/* localnet/chain.c — life of a chain, its thread, and the turn to use its state.
 *
 * One store, one state: whoever reads or writes it has the turn, which goes round in the order of
 * asking, so that the block maker, which always wants it, starves nobody.  Small shared things
 * (the pending transactions, those who wait, the head as readers are told it) are under `door`. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "localnet/node.h"

#define NS 1000000000u

/* ---- the turn ---- */

static bool keeps_turn(const struct lnet_chain *c) /* under `door` */
{
    return c->past && pthread_equal(c->past_of, pthread_self());
}

void lnet_take(struct lnet_chain *c)
{
    struct lnet_turn me = {.next = NULL};
    pthread_mutex_lock(&c->door);
    if (keeps_turn(c)) {
        pthread_mutex_unlock(&c->door);
        return;
    }
    if (!c->taken) {
        c->taken = true;
        pthread_mutex_unlock(&c->door);
        return;
    }
    pthread_cond_init(&me.go, NULL);
    *c->turns_end = &me;
    c->turns_end = &me.next;
    while (!me.mine)
        pthread_cond_wait(&me.go, &c->door);
    pthread_mutex_unlock(&c->door);
    pthread_cond_destroy(&me.go);
}

void lnet_give(struct lnet_chain *c)
{
    pthread_mutex_lock(&c->door);
    struct lnet_turn *next = c->turns;
    if (keeps_turn(c)) {
        /* until lnet_past_close */
    } else if (next == NULL) {
        c->taken = false;
    } else {
        c->turns = next->next;
        if (c->turns == NULL) c->turns_end = &c->turns;
        next->mine = true;
        pthread_cond_signal(&next->go);
    }
    pthread_mutex_unlock(&c->door);
}

/* ---- blocks ---- */

/* Copies what readers are told; needs the turn and `door`. */
static void show_head(struct lnet_chain *c)
{
    uint64_t epoch = c->head.ref.height / LNET_EPOCH_BLOCKS;
    struct lnet_info *i = &c->seen;
    i->head = c->head.ref;
    i->genesis = c->genesis;
    i->state_root = c->head.root;
    i->epoch_height = epoch;
    i->epoch_start_height = epoch * LNET_EPOCH_BLOCKS;
    lnet_block_epoch(&i->epoch_id, epoch);
    i->validator_key = c->validator_key;
    i->gas_price = c->head.gas_price;
    i->total_supply = c->head.supply;
    i->genesis_supply = c->genesis_supply;
    i->validators = c->validators;
    i->validity_blocks = c->conf.validity_blocks;
}

static enum alc_rc make(struct lnet_chain *c, const struct lnet_block_plan *wanted,
                        struct alc_err *err)
{
    struct lnet_block b;
    struct lnet_block_plan plan = *wanted;
    bool receipts = false;
    uint64_t yields = 0;
    size_t taken;
    enum alc_rc rc;

    pthread_mutex_lock(&c->door);
    plan.pending = lnet_pending_take(c);
    pthread_mutex_unlock(&c->door);
    plan.pending = lnet_pending_order(plan.pending);
    rc = lnet_block_make(c, &plan, &b, &taken, err);
    if (rc != ALC_OK) taken = 0;
    if (rc == ALC_OK) rc = lnet_block_work(c, &receipts, &yields, err);
    if (rc == ALC_OK) lnet_trace_block(c, &b);
    pthread_mutex_lock(&c->door);
    lnet_pending_done(c, plan.pending, taken);
    if (rc == ALC_OK) {
        c->receipts = receipts;
        c->yields = yields;
        show_head(c);
        lnet_waiters_tell(c, &b);
        if (receipts || c->pending != NULL) pthread_cond_signal(&c->work);
    }
    pthread_mutex_unlock(&c->door);
    lnet_block_fini(&b);
    return rc;
}

static const struct lnet_block_plan plain = {.jump = 1};

enum alc_rc lnet_chain_run(struct lnet_chain *c, struct alc_err *err)
{
    for (;;) {
        bool more;
        enum alc_rc rc;
        pthread_mutex_lock(&c->door);
        more = c->pending != NULL || c->receipts;
        pthread_mutex_unlock(&c->door);
        if (!more) return ALC_OK;
        rc = make(c, &plain, err);
        if (rc == ALC_OK) continue;
        pthread_mutex_lock(&c->door);
        c->seen.failed = true;
        pthread_mutex_unlock(&c->door);
        return rc;
    }
}

enum alc_rc lnet_chain_block(struct lnet_chain *c, const struct lnet_block_plan *plan,
                             struct alc_err *err)
{
    enum alc_rc rc;
    lnet_take(c);
    rc = make(c, plan, err);
    if (rc == ALC_OK && c->conf.deterministic) rc = lnet_chain_run(c, err);
    lnet_give(c);
    return rc;
}

enum alc_rc lnet_chain_step(struct lnet_chain *c, struct alc_err *err)
{
    return lnet_chain_block(c, &plain, err);
}

enum alc_rc lnet_chain_settle(struct lnet_chain *c, struct alc_err *err)
{
    enum alc_rc rc;
    lnet_take(c);
    rc = lnet_chain_run(c, err);
    lnet_give(c);
    return rc;
}

enum alc_rc lnet_chain_reload(struct lnet_chain *c, struct alc_err *err)
{
    bool receipts = false;
    uint64_t yields = 0;
    enum alc_rc rc = lnet_block_load(c, err);
    if (rc == ALC_OK) rc = lnet_block_work(c, &receipts, &yields, err);
    pthread_mutex_lock(&c->door);
    lnet_pending_fini(c);
    lnet_waiters_end(c);
    if (rc == ALC_OK) {
        c->receipts = receipts;
        c->yields = yields;
        show_head(c);
    } else {
        c->seen.failed = true;
    }
    pthread_cond_signal(&c->work);
    pthread_mutex_unlock(&c->door);
    return rc;
}

/* ---- the thread ---- */

#define YIELDS_PER_MS 4u
#define LEAST_MAX_MS 100u

struct timespec lnet_after_ms(uint32_t ms)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += ms / 1000;
    t.tv_nsec += (long)(ms % 1000) * 1000000;
    if (t.tv_nsec >= (long)NS) {
        t.tv_sec++;
        t.tv_nsec -= (long)NS;
    }
    return t;
}

/* With instant blocks, the least time a block takes.  A yield lives for 200 blocks, minutes on any
 * other network; were blocks made as fast as a flood of calls lets them, the yields of that same
 * flood would time out within a second.  So blocks slow down, and fill up, as yields wait. */
static uint32_t least_ms(const struct lnet_chain *c)
{
    uint64_t ms = c->yields / YIELDS_PER_MS;
    return ms > LEAST_MAX_MS ? LEAST_MAX_MS : (uint32_t)ms;
}

/* Waits until a block is wanted; false: the chain is to stop.  Under `door`. */
static bool await_work(struct lnet_chain *c)
{
    uint32_t pace = c->conf.block_time_ms;
    struct timespec slow = lnet_after_ms(least_ms(c));
    while (pace == 0 && c->yields >= YIELDS_PER_MS && !c->stop)
        if (pthread_cond_timedwait(&c->work, &c->door, &slow) == ETIMEDOUT) break;
    struct timespec due = lnet_after_ms(pace > 0 ? pace : c->conf.idle_ms);
    while (!c->stop) {
        if (pace == 0 && (c->pending != NULL || c->receipts)) return true;
        if (pace == 0 && !c->yields) {
            pthread_cond_wait(&c->work, &c->door); /* nothing can happen by itself */
            due = lnet_after_ms(c->conf.idle_ms);
        } else if (pthread_cond_timedwait(&c->work, &c->door, &due) == ETIMEDOUT) {
            return !c->stop;
        }
    }
    return false;
}

static void *chain_main(void *arg)
{
    struct lnet_chain *c = arg;
    for (;;) {
        struct alc_err err = {0};
        bool go;
        pthread_mutex_lock(&c->door);
        go = await_work(c);
        pthread_mutex_unlock(&c->door);
        if (!go) return NULL;
        enum alc_rc rc = lnet_chain_step(c, &err);
        if (rc == ALC_OK) continue;
        alc_log(ALC_ERROR, "chain.stopped", "reason=\"%s\"", alc_err_text(&err, rc));
        pthread_mutex_lock(&c->door);
        c->seen.failed = true;
        pthread_mutex_unlock(&c->door);
        lnet_chain_stop(c);
        return NULL;
    }
}

/* ---- life ---- */

static enum alc_rc copy_conf(struct lnet_chain *c, const struct lnet_conf *conf,
                             struct alc_err *err)
{
    const char *id = conf->chain_id != NULL ? conf->chain_id : "";
    if (strlen(id) >= sizeof c->chain_id)
        return alc_fail(err, ALC_BAD_INPUT, "a chain id has at most %zu characters",
                        sizeof c->chain_id - 1);
    memcpy(c->chain_id, id, strlen(id) + 1);
    c->conf = *conf;
    c->clock = conf->clock != NULL ? conf->clock : &alc_clock_system;
    if (c->conf.idle_ms == 0) c->conf.idle_ms = 1000;
    if (c->conf.validity_blocks == 0) c->conf.validity_blocks = 86400;
    c->seen.chain_id = c->chain_id;
    if (conf->folder == NULL) return ALC_OK;
    c->folder = strdup(conf->folder);
    return c->folder != NULL ? ALC_OK : ALC_NOMEM;
}

/* Opens VM and store, in the folder or in memory. */
static enum alc_rc open_parts(struct lnet_chain *c, struct alc_err *err)
{
    struct alc_buf path = ALC_BUF(4096), cache = ALC_BUF(4096);
    const char *folder = c->conf.folder;
    enum alc_rc rc = ALC_OK;
    if (folder != NULL) {
        if (mkdir(folder, 0700) != 0 && errno != EEXIST)
            return alc_fail(err, ALC_IO, "cannot make the folder %s: %s", folder, strerror(errno));
        alc_buf_printf(&path, "%s/chain.db", folder);
        alc_buf_printf(&cache, "%s/compiled", folder);
        if (path.failed || cache.failed) rc = ALC_LIMIT;
    }
    if (rc == ALC_OK)
        rc = nearvm_open(&c->vm, LNET_PROTOCOL_VERSION,
                         folder != NULL ? alc_buf_text(&cache) : NULL, err);
    if (rc == ALC_OK) /* a block is lost with the machine, not with the process */
        rc = alc_store_open(&c->store, folder != NULL ? alc_buf_text(&path) : ":memory:", false,
                            err);
    if (rc == ALC_OK) rc = lnet_state_migrate(c->store, err);
    if (rc == ALC_OK) rc = lnet_past_init(c, err);
    alc_buf_fini(&path);
    alc_buf_fini(&cache);
    return rc;
}

static enum alc_rc open_chain(struct lnet_chain *c, const struct lnet_conf *conf,
                              struct alc_err *err)
{
    enum alc_rc rc = copy_conf(c, conf, err);
    if (rc == ALC_OK) rc = open_parts(c, err);
    if (rc != ALC_OK) return rc;
    nearvm_fees(c->vm, &c->fees);
    rc = lnet_block_load(c, err);
    if (rc == ALC_OK)
        rc = lnet_genesis_check(c, err);
    else if (rc == ALC_NOT_FOUND)
        rc = lnet_block_genesis(c, err);
    if (rc == ALC_OK) rc = lnet_block_work(c, &c->receipts, &c->yields, err);
    if (rc == ALC_OK) rc = lnet_snapshots_find(c, err);
    if (rc != ALC_OK) return rc;
    c->conf.accounts = NULL; /* the caller's; not needed any more */
    c->conf.accounts_count = 0;
    c->conf.folder = c->conf.chain_id = c->conf.genesis = NULL;
    show_head(c);
    if (c->conf.manual) return ALC_OK;
    if (c->conf.deterministic) return lnet_chain_settle(c, err); /* what a death has cut off */
    if (pthread_create(&c->thread, NULL, chain_main, c) != 0)
        return alc_fail(err, ALC_NOMEM, "cannot start the chain's thread");
    c->has_thread = true;
    return ALC_OK;
}

enum alc_rc lnet_chain_open(struct lnet_chain **out, const struct lnet_conf *conf,
                            struct alc_err *err)
{
    struct lnet_chain *c = calloc(1, sizeof *c);
    pthread_condattr_t attr;
    enum alc_rc rc;
    if (c == NULL) return ALC_NOMEM;
    pthread_mutex_init(&c->door, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&c->work, &attr);
    pthread_condattr_destroy(&attr);
    c->turns_end = &c->turns;
    c->pending_end = &c->pending;
    c->journal.json = ALC_BUF(LNET_DOC_MAX_BYTES);
    rc = open_chain(c, conf, err);
    if (rc == ALC_OK)
        *out = c;
    else
        lnet_chain_close(c);
    return rc;
}

void lnet_chain_stop(struct lnet_chain *c)
{
    pthread_mutex_lock(&c->door);
    c->stop = true;
    pthread_cond_signal(&c->work);
    lnet_waiters_tell(c, NULL);
    pthread_mutex_unlock(&c->door);
}

void lnet_chain_close(struct lnet_chain *c)
{
    if (c == NULL) return;
    lnet_chain_stop(c);
    if (c->has_thread) pthread_join(c->thread, NULL);
    lnet_pending_fini(c);
    lnet_code_cache_fini(c);
    alc_buf_fini(&c->journal.json);
    lnet_snapshots_fini(c);
    alc_changes_close(c->changes);
    alc_store_close(c->store);
    nearvm_close(c->vm);
    pthread_cond_destroy(&c->work);
    pthread_mutex_destroy(&c->door);
    free(c->folder);
    free(c->validators);
    free(c);
}

void lnet_chain_info(struct lnet_chain *c, struct lnet_info *out)
{
    pthread_mutex_lock(&c->door);
    *out = c->seen;
    out->pending = c->pending_count;
    pthread_mutex_unlock(&c->door);
}
