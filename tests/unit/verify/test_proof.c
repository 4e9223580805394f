/* tests/unit/verify/test_proof.c — statement, evidence, quote, collateral and event log together:
 * what holds, and that nothing of it can be changed. */
#include <stdio.h>

#include "attest/sim.h"
#include "base/json.h"
#include "made_proof.h"

struct fixture {
    struct made_proof *p;
    struct alc_collateral *set;
    struct alc_trust trust;
    struct alc_quote_policy policy;
    struct alc_expect expect;
    struct alc_bytes input, output, code, request;
    struct alc_proof_verdict v;
    struct alc_verify_work work;
};

static uint8_t memory[2u << 20];

static enum alc_refusal take_set(struct fixture *f, struct alc_bytes json)
{
    f->work.used = 0;
    return alc_collateral_verify(f->set, json, &f->trust, &f->work, &alc_verify_native);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    if (f == NULL) return -1;
    alc_crypto_init();
    f->p = made_proof_open();
    f->set = calloc(1, sizeof *f->set);
    assert_non_null(f->set);
    f->work = ALC_VERIFY_WORK(memory);
    f->trust.simulated_root = f->p->root;
    f->policy.allow_simulated = true;
    f->input = MADE_INPUT;
    f->output = MADE_OUTPUT;
    f->code = MADE_CODE;
    f->request = MADE_REQUEST;
    f->expect = (struct alc_expect){
        .input = &f->input, .output = &f->output, .code = &f->code, .request = &f->request};
    assert_int_equal(take_set(f, f->p->collateral), ALC_REFUSAL_NONE);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    made_proof_close(f->p);
    free(f->set);
    free(f);
    return 0;
}

static enum alc_refusal judge(struct fixture *f)
{
    const struct alc_proof_ask ask = {.signed_statement = f->p->signed_statement,
                                      .expect = &f->expect,
                                      .evidence = f->p->evidence,
                                      .collateral = f->set,
                                      .event_log = f->p->event_log,
                                      .now_s = f->p->now_s + 5,
                                      .policy = &f->policy,
                                      .trust = &f->trust};
    f->work.used = 0;
    alc_proof_verify(&f->v, &ask, &f->work, &alc_verify_native);
    assert_int_equal(f->v.accepted, f->v.refusal == ALC_REFUSAL_NONE);
    assert_false(f->v.hardware); /* it is SIMULATED, whatever else */
    return f->v.refusal;
}

static void a_whole_proof_is_accepted_and_is_simulated(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(judge(f), ALC_REFUSAL_NONE);
    assert_true(f->v.has_quote && f->v.has_events && f->v.quote.simulated);
    assert_true(alc_hash_eq(&f->v.quote.measurement, &f->p->statement.measurement));
    assert_int_equal(f->v.events.app_id.n, 20);
    assert_int_equal(f->v.events.policy_hash.n, 32);
    f->p->event_log.n = 0; /* a log may be missing, and is then not shown */
    assert_int_equal(judge(f), ALC_REFUSAL_NONE);
    assert_false(f->v.has_events);
}

static void simulated_never_passes_without_both_words(void **state)
{
    struct fixture *f = *state;

    f->policy.allow_simulated = false;
    assert_int_equal(judge(f), ALC_REFUSAL_SIMULATED);
    f->policy.allow_simulated = true;
    f->trust.simulated_root.n = 0; /* the set was verified before: that is not enough */
    assert_int_equal(judge(f), ALC_REFUSAL_ROOT);
    assert_int_equal(take_set(f, f->p->collateral), ALC_REFUSAL_ROOT);
}

static void each_bit_of_what_was_compared_counts(void **state)
{
    struct fixture *f = *state;
    struct {
        struct alc_bytes *bytes;
        enum alc_refusal refusal;
    } parts[] = {{&f->input, ALC_REFUSAL_INPUT},
                 {&f->output, ALC_REFUSAL_OUTPUT},
                 {&f->code, ALC_REFUSAL_CODE},
                 {&f->request, ALC_REFUSAL_REQUEST}};

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        struct alc_bytes whole = *parts[i].bytes;
        uint8_t changed[64];
        assert_true(whole.n <= sizeof changed);
        memcpy(changed, whole.p, whole.n);
        parts[i].bytes->p = changed;
        for (size_t bit = 0; bit < 8 * whole.n; bit++) {
            changed[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_int_equal(judge(f), parts[i].refusal);
            changed[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        *parts[i].bytes = whole;
    }
    assert_int_equal(judge(f), ALC_REFUSAL_NONE);
}

static void each_byte_of_the_statement_counts(void **state)
{
    struct fixture *f = *state;
    uint8_t *bytes = f->p->signed_bytes;

    for (size_t i = 0; i < f->p->signed_statement.n; i++) {
        bytes[i] ^= (uint8_t)(1u << i % 8);
        assert_int_not_equal(judge(f), ALC_REFUSAL_NONE);
        bytes[i] ^= (uint8_t)(1u << i % 8);
    }
    assert_int_equal(judge(f), ALC_REFUSAL_NONE);
}

/* Who holds the worker's key signs anything; the quote is for one statement only. */
static void another_statement_of_the_same_key_has_no_quote(void **state)
{
    struct fixture *f = *state;

    f->p->statement.egress_root.b[31] ^= 1;
    made_proof_sign(f->p);
    assert_int_equal(judge(f), ALC_REFUSAL_BINDING);
    f->p->statement.egress_root.b[31] ^= 1;
    made_proof_sign(f->p);
    assert_int_equal(judge(f), ALC_REFUSAL_NONE);
}

static void the_quote_speaks_of_the_enclave_that_the_statement_names(void **state)
{
    struct fixture *f = *state;
    struct alc_evidence e = {.binding = {.kind = ALC_EVIDENCE_STATEMENT}};

    f->p->statement.measurement.b[0] ^= 1;
    made_proof_sign(f->p);
    made_proof_quote(f->p, &e);
    assert_int_equal(judge(f), ALC_REFUSAL_STATEMENT_MEASUREMENT);
    f->p->statement.measurement.b[0] ^= 1;
    f->p->statement.simulated = 0;
    made_proof_sign(f->p);
    made_proof_quote(f->p, &e);
    assert_int_equal(judge(f), ALC_REFUSAL_STATEMENT_SIMULATED);
    f->p->statement.simulated = 1;
    f->p->statement.policy_hash.b[0] ^= 1;
    made_proof_sign(f->p);
    made_proof_quote(f->p, &e);
    assert_int_equal(judge(f), ALC_REFUSAL_STATEMENT_POLICY);
}

/* Where the certificates stand in the evidence: their text has bytes that mean nothing. */
static bool in_pem(const struct fixture *f, size_t at)
{
    const char *from = memmem(f->p->evidence.p, f->p->evidence.n, "-----BEGIN", 10);
    assert_non_null(from);
    return f->p->evidence.p + at >= (const uint8_t *)from;
}

static void each_byte_of_the_evidence_counts(void **state)
{
    struct fixture *f = *state;
    uint8_t *bytes = f->p->evidence_bytes;
    size_t refused = 0, passed = 0;

    for (size_t i = 0; i < f->p->evidence.n; i++) {
        uint8_t old = bytes[i];
        bytes[i] ^= (uint8_t)(1u << i % 8);
        if (judge(f) != ALC_REFUSAL_NONE) {
            refused++;
        } else {
            /* Only what no certificate is made of: breaks between lines, and the final NUL. */
            if (!in_pem(f, i) || (old != '\n' && old != '\r' && old != 0))
                fail_msg("byte %zu of the evidence (%02x) does not count", i, old);
            passed++;
        }
        bytes[i] = old;
    }
    assert_true(refused > 3000);
    assert_true(passed < 100);
    assert_int_equal(judge(f), ALC_REFUSAL_NONE);
    for (size_t n = 1; n < f->p->evidence.n; n += 13) {
        const struct alc_bytes whole = f->p->evidence;
        f->p->evidence.n = n;
        assert_int_equal(judge(f), ALC_REFUSAL_EVIDENCE_FORMAT);
        f->p->evidence = whole;
    }
}

static void nonce_anchor_and_previous_are_in_the_quote(void **state)
{
    struct fixture *f = *state;
    struct alc_evidence e = {.binding = {.kind = ALC_EVIDENCE_STATEMENT}};

    memset(&e.binding.nonce, 1, 32);
    memset(&e.binding.anchor_hash, 2, 32);
    memset(&e.binding.previous, 3, 32);
    made_proof_quote(f->p, &e);
    assert_int_equal(judge(f), ALC_REFUSAL_NONE);
    for (size_t i = 9; i < 9 + 96; i += 32) { /* behind tag and kind */
        f->p->evidence_bytes[i] ^= 1;
        assert_int_equal(judge(f), ALC_REFUSAL_BINDING);
        f->p->evidence_bytes[i] ^= 1;
    }
}

static void a_batch_vouches_for_each_of_its_statements_and_no_other(void **state)
{
    struct fixture *f = *state;
    struct alc_evidence e = {.binding = {.kind = ALC_EVIDENCE_BATCH}};
    struct alc_hash nodes[5];
    uint8_t path[33 * ALC_EVIDENCE_PATH_MAX];

    for (size_t i = 0; i < 5; i++) {
        struct alc_hash record = f->p->hash;
        record.b[0] ^= (uint8_t)(i ^ 3);
        alc_merkle_leaf(&nodes[i], &record, &alc_verify_native);
    }
    e.path_count = alc_merkle_path(path, nodes, 5, 3, &alc_verify_native);
    e.path = (struct alc_bytes){path, 33u * e.path_count};
    made_proof_quote(f->p, &e);
    assert_int_equal(judge(f), ALC_REFUSAL_NONE);
    assert_int_equal(f->v.evidence.path_count, 3);
    for (size_t i = 0; i < e.path.n; i++) { /* each side, each hash */
        uint8_t *at = f->p->evidence_bytes + 9 + 96 + 4 + i;
        *at ^= 1;
        assert_int_equal(judge(f), ALC_REFUSAL_BINDING);
        *at ^= 1;
    }
    f->p->statement.sequence++;
    made_proof_sign(f->p);
    assert_int_equal(judge(f), ALC_REFUSAL_BINDING);
}

/* A log can be written in many ways; what it says, it says only in one. */
static void a_changed_event_log_is_refused_or_says_the_same(void **state)
{
    struct fixture *f = *state;
    struct alc_events was;
    uint8_t *log = f->p->log.p;
    size_t refused = 0;

    assert_int_equal(judge(f), ALC_REFUSAL_NONE);
    was = f->v.events;
    for (size_t i = 0; i < f->p->event_log.n; i++) {
        log[i] ^= 1;
        if (judge(f) != ALC_REFUSAL_NONE) {
            refused++;
        } else {
            const struct alc_events *e = &f->v.events;
            assert_int_equal(e->count, was.count);
            assert_memory_equal(e->rtmr, was.rtmr, sizeof was.rtmr);
            assert_int_equal(e->app_id.n, was.app_id.n);
            assert_int_equal(e->compose_hash.n, was.compose_hash.n);
            assert_int_equal(e->key_provider.n, was.key_provider.n);
            assert_int_equal(e->policy_hash.n, was.policy_hash.n);
        }
        log[i] ^= 1;
    }
    assert_true(refused > f->p->event_log.n / 2);
    f->p->event_log = ALC_LIT("[]");
    assert_int_equal(judge(f), ALC_REFUSAL_EVENTS_RTMR);
    f->p->event_log = ALC_LIT("nonsense");
    assert_int_equal(judge(f), ALC_REFUSAL_EVENTS_FORMAT);
}

/* flip_all changes bytes of one signed member of the set's JSON, and expects each to be refused. */
static void flip_all(struct fixture *f, const char *member, size_t step)
{
    char key[64];
    char *text = (char *)f->p->json.p, *from, *end;

    snprintf(key, sizeof key, "\"%s\":\"", member);
    from = strstr(text, key);
    assert_non_null(from);
    from += strlen(key);
    for (end = from; *end != '"'; end++)
        if (*end == '\\') end++;
    for (char *at = from; at < end; at += step) {
        *at ^= 1;
        if (take_set(f, f->p->collateral) == ALC_REFUSAL_NONE && judge(f) == ALC_REFUSAL_NONE)
            fail_msg("byte %zu of %s does not count", (size_t)(at - from), member);
        *at ^= 1;
    }
}

static void each_byte_of_the_collaterals_signed_parts_counts(void **state)
{
    struct fixture *f = *state;

    flip_all(f, "tcb_info", 3);
    flip_all(f, "tcb_info_signature", 1);
    flip_all(f, "qe_identity", 3);
    flip_all(f, "qe_identity_signature", 1);
    flip_all(f, "root_ca_crl", 3);
    flip_all(f, "pck_crl", 3);
    assert_int_equal(take_set(f, f->p->collateral), ALC_REFUSAL_NONE);
    assert_int_equal(judge(f), ALC_REFUSAL_NONE);
}

static void a_quote_without_collateral_is_refused_and_shown(void **state)
{
    struct fixture *f = *state;
    const struct alc_proof_ask ask = {.signed_statement = f->p->signed_statement,
                                      .evidence = f->p->evidence,
                                      .now_s = f->p->now_s,
                                      .policy = &f->policy,
                                      .trust = &f->trust};

    f->work.used = 0;
    alc_proof_verify(&f->v, &ask, &f->work, &alc_verify_native);
    assert_int_equal(f->v.refusal, ALC_REFUSAL_NO_COLLATERAL);
    assert_false(f->v.accepted);
    assert_true(f->v.has_quote && f->v.quote.read);
}

/* A statement names a TD: that an SGX enclave has no measurement must not match a zero. */
static void an_sgx_quote_vouches_for_no_statement(void **state)
{
    struct fixture *f = *state;
    struct alc_evidence e = {.binding = {.kind = ALC_EVIDENCE_STATEMENT}};
    struct alc_buf quote = ALC_BUF(32768), json = ALC_BUF(65536);
    struct alc_sim_quote q = {0};
    struct alc_sim *sim;

    assert_int_equal(alc_sim_open(&sim, NULL, &alc_clock_system, NULL), ALC_OK);
    f->trust.simulated_root = alc_sim_root(sim);
    assert_int_equal(
        alc_sim_collateral(sim, &(struct alc_sim_set){.tee = ALC_TEE_SGX, .now_s = f->p->now_s},
                           &json, NULL),
        ALC_OK);
    assert_int_equal(take_set(f, alc_buf_bytes(&json)), ALC_REFUSAL_NONE);
    memset(&f->p->statement.measurement, 0, sizeof f->p->statement.measurement);
    made_proof_sign(f->p);
    alc_sim_quote_usual(&q, ALC_TEE_SGX);
    alc_evidence_report_data(q.sgx.report_data, &e, &f->p->hash, &alc_verify_native);
    assert_int_equal(alc_sim_quote(sim, &q, &quote, NULL), ALC_OK);
    e.quote = alc_buf_bytes(&quote);
    f->p->evidence.n = alc_evidence_write(&e, f->p->evidence_bytes, sizeof f->p->evidence_bytes);
    f->p->event_log.n = 0;
    assert_int_equal(judge(f), ALC_REFUSAL_STATEMENT_MEASUREMENT);
    alc_sim_close(sim);
    alc_buf_fini(&quote);
    alc_buf_fini(&json);
}

/* ---- as JSON ---- */

static struct alc_json *verdict(const struct fixture *f)
{
    static uint8_t text[ALC_PROOF_VERDICT_MAX_BYTES];
    size_t n = alc_proof_verdict_json(&f->v, text, sizeof text);
    struct alc_json *doc = NULL;
    struct alc_err err = {0};

    assert_true(n > 0);
    assert_int_equal(alc_proof_verdict_json(&f->v, text, n - 1), 0);
    assert_int_equal(alc_proof_verdict_json(&f->v, text, n), n);
    if (alc_json_open(&doc, (struct alc_bytes){text, n}, sizeof text, &err) != ALC_OK)
        fail_msg("%s: %.*s", err.text, (int)n, (const char *)text);
    return doc;
}

static void is_text(const struct alc_json *v, const char *want)
{
    const char *text = "";
    assert_true(alc_json_text(v, &text));
    assert_string_equal(text, want);
}

static void the_verdict_as_json_says_what_was_found(void **state)
{
    struct fixture *f = *state;
    const struct alc_json *events;
    struct alc_json *doc;
    bool yes;

    assert_int_equal(judge(f), ALC_REFUSAL_NONE);
    doc = verdict(f);
    assert_true(alc_json_bool(alc_json_get(doc, "accepted"), &yes) && yes);
    assert_true(alc_json_bool(alc_json_get(doc, "hardware"), &yes) && !yes);
    is_text(alc_json_get(doc, "attestation"), "SIMULATED");
    is_text(alc_json_get(alc_json_get(doc, "quote"), "attestation"), "SIMULATED");
    is_text(alc_json_get(alc_json_get(doc, "quote"), "status"), "UpToDate");
    is_text(alc_json_get(alc_json_get(doc, "evidence"), "kind"), "statement");
    is_text(alc_json_get(doc, "worker_key"),
            "ed25519:FVen3X669xLzsi6N2V91DoiyzHzg1uAgqiT8jZ9nS96Z");
    events = alc_json_get(doc, "events");
    is_text(alc_json_get(events, "key_provider"), "{\"name\":\"SIMULATED\",\"id\":\"\"}");
    is_text(alc_json_get(events, "instance_id"), "");
    assert_int_equal(alc_json_kind(alc_json_get(events, "os_image_hash")), ALC_JSON_NULL);
    alc_json_close(doc);

    f->policy.allow_simulated = false;
    assert_int_equal(judge(f), ALC_REFUSAL_SIMULATED);
    doc = verdict(f);
    is_text(alc_json_get(doc, "refusal"), "SIMULATED");
    is_text(alc_json_get(doc, "attestation"), "SIMULATED");
    alc_json_close(doc);
}

static void strings_of_a_stranger_stay_json(void **state)
{
    struct fixture *f = *state;
    uint8_t name[ALC_STATEMENT_PROJECT_MAX_BYTES];
    struct alc_statement *s = &f->p->statement;

    f->p->evidence.n = 0;
    for (unsigned round = 0; round < 4; round++) {
        for (size_t i = 0; i < sizeof name; i++)
            name[i] = (uint8_t)(round * 64 + (round == 0 ? i % 32 : i % 64));
        s->chain_id = s->contract_id = s->call_id = s->signer_id = s->predecessor_id =
            (struct alc_bytes){name, ALC_STATEMENT_STRING_MAX_BYTES};
        s->project_id = (struct alc_bytes){name, sizeof name};
        made_proof_sign(f->p);
        assert_int_equal(judge(f), ALC_REFUSAL_NONE);
        alc_json_close(verdict(f));
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_whole_proof_is_accepted_and_is_simulated),
        TEST(simulated_never_passes_without_both_words),
        TEST(each_bit_of_what_was_compared_counts),
        TEST(each_byte_of_the_statement_counts),
        TEST(another_statement_of_the_same_key_has_no_quote),
        TEST(the_quote_speaks_of_the_enclave_that_the_statement_names),
        TEST(each_byte_of_the_evidence_counts),
        TEST(nonce_anchor_and_previous_are_in_the_quote),
        TEST(a_batch_vouches_for_each_of_its_statements_and_no_other),
        TEST(a_changed_event_log_is_refused_or_says_the_same),
        TEST(each_byte_of_the_collaterals_signed_parts_counts),
        TEST(a_quote_without_collateral_is_refused_and_shown),
        TEST(an_sgx_quote_vouches_for_no_statement),
        TEST(the_verdict_as_json_says_what_was_found),
        TEST(strings_of_a_stranger_stay_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
