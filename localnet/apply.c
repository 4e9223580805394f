/* localnet/apply.c — one action receipt: its actions, all or nothing, then refunds, data for those
 * who wait for the result, and the outcome (near.md 9). */
#include <string.h>

#include "localnet/views.h"

struct lnet_receipt *lnet_apply_add(struct lnet_apply *a)
{
    if (a->made_count == a->made_cap) {
        size_t cap = a->made_cap == 0 ? 8 : a->made_cap * 2;
        struct lnet_receipt *more = alc_arena_array(a->arena, cap, sizeof *more);
        if (more == NULL) return NULL;
        if (a->made_count > 0) memcpy(more, a->made, a->made_count * sizeof *more);
        a->made = more;
        a->made_cap = cap;
    }
    struct lnet_receipt *r = &a->made[a->made_count++];
    *r = (struct lnet_receipt){.kind = LNET_ACTION,
                               .tx = a->r->tx,
                               .predecessor = a->r->receiver,
                               .signer = a->r->signer,
                               .signer_key = a->r->signer_key,
                               .gas_price = a->r->gas_price};
    return r;
}

/* ---- the actions ---- */

static size_t receipt_bytes(const struct lnet_receipt *r)
{
    size_t n = 0; /* what can be long; the fixed part is a few hundred bytes */
    for (uint32_t i = 0; i < r->actions_count; i++)
        n += r->actions[i].data.n + r->actions[i].method.n;
    return n;
}

/* What is wrong with a new receipt, as a ReceiptValidationError. */
static bool check_receipt(struct lnet_apply *a, const struct lnet_receipt *r, struct alc_buf *fail)
{
    const struct nearvm_fees *f = &a->c->fees;
    struct alc_buf inner = ALC_BUF(1u << 20);
    size_t n = receipt_bytes(r);
    bool ok = true;
    if (r->inputs_count > f->max_input_data) {
        alc_buf_printf(fail,
                       "{\"NumberInputDataDependenciesExceeded\":"
                       "{\"number_of_input_data_dependencies\":%u,\"limit\":%llu}}",
                       r->inputs_count, (unsigned long long)f->max_input_data);
        return false;
    }
    if (n > f->max_receipt_bytes) {
        alc_buf_printf(fail, "{\"ReceiptSizeExceeded\":{\"size\":%zu,\"limit\":%llu}}", n,
                       (unsigned long long)f->max_receipt_bytes);
        return false;
    }
    if (!lnet_check_actions(f, &inner, r->actions, r->actions_count)) {
        alc_buf_put_text(fail, "{\"ActionsValidation\":");
        alc_buf_put_bytes(fail, alc_buf_bytes(&inner));
        alc_buf_put_text(fail, "}");
        ok = false;
    }
    alc_buf_fini(&inner);
    return ok;
}

static void check_made(struct lnet_apply *a, size_t from)
{
    struct alc_buf why = ALC_BUF(1u << 20);
    for (size_t i = from; i < a->made_count; i++) {
        if (!lnet_has_outcome(&a->made[i]) || check_receipt(a, &a->made[i], &why)) continue;
        alc_buf_put_text(&a->fail.json, "{\"NewReceiptValidationError\":");
        alc_buf_put_bytes(&a->fail.json, alc_buf_bytes(&why));
        alc_buf_put_text(&a->fail.json, "}");
        break;
    }
    alc_buf_fini(&why);
}

static void check_storage(struct lnet_apply *a)
{
    __uint128_t lack = a->exists ? lnet_storage_lack(&a->c->fees, &a->account) : 0;
    if (lack == 0) return;
    a->fail.no_index = true;
    lnet_fail_lack(a, lack);
}

static void note_contract(struct lnet_apply *a)
{
    static const struct lnet_account none;
    struct alc_jw w = {.out = &a->contracts};
    if (a->contracts.n > 0) alc_buf_put_text(&a->contracts, ",");
    lnet_view_contract(&w, a->exists ? &a->account : &none);
}

static enum alc_rc run_actions(struct lnet_apply *a, struct alc_err *err)
{
    const struct lnet_receipt *r = a->r;
    for (uint32_t i = 0; i < r->actions_count && a->fail.json.n == 0; i++) {
        uint64_t gas = lnet_fee_exec(&a->c->fees, &r->actions[i], alc_near_id_bytes(&r->receiver));
        size_t from = a->made_count;
        a->gas_burnt += gas;
        a->gas_used += gas;
        a->returned = NEARVM_RETURN_NONE; /* only the last action's counts */
        a->fail.index = i;
        note_contract(a);
        enum alc_rc rc = lnet_action(a, &r->actions[i], i, err);
        if (rc != ALC_OK) return rc;
        if (a->fail.json.n == 0) check_made(a, from);
    }
    if (a->fail.json.n == 0) check_storage(a);
    return a->fail.json.failed ? ALC_NOMEM : ALC_OK;
}

/* Runs the actions in a mark of their own: a failure leaves nothing behind but gas and logs. */
static enum alc_rc run(struct lnet_apply *a, struct alc_err *err)
{
    struct alc_store *s = a->c->store;
    struct alc_buf *journal = &a->c->journal.json;
    size_t journal_bytes = journal->n;
    enum alc_rc rc = lnet_account_get(a->c, a->r->receiver.s, &a->account, err);
    if (rc != ALC_OK && rc != ALC_NOT_FOUND) return rc;
    a->exists = rc == ALC_OK;
    rc = alc_store_mark(s, err);
    if (rc == ALC_OK) rc = run_actions(a, err);
    if (rc != ALC_OK) return rc; /* the whole block is rolled back */
    if (a->fail.json.n > 0) {
        a->made_count = 0;
        a->returned = NEARVM_RETURN_NONE;
        a->created = false;
        a->burnt = a->minted = 0;
        journal->n = journal_bytes;
        return alc_store_undo(s, err);
    }
    if (a->exists) rc = lnet_account_put(a->c, a->r->receiver.s, &a->account, err);
    return rc == ALC_OK ? alc_store_keep(s, err) : rc;
}

/* ---- refunds ---- */

static enum alc_rc add_refund(struct lnet_apply *a, const struct alc_near_id *to,
                              const struct alc_near_id *signer, const struct alc_near_key *key,
                              __uint128_t amount)
{
    struct alc_near_action *pay = alc_arena_alloc(a->arena, sizeof *pay);
    struct lnet_receipt *r = lnet_apply_add(a);
    if (pay == NULL || r == NULL) return ALC_NOMEM;
    pay->kind = ALC_NEAR_TRANSFER;
    pay->amount = amount;
    r->predecessor = (struct alc_near_id){LNET_SYSTEM};
    r->receiver = *to;
    r->signer = *signer;
    r->signer_key = *key;
    r->gas_price = 0;
    r->actions = pay;
    r->actions_count = 1;
    return ALC_OK;
}

/* The part of a new account's price that gas at the block's price does not reach (near.md 9.3). */
static __uint128_t creation_charge(const struct lnet_apply *a, __uint128_t burn_price,
                                   __uint128_t saved)
{
    const struct nearvm_fees *f = &a->c->fees;
    __uint128_t by_gas = burn_price * f->action[NEARVM_CREATE_ACCOUNT].exec;
    if (!a->created || by_gas >= f->account_creation_charge) return 0;
    __uint128_t charge = f->account_creation_charge - by_gas;
    return charge < saved ? charge : saved;
}

/* Gives back what was not used, and says what the outcome burnt. */
static enum alc_rc refund(struct lnet_apply *a, __uint128_t *tokens_burnt, struct alc_err *err)
{
    static const struct alc_near_id system = {LNET_SYSTEM};
    static const struct alc_near_key nobody; /* Ed25519 of 32 zero bytes */
    const struct lnet_receipt *r = a->r;
    bool failed = a->fail.json.n > 0;
    __uint128_t deposits, p = r->gas_price;
    struct lnet_gas g;
    enum alc_rc rc = ALC_OK;

    *tokens_burnt = 0;
    if (!lnet_gas_of(&a->c->fees, &g, r->actions, r->actions_count, false,
                     alc_near_id_bytes(&r->receiver)) ||
        !lnet_deposits_of(r->actions, r->actions_count, &deposits))
        return alc_fail(err, ALC_CORRUPT, "a receipt carries more than was ever paid");
    if (lnet_is_refund(r)) { /* free; what finds nobody is lost */
        if (failed) a->b->burnt += deposits;
        return ALC_OK;
    }
    __uint128_t paid = (__uint128_t)g.prepaid + g.exec;
    __uint128_t spent = failed ? a->gas_burnt : a->gas_used;
    if (spent > paid)
        return alc_fail(err, ALC_CORRUPT, "a receipt for %s used more gas than it had",
                        r->receiver.s);
    __uint128_t burn_price = p < a->b->gas_price ? p : a->b->gas_price;
    __uint128_t saved = (p - burn_price) * a->gas_burnt;
    __uint128_t charge = creation_charge(a, burn_price, saved);
    __uint128_t back = p * (paid - spent) + saved - charge;
    *tokens_burnt = burn_price * a->gas_burnt + charge + a->burnt;
    a->b->burnt += *tokens_burnt;
    a->b->minted += a->minted;
    if (failed && deposits > 0)
        rc = add_refund(a, r->refund_to.s[0] != 0 ? &r->refund_to : &r->predecessor, &system,
                        &nobody, deposits);
    if (rc == ALC_OK && back > 0) rc = add_refund(a, &r->signer, &r->signer, &r->signer_key, back);
    return rc;
}

/* ---- the result, to whom it concerns ---- */

static enum alc_rc add_output(struct lnet_apply *a, struct lnet_receipt *to,
                              const struct lnet_output *o)
{
    struct lnet_output *more =
        alc_arena_array(a->arena, (size_t)to->outputs_count + 1, sizeof *more);
    if (more == NULL) return ALC_NOMEM;
    if (to->outputs_count > 0) memcpy(more, to->outputs, to->outputs_count * sizeof *more);
    more[to->outputs_count++] = *o;
    to->outputs = more;
    return ALC_OK;
}

static enum alc_rc answer(struct lnet_apply *a)
{
    bool failed = a->fail.json.n > 0;
    for (uint32_t i = 0; i < a->r->outputs_count; i++) {
        if (a->returned == NEARVM_RETURN_PROMISE) { /* the promise answers in our place */
            enum alc_rc rc = add_output(a, &a->made[a->promise], &a->r->outputs[i]);
            if (rc != ALC_OK) return rc;
            continue;
        }
        struct lnet_receipt *d = lnet_apply_add(a);
        if (d == NULL) return ALC_NOMEM;
        d->kind = LNET_DATA;
        d->receiver = a->r->outputs[i].receiver;
        d->data_id = a->r->outputs[i].data_id;
        d->has_data = !failed;
        if (!failed && a->returned == NEARVM_RETURN_VALUE) d->data = a->value;
    }
    return ALC_OK;
}

static bool is_instant(const struct lnet_receipt *r)
{
    return r->kind == LNET_YIELD ||
           (r->kind == LNET_ACTION && r->inputs_count == 0 && r->actions_count == 1 &&
            r->actions[0].kind == ALC_NEAR_DELETE_ACCOUNT);
}

/* {"ActionError":{"index":i,"kind":...}} */
static void write_failure(struct alc_buf *out, const struct lnet_fail *fail)
{
    alc_buf_put_text(out, "{\"ActionError\":{\"index\":");
    if (fail->no_index)
        alc_buf_put_text(out, "null");
    else
        alc_buf_printf(out, "%u", fail->index);
    alc_buf_put_text(out, ",\"kind\":");
    alc_buf_put_bytes(out, alc_buf_bytes(&fail->json));
    alc_buf_put_text(out, "}}");
}

static enum alc_rc write_outcome(struct lnet_apply *a, __uint128_t tokens_burnt,
                                 struct alc_err *err)
{
    struct alc_buf failure = ALC_BUF(LNET_DOC_MAX_BYTES);
    struct alc_hash *children = alc_arena_array(a->arena, a->made_count, sizeof *children);
    int64_t work = lnet_is_refund(a->r) ? 0 : -1, refunds = lnet_is_refund(a->r) ? -1 : 0;
    struct lnet_outcome o = {.id = a->r->id,
                             .block_hash = a->b->head.ref.hash,
                             .executor = alc_near_id_bytes(&a->r->receiver),
                             .gas_burnt = a->gas_burnt,
                             .tokens_burnt = tokens_burnt,
                             .logs = alc_buf_bytes(&a->logs),
                             .children = children,
                             .profile = alc_buf_bytes(&a->profile),
                             .contracts = alc_buf_bytes(&a->contracts)};
    enum alc_rc rc = ALC_NOMEM;

    if (children == NULL) goto out;
    for (size_t i = 0; i < a->made_count; i++) {
        if (!lnet_has_outcome(&a->made[i])) continue;
        children[o.children_count++] = a->made[i].id;
        if (lnet_is_refund(&a->made[i]))
            refunds++;
        else
            work++;
    }
    if (a->fail.json.n > 0) {
        write_failure(&failure, &a->fail);
        o.status = LNET_STATUS_FAILURE;
        o.failure = alc_buf_bytes(&failure);
    } else if (a->returned == NEARVM_RETURN_PROMISE) {
        o.status = LNET_STATUS_RECEIPT;
        o.next = a->made[a->promise].id;
    } else if (a->returned == NEARVM_RETURN_VALUE) {
        o.value = a->value;
    }
    if (failure.failed || a->logs.failed || a->profile.failed || a->contracts.failed) goto out;
    rc = lnet_block_outcome(a->c, a->b, a->r->tx, &o, work, refunds, err);
out:
    alc_buf_fini(&failure);
    return rc;
}

enum alc_rc lnet_apply_action(struct lnet_chain *c, struct lnet_block *b,
                              const struct lnet_receipt *r, const struct nearvm_result *results,
                              size_t results_count, struct alc_arena *arena, struct alc_err *err)
{
    uint64_t gas = c->fees.action[NEARVM_ACTION_RECEIPT].exec;
    struct lnet_apply a = {.c = c,
                           .b = b,
                           .r = r,
                           .arena = arena,
                           .results = results,
                           .results_count = results_count,
                           .actor = r->predecessor,
                           .gas_burnt = gas,
                           .gas_used = gas,
                           .fail = {.json = ALC_BUF(LNET_DOC_MAX_BYTES)},
                           .logs = ALC_BUF(LNET_DOC_MAX_BYTES),
                           .profile = ALC_BUF(LNET_DOC_MAX_BYTES),
                           .contracts = ALC_BUF(LNET_DOC_MAX_BYTES)};
    __uint128_t tokens_burnt;
    enum alc_rc rc;
    lnet_journal_cause(c, "receipt_processing", "receipt_hash", &r->id);
    rc = run(&a, err);
    if (rc == ALC_OK) rc = refund(&a, &tokens_burnt, err);
    if (rc == ALC_OK) rc = answer(&a);
    for (size_t i = 0; rc == ALC_OK && i < a.made_count; i++) {
        lnet_ix(&a.made[i].id, &r->id, b->head.ref.height, i);
        rc = lnet_block_receipt(c, b, &a.made[i],
                                is_instant(&a.made[i]) ? LNET_INSTANT : LNET_TRAVELS, err);
    }
    if (rc == ALC_OK) {
        b->gas_used += a.gas_burnt;
        rc = write_outcome(&a, tokens_burnt, err);
    }
    for (size_t i = 0; rc == ALC_OK && i < a.made_count; i++)
        if (is_instant(&a.made[i])) rc = lnet_deliver(c, b, &a.made[i], arena, err);
    alc_buf_fini(&a.fail.json);
    alc_buf_fini(&a.logs);
    alc_buf_fini(&a.profile);
    alc_buf_fini(&a.contracts);
    return rc;
}
