/* tests/unit/verify/made_proof.h — a whole proof of the simulated source: a statement, the quote
 * that vouches for it, its event log and its collateral. */
#ifndef MADE_PROOF_H
#define MADE_PROOF_H

#include "statement_test.h"

#define MADE_INPUT ALC_LIT("{\"place\":\"Seattle\"}")
#define MADE_OUTPUT ALC_LIT("{\"payout\":250}")
#define MADE_CODE ALC_LIT("the bytes of a module")
#define MADE_REQUEST ALC_LIT("{\"request_id\":7}")

struct made_proof {
    struct alc_attest *attest;
    struct alc_statement statement;
    struct alc_hash hash;
    struct alc_bytes signed_statement, evidence, event_log, collateral, root;
    uint64_t now_s;
    /* memory of the above */
    uint8_t signed_bytes[ALC_STATEMENT_SIGNED_MAX_BYTES];
    uint8_t evidence_bytes[ALC_EVIDENCE_MAX_BYTES];
    struct alc_buf quote, log, json;
};

/* made_proof_sign signs the statement as it stands, under the test's key. */
static inline void made_proof_sign(struct made_proof *p)
{
    struct alc_bytes body;
    p->signed_statement = sign_as_is(p->signed_bytes, &p->statement, test_seed);
    body = p->signed_statement;
    body.n -= ALC_STATEMENT_SIG_BYTES;
    alc_sha256(&p->hash, body);
}

/* made_proof_quote asks for a quote over this evidence's report data, and encodes the whole. */
static inline void made_proof_quote(struct made_proof *p, struct alc_evidence *e)
{
    uint8_t report_data[64];

    alc_evidence_report_data(report_data, e, &p->hash, &alc_verify_native);
    alc_buf_reset(&p->quote);
    alc_buf_reset(&p->log);
    assert_int_equal(alc_attest_quote(p->attest, report_data, &p->quote, &p->log, NULL), ALC_OK);
    e->quote = alc_buf_bytes(&p->quote);
    p->evidence.n = alc_evidence_write(e, p->evidence_bytes, sizeof p->evidence_bytes);
    p->evidence.p = p->evidence_bytes;
    assert_true(p->evidence.n > 0);
    p->event_log = alc_buf_bytes(&p->log);
}

static inline void made_proof_close(struct made_proof *p)
{
    if (p == NULL) return;
    alc_attest_close(p->attest);
    alc_buf_fini(&p->quote);
    alc_buf_fini(&p->log);
    alc_buf_fini(&p->json);
    free(p);
}

static inline struct made_proof *made_proof_open(void)
{
    struct made_proof *p = calloc(1, sizeof *p);
    struct alc_attest_conf conf = {.source = ALC_SOURCE_SIMULATED, .clock = &alc_clock_system};
    struct alc_evidence e = {.binding = {.kind = ALC_EVIDENCE_STATEMENT}};
    struct alc_ed25519 key = {0};
    struct alc_err err = {0};

    assert_non_null(p);
    p->quote = p->log = p->json = ALC_BUF(1u << 20);
    memset(&conf.policy_hash, 0x77, sizeof conf.policy_hash);
    assert_int_equal(alc_ed25519_init(&key, test_seed), ALC_OK);
    if (alc_attest_open(&p->attest, &key, &conf, &err) != ALC_OK) fail_msg("%s", err.text);
    p->now_s = alc_clock_wall_ms(&alc_clock_system) / 1000;

    p->statement = sample();
    p->statement.outcome = ALC_OUTCOME_OK;
    p->statement.simulated = 1;
    p->statement.policy_hash = conf.policy_hash;
    p->statement.finished_ms = (p->now_s + 5) * 1000;
    alc_attest_measurement_hash(p->attest, &p->statement.measurement);
    alc_sha256(&p->statement.input_hash, MADE_INPUT);
    alc_sha256(&p->statement.output_hash, MADE_OUTPUT);
    alc_sha256(&p->statement.code_hash, MADE_CODE);
    alc_sha256(&p->statement.request_hash, MADE_REQUEST);
    made_proof_sign(p);
    made_proof_quote(p, &e);
    assert_int_equal(alc_attest_simulated_collateral(p->attest, &p->json, &err), ALC_OK);
    p->collateral = alc_buf_bytes(&p->json);
    p->root = alc_attest_simulated_root(p->attest);
    return p;
}

#endif
