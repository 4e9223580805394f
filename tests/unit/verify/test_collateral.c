/* tests/unit/verify/test_collateral.c — the sets of real machines: what their digest says, and that
 * nothing in them can be changed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <jansson.h>

#include "attest/attest.h"
#include "base/enc.h"
#include "tdx_vectors.h"

static struct alc_collateral c;
static uint8_t memory[ALC_COLLATERAL_MAX_BYTES];

static enum alc_refusal verify(struct alc_bytes json)
{
    struct alc_verify_work w = ALC_VERIFY_WORK(memory);
    enum alc_refusal r = alc_collateral_verify(&c, json, NULL, &w, &alc_verify_native);
    assert_int_equal(w.used, 0);
    return r;
}

#define SGX "sgx_quote_collateral.json"
#define TDX "tdx_quote_collateral.json"
#define OUTDATED "tdx_quote_outdated_collateral.json"

static struct alc_bytes sample(const char *name)
{
    struct alc_bytes text = tdx_vector(name);
    if (text.n == 0) {
        print_message("skipped: the sample sets are not there\n");
        skip();
    }
    return text;
}

static json_t *load(const char *name)
{
    struct alc_bytes text = sample(name);
    json_t *j = json_loadb((const char *)text.p, text.n, 0, NULL);
    assert_non_null(j);
    return j;
}

static const char *member(const json_t *set, const char *name)
{
    const char *s = json_string_value(json_object_get(set, name));
    assert_non_null(s);
    return s;
}

static enum alc_refusal verify_json(const json_t *set)
{
    char *text = json_dumps(set, JSON_COMPACT);
    enum alc_refusal r;
    assert_non_null(text);
    r = verify(alc_cstr(text));
    free(text);
    return r;
}

/* with verifies a set in which one member is another. */
static enum alc_refusal with(const char *set, const char *name, const char *value)
{
    json_t *j = load(set);
    enum alc_refusal r;
    assert_int_equal(json_object_set_new(j, name, json_string(value)), 0);
    r = verify_json(j);
    json_decref(j);
    return r;
}

/* A member of another set, kept until the next call of the same slot. */
static const char *of(const char *set, const char *name)
{
    static char kept[2][8192];
    static unsigned slot;
    json_t *j = load(set);
    const char *s = member(j, name);

    slot ^= 1;
    assert_true(strlen(s) < sizeof kept[slot]);
    strcpy(kept[slot], s);
    json_decref(j);
    return kept[slot];
}

static void assert_hex(const uint8_t *p, size_t n, const char *text)
{
    uint8_t b[64];
    size_t m;
    assert_true(alc_hex_decode(b, sizeof b, &m, alc_cstr(text)));
    assert_int_equal(m, n);
    assert_memory_equal(p, b, n);
}

/* ---- what the digests say ---- */

static uint64_t time_of(const json_t *o, const char *name)
{
    struct tm tm = {0};
    assert_non_null(
        strptime(json_string_value(json_object_get(o, name)), "%Y-%m-%dT%H:%M:%SZ", &tm));
    return (uint64_t)timegm(&tm);
}

static void same_advisories(const struct alc_advisories *a, const json_t *list)
{
    size_t i, n = 0;
    const json_t *one;

    for (i = 0; i < c.advisories_count; i++)
        n += a->bits[i / 64] >> (i % 64) & 1;
    assert_int_equal(n, json_array_size(list));
    json_array_foreach((json_t *)(uintptr_t)list, n, one)
    {
        bool found = false;
        for (i = 0; i < c.advisories_count; i++)
            if ((a->bits[i / 64] >> (i % 64) & 1) != 0 &&
                alc_bytes_is((struct alc_bytes){c.advisories[i].b, c.advisories[i].n},
                             json_string_value(one)))
                found = true;
        assert_true(found);
    }
}

static void same_components(const uint8_t p[16], const json_t *list)
{
    assert_int_equal(json_array_size(list), 16);
    for (size_t i = 0; i < 16; i++)
        assert_int_equal(p[i], json_integer_value(json_object_get(json_array_get(list, i), "svn")));
}

/* Every level of the text, read by another library, in the digest; levels of Intel's stand sorted.
 */
static void same_levels(const json_t *levels)
{
    assert_int_equal(c.levels_count, json_array_size(levels));
    for (size_t i = 0; i < c.levels_count; i++) {
        const struct alc_tcb_level *l = NULL;
        const json_t *want = json_array_get(levels, i), *tcb = json_object_get(want, "tcb");
        const json_t *tdx = json_object_get(tcb, "tdxtcbcomponents");
        for (size_t k = 0; k < c.levels_count; k++) /* in any order */
            if (c.levels[k].pcesvn == json_integer_value(json_object_get(tcb, "pcesvn"))) {
                bool same = true;
                for (size_t n = 0; n < 16; n++)
                    same =
                        same && c.levels[k].sgx[n] ==
                                    json_integer_value(json_object_get(
                                        json_array_get(json_object_get(tcb, "sgxtcbcomponents"), n),
                                        "svn"));
                if (same) l = &c.levels[k];
            }
        assert_non_null(l);
        same_components(l->sgx, json_object_get(tcb, "sgxtcbcomponents"));
        if (tdx != NULL) same_components(l->tdx, tdx);
        assert_string_equal(alc_tcb_name(l->status),
                            json_string_value(json_object_get(want, "tcbStatus")));
        assert_int_equal(l->date_s, time_of(want, "tcbDate"));
        same_advisories(&l->advisories, json_object_get(want, "advisoryIDs"));
    }
}

static void same_svn_levels(size_t first, size_t n, const json_t *levels)
{
    assert_int_equal(n, json_array_size(levels));
    for (size_t i = 0; i < n; i++) {
        const struct alc_svn_level *l = &c.svn_levels[first + i];
        const json_t *want = json_array_get(levels, i);
        assert_int_equal(
            l->isvsvn, json_integer_value(json_object_get(json_object_get(want, "tcb"), "isvsvn")));
        assert_string_equal(alc_tcb_name(l->status),
                            json_string_value(json_object_get(want, "tcbStatus")));
        assert_int_equal(l->date_s, time_of(want, "tcbDate"));
        same_advisories(&l->advisories, json_object_get(want, "advisoryIDs"));
    }
}

static void same_texts(const char *name)
{
    json_t *set = load(name), *info = json_loads(member(set, "tcb_info"), 0, NULL);
    json_t *qe = json_loads(member(set, "qe_identity"), 0, NULL);
    const json_t *modules = json_object_get(info, "tdxModuleIdentities");

    assert_string_equal(json_string_value(json_object_get(info, "id")),
                        c.tee == ALC_TEE_TDX ? "TDX" : "SGX");
    assert_int_equal(c.tcb.from_s, time_of(info, "issueDate"));
    assert_int_equal(c.tcb.until_s, time_of(info, "nextUpdate"));
    assert_hex(c.fmspc, 6, json_string_value(json_object_get(info, "fmspc")));
    assert_hex(c.pceid, 2, json_string_value(json_object_get(info, "pceId")));
    same_levels(json_object_get(info, "tcbLevels"));
    assert_int_equal(c.modules_count, modules == NULL ? 0 : 1 + json_array_size(modules));
    for (size_t i = 1; i < c.modules_count; i++) {
        const json_t *m = json_array_get(modules, i - 1);
        char id[16];
        snprintf(id, sizeof id, "TDX_%02X", c.modules[i].number);
        assert_string_equal(id, json_string_value(json_object_get(m, "id")));
        assert_hex(c.modules[i].mrsigner, 48, json_string_value(json_object_get(m, "mrsigner")));
        assert_hex(c.modules[i].mask, 8, json_string_value(json_object_get(m, "attributesMask")));
        same_svn_levels(c.modules[i].first, c.modules[i].levels, json_object_get(m, "tcbLevels"));
    }
    assert_int_equal(c.qe.from_s, time_of(qe, "issueDate"));
    assert_int_equal(c.qe.until_s, time_of(qe, "nextUpdate"));
    assert_hex(c.qe_mrsigner, 32, json_string_value(json_object_get(qe, "mrsigner")));
    same_svn_levels(c.qe_first, c.qe_levels, json_object_get(qe, "tcbLevels"));
    json_decref(qe);
    json_decref(info);
    json_decref(set);
}

static void every_set(const char *name, uint64_t from_s, uint64_t until_s, enum alc_tee tee,
                      enum alc_pck_ca ca, const char *fmspc, uint32_t evaluation, size_t revoked)
{
    struct alc_window w;

    assert_int_equal(verify(sample(name)), ALC_REFUSAL_NONE);
    w = alc_collateral_window(&c);
    assert_int_equal(w.from_s, from_s);
    assert_int_equal(w.until_s, until_s);
    assert_int_equal(c.tee, tee);
    assert_int_equal(c.ca, ca);
    assert_hex(c.fmspc, 6, fmspc);
    assert_hex(c.pceid, 2, "0000");
    assert_int_equal(c.tcb_evaluation, evaluation);
    assert_int_equal(c.qe_evaluation, evaluation);
    assert_int_equal(c.revoked_count, revoked);
    assert_false(c.simulated);
    assert_hex(c.root.b, 32, "44a0196b2b99f889b8e149e95b807a350e7424964399e885a7cbb8ccfab674d3");
    /* the root's list; TCB signing from its issue to the PCK CA's or its own end */
    assert_int_equal(c.root_crl.from_s, 1742469717);
    assert_int_equal(c.root_crl.until_s, 1775215316);
    assert_int_equal(c.chains.from_s, 1746523500);
    assert_int_equal(c.chains.until_s, 1967448300);
    assert_int_equal(c.qe_miscselect, 0);
    assert_int_equal(c.qe_miscselect_mask, 0xffffffff);
    assert_hex(c.qe_attributes, 16, "11000000000000000000000000000000");
    assert_hex(c.qe_attributes_mask, 16, "fbffffffffffffff0000000000000000");
    same_texts(name);
}

static void the_sgx_set_says_what_the_reference_says(void **state)
{
    (void)state;
    every_set(SGX, 1750330571, 1752919278, ALC_TEE_SGX, ALC_PCK_PROCESSOR, "00a067110000", 17, 0);
    assert_int_equal(c.pck_crl.from_s, 1750328598);
    assert_int_equal(c.pck_crl.until_s, 1752920597);
    assert_hex(c.ca_certificate.b, 32,
               "13b2dccef8fc4ec977ee5249743b0f758ebd1e28d768b2e1e12bc348adaa09fb");
    assert_int_equal(c.levels_count, 11);
    assert_int_equal(c.levels[1].status, ALC_TCB_CONFIGURATION_AND_SW_HARDENING);
    assert_int_equal(c.qe_levels, 6);
    assert_int_equal(c.svn_levels[c.qe_first].isvsvn, 8);
    assert_int_equal(c.qe_isvprodid, 1);
    assert_hex(c.qe_mrsigner, 32,
               "8c4f5775d796503e96137f77c68a829a0056ac8ded70140b081b094490c57bff");
}

static void the_tdx_set_says_what_the_reference_says(void **state)
{
    (void)state;
    every_set(TDX, 1750329147, 1752919234, ALC_TEE_TDX, ALC_PCK_PLATFORM, "b0c06f000000", 17, 44);
    assert_int_equal(c.pck_crl.from_s, 1750327235);
    assert_int_equal(c.pck_crl.until_s, 1752919234);
    assert_hex(c.ca_certificate.b, 32,
               "22eb770dca215b607b5ccfc21a672b1da5cc660b1ad0365020567979edcaa0e1");
    assert_hex(c.revoked[0], 20, "6fc34e5023e728923435d61aa4b83c618166ad35");
    assert_hex(c.revoked[43], 20, "a17c51722ec1e0c3278fe8bdf052059cbec4e648");
    assert_int_equal(c.modules_count, 3);
    assert_int_equal(c.modules[1].number, 3);
    assert_int_equal(c.modules[2].number, 1);
    assert_int_equal(c.svn_levels[c.modules[2].first].isvsvn, 4);
    assert_int_equal(c.qe_isvprodid, 2);
    assert_hex(c.qe_mrsigner, 32,
               "dc9e2a7c6f948f17474e34a7fc43ed030f7c1563f1babddf6340c82e0e54a8c5");
}

static void the_outdated_set_says_what_the_reference_says(void **state)
{
    (void)state;
    every_set(OUTDATED, 1771412331, 1774003274, ALC_TEE_TDX, ALC_PCK_PLATFORM, "90c06f000000", 18,
              57);
    for (size_t i = 0; i < c.levels_count; i++)
        assert_int_equal(c.levels[i].sgx[7], 5); /* component 8 */
    assert_int_equal(c.svn_levels[c.modules[2].first].isvsvn, 6);
}

/* ---- damage ---- */

/* flips changes one character after another of a member, each `step`th; returns how many changes
 * were accepted, the first of them in *first_accepted. */
static size_t flips(const char *set, const char *name, size_t step, size_t *first_accepted)
{
    json_t *j = load(set);
    char *text = strdup(member(j, name));
    size_t accepted = 0, n = strlen(text);

    for (size_t i = 0; i < n; i += step) {
        text[i] ^= 1;
        assert_int_equal(json_object_set_new(j, name, json_stringn(text, n)), 0);
        if (verify_json(j) == ALC_REFUSAL_NONE && accepted++ == 0) *first_accepted = i;
        text[i] ^= 1;
    }
    free(text);
    json_decref(j);
    return accepted;
}

static void no_character_of_a_signed_text_can_change(void **state)
{
    static const char *const names[] = {"tcb_info", "qe_identity", "tcb_info_signature",
                                        "qe_identity_signature", "root_ca_crl"};
    (void)state;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t at = 0;
        if (flips(TDX, names[i], 1, &at) != 0) fail_msg("%s: character %zu", names[i], at);
    }
}

static void no_character_of_a_revocation_list_can_change(void **state)
{
    size_t at = 0;
    (void)state;

    if (flips(SGX, "pck_crl", 1, &at) != 0) fail_msg("character %zu", at);
    if (flips(TDX, "pck_crl", 5, &at) != 0) fail_msg("character %zu", at);
}

/* Behind the first certificate stands the root, whose copy says nothing: its key is pinned. */
static void no_character_of_a_chains_first_certificate_can_change(void **state)
{
    static const char *const names[] = {"pck_crl_issuer_chain", "tcb_info_issuer_chain",
                                        "qe_identity_issuer_chain"};
    static const char end[] = "-----END CERTIFICATE-----";
    (void)state;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *chain = of(TDX, names[i]);
        size_t root = (size_t)(strstr(chain, end) - chain) + sizeof end - 1, at = 0;
        assert_int_equal(flips(TDX, names[i], 1, &at), strlen(chain) - root);
        assert_int_equal(at, root);
    }
}

static void every_cut_set_is_refused(void **state)
{
    struct alc_bytes text = sample(TDX);
    size_t whole = text.n;
    (void)state;

    while (text.p[whole - 1] != '}')
        whole--;
    for (size_t n = 0; n < whole; n += n + 200 < whole ? 11 : 1) {
        uint8_t *copy = malloc(n + 1);
        memcpy(copy, text.p, n);
        assert_int_equal(verify((struct alc_bytes){copy, n}), ALC_REFUSAL_COLLATERAL_FORMAT);
        free(copy);
    }
}

static void parts_in_the_wrong_place_are_refused(void **state)
{
    static const struct {
        const char *set, *name, *from, *part;
        enum alc_refusal want;
    } rows[] = {
        {TDX, "tcb_info_signature", TDX, "qe_identity_signature", ALC_REFUSAL_TCB_SIGNATURE},
        {TDX, "qe_identity_signature", TDX, "tcb_info_signature", ALC_REFUSAL_QE_SIGNATURE},
        {TDX, "tcb_info", OUTDATED, "tcb_info", ALC_REFUSAL_TCB_SIGNATURE},
        {TDX, "qe_identity", OUTDATED, "qe_identity", ALC_REFUSAL_QE_SIGNATURE},
        /* the list of the other CA, of the root, and of a CA for the root */
        {TDX, "pck_crl", SGX, "pck_crl", ALC_REFUSAL_CRL_ISSUER},
        {TDX, "pck_crl", TDX, "root_ca_crl", ALC_REFUSAL_CRL_ISSUER},
        {TDX, "root_ca_crl", TDX, "pck_crl", ALC_REFUSAL_CRL_ISSUER},
        {TDX, "pck_crl_issuer_chain", SGX, "pck_crl_issuer_chain", ALC_REFUSAL_CRL_ISSUER},
        /* a chain with another role */
        {TDX, "tcb_info_issuer_chain", TDX, "pck_crl_issuer_chain", ALC_REFUSAL_ROLE},
        {TDX, "qe_identity_issuer_chain", TDX, "pck_crl_issuer_chain", ALC_REFUSAL_ROLE},
        {TDX, "pck_crl_issuer_chain", TDX, "tcb_info_issuer_chain", ALC_REFUSAL_ROLE},
        {TDX, "root_ca_crl", TDX, "tcb_info_signature", ALC_REFUSAL_CRL},
    };
    (void)state;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        enum alc_refusal got = with(rows[i].set, rows[i].name, of(rows[i].from, rows[i].part));
        if (got != rows[i].want) fail_msg("row %zu: %s", i, alc_refusal_word(got));
    }
}

static void a_signed_text_is_signed_to_its_last_space(void **state)
{
    char text[8192];
    (void)state;

    snprintf(text, sizeof text, "%s ", of(TDX, "tcb_info"));
    assert_int_equal(with(TDX, "tcb_info", text), ALC_REFUSAL_TCB_SIGNATURE);
    snprintf(text, sizeof text, "%s ", of(TDX, "qe_identity"));
    assert_int_equal(with(TDX, "qe_identity", text), ALC_REFUSAL_QE_SIGNATURE);
}

static void the_identity_of_another_quoting_enclave_is_refused(void **state)
{
    json_t *j = load(TDX);
    (void)state;

    json_object_set_new(j, "qe_identity", json_string(of(SGX, "qe_identity")));
    json_object_set_new(j, "qe_identity_signature", json_string(of(SGX, "qe_identity_signature")));
    assert_int_equal(verify_json(j), ALC_REFUSAL_QE_ID);
    /* and the TCB info of another kind, correctly signed too */
    json_object_set_new(j, "qe_identity", json_string(of(TDX, "qe_identity")));
    json_object_set_new(j, "qe_identity_signature", json_string(of(TDX, "qe_identity_signature")));
    json_object_set_new(j, "tcb_info", json_string(of(SGX, "tcb_info")));
    json_object_set_new(j, "tcb_info_signature", json_string(of(SGX, "tcb_info_signature")));
    assert_int_equal(verify_json(j), ALC_REFUSAL_QE_ID);
    json_decref(j);
}

/* The two certificates of a chain, exchanged, alone, or the chain of a quote in its place. */
static void chains_begin_with_the_one_that_signs(void **state)
{
    static const char end[] = "-----END CERTIFICATE-----\n";
    const char *chain = of(TDX, "tcb_info_issuer_chain");
    const char *root = strstr(chain, end) + sizeof end - 1;
    struct alc_bytes quote = sample("tdx_quote");
    const char *leaf = memmem(quote.p, quote.n, "-----BEGIN", 10);
    char text[8192];
    (void)state;

    snprintf(text, sizeof text, "%s%.*s", root, (int)(root - chain), chain);
    assert_int_equal(with(TDX, "tcb_info_issuer_chain", text), ALC_REFUSAL_ROLE);
    assert_int_equal(with(TDX, "tcb_info_issuer_chain", root), ALC_REFUSAL_ROLE);
    snprintf(text, sizeof text, "%.*s", (int)(root - chain), chain);
    assert_int_equal(with(TDX, "tcb_info_issuer_chain", text), ALC_REFUSAL_NONE);
    assert_int_equal(with(TDX, "qe_identity_issuer_chain", text), ALC_REFUSAL_NONE);
    assert_int_equal(with(TDX, "tcb_info_issuer_chain", ""), ALC_REFUSAL_PEM);
    assert_int_equal(with(TDX, "pck_crl_issuer_chain", "garbage"), ALC_REFUSAL_PEM);
    assert_non_null(leaf);
    assert_int_equal(with(TDX, "tcb_info_issuer_chain", leaf), ALC_REFUSAL_ROLE);
    assert_int_equal(with(TDX, "qe_identity_issuer_chain", leaf), ALC_REFUSAL_ROLE);
    assert_int_equal(with(TDX, "pck_crl_issuer_chain", leaf), ALC_REFUSAL_ROLE);
}

/* ---- the object ---- */

static void each_member_is_there_once(void **state)
{
    static const char *const names[] = {
        "pck_crl_issuer_chain",     "root_ca_crl", "pck_crl",
        "tcb_info_issuer_chain",    "tcb_info",    "tcb_info_signature",
        "qe_identity_issuer_chain", "qe_identity", "qe_identity_signature"};
    (void)state;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        json_t *j = load(TDX);
        char *text, *twice;
        json_object_del(j, names[i]);
        assert_int_equal(verify_json(j), ALC_REFUSAL_COLLATERAL_FORMAT);
        json_object_set_new(j, names[i], json_null());
        assert_int_equal(verify_json(j), ALC_REFUSAL_COLLATERAL_FORMAT);
        json_object_set_new(j, names[i], json_string(of(TDX, names[i])));
        json_object_set_new(j, "more", json_pack("{s:[i,n,b]}", "x", 1, 1));
        assert_int_equal(verify_json(j), ALC_REFUSAL_NONE);
        text = json_dumps(j, JSON_COMPACT);
        twice = malloc(strlen(text) + 8192);
        sprintf(twice, "{\"%s\":\"\",%s", names[i], text + 1);
        assert_int_equal(verify(alc_cstr(twice)), ALC_REFUSAL_COLLATERAL_FORMAT);
        free(twice);
        free(text);
        json_decref(j);
    }
}

static void hex_is_read_in_either_case(void **state)
{
    static const char *const names[] = {"root_ca_crl", "pck_crl", "tcb_info_signature",
                                        "qe_identity_signature"};
    json_t *j = load(TDX);
    (void)state;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *text = strdup(member(j, names[i]));
        for (char *p = text; *p != 0; p++)
            if (*p >= 'a') *p = (char)(*p - 32);
        json_object_set_new(j, names[i], json_string(text));
        free(text);
    }
    assert_int_equal(verify_json(j), ALC_REFUSAL_NONE);
    json_decref(j);
}

static void the_chain_of_a_leaf_is_found_when_a_set_carries_one(void **state)
{
    struct alc_verify_work w = ALC_VERIFY_WORK(memory);
    struct alc_bytes chain;
    (void)state;

    assert_int_equal(alc_collateral_pck_chain(&chain, sample(TDX), &w), ALC_REFUSAL_NONE);
    assert_int_equal(chain.n, 0);
#define CHAIN(text) alc_collateral_pck_chain(&chain, ALC_LIT(text), &w)
    assert_int_equal(CHAIN("{\"a\":[1],\"pck_certificate_chain\":\"x\\ny\"}"), ALC_REFUSAL_NONE);
    assert_true(alc_bytes_is(chain, "x\ny"));
    assert_int_equal(CHAIN("{\"pck_certificate_chain\":null}"), ALC_REFUSAL_NONE);
    assert_int_equal(chain.n, 0);
    assert_int_equal(CHAIN("{\"pck_certificate_chain\":1}"), ALC_REFUSAL_COLLATERAL_FORMAT);
    assert_int_equal(CHAIN("{\"pck_certificate_chain\":\"a\",\"pck_certificate_chain\":\"a\"}"),
                     ALC_REFUSAL_COLLATERAL_FORMAT);
    assert_int_equal(CHAIN("[]"), ALC_REFUSAL_COLLATERAL_FORMAT);
    w.n = w.used + 8;
    assert_int_equal(CHAIN("{\"pck_certificate_chain\":\"123456789\"}"), ALC_REFUSAL_WORK);
#undef CHAIN
}

/* What is checked says so before any memory is touched that is not there. */
static void memory_of_any_size_is_enough_or_said_to_be_too_little(void **state)
{
    struct alc_bytes text = sample(TDX);
    size_t least = 0;
    (void)state;

    for (size_t n = 0; n <= text.n + 4096; n += 509) {
        uint8_t *m = malloc(n + 1);
        struct alc_verify_work w = {m, n, 0};
        enum alc_refusal r = alc_collateral_verify(&c, text, NULL, &w, &alc_verify_native);
        if (r == ALC_REFUSAL_NONE && least == 0) least = n;
        assert_int_equal(r, least == 0 ? ALC_REFUSAL_WORK : ALC_REFUSAL_NONE);
        free(m);
    }
    assert_true(least > 0 && least <= text.n + 2048);
}

static void a_set_has_a_most(void **state)
{
    static char text[ALC_COLLATERAL_MAX_BYTES + 2];
    static uint8_t more[sizeof text];
    struct alc_verify_work w = ALC_VERIFY_WORK(more);
    struct alc_bytes set = sample(TDX), in = {(uint8_t *)text, ALC_COLLATERAL_MAX_BYTES};
    (void)state;

    memset(text, ' ', sizeof text);
    memcpy(text, set.p, set.n);
    assert_int_equal(alc_collateral_verify(&c, in, NULL, &w, &alc_verify_native), ALC_REFUSAL_NONE);
    in.n++;
    assert_int_equal(alc_collateral_verify(&c, in, NULL, &w, &alc_verify_native),
                     ALC_REFUSAL_COLLATERAL_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sgx_set_says_what_the_reference_says),
        cmocka_unit_test(the_tdx_set_says_what_the_reference_says),
        cmocka_unit_test(the_outdated_set_says_what_the_reference_says),
        cmocka_unit_test(no_character_of_a_signed_text_can_change),
        cmocka_unit_test(no_character_of_a_revocation_list_can_change),
        cmocka_unit_test(no_character_of_a_chains_first_certificate_can_change),
        cmocka_unit_test(every_cut_set_is_refused),
        cmocka_unit_test(parts_in_the_wrong_place_are_refused),
        cmocka_unit_test(a_signed_text_is_signed_to_its_last_space),
        cmocka_unit_test(the_identity_of_another_quoting_enclave_is_refused),
        cmocka_unit_test(chains_begin_with_the_one_that_signs),
        cmocka_unit_test(each_member_is_there_once),
        cmocka_unit_test(hex_is_read_in_either_case),
        cmocka_unit_test(the_chain_of_a_leaf_is_found_when_a_set_carries_one),
        cmocka_unit_test(memory_of_any_size_is_enough_or_said_to_be_too_little),
        cmocka_unit_test(a_set_has_a_most),
    };
    alc_crypto_init();
    return cmocka_run_group_tests_name("verify/collateral", tests, NULL, NULL);
}
