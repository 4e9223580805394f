#include "tests/contract/compute_onchain.h"

#include "base/enc.h"

#define LEAVES 5u
#define INDEX 2u

void question_fini(struct question *q)
{
    free(q->verify);
    free(q->callback);
    *q = (struct question){NULL, NULL};
}

void ask_onchain(struct alc_statement *t, uint64_t id)
{
    set_register();
    vouch(WORKER, fake_env.time_ns + DAY_NS, M1, true);
    ask(",\"input_data\":\"in\",\"params\":{\"proof\":\"onchain\",\"with_proof\":true}");
    good_statement(t, id);
    memset(t->measurement.b, 0x11, 32);
    t->simulated = 1;
    as_worker();
}

static void leaves(struct alc_hash nodes[LEAVES], const struct alc_statement *t)
{
    for (size_t i = 0; i < LEAVES; i++) {
        struct alc_hash record = {{(uint8_t)i}};
        if (i == INDEX) record = hash_of_statement(t);
        alc_merkle_leaf(&nodes[i], &record, &native_ops);
    }
}

static const struct alc_binding binding = {
    .kind = ALC_EVIDENCE_BATCH, .nonce = {{1}}, .anchor_hash = {{2}}, .previous = {{3}}};

const char *evidence_for(const struct alc_statement *t)
{
    static char text[ALC_BASE64_CHARS(2048) + 1];
    static uint8_t quote[600], path[33 * ALC_EVIDENCE_PATH_MAX], buf[2048];
    struct alc_evidence e = {.binding = binding, .path = {path, 0}, .quote = {quote, 600}};
    struct alc_hash nodes[LEAVES];
    size_t n;

    for (size_t i = 0; i < sizeof quote; i++)
        quote[i] = (uint8_t)(i * 7);
    leaves(nodes, t);
    e.path_count = alc_merkle_path(path, nodes, LEAVES, INDEX, &native_ops);
    e.path.n = 33 * (size_t)e.path_count;
    n = alc_evidence_write(&e, buf, sizeof buf);
    assert_int_not_equal(n, 0);
    assert_true(alc_base64_encode(text, sizeof text - 1, &n, (struct alc_bytes){buf, n}));
    text[n] = 0;
    return text;
}

const char *report_data_of(const struct alc_statement *t)
{
    static char text[4][129];
    static unsigned turn;
    char *out = text[turn++ % 4];
    struct alc_hash nodes[LEAVES], root;
    uint8_t data[64];
    size_t n;

    leaves(nodes, t);
    alc_merkle_root(&root, nodes, LEAVES, &native_ops);
    alc_report_data(data, &root, &binding, &native_ops);
    assert_true(alc_hex_encode(out, 128, &n, (struct alc_bytes){data, sizeof data}));
    out[n] = 0;
    return out;
}

static const char *evidence_member(const char *evidence)
{
    return evidence != NULL ? fmt(",\"evidence\":\"%s\"", evidence) : "";
}

const char *resolve_with(uint64_t id, const struct alc_statement *t, const char *output,
                         const char *evidence)
{
    return fmt("{\"request_id\":%u,\"response\":{\"success\":true,\"output\":%s," USED
               "},\"statement\":\"%s\"%s}",
               (unsigned)id, output, base64_of(t, ""), evidence_member(evidence));
}

const char *submit_with(uint64_t id, const struct alc_statement *t, const char *evidence)
{
    return fmt("{\"request_id\":%u,\"output\":" OUTPUT_ARG ",\"success\":true," USED
               ",\"statement\":\"%s\"%s}",
               (unsigned)id, base64_of(t, ""), evidence_member(evidence));
}

const char *failure_with(uint64_t id, const struct alc_statement *t, const char *evidence)
{
    return fmt("{\"request_id\":%u,\"response\":{\"success\":false,\"error\":\"trap\"," USED
               "},\"statement\":\"%s\"%s}",
               (unsigned)id, base64_of(t, ""), evidence_member(evidence));
}

struct question answered(void)
{
    struct question q;
    struct alc_hash id;
    struct alc_bytes payload;

    assert_int_equal(fake_receipts(), 2);
    assert_string_equal(fake_receipt(0)->receiver, REGISTER);
    assert_string_equal(fake_receipt(0)->method, "verify_quote");
    assert_int_equal(fake_receipt(0)->after, NEAR_NOW);
    assert_string_equal(fake_receipt(1)->receiver, "compute.test");
    assert_string_equal(fake_receipt(1)->method, "on_quote_verified");
    assert_int_equal(fake_receipt(1)->after, 0);
    assert_true(fake_receipt(0)->amount == 0 && fake_receipt(1)->amount == 0);
    assert_false(fake_resumed(&id, &payload));
    q.verify = strdup((const char *)fake_receipt(0)->args.p);
    q.callback = strdup((const char *)fake_receipt(1)->args.p);
    assert_true(q.verify != NULL && q.callback != NULL);
    return q;
}

/* In the register's form, as far as this contract reads it and a little beyond. */
const char *verdict(bool accepted, const char *refusal, bool simulated, const char *measurement,
                    const char *report_data)
{
    return fmt("{\"accepted\":%s,\"genuine\":true,\"simulated\":%s,\"attestation\":\"SIMULATED\","
               "\"refusal\":%s%s%s,\"reason\":null,\"advisory_ids\":[],\"measurement\":\"%s\","
               "\"report_data\":\"%s\",\"report\":{\"report_data\":\"00\"}}",
               accepted ? "true" : "false", simulated ? "true" : "false",
               refusal != NULL ? "\"" : "", refusal != NULL ? refusal : "null",
               refusal != NULL ? "\"" : "", measurement, report_data);
}

const char *verdict_on(const struct alc_statement *t)
{
    return verdict(true, NULL, true, M1, report_data_of(t));
}

void judged(const struct question *q, const char *text, bool goes_on)
{
    struct alc_hash id;
    struct alc_bytes payload;
    struct alc_bytes result = {NULL, 0};

    if (text != NULL) result = alc_cstr(text);
    if (!fake_callback(near_entry_on_quote_verified, alc_cstr(q->callback), result))
        fail_msg("on_quote_verified panicked: %s", (const char *)fake_panic().p);
    result_is(goes_on ? "true" : "false");
    assert_int_equal(fake_resumed(&id, &payload), goes_on);
    if (goes_on) assert_memory_equal(id.b, last.data_id.b, 32);
}

void refused(const struct question *q, const char *text, const char *word)
{
    judged(q, text, false);
    assert_int_equal(fake_logs(), 1);
    log_is(0, fmt("Quote refused: %s", word));
}
