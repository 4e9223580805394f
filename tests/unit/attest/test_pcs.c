/* tests/unit/attest/test_pcs.c — a set from Intel's PCS or a PCCS: byte for byte, or not at all. */
#include "pcs_test.h"

#include "attest/pcs.h"
#include "base/json.h"
#include "tdx_vectors.h"

static enum alc_rc fetch(struct pcs_test *f, const struct alc_platform *p, uint32_t timeout_ms,
                         const volatile bool *stop)
{
    const struct alc_pcs_ask ask = {.url = pcs_server_url(f->server),
                                    .plain_ok = true,
                                    .timeout_ms = timeout_ms,
                                    .platform = p,
                                    .stop = stop};
    f->err = (struct alc_err){0};
    alc_buf_reset(&f->json);
    return alc_pcs_fetch(&f->json, &ask, &f->err);
}

static void restart(struct pcs_test *f, bool pccs)
{
    pcs_server_close(f->server);
    f->server = pcs_server_open(pccs);
}

static void comes_whole(struct pcs_test *f, bool pccs)
{
    const struct pcs_made made = {.from_s = NOW_S};
    struct alc_buf set = ALC_BUF(ALC_COLLATERAL_MAX_BYTES);

    restart(f, pccs);
    pcs_make(f, &set, &made);
    pcs_server_serve(f->server, alc_buf_bytes(&set));
    OK(fetch(f, &f->platform, 5000, NULL));
    assert_int_equal(f->json.n, set.n);
    assert_memory_equal(f->json.p, set.p, set.n);
    assert_int_equal(pcs_server_count(f->server), 4);
    alc_buf_fini(&set);
}

static void a_set_comes_from_the_pcs_byte_for_byte(void **state)
{
    comes_whole(*state, false);
}

static void a_set_comes_from_a_pccs_byte_for_byte(void **state)
{
    comes_whole(*state, true);
}

static void the_questions_are_those_of_version_4(void **state)
{
    struct pcs_test *f = *state;
    const struct pcs_made made = {.from_s = NOW_S};
    struct alc_platform p = {
        .tee = ALC_TEE_SGX, .fmspc = {0x00, 0xa0, 0x67, 0x11}, .ca = ALC_PCK_PROCESSOR};
    char asked[200];

    pcs_serve(f, &made);
    OK(fetch(f, &p, 5000, NULL));
    pcs_server_asked(f->server, PCS_TCB, asked);
    assert_string_equal(asked, "/sgx/certification/v4/tcb fmspc=00a067110000 update=standard");
    pcs_server_asked(f->server, PCS_QE, asked);
    assert_string_equal(asked, "/sgx/certification/v4/qe/identity update=standard");
    pcs_server_asked(f->server, PCS_CRL, asked);
    assert_string_equal(asked, "/sgx/certification/v4/pckcrl ca=processor encoding=der");
    p.tee = ALC_TEE_TDX;
    p.ca = ALC_PCK_PLATFORM;
    OK(fetch(f, &p, 5000, NULL));
    pcs_server_asked(f->server, PCS_TCB, asked);
    assert_string_equal(asked, "/tdx/certification/v4/tcb fmspc=00a067110000 update=standard");
    pcs_server_asked(f->server, PCS_QE, asked);
    assert_string_equal(asked, "/tdx/certification/v4/qe/identity update=standard");
    pcs_server_asked(f->server, PCS_CRL, asked);
    assert_string_equal(asked, "/sgx/certification/v4/pckcrl ca=platform encoding=der");
    pcs_server_asked(f->server, PCS_ROOT, asked);
    assert_string_equal(asked, "/sgx/certification/v4/rootcacrl");
}

/* Intel's own sets, whose texts nobody can make again. */
static void real_sets_pass_through_unchanged(void **state)
{
    static const char *const names[] = {"tdx_quote_collateral.json", "sgx_quote_collateral.json"};
    static const char *const members[] = {
        "pck_crl_issuer_chain",     "root_ca_crl", "pck_crl",
        "tcb_info_issuer_chain",    "tcb_info",    "tcb_info_signature",
        "qe_identity_issuer_chain", "qe_identity", "qe_identity_signature"};
    struct pcs_test *f = *state;
    static struct alc_collateral set;
    static uint8_t room[2 * ALC_COLLATERAL_MAX_BYTES];

    for (size_t i = 0; i < 4; i++) {
        struct alc_bytes sample = tdx_vector(names[i / 2]);
        struct alc_verify_work work = ALC_VERIFY_WORK(room);
        struct alc_json *want = NULL, *have = NULL;
        if (sample.n == 0) {
            print_message("skipped: %s is not there (target qvl_vectors)\n", names[i / 2]);
            skip();
        }
        restart(f, i % 2 == 1);
        pcs_server_serve(f->server, sample);
        OK(fetch(f, &f->platform, 5000, NULL));
        assert_int_equal(
            alc_collateral_verify(&set, alc_buf_bytes(&f->json), NULL, &work, &alc_verify_native),
            ALC_REFUSAL_NONE);
        OK(alc_json_open(&want, sample, 1u << 20, &f->err));
        OK(alc_json_open(&have, alc_buf_bytes(&f->json), 1u << 20, &f->err));
        for (size_t k = 0; k < sizeof members / sizeof members[0]; k++) {
            struct alc_bytes a, b;
            assert_true(alc_json_str(alc_json_get(want, members[k]), &a));
            assert_true(alc_json_str(alc_json_get(have, members[k]), &b));
            if (!alc_bytes_eq(a, b)) fail_msg("%s of %s differs", members[k], names[i / 2]);
        }
        alc_json_close(have);
        alc_json_close(want);
    }
}

/* What comes wrong, and how that is told.  DENIED: it came, and does not prove itself. */
static const struct {
    enum pcs_part part;
    enum pcs_fault fault;
    enum alc_rc rc;
    const char *says;
} wrong[] = {
    {PCS_TCB, PCS_MISSING, ALC_NOT_FOUND, "has no TCB info for this platform"},
    {PCS_QE, PCS_MISSING, ALC_NOT_FOUND, "has no QE identity"},
    {PCS_CRL, PCS_MISSING, ALC_NOT_FOUND, "has no PCK revocation list"},
    {PCS_ROOT, PCS_MISSING, ALC_NOT_FOUND, "has no root revocation list"},
    {PCS_TCB, PCS_BROKEN, ALC_IO, "answered 500 when asked for the TCB info"},
    {PCS_ROOT, PCS_BROKEN, ALC_IO, "answered 500 when asked for the root revocation list"},
    {PCS_TCB, PCS_MOVED, ALC_IO, "answered 302"},
    {PCS_CRL, PCS_MOVED, ALC_IO, "answered 302"},
    {PCS_TCB, PCS_GARBAGE, ALC_BAD_INPUT, "the TCB info of"},
    {PCS_QE, PCS_GARBAGE, ALC_BAD_INPUT, "the QE identity of"},
    {PCS_CRL, PCS_GARBAGE, ALC_DENIED, "does not prove itself"},
    {PCS_ROOT, PCS_GARBAGE, ALC_DENIED, "does not prove itself"},
    {PCS_TCB, PCS_CUT, ALC_BAD_INPUT, "the TCB info of"},
    {PCS_QE, PCS_CUT, ALC_BAD_INPUT, "the QE identity of"},
    {PCS_CRL, PCS_CUT, ALC_DENIED, "does not prove itself"},
    {PCS_ROOT, PCS_CUT, ALC_DENIED, "does not prove itself"},
    {PCS_TCB, PCS_NO_CHAIN, ALC_BAD_INPUT, "lacks the header TCB-Info-Issuer-Chain"},
    {PCS_QE, PCS_NO_CHAIN, ALC_BAD_INPUT, "lacks the header SGX-Enclave-Identity-Issuer-Chain"},
    {PCS_CRL, PCS_NO_CHAIN, ALC_BAD_INPUT, "lacks the header SGX-PCK-CRL-Issuer-Chain"},
    {PCS_TCB, PCS_UNSIGNED, ALC_BAD_INPUT, "lacks tcbInfo or its signature"},
    {PCS_QE, PCS_UNSIGNED, ALC_BAD_INPUT, "lacks enclaveIdentity or its signature"},
    {PCS_TCB, PCS_ENDLESS, ALC_LIMIT, "cannot fetch the TCB info"},
    {PCS_ROOT, PCS_ENDLESS, ALC_LIMIT, "cannot fetch the root revocation list"},
    {PCS_QE, PCS_EMPTY, ALC_BAD_INPUT, "the QE identity of"},
    {PCS_CRL, PCS_EMPTY, ALC_BAD_INPUT, "is empty"},
};

static void what_comes_wrong_is_told_and_what_is_kept_stays(void **state)
{
    struct pcs_test *f = *state;
    const struct pcs_made first = {.from_s = NOW_S}, next = {.from_s = NOW_S + DAY_S};
    struct alc_buf kept = ALC_BUF(ALC_COLLATERAL_MAX_BYTES), at = ALC_BUF(ALC_COLLATERAL_MAX_BYTES);

    pcs_serve(f, &first);
    OK(pcs_refresh(f));
    alc_buf_put_bytes(&kept, alc_buf_bytes(&f->json));
    pcs_serve(f, &next);
    pcs_at(f, NOW_S + 2 * DAY_S);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        pcs_server_fault(f->server, wrong[i].part, wrong[i].fault);
        assert_int_equal(pcs_refresh(f), wrong[i].rc);
        if (strstr(f->err.text, wrong[i].says) == NULL)
            fail_msg("case %zu: no `%s` in %s", i, wrong[i].says, f->err.text);
        assert_int_equal(f->json.n, 0);
        alc_buf_reset(&at);
        OK(alc_sets_at(f->sets, &f->platform, NOW_S + 2 * DAY_S, &at, &f->err));
        assert_int_equal(at.n, kept.n);
        assert_memory_equal(at.p, kept.p, kept.n);
        pcs_server_fault(f->server, wrong[i].part, PCS_GOOD);
    }
    OK(pcs_refresh(f)); /* it was the faults alone */
    alc_buf_fini(&at);
    alc_buf_fini(&kept);
}

static void a_silent_service_costs_its_time_and_no_more(void **state)
{
    struct pcs_test *f = *state;
    const struct pcs_made made = {.from_s = NOW_S};
    const volatile bool stop = true;

    pcs_serve(f, &made);
    pcs_server_fault(f->server, PCS_QE, PCS_SILENT);
    assert_int_equal(fetch(f, &f->platform, 50, NULL), ALC_TIMEOUT);
    assert_non_null(strstr(f->err.text, "cannot fetch the QE identity"));
    assert_int_equal(f->json.n, 0);
    assert_int_equal(fetch(f, &f->platform, 3600000, &stop), ALC_TIMEOUT);
    assert_non_null(strstr(f->err.text, "stopped"));
}

/* ---- the reader alone ---- */

static enum alc_rc read_tcb(struct alc_pcs_part *out, const char *headers, const char *body,
                            struct alc_arena *arena)
{
    const struct alc_http_answer a = {
        .status = 200, .headers = alc_cstr(headers), .body = alc_cstr(body)};
    return alc_pcs_read_part(out, ALC_PCS_TCB_INFO, &a, arena, NULL);
}

static void the_text_is_cut_where_it_stands(void **state)
{
    static const char chain[] = "tcb-info-issuer-chain: A%20B%0a%2B%zz%4\r\n";
    static const struct {
        const char *body, *text;
    } cases[] = {
        {"{\"tcbInfo\":{\"a\":1},\"signature\":\"00\"}", "{\"a\":1}"},
        {"{\"signature\":\"00\", \"tcbInfo\" :\n {\"a\": [ {} ] } }", "{\"a\": [ {} ] }"},
        {"{\"tcbInfo\":{\"b\":\"}\\\"}\\\\\"},\"signature\":\"00\"}", "{\"b\":\"}\\\"}\\\\\"}"},
        /* a name inside another value is not the member */
        {"{\"x\":\"tcbInfo\",\"y\":{\"tcbInfo\":{\"no\":1}},\"tcbInfo\":{\"a\":1},\"signature\":"
         "\"00\"}",
         "{\"a\":1}"},
        {"{\"x\":\"\\\"tcbInfo\\\":{\\\"no\\\":1}\",\"tcbInfo\":{\"a\":1},\"signature\":\"00\"}",
         "{\"a\":1}"},
        {"{\"tcbInfo\":[],\"signature\":\"00\"}", NULL},
        {"{\"tcbInfo\":\"{}\",\"signature\":\"00\"}", NULL},
        {"{\"tcbInfo\":{},\"signature\":7}", NULL},
        {"{\"signature\":\"00\"}", NULL},
        {"[\"tcbInfo\",{}]", NULL},
        {"{\"tcbInfo\":{},\"signature\":\"00\"}x", NULL},
    };
    struct alc_arena arena = ALC_ARENA(1u << 20);
    struct alc_pcs_part part;
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum alc_rc rc = read_tcb(&part, chain, cases[i].body, &arena);
        if (cases[i].text == NULL) {
            assert_int_equal(rc, ALC_BAD_INPUT);
            continue;
        }
        assert_int_equal(rc, ALC_OK);
        if (!alc_bytes_is(part.text, cases[i].text))
            fail_msg("case %zu: %.*s", i, (int)part.text.n, (const char *)part.text.p);
        assert_true(alc_bytes_is(part.signature, "00"));
        assert_true(alc_bytes_is(part.chain, "A B\n+%zz%4"));
    }
    assert_int_equal(read_tcb(&part, "SGX-TCB-Info-Issuer-Chain: old\r\n",
                              "{\"tcbInfo\":{},\"signature\":\"\"}", &arena),
                     ALC_OK);
    assert_true(alc_bytes_is(part.chain, "old"));
    alc_arena_fini(&arena);
}

static void lists_are_der_or_its_hex(void **state)
{
    static const struct {
        struct alc_bytes body, der;
    } cases[] = {{ALC_LIT("30820a0D\r\n"), ALC_LIT("\x30\x82\x0a\x0d")},
                 {ALC_LIT("\x30\x82\x0a\x0a"), ALC_LIT("\x30\x82\x0a\x0a")}, /* not a line's end */
                 {ALC_LIT("308"), ALC_LIT("308")}};
    struct alc_arena arena = ALC_ARENA(1u << 20);
    struct alc_http_answer a = {.status = 200};
    struct alc_bytes der;
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        a.body = cases[i].body;
        assert_int_equal(alc_pcs_read_crl(&der, NULL, &a, &arena, NULL), ALC_OK);
        assert_true(alc_bytes_eq(der, cases[i].der));
    }
    a.body = ALC_LIT("\r\n");
    assert_int_equal(alc_pcs_read_crl(&der, NULL, &a, &arena, NULL), ALC_BAD_INPUT);
    alc_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PCS_TEST(a_set_comes_from_the_pcs_byte_for_byte),
        PCS_TEST(a_set_comes_from_a_pccs_byte_for_byte),
        PCS_TEST(the_questions_are_those_of_version_4),
        PCS_TEST(real_sets_pass_through_unchanged),
        PCS_TEST(what_comes_wrong_is_told_and_what_is_kept_stays),
        PCS_TEST(a_silent_service_costs_its_time_and_no_more),
        cmocka_unit_test(the_text_is_cut_where_it_stands),
        cmocka_unit_test(lists_are_der_or_its_hex),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
