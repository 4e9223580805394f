/* tests/unit/verify/test_print.c — JSON out: what is written reads back, and what does not fit is
 * not written in part. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "verify/parts.h"

static uint8_t room[ALC_QUOTE_VERDICT_MAX_BYTES];

static void is(const struct vf_out *o, const char *want)
{
    assert_false(o->full);
    assert_int_equal(o->n, strlen(want));
    assert_memory_equal(o->p, want, o->n);
}

static void values_are_separated_on_every_level(void **state)
{
    struct vf_out o = {.p = room, .cap = sizeof room};
    (void)state;

    vf_out_open(&o, NULL, '{');
    vf_out_u64(&o, "zero", 0);
    vf_out_u64(&o, "most", UINT64_MAX);
    vf_out_open(&o, "list", '[');
    vf_out_open(&o, NULL, '[');
    vf_out_close(&o, ']');
    vf_out_open(&o, NULL, '{');
    vf_out_bool(&o, "yes", true);
    vf_out_bool(&o, "no", false);
    vf_out_close(&o, '}');
    vf_out_null(&o, NULL);
    vf_out_close(&o, ']');
    vf_out_hex(&o, "hex", (const uint8_t *)"\x00\x9f\xff", 3);
    vf_out_hex(&o, "none", NULL, 0);
    vf_out_null(&o, "null");
    vf_out_close(&o, '}');
    is(&o,
       "{\"zero\":0,\"most\":18446744073709551615,\"list\":[[],{\"yes\":true,\"no\":false},null],"
       "\"hex\":\"009fff\",\"none\":\"\",\"null\":null}");
}

static void text_is_escaped_and_what_is_no_utf8_is_replaced(void **state)
{
    static const char in[] = "a\"b\\c\n\x01\x7f\xc3\xa9\xf0\x9f\x98\x80 \xff \xc3";
    struct vf_out o = {.p = room, .cap = sizeof room};
    json_t *j;
    (void)state;

    vf_out_text(&o, NULL, ALC_LIT(in));
    is(&o, "\"a\\\"b\\\\c\\u000a\\u0001\\u007f\xc3\xa9\xf0\x9f\x98\x80 \\ufffd \\ufffd\"");
    j = json_loadb((const char *)o.p, o.n, JSON_DECODE_ANY, NULL);
    assert_non_null(j);
    json_decref(j);
    for (unsigned c = 0; c < 256; c++) { /* any byte: still JSON */
        uint8_t byte = (uint8_t)c;
        o = (struct vf_out){.p = room, .cap = sizeof room};
        vf_out_text(&o, NULL, (struct alc_bytes){&byte, 1});
        j = json_loadb((const char *)o.p, o.n, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
        assert_non_null(j);
        if (c < 0x80) assert_int_equal(json_string_value(j)[0], (char)c);
        json_decref(j);
    }
}

/* The largest verdict: each part has as many advisories as it may, with names as long as may be. */
static void the_largest_verdict_fits_and_less_room_is_refused(void **state)
{
    static struct alc_collateral c;
    static struct alc_quote_verdict v;
    size_t n;
    json_t *j;
    (void)state;

    c.advisories_count = ALC_ADVISORIES_MAX;
    for (size_t i = 0; i < ALC_ADVISORIES_MAX; i++) {
        c.advisories[i].n = ALC_ADVISORY_MAX_BYTES;
        memset(c.advisories[i].b, 'A', ALC_ADVISORY_MAX_BYTES);
        c.advisories[i].b[0] = (uint8_t)('a' + i / 16);
        c.advisories[i].b[1] = (uint8_t)('a' + i % 16);
    }
    v.refusal = ALC_REFUSAL_QE_ATTRIBUTES;
    v.read = v.has_platform = v.has_status = v.has_module = v.has_window = true;
    v.collateral = &c;
    v.quote.tee = ALC_TEE_TDX;
    v.quote.td.v15 = true;
    v.status = v.platform_status = v.module_status = v.qe_status =
        ALC_TCB_CONFIGURATION_AND_SW_HARDENING;
    v.tcb_date_s = v.window.from_s = v.window.until_s = INT64_MAX;
    v.tcb_evaluation = v.qe_evaluation = UINT32_MAX;
    v.platform_advisories.bits[0] = v.module_advisories.bits[1] = UINT64_MAX;
    v.qe_advisories.bits[0] = UINT64_MAX; /* 64 in each */
    n = alc_quote_verdict_json(&v, room, sizeof room);
    assert_true(n > 0);
    j = json_loadb((const char *)room, n, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(j);
    assert_int_equal(json_array_size(json_object_get(j, "advisory_ids")), 128);
    json_decref(j);
    for (size_t cap = 0; cap < n; cap += cap + 64 < n ? 61 : 1) {
        uint8_t *p = malloc(cap > 0 ? cap : 1); /* what goes over is seen */
        assert_non_null(p);
        assert_int_equal(alc_quote_verdict_json(&v, p, cap), 0);
        free(p);
    }
    assert_int_equal(alc_quote_verdict_json(&v, room, n), n);
}

static const char *const names[] = {"INTEL-SA-00828", "INTEL-SA-00289", "INTEL-SA-00615",
                                    "INTEL-SA-0061"};

static void advisories_stand_in_order_of_parts_and_then_of_names(void **state)
{
    static struct alc_collateral c;
    static struct alc_quote_verdict v;
    char *text;
    json_t *j;
    size_t n;
    (void)state;

    for (size_t i = 0; i < 4; i++) {
        c.advisories[i].n = (uint8_t)strlen(names[i]);
        memcpy(c.advisories[i].b, names[i], strlen(names[i]));
    }
    c.advisories_count = 4;
    v.collateral = &c;
    v.has_status = v.has_module = true;
    v.platform_advisories.bits[0] = 1 | 4;
    v.module_advisories.bits[0] = 2 | 4;
    v.qe_advisories.bits[0] = 1 | 8;
    n = alc_quote_verdict_json(&v, room, sizeof room);
    j = json_loadb((const char *)room, n, 0, NULL);
    assert_non_null(j);
    text = json_dumps(json_object_get(j, "advisory_ids"), JSON_COMPACT);
    assert_string_equal(text, "[\"INTEL-SA-00615\",\"INTEL-SA-00828\",\"INTEL-SA-00289\","
                              "\"INTEL-SA-0061\"]");
    free(text);
    text =
        json_dumps(json_object_get(json_object_get(j, "qe_status"), "advisory_ids"), JSON_COMPACT);
    assert_string_equal(text, "[\"INTEL-SA-0061\",\"INTEL-SA-00828\"]");
    free(text);
    json_decref(j);
}

static void what_is_not_known_is_null(void **state)
{
    static const struct alc_quote_verdict nothing = {.refusal = ALC_REFUSAL_STUB};
    size_t n = alc_quote_verdict_json(&nothing, room, sizeof room);
    const char *key;
    json_t *j = json_loadb((const char *)room, n, 0, NULL), *value;
    (void)state;

    assert_non_null(j);
    json_object_foreach(j, key, value)
    {
        if (strcmp(key, "accepted") == 0 || strcmp(key, "genuine") == 0 ||
            strcmp(key, "simulated") == 0)
            assert_true(json_is_false(value));
        else if (strcmp(key, "attestation") == 0)
            assert_string_equal(json_string_value(value), "none");
        else if (strcmp(key, "refusal") == 0)
            assert_string_equal(json_string_value(value), "STUB");
        else if (strcmp(key, "reason") == 0)
            assert_string_equal(json_string_value(value), alc_refusal_text(ALC_REFUSAL_STUB));
        else if (strcmp(key, "advisory_ids") == 0)
            assert_int_equal(json_array_size(value), 0);
        else
            assert_true(json_is_null(value));
    }
    assert_int_equal(json_object_size(j), 27);
    json_decref(j);
}

/* Words are part of the interface: other embedders and contracts compare them. */
static void refusals_have_the_words_and_sentences_of_the_table(void **state)
{
#define BOTH(name, text) {#name, text},
    static const struct {
        const char *word, *text;
    } rows[] = {ALC_REFUSAL_MAP(BOTH)};
#undef BOTH
    (void)state;
    for (unsigned i = 0; i < ALC_REFUSAL_COUNT; i++) {
        assert_string_equal(alc_refusal_word((enum alc_refusal)i), rows[i].word);
        assert_string_equal(alc_refusal_text((enum alc_refusal)i), rows[i].text);
    }
    assert_string_equal(alc_refusal_word(ALC_REFUSAL_COUNT), "UNKNOWN");
    assert_string_equal(alc_refusal_text((enum alc_refusal) - 1), "an unknown refusal");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_separated_on_every_level),
        cmocka_unit_test(text_is_escaped_and_what_is_no_utf8_is_replaced),
        cmocka_unit_test(the_largest_verdict_fits_and_less_room_is_refused),
        cmocka_unit_test(advisories_stand_in_order_of_parts_and_then_of_names),
        cmocka_unit_test(what_is_not_known_is_null),
        cmocka_unit_test(refusals_have_the_words_and_sentences_of_the_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
