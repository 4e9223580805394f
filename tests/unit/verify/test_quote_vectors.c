/* tests/unit/verify/test_quote_vectors.c — what each of the sample quotes says that ship with the
 * dcap-qvl crate, and from when until when. */
#include "samples.h"

#include <jansson.h>

/* ---- windows ---- */

static void has_edges(const char *quote, const struct alc_collateral *c, uint64_t from_s,
                      uint64_t until_s, enum alc_refusal before, enum alc_refusal within,
                      enum alc_refusal after)
{
    const struct {
        uint64_t now_s;
        enum alc_refusal want;
    } at[] = {{from_s - 1, before},
              {from_s, within},
              {(from_s + until_s) / 2, within},
              {until_s, within},
              {until_s + 1, after},
              {0, ALC_REFUSAL_TCB_FUTURE},
              {UINT64_MAX, ALC_REFUSAL_TCB_EXPIRED}};

    for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
        struct alc_quote_verdict v = verdict(sample(quote), c, at[i].now_s);
        assert_int_equal(v.refusal, at[i].want);
        assert_true(v.has_window && v.read);
        assert_int_equal(v.window.from_s, from_s);
        assert_int_equal(v.window.until_s, until_s);
    }
}

static void windows_have_the_edges_that_intel_signed(void **state)
{
    (void)state;

    load();
    has_edges("sgx_quote", &sgx, 1750330571, 1752919278, ALC_REFUSAL_TCB_FUTURE, ALC_REFUSAL_STATUS,
              ALC_REFUSAL_QE_EXPIRED);
    has_edges("tdx_quote", &tdx, 1750329147, 1752919234, ALC_REFUSAL_QE_FUTURE, ALC_REFUSAL_NONE,
              ALC_REFUSAL_CRL_EXPIRED);
    has_edges("tdx_quote_outdated", &outdated, 1771412331, 1774003274, ALC_REFUSAL_TCB_FUTURE,
              ALC_REFUSAL_PLATFORM_LEVEL, ALC_REFUSAL_CRL_EXPIRED);
}

/* ---- what the verdicts say ---- */

static json_t *verdict_json(const struct alc_quote_verdict *v)
{
    static uint8_t text[ALC_QUOTE_VERDICT_MAX_BYTES];
    size_t n = alc_quote_verdict_json(v, text, sizeof text);
    json_t *j;

    assert_true(n > 0);
    j = json_loadb((const char *)text, n, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(j);
    /* compact, and nothing that another printer would write otherwise */
    char *again = json_dumps(j, JSON_COMPACT);
    assert_int_equal(strlen(again), n);
    assert_memory_equal(again, text, n);
    free(again);
    return j;
}

/* `want` is the whole verdict as JSON. */
static void says(const struct alc_quote_verdict *v, const char *want_text)
{
    json_t *got = verdict_json(v), *want = json_loads(want_text, 0, NULL);
    const char *key;
    json_t *value;

    assert_non_null(want);
    json_object_foreach(want, key, value)
    {
        json_t *is = json_object_get(got, key);
        if (!json_equal(is, value))
            fail_msg("%s: %s", key, is != NULL ? json_dumps(is, JSON_ENCODE_ANY) : "absent");
    }
    assert_int_equal(json_object_size(got), json_object_size(want));
    json_decref(got);
    json_decref(want);
}

#define Z16 "00000000000000000000000000000000" /* 16 bytes */
#define Z32 Z16 Z16
#define Z48 Z16 Z16 Z16

static void the_sgx_quote_says_what_it_should(void **state)
{
    static const struct alc_bytes advisories[] = {ALC_LIT("INTEL-SA-00289"),
                                                  ALC_LIT("INTEL-SA-00615")};
    static const struct alc_quote_policy policy = {.statuses =
                                                       1u << ALC_TCB_CONFIGURATION_AND_SW_HARDENING,
                                                   .advisories = advisories,
                                                   .advisories_count = 2};
    struct alc_quote_ask ask = {.now_s = WITHIN, .policy = &policy};
    struct alc_quote_verdict v;
    (void)state;

    load();
    ask.quote = sample("sgx_quote");
    ask.collateral = &sgx;
    v = judge(&ask);
    says(&v, "{\"accepted\":true,\"genuine\":true,\"simulated\":false,\"attestation\":\"hardware\","
             "\"refusal\":null,\"reason\":null,\"version\":3,\"tee\":\"SGX\","
             "\"status\":\"ConfigurationAndSWHardeningNeeded\","
             "\"advisory_ids\":[\"INTEL-SA-00289\",\"INTEL-SA-00615\"],"
             "\"platform_status\":{\"status\":\"ConfigurationAndSWHardeningNeeded\","
             "\"advisory_ids\":[\"INTEL-SA-00289\",\"INTEL-SA-00615\"]},"
             "\"module_status\":null,\"qe_status\":{\"status\":\"UpToDate\",\"advisory_ids\":[]},"
             "\"ppid\":\"d04ec06d4e6d92dc90d0ad3cf5ee2ddf\",\"fmspc\":\"00a067110000\","
             "\"pceid\":\"0000\",\"pck_ca\":\"processor\",\"pcesvn\":13,"
             "\"cpusvn\":\"0b0b0202ff0100000000000000000000\",\"tcb_date\":1710288000,"
             "\"tcb_evaluation_data_number\":17,\"qe_evaluation_data_number\":17,"
             "\"valid_from\":1750330571,\"valid_until\":1752919278,\"measurement\":null,"
             "\"report_data\":\"48656c6c6f2c20776f726c6421000000" Z48 "\","
             "\"report\":{\"type\":\"SGX\",\"cpusvn\":\"0b0b1a18ffff04000000000000000000\","
             "\"miscselect\":0,\"attributes\":\"0500000000000000e700000000000000\","
             "\"mrenclave\":\"33d8736db756ed4997e04ba358d27833188f1932ff7b1d156904d3f560452fbb\","
             "\"mrsigner\":\"815f42f11cf64430c30bab7816ba596a1da0130c3b028b673133a66cf9a3e0e6\","
             "\"isvprodid\":0,\"isvsvn\":0,"
             "\"report_data\":\"48656c6c6f2c20776f726c6421000000" Z48 "\"}}");
}

#define TDX_REPORT_DATA                                                                            \
    "9a9d48e7f6799642d3d1b34e1e5e1742d4bb02dd6ddd551862c1211d35c304f9eca3efdbb481601c163cf52493d6" \
    "e44aed55d51ec39b7e518fadb92c2b523f20"

static void the_tdx_quote_says_what_it_should(void **state)
{
    struct alc_quote_verdict v;
    char text[8192], measurement[65];
    struct alc_quote q;
    struct alc_hash h;
    size_t n;
    (void)state;

    load();
    v = verdict(sample("tdx_quote"), &tdx, WITHIN);
    assert_int_equal(alc_quote_read(&q, sample("tdx_quote")), ALC_REFUSAL_NONE);
    /* MRTD and the four RTMRs, hashed here from where they lie in a quote of version 4 */
    uint8_t both[240];
    memcpy(both, sample("tdx_quote").p + 184, 48);
    memcpy(both + 48, sample("tdx_quote").p + 376, 192);
    alc_sha256(&h, (struct alc_bytes){both, sizeof both});
    assert_true(alc_hex_encode(measurement, 64, &n, alc_hash_bytes(&h)));
    measurement[64] = 0;
    snprintf(
        text, sizeof text,
        "{\"accepted\":true,\"genuine\":true,\"simulated\":false,\"attestation\":\"hardware\","
        "\"refusal\":null,\"reason\":null,\"version\":4,\"tee\":\"TDX\",\"status\":\"UpToDate\","
        "\"advisory_ids\":[],\"platform_status\":{\"status\":\"UpToDate\",\"advisory_ids\":[]},"
        "\"module_status\":{\"status\":\"UpToDate\",\"advisory_ids\":[]},"
        "\"qe_status\":{\"status\":\"UpToDate\",\"advisory_ids\":[]},"
        "\"ppid\":\"811dca2a26b952e85bb6448b097ba4fd\",\"fmspc\":\"b0c06f000000\","
        "\"pceid\":\"0000\",\"pck_ca\":\"platform\",\"pcesvn\":11,"
        "\"cpusvn\":\"03030202040100050000000000000000\",\"tcb_date\":1710288000,"
        "\"tcb_evaluation_data_number\":17,\"qe_evaluation_data_number\":17,"
        "\"valid_from\":1750329147,\"valid_until\":1752919234,\"measurement\":\"%s\","
        "\"report_data\":\"" TDX_REPORT_DATA "\",\"report\":{\"type\":\"TD10\","
        "\"tee_tcb_svn\":\"06010300000000000000000000000000\","
        "\"mrseam\":\"5b38e33a6487958b72c3c12a938eaa5e3fd4510c51aeeab58c7d5ecee41d7c436489d6c8e4f9"
        "2f160b7cad34207b00c1\",\"mrsignerseam\":\"" Z48 "\","
        "\"seamattributes\":\"0000000000000000\",\"td_attributes\":\"0000001000000000\","
        "\"xfam\":\"e702060000000000\","
        "\"mrtd\":\"91eb2b44d141d4ece09f0c75c2c53d247a3c68edd7fafe8a3520c942a604a407de03ae6dc5f87f"
        "27428b2538873118b7\",\"mrconfigid\":\"" Z48 "\",\"mrowner\":\"" Z48 "\","
        "\"mrownerconfig\":\"" Z48 "\","
        "\"rtmr0\":\"44c0197b39157fdd7a4dcc44767f9d6b0bb3977c7a8e347b8492f827fe9d9e5c48aca29b220b8"
        "0b6a540cf994b9bc9c0\","
        "\"rtmr1\":\"0084452c01668329d4bc06acdf58a7205c26743304509973949e5619bf81a6a7aea8c323c1730"
        "19b3093d54e579e9378\","
        "\"rtmr2\":\"d833feef2cd945148aa38ead2c53e9b7f138190aaaebfc551dccd829fc207aa3ba80b70870d73"
        "30733642e01d48c3132\",\"rtmr3\":\"" Z48 "\",\"report_data\":\"" TDX_REPORT_DATA "\"}}",
        measurement);
    says(&v, text);
}

static void the_quoting_enclaves_are_intels(void **state)
{
    struct alc_sgx_report qe;
    struct alc_quote q;
    (void)state;

    assert_int_equal(alc_quote_read(&q, sample("sgx_quote")), ALC_REFUSAL_NONE);
    alc_sgx_report_read(&qe, q.qe_report.p);
    assert_memory_equal(qe.mrsigner, "\x8c\x4f\x57\x75\xd7\x96\x50\x3e", 8);
    assert_int_equal(qe.isvprodid, 1);
    assert_int_equal(qe.isvsvn, 10);
    assert_int_equal(alc_quote_read(&q, sample("tdx_quote")), ALC_REFUSAL_NONE);
    alc_sgx_report_read(&qe, q.qe_report.p);
    assert_memory_equal(qe.mrsigner, "\xdc\x9e\x2a\x7c\x6f\x94\x8f\x17", 8);
    assert_memory_equal(qe.report_data, "\xc9\x36\x49\x2a\x77\x49\x46\xaf", 8);
    assert_memory_equal(qe.report_data + 32, (uint8_t[32]){0}, 32);
    assert_int_equal(qe.isvprodid, 2);
    assert_int_equal(qe.isvsvn, 6);
}

static bool is_hex(const uint8_t *p, size_t n, const char *want)
{
    char text[2 * 64 + 1];
    size_t m;

    if (!alc_hex_encode(text, sizeof text, &m, (struct alc_bytes){p, n})) return false;
    return m == strlen(want) && memcmp(text, want, m) == 0;
}
#define assert_hex(field, want) assert_true(is_hex(field, sizeof(field), want))

static void the_outdated_quote_reaches_no_level(void **state)
{
    static struct alc_collateral more;
    struct alc_quote_verdict v;
    struct vf_levels l;
    struct vf_pck pck = {.components = {3, 3, 2, 2, 4, 1, 0, 3}, .pcesvn = 13};
    (void)state;

    load();
    v = verdict(sample("tdx_quote_outdated"), &outdated, WITHIN_OUTDATED);
    assert_int_equal(v.refusal, ALC_REFUSAL_PLATFORM_LEVEL);
    assert_false(v.genuine);
    assert_int_equal(v.quote.version, 5);
    assert_int_equal(v.quote.body_type, 3);
    assert_hex(v.ppid, "66498c9263c04ed2f0657c530ac2b0cb");
    assert_hex(v.fmspc, "90c06f000000");
    assert_int_equal(v.ca, ALC_PCK_PLATFORM);
    assert_int_equal(v.pcesvn, 13);
    assert_memory_equal(v.cpusvn, pck.components, 16);
    assert_int_equal(v.tcb_evaluation, 18);
    assert_int_equal(v.qe_evaluation, 18);
    assert_hex(v.quote.td.tee_tcb_svn, "07010300000000000000000000000000");
    assert_hex(v.quote.td.tee_tcb_svn_2, "0d010300000000000000000000000000");
    assert_true(v.quote.td.td_attributes == UINT64_C(0x10000000));
    assert_true(v.quote.td.xfam == UINT64_C(0x618e7));
    assert_hex(v.quote.td.mrseam, "49b66faa451d19ebbdbe89371b8daf2b65aa3984ec90110343e9e2eec116af08"
                                  "850fa20e3b1aa9a874d77a65380ee7e6");
    assert_hex(v.quote.td.mrtd, "273828c46252fcbdd8ad2dd907130222b03466d52a2911d70c1a5950895d6bd1"
                                "ae451d382d5a9b1b4c0ed0e5ae9a3dbd");
    assert_hex(v.quote.td.report_data,
               "d2142b643598eb5fae2bc8529dd79a558b29f868ccbb6531cb28dab9dce47728" Z32);
    assert_hex(v.quote.td.mrconfigid, Z48);
    assert_hex(v.quote.td.mrservicetd, Z48);
    for (size_t i = 0; i < 4; i++)
        assert_hex(v.quote.td.rtmr[i], Z48);
    /* its module and its quoting enclave are good */
    vf_levels(&l, &outdated, &pck, &v.quote, 7, false);
    assert_null(l.platform);
    assert_int_equal(l.module->status, ALC_TCB_UP_TO_DATE);
    assert_int_equal(l.module->isvsvn, 6);
    assert_int_equal(l.qe->status, ALC_TCB_UP_TO_DATE);
    assert_int_equal(l.qe->isvsvn, 4);
    /* and with a level for everybody all of it is */
    more = outdated;
    memset(&more.levels[more.levels_count++], 0, sizeof *more.levels);
    v = verdict(sample("tdx_quote_outdated"), &more, WITHIN_OUTDATED);
    assert_int_equal(v.refusal, ALC_REFUSAL_NONE);
    assert_int_equal(v.status, ALC_TCB_UP_TO_DATE);
}

static void the_hex_quotes_are_good_and_reach_no_level(void **state)
{
    static const char *const file[] = {"tdx-quote.hex", "quote-from-tappd.hex"};
    static const char *const mrtd[] = {
        "7ba9e262ce6979087e34632603f354dd8f8a870f5947d116af8114db6c9d0d74c48bec4280e5b4f4a37025a109"
        "05bb29",
        "c68518a0ebb42136c12b2275164f8c72f25fa9a34392228687ed6e9caeb9c0f1dbd895e9cf475121c029dc47e7"
        "0e91fd"};
    static const char *const rtmr[][4] = {
        {"4574c098915caf3e82057817dbd135c1ed0ee1b39ac300c921479e2f5ebf5726a13ee0c8745ac891b6aee7c4f"
         "9664610",
         Z48, Z48,
         "547fcba4630bfb981169a8a1903b79c244933413409dd0387acbd8e3b985bcc9164cf52735cd31f60bf2c5d12"
         "20c113f"},
        {"274c2344116db7c663470693b5ba62b8621eac28cb41d2f816ddf188f9f423f900a1c44d32386fd3c993dc814"
         "e62af9d",
         "918fbd97108e05450afa6aca140c6363ab913578b66cc312e3e8542ce5ade455a30c8d9e4d53a5e43d81955f7"
         "6140279",
         Z48,
         "a2d25bc888a93009af5b70eadb410e9071d18387e4db39aae20fe767f5c4279d95e6519c5d797938a90694599"
         "c5bea7a"}};
    static const char *const data[] = {
        "7148f47ef58b475fce69b386e2d6b4c964a9533cc328ea8e544db66612a5174698d006951cefa8fd4450e88430"
        "0638e567e22f9a012ef5754aa6a9d9564fcd8a",
        "7668c6b4eafb62301c72714ecc7d90ce9a0e04b52dc117720df2047b0a59f1dbd937243eef1410a3cdc524aad6"
        "6d4554b4f18b54da2fc0608dac40d6dea5f1d4"};
    static struct alc_collateral more;
    (void)state;

    load();
    for (size_t i = 0; i < 2; i++) {
        struct alc_bytes quote = sample(file[i]);
        struct alc_quote_verdict v = verdict(quote, &tdx, WITHIN);

        assert_int_equal(v.refusal, ALC_REFUSAL_PLATFORM_LEVEL);
        assert_hex(v.fmspc, "b0c06f000000");
        assert_hex(v.ppid, "de5d028ab970ae67f36c3da32d5ee27e");
        assert_hex(v.cpusvn, "02020202030100030000000000000000");
        assert_int_equal(v.pcesvn, 11);
        assert_int_equal(v.ca, ALC_PCK_PLATFORM);
        assert_hex(v.quote.td.tee_tcb_svn, "05010200000000000000000000000000");
        assert_true(v.quote.td.td_attributes == UINT64_C(0x10000000));
        assert_true(v.quote.td.xfam == UINT64_C(0x602e7));
        assert_hex(v.quote.td.mrseam, "1cc6a17ab799e9a693fac7536be61c12ee1e0fabada82d0c999e08ccee2a"
                                      "a86de77b0870f558c570e7ffe55d6d47fa04");
        assert_hex(v.quote.td.mrtd, mrtd[i]);
        for (size_t k = 0; k < 4; k++)
            assert_hex(v.quote.td.rtmr[k], rtmr[i][k]);
        assert_hex(v.quote.td.report_data, data[i]);
        v = verdict(quote, &outdated, WITHIN_OUTDATED);
        assert_int_equal(v.refusal, ALC_REFUSAL_FMSPC);
        more = tdx; /* all but the level is good */
        memset(&more.levels[more.levels_count++], 0, sizeof *more.levels);
        assert_int_equal(verdict(quote, &more, WITHIN).refusal, ALC_REFUSAL_NONE);
    }
}

/* A body of 885 bytes: its service-TD fields have no public meaning to judge by yet. */
static void the_newest_body_is_refused_by_name(void **state)
{
    (void)state;

    load();
    assert_int_equal(verdict(sample("tdx_quote_td15ex"), &tdx, WITHIN).refusal,
                     ALC_REFUSAL_QUOTE_TEE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_have_the_edges_that_intel_signed),
        cmocka_unit_test(the_sgx_quote_says_what_it_should),
        cmocka_unit_test(the_tdx_quote_says_what_it_should),
        cmocka_unit_test(the_quoting_enclaves_are_intels),
        cmocka_unit_test(the_outdated_quote_reaches_no_level),
        cmocka_unit_test(the_hex_quotes_are_good_and_reach_no_level),
        cmocka_unit_test(the_newest_body_is_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
