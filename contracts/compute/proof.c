/* contracts/compute/proof.c — whether a statement shows what a request asks for.
 *
 * At every level the runtime has verified that the transaction, statement included, was signed by
 * the worker key; here the statement is held against the request, against what is reported beside
 * it, against the very bytes that the caller will receive, and against the enclave that the
 * register saw behind the key.  A statement is checked in full at every level: one that was looked
 * at in part would read as proof later. */
#include "call.h"

#include "base/enc.h"
#include "verify/verify.h"

static void must(bool holds, const char *what)
{
    if (!holds) near_panic_with("Statement refused: ", alc_cstr(what));
}

static void same(const struct alc_bytes *a, const struct alc_bytes *b, const char *what)
{
    must(alc_bytes_eq(*a, *b), what);
}

static void same_hash(const struct alc_hash *a, const struct alc_hash *b, const char *what)
{
    must(alc_hash_eq(a, b), what);
}

static void must_hash(struct alc_bytes bytes, const struct alc_hash *expected, const char *what)
{
    struct alc_hash h;
    near_sha256(&h, bytes);
    same_hash(&h, expected, what);
}

static void check_where(const struct alc_statement *t, const struct request *r)
{
    const struct state *s = &here.state;
    const struct alc_bytes project = request_project(r);

    same(&t->chain_id, &s->chain_id, "another chain");
    same(&t->contract_id, &s->self, "another contract");
    same_hash(&t->deployment_id, &s->deployment_id, "another deployment");
    must(t->request_id == r->id, "another request");
    same_hash(&t->data_id, &r->data_id, "another yield");
    same_hash(&t->request_hash, &r->request_hash, "another request text");
    must(t->anchor_height <= near_host_block_index(), "its block is yet to come");
    same(&t->signer_id, &r->signer, "another signer");
    same(&t->predecessor_id, &r->predecessor, "another caller");
    same(&t->project_id, &project, "another project");
}

static void check_ran(const struct alc_statement *t, const struct request *r)
{
    struct limits l = filled(&r->limits);
    struct alc_hash code;
    size_t n;

    if (r->source.kind == SOURCE_WASM_URL)
        must(alc_hex_decode(code.b, sizeof code.b, &n, r->source.what) && n == sizeof code.b &&
                 alc_hash_eq(&t->code_hash, &code),
             "another module");
    must_hash(request_input(r), &t->input_hash, "another input");
    must(t->max_instructions <= l.instructions.v && t->max_memory_mb <= l.memory_mb.v &&
             t->max_seconds <= l.seconds.v,
         "limits beyond the request's");
}

static void check_came(const struct alc_statement *t, const struct response *a,
                       const struct output *out)
{
    static const struct alc_hash zero;

    must(a->success == (t->outcome == ALC_OUTCOME_OK), "another outcome");
    must(t->instructions == a->used.instructions && t->time_ms == a->used.time_ms &&
             t->compile_ms == a->used.compile_ms.v,
         "other resources than reported");
    must(t->refund_usd == a->refund_usd.v, "another refund");
    must(t->output_kind == (uint8_t)out->kind, "another kind of output");
    if (out->kind == OUTPUT_NONE)
        same_hash(&t->output_hash, &zero, "another output");
    else
        must_hash(out->bytes, &t->output_hash, "another output");
}

/* The caller is the operator.  The transaction's key signed these arguments only if the transaction
 * itself made this call, and so is the operator's too. */
static void check_by(const struct alc_statement *t)
{
    struct near_account signer;
    struct alc_hash key;
    struct worker w;

    near_signer(&signer);
    must(alc_bytes_eq(near_account_bytes(&signer), here.state.operator_id),
         "the call does not come straight from a transaction");
    must(near_signer_key(&key) && alc_hash_eq(&t->worker_key, &key),
         "the transaction is signed by another key");
    must(worker_load(&w, &key) && worker_good(&w),
         "the worker key is not registered, or has expired");
    if (!w.vouched) return;
    same_hash(&t->measurement, &w.measurement, "another enclave than the key's");
    must(t->simulated == w.simulated, "SIMULATED unlike the key");
}

void proof_check(struct shown *shown, const struct request *r, const struct response *a,
                 const struct output *out, struct alc_bytes statement)
{
    static uint8_t buf[ALC_STATEMENT_MAX_BYTES];
    struct alc_statement t;
    size_t n;

    if (statement.p == NULL) {
        near_refuse(r->proof != PROOF_NONE && a->success,
                    "Proof was asked for: an output needs a statement");
        return;
    }
    must(alc_base64_decode(buf, sizeof buf, &n, statement), "not base64, or too long");
    must(alc_statement_read(&t, (struct alc_bytes){buf, n}), "not statement v1");
    check_where(&t, r);
    check_ran(&t, r);
    check_came(&t, a, out);
    check_by(&t);
    shown->some = true;
    shown->worker_key = t.worker_key;
    shown->measurement = t.measurement;
    shown->simulated = t.simulated;
    if ((r->flags & FLAG_WITH_PROOF) != 0 || r->proof == PROOF_ONCHAIN)
        near_sha256(&shown->statement_hash, (struct alc_bytes){buf, n});
    else
        shown->statement_hash = (struct alc_hash){{0}};
}
