#include "tests/unit/verify/made_proof.h"
#include "tests/web/embedders.h"
#include "tests/web/embedders_tests.h"

static struct proof_question question(const struct made_proof *p)
{
    return (struct proof_question){.statement = p->signed_statement,
                                   .evidence = p->evidence,
                                   .event_log = p->event_log,
                                   .collateral = p->collateral,
                                   .root = p->root,
                                   .input = MADE_INPUT,
                                   .output = MADE_OUTPUT,
                                   .code = MADE_CODE,
                                   .request = MADE_REQUEST,
                                   .now_s = p->now_s};
}

static void proof_says(const char *name, const struct proof_question *q, enum alc_refusal want)
{
    enum alc_refusal got = ask_proof(name, q);
    if (got != want)
        fail_msg("%s: %s and not %s", name, alc_refusal_word(got), alc_refusal_word(want));
}

static const struct alc_bytes none;

/* The fields that the line names, and two more. */
static const struct {
    const char *name;
    size_t at;
    enum alc_refusal forged; /* when the key's holder signs it, and the evidence is the old one */
} hashes[] = {
    {"input", offsetof(struct alc_statement, input_hash), ALC_REFUSAL_INPUT},
    {"output", offsetof(struct alc_statement, output_hash), ALC_REFUSAL_OUTPUT},
    {"code", offsetof(struct alc_statement, code_hash), ALC_REFUSAL_CODE},
    {"request", offsetof(struct alc_statement, request_hash), ALC_REFUSAL_REQUEST},
    {"egress root", offsetof(struct alc_statement, egress_root), ALC_REFUSAL_BINDING},
    {"measurement", offsetof(struct alc_statement, measurement), ALC_REFUSAL_BINDING},
};

/* one_bit alters a bit of a hash: under the old signature, and signed anew. */
static void one_bit(struct made_proof *p, size_t i, size_t bit)
{
    struct made_proof forged = *p;
    struct proof_question q = question(p);
    uint8_t bytes[ALC_STATEMENT_SIGNED_MAX_BYTES];
    uint8_t *field = (uint8_t *)&forged.statement + hashes[i].at;

    field[bit / 8] ^= (uint8_t)(1u << bit % 8);
    made_proof_sign(&forged);
    q.statement = forged.signed_statement;
    proof_says(hashes[i].name, &q, hashes[i].forged);
    memcpy(bytes, q.statement.p, q.statement.n);
    memcpy(bytes + q.statement.n - ALC_STATEMENT_SIG_BYTES,
           p->signed_statement.p + q.statement.n - ALC_STATEMENT_SIG_BYTES,
           ALC_STATEMENT_SIG_BYTES);
    q.statement.p = bytes;
    q.evidence = q.event_log = q.collateral = none;
    proof_says(hashes[i].name, &q, ALC_REFUSAL_SIGNATURE);
}

/* Every field, once: signed anew with the old evidence, and with none but the old signature. */
static void one_bit_of_each_field(struct made_proof *p)
{
    struct made_proof forged;
    struct proof_question q;
    uint8_t changed[ALC_STATEMENT_STRING_MAX_BYTES * 2];

    for (size_t i = 0; i < FIELDS_COUNT; i++) {
        const struct field *f = &fields[i];
        if (strcmp(f->name, "worker_key") == 0) continue; /* the signer's own */
        forged = *p;
        if (f->kind == FIELD_STRING) {
            struct alc_bytes *s = field_of(&forged.statement, f);
            memcpy(changed, s->p, s->n);
            changed[0] ^= 1;
            s->p = changed;
        } else {
            *(uint8_t *)field_of(&forged.statement, f) ^= 1;
        }
        made_proof_sign(&forged);
        q = question(p);
        q.statement = forged.signed_statement;
        q.input = q.output = q.code = q.request = none; /* the evidence alone speaks */
        proof_says(f->name, &q, ALC_REFUSAL_BINDING);
    }
}

void statements_altered_by_one_bit_are_refused(void **state)
{
    static const char *const names[] = {"input", "output", "code", "request"};
    static const enum alc_refusal words[] = {ALC_REFUSAL_INPUT, ALC_REFUSAL_OUTPUT,
                                             ALC_REFUSAL_CODE, ALC_REFUSAL_REQUEST};
    struct made_proof *p = made_proof_open();
    struct proof_question q = question(p);
    struct alc_bytes *given[] = {&q.input, &q.output, &q.code, &q.request};
    uint8_t changed[256];

    (void)state;
    proof_says("everything as it was", &q, ALC_REFUSAL_NONE);
    for (size_t i = 0; i < 4; i++)
        for (size_t bit = 0; bit < given[i]->n * 8; bit += 11) {
            struct alc_bytes was = *given[i];
            memcpy(changed, was.p, was.n);
            changed[bit / 8] ^= (uint8_t)(1u << bit % 8);
            given[i]->p = changed;
            proof_says(names[i], &q, words[i]);
            *given[i] = was;
        }
    for (size_t i = 0; i < sizeof hashes / sizeof *hashes; i++)
        for (size_t bit = 0; bit < 256; bit += 51)
            one_bit(p, i, bit);
    one_bit_of_each_field(p);
    made_proof_close(p);
}

static void bundles(const struct made_proof *p)
{
    struct alc_bundle b = {.signed_statement = p->signed_statement,
                           .has_request = true,
                           .has_input = true,
                           .has_output = true,
                           .request = MADE_REQUEST,
                           .input = MADE_INPUT,
                           .output = MADE_OUTPUT};
    struct alc_bundle whole = b;

    bundle_add("no quote", &b, p->root);
    whole.evidence = p->evidence;
    whole.event_log = p->event_log;
    bundle_add("no collateral", &whole, p->root);
    whole.collateral = p->collateral;
    bundle_add("whole", &whole, p->root);
    whole.has_source = true;
    whole.source_code = p->statement.code_hash;
    bundle_add("its source noted", &whole, p->root);
    whole.source_code.b[31] ^= 1;
    bundle_add("a note on another source", &whole, p->root);
    whole.has_source = false;
    whole.collateral = ALC_LIT("{\"tcb_info\":1,\"qe_identity\":2}");
    bundle_add("broken collateral", &whole, p->root);
    whole.collateral = p->collateral;
    whole.output = ALC_LIT("{\"payout\":251}");
    bundle_add("altered output", &whole, p->root);
}

void statements_are_bound_to_their_quotes(void **state)
{
    struct made_proof *p = made_proof_open();
    struct proof_question q = question(p);
    uint8_t *changed = malloc(p->evidence.n);
    uint8_t *log = malloc(p->event_log.n);

    (void)state;
    assert_true(changed != NULL && log != NULL);
    q.evidence = q.event_log = none;
    proof_says("a signature alone", &q, ALC_REFUSAL_NONE);
    q = question(p);
    q.root = none;
    proof_says("SIMULATED, its root not named", &q, ALC_REFUSAL_ROOT);
    q.root = p->collateral;
    proof_says("SIMULATED, no root at all named", &q, ALC_REFUSAL_ROOT);
    q = question(p);
    q.collateral = none;
    proof_says("no collateral", &q, ALC_REFUSAL_NO_COLLATERAL);
    q.collateral = ALC_LIT("{}");
    proof_says("broken collateral", &q, ALC_REFUSAL_COLLATERAL_FORMAT);
    q = question(p);
    q.source_code = &p->statement.code_hash;
    proof_says("a note on the module's source", &q, ALC_REFUSAL_NONE);
    q.source_code = &p->hash;
    proof_says("a note on another module's source", &q, ALC_REFUSAL_CODE);
    q = question(p);
    q.now_s += 31 * 86400;
    proof_says("collateral of last month", &q, ALC_REFUSAL_TCB_EXPIRED);
    q = question(p);
    q.event_log = none;
    proof_says("no event log", &q, ALC_REFUSAL_NONE);

    q = question(p);
    q.evidence.p = changed;
    for (size_t i = 0; i < q.evidence.n - 2; i += i < 120 ? 11 : 163) {
        memcpy(changed, p->evidence.p, q.evidence.n);
        changed[i] ^= 2;
        assert_int_not_equal(ask_proof("altered evidence", &q), ALC_REFUSAL_NONE);
    }
    q = question(p);
    q.event_log.p = log;
    for (size_t i = 0; i < q.event_log.n; i += 83) {
        memcpy(log, p->event_log.p, q.event_log.n);
        log[i] ^= 1;
        (void)ask_proof("altered event log", &q); /* a digest that is computed, not read, is free */
    }
    bundles(p);
    free(log);
    free(changed);
    made_proof_close(p);
}
