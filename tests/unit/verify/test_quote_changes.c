/* tests/unit/verify/test_quote_changes.c — no byte of a quote or a set that somebody signed can be
 * changed, cut off or taken from another. */
#include "samples.h"

#include <jansson.h>

static const struct alc_quote_policy anything = {.statuses = UINT32_MAX};

static uint8_t changed[8192];

static struct alc_bytes copy_of(const char *name)
{
    struct alc_bytes b = sample(name);
    assert_true(b.n + 100 < sizeof changed);
    memcpy(changed, b.p, b.n);
    return (struct alc_bytes){changed, b.n};
}

static enum alc_refusal with_u16(size_t at, unsigned v)
{
    struct alc_bytes q = copy_of("tdx_quote");
    changed[at] = (uint8_t)v;
    changed[at + 1] = (uint8_t)(v >> 8);
    return verdict(q, &tdx, WITHIN).refusal;
}

static void changed_lengths_and_types_have_their_outcomes(void **state)
{
    struct alc_quote_verdict v;
    struct alc_bytes q;
    (void)state;

    load();
    q = copy_of("tdx_quote");
    for (size_t n = 4936; n <= 5006 + 50; n += 10) { /* the 70 zeros behind it do not matter */
        changed[4936 + n % 70] = (uint8_t)n;
        v = verdict((struct alc_bytes){changed, n}, &tdx, WITHIN);
        assert_int_equal(v.refusal, ALC_REFUSAL_NONE);
        assert_int_equal(v.status, ALC_TCB_UP_TO_DATE);
    }
    q.n = 4935;
    assert_int_equal(verdict(q, &tdx, WITHIN).refusal, ALC_REFUSAL_QUOTE_FORMAT);
    assert_int_equal(with_u16(766, 4166 + 1), ALC_REFUSAL_QUOTE_FORMAT); /* outer size */
    assert_int_equal(with_u16(1218, 33), ALC_REFUSAL_QUOTE_FORMAT);      /* auth data */
    assert_int_equal(with_u16(0, 3), ALC_REFUSAL_QUOTE_TEE);
    assert_int_equal(with_u16(0, 6), ALC_REFUSAL_QUOTE_VERSION);
    assert_int_equal(with_u16(4, 0x80), ALC_REFUSAL_QUOTE_TEE);
    assert_int_equal(with_u16(4, 0), ALC_REFUSAL_QUOTE_FORMAT);
    assert_int_equal(with_u16(2, 3), ALC_REFUSAL_QUOTE_KEY_TYPE);
    assert_int_equal(with_u16(764, 7), ALC_REFUSAL_CERTIFICATION);
    assert_int_equal(with_u16(1252, 4), ALC_REFUSAL_CERTIFICATION);
    assert_int_equal(with_u16(764, 6), ALC_REFUSAL_NONE); /* the places are right */
    assert_int_equal(with_u16(766, 4166), ALC_REFUSAL_NONE);
    assert_int_equal(with_u16(1218, 32), ALC_REFUSAL_NONE);
}

/* Where a flip must be refused, and how; the certificates have several ways to break. */
static enum alc_refusal flip_refusal(size_t at)
{
    if (at < 2) return ALC_REFUSAL_COUNT;
    if (at < 4) return ALC_REFUSAL_QUOTE_KEY_TYPE;
    if (at < 8) return ALC_REFUSAL_COUNT; /* TEE: none, or a body of another length */
    if (at < 12) return ALC_REFUSAL_QUOTE_SIGNATURE;
    if (at < 28) return ALC_REFUSAL_QUOTE_VENDOR;
    if (at < 632) return ALC_REFUSAL_QUOTE_SIGNATURE; /* even DEBUG: judged after it */
    if (at < 636) return ALC_REFUSAL_QUOTE_FORMAT;
    if (at < 700) return ALC_REFUSAL_QUOTE_SIGNATURE;
    if (at < 764) return ALC_REFUSAL_QE_BINDING;
    if (at < 766) return ALC_REFUSAL_CERTIFICATION;
    if (at < 770) return ALC_REFUSAL_QUOTE_FORMAT;
    if (at < 1218) return ALC_REFUSAL_QE_REPORT_SIGNATURE;
    if (at < 1220) return ALC_REFUSAL_QUOTE_FORMAT;
    if (at < 1252) return ALC_REFUSAL_QE_BINDING;
    if (at < 1254) return ALC_REFUSAL_CERTIFICATION;
    if (at < 1258) return ALC_REFUSAL_QUOTE_FORMAT;
    return ALC_REFUSAL_COUNT; /* the chain */
}

static const char end_mark[] = "-----END CERTIFICATE-----";

/* Bytes of the chain that nobody signs and that may be anything, by name:
 * - the line ends between two certificates, and the line's end and the NUL behind the last;
 * - a line's end inside of a certificate, when it becomes other white space. */
static bool is_harmless(struct alc_bytes q, size_t at, uint8_t to)
{
    const size_t n = sizeof end_mark - 1;
    size_t i = at;

    if (at < 1258 || (q.p[at] != '\n' && q.p[at] != 0)) return false;
    while (q.p[i - 1] == '\n' || q.p[i - 1] == 0)
        i--;
    if (memcmp(q.p + i - n, end_mark, n) == 0) return true;
    return to == '\n' || to == '\r' || to == ' ' || to == '\t';
}

static void every_byte_that_counts_is_refused_when_flipped(void **state)
{
    struct alc_bytes q;
    size_t harmless = 0, refused = 0;
    (void)state;

    load();
    q = copy_of("tdx_quote");
    assert_int_equal(verdict(q, &tdx, WITHIN).refusal, ALC_REFUSAL_NONE);
    for (size_t at = 0; at < 4936; at++) {
        const uint8_t was = changed[at];
        const struct alc_bytes sound = sample("tdx_quote");
        /* all bits of the chain, where several would not reach a signature; else one of each byte,
         * another each time, and all at once */
        for (unsigned k = 0; k < 9; k++) {
            uint8_t mask = (uint8_t)(k == 8 ? 0xffu : 1u << k);
            enum alc_refusal r;
            if (k != 8 && k != at % 8 && at < 1258) continue;
            changed[at] = was ^ mask;
            r = verdict(q, &tdx, WITHIN).refusal;
            changed[at] = was;
            if (is_harmless(sound, at, was ^ mask)) {
                assert_int_equal(r, ALC_REFUSAL_NONE);
                harmless++;
                continue;
            }
            refused++;
            if (r == ALC_REFUSAL_NONE) fail_msg("byte %zu ^ %02x was accepted", at, mask);
            if (flip_refusal(at) != ALC_REFUSAL_COUNT)
                assert_int_equal(r, flip_refusal(at));
            else if (at >= 1258)
                assert_true(r == ALC_REFUSAL_PEM || r == ALC_REFUSAL_CERTIFICATE ||
                            r == ALC_REFUSAL_CERTIFICATE_ALGORITHM || r == ALC_REFUSAL_ROLE ||
                            r == ALC_REFUSAL_PCK_CA || r == ALC_REFUSAL_ROOT ||
                            r == ALC_REFUSAL_CHAIN_SIGNATURE);
        }
    }
    printf("%zu flips refused; %zu harmless: line ends and the final NUL\n", refused, harmless);
    assert_true(refused > 30000 && harmless < 60);
}

/* The other versions: what is signed lies elsewhere, and counts as much. */
static void signed_bytes_of_the_other_versions_count(void **state)
{
    static const struct {
        const char *file;
        const struct alc_collateral *set;
        uint64_t now_s;
        size_t body, signature, key; /* where they end */
        enum alc_refusal sound;      /* what is said of it unchanged */
    } of[] = {{"sgx_quote", &sgx, WITHIN, 432, 500, 564, ALC_REFUSAL_STATUS},
              {"tdx_quote_outdated", &outdated, WITHIN_OUTDATED, 702, 770, 834,
               ALC_REFUSAL_PLATFORM_LEVEL}};
    (void)state;

    load();
    for (size_t i = 0; i < 2; i++) {
        struct alc_bytes q = copy_of(of[i].file);
        assert_int_equal(verdict(q, of[i].set, of[i].now_s).refusal, of[i].sound);
        for (size_t at = 0; at < of[i].key; at++) {
            uint8_t mask = (uint8_t)(1u << at % 8);
            enum alc_refusal r;
            changed[at] ^= mask;
            r = verdict(q, of[i].set, of[i].now_s).refusal;
            changed[at] ^= mask;
            assert_int_not_equal(r, of[i].sound);
            assert_int_not_equal(r, ALC_REFUSAL_NONE);
            if (at >= 54 && at < of[i].body) assert_int_equal(r, ALC_REFUSAL_QUOTE_SIGNATURE);
            if (at >= of[i].body + 4 && at < of[i].signature)
                assert_int_equal(r, ALC_REFUSAL_QUOTE_SIGNATURE);
            if (at >= of[i].signature) assert_int_equal(r, ALC_REFUSAL_QE_BINDING);
        }
    }
}

static void every_truncation_is_refused(void **state)
{
    static const char *const file[] = {"tdx_quote", "sgx_quote", "tdx_quote_outdated"};
    const struct alc_collateral *const set[] = {&tdx, &sgx, &outdated};
    static const size_t whole[] = {4936, 4600, 5006};
    (void)state;

    load();
    for (size_t i = 0; i < 3; i++)
        for (size_t n = 0; n < whole[i]; n++) {
            uint8_t *p = malloc(n > 0 ? n : 1);
            assert_non_null(p);
            memcpy(p, sample(file[i]).p, n);
            assert_int_equal(verdict((struct alc_bytes){p, n}, set[i], WITHIN).refusal,
                             ALC_REFUSAL_QUOTE_FORMAT);
            free(p);
        }
}

static void another_platforms_chain_is_refused(void **state)
{
    static struct alc_collateral later;
    struct alc_quote other;
    struct alc_quote_ask ask;
    (void)state;

    load();
    assert_int_equal(alc_quote_read(&other, sample("tdx_quote_outdated")), ALC_REFUSAL_NONE);
    later = tdx;
    later.tcb.until_s = later.qe.until_s = later.root_crl.until_s = later.pck_crl.until_s =
        UINT64_MAX;
    ask = (struct alc_quote_ask){.quote = sample("tdx_quote"),
                                 .collateral = &later,
                                 .pck_chain = other.pck_chain,
                                 .now_s = WITHIN,
                                 .policy = &anything};
    assert_int_equal(judge(&ask).refusal, ALC_REFUSAL_CERTIFICATE_FUTURE);
    ask.now_s = WITHIN_OUTDATED;
    assert_int_equal(judge(&ask).refusal, ALC_REFUSAL_QE_REPORT_SIGNATURE);
    /* the quote's own chain, given beside it, is as good as inside */
    assert_int_equal(alc_quote_read(&other, sample("tdx_quote")), ALC_REFUSAL_NONE);
    ask.pck_chain = other.pck_chain;
    assert_int_equal(judge(&ask).refusal, ALC_REFUSAL_NONE);
    assert_int_equal(alc_quote_read(&other, sample("sgx_quote")), ALC_REFUSAL_NONE);
    ask.pck_chain = other.pck_chain; /* of the other CA */
    assert_int_equal(judge(&ask).refusal, ALC_REFUSAL_PCK_CA);
    assert_int_equal(verdict(sample("sgx_quote"), &tdx, WITHIN).refusal, ALC_REFUSAL_TCB_ID);
    assert_int_equal(verdict(sample("tdx_quote"), &sgx, WITHIN).refusal, ALC_REFUSAL_TCB_ID);
    assert_int_equal(verdict(sample("tdx_quote"), &outdated, WITHIN_OUTDATED).refusal,
                     ALC_REFUSAL_FMSPC);
}

/* ---- changed collateral ---- */

/* The set of tdx_quote in which members are replaced: pairs of name and JSON text, ended by NULL;
 * what a set that is refused cannot do is verify the quote. */
static enum alc_refusal with_members(const char *first, ...)
{
    static struct alc_collateral c;
    struct alc_bytes text = sample("tdx_quote_collateral.json");
    json_t *j = json_loadb((const char *)text.p, text.n, 0, NULL);
    enum alc_refusal r;
    va_list args;
    char *dump;

    assert_non_null(j);
    va_start(args, first);
    for (const char *name = first; name != NULL; name = va_arg(args, const char *))
        assert_int_equal(json_object_set_new(j, name, json_string(va_arg(args, const char *))), 0);
    va_end(args);
    dump = json_dumps(j, JSON_COMPACT);
    r = verify_set(&c, alc_cstr(dump), NULL);
    if (r == ALC_REFUSAL_NONE) r = verdict(sample("tdx_quote"), &c, WITHIN).refusal;
    free(dump);
    json_decref(j);
    return r;
}

static json_t *set_json(const char *file)
{
    struct alc_bytes text = sample(file);
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

/* A copy with room for some more. */
static char *copy_text(const char *text)
{
    char *p = calloc(1, strlen(text) + 64);
    assert_non_null(p);
    strcpy(p, text);
    return p;
}

static void the_texts_of_a_set_cannot_be_changed(void **state)
{
    static const char *const name[] = {"tcb_info", "qe_identity"};
    static const enum alc_refusal want[] = {ALC_REFUSAL_TCB_SIGNATURE, ALC_REFUSAL_QE_SIGNATURE};
    json_t *set = set_json("tdx_quote_collateral.json");
    (void)state;

    load();
    assert_int_equal(with_members(NULL), ALC_REFUSAL_NONE);
    for (size_t i = 0; i < 2; i++) {
        char *text = copy_text(member(set, name[i]));
        size_t n = strlen(text);
        for (size_t at = 0; at < n; at += 97) {
            text[at] ^= 1;
            assert_int_equal(with_members(name[i], text, NULL), want[i]);
            text[at] ^= 1;
        }
        strcpy(text + n, " ");
        assert_int_equal(with_members(name[i], text, NULL), want[i]);
        free(text);
    }
    assert_int_equal(with_members("tcb_info_signature", member(set, "qe_identity_signature"),
                                  "qe_identity_signature", member(set, "tcb_info_signature"), NULL),
                     ALC_REFUSAL_TCB_SIGNATURE);
    assert_int_equal(with_members("qe_identity_signature", member(set, "tcb_info_signature"), NULL),
                     ALC_REFUSAL_QE_SIGNATURE);
    json_decref(set);
}

static void parts_of_another_set_do_not_fit(void **state)
{
    json_t *other = set_json("sgx_quote_collateral.json"),
           *own = set_json("tdx_quote_collateral.json");
    (void)state;

    load();
    assert_int_equal(with_members("qe_identity", member(other, "qe_identity"),
                                  "qe_identity_signature", member(other, "qe_identity_signature"),
                                  NULL),
                     ALC_REFUSAL_QE_ID);
    assert_int_equal(with_members("tcb_info", member(other, "tcb_info"), "tcb_info_signature",
                                  member(other, "tcb_info_signature"), NULL),
                     ALC_REFUSAL_QE_ID);
    assert_int_equal(with_members("tcb_info", member(other, "tcb_info"), "tcb_info_signature",
                                  member(other, "tcb_info_signature"), "qe_identity",
                                  member(other, "qe_identity"), "qe_identity_signature",
                                  member(other, "qe_identity_signature"), NULL),
                     ALC_REFUSAL_TCB_ID);
    /* lists of other issuers say nothing about this one's certificates */
    assert_int_equal(with_members("pck_crl", member(other, "pck_crl"), NULL),
                     ALC_REFUSAL_CRL_ISSUER);
    assert_int_equal(with_members("pck_crl", member(own, "root_ca_crl"), NULL),
                     ALC_REFUSAL_CRL_ISSUER);
    assert_int_equal(with_members("root_ca_crl", member(own, "pck_crl"), NULL),
                     ALC_REFUSAL_CRL_ISSUER);
    assert_int_equal(with_members("pck_crl", member(other, "pck_crl"), "pck_crl_issuer_chain",
                                  member(other, "pck_crl_issuer_chain"), NULL),
                     ALC_REFUSAL_PCK_CA);
    json_decref(other);
    json_decref(own);
}

static void a_list_with_a_changed_byte_is_refused(void **state)
{
    static const char *const name[] = {"pck_crl", "root_ca_crl"};
    json_t *set = set_json("tdx_quote_collateral.json");
    (void)state;

    load();
    for (size_t i = 0; i < 2; i++) {
        char *hex = copy_text(member(set, name[i]));
        for (size_t at = 0; hex[at] != 0; at += 7) {
            char was = hex[at];
            enum alc_refusal r;
            hex[at] = was == '0' ? '1' : '0';
            r = with_members(name[i], hex, NULL);
            assert_true(r == ALC_REFUSAL_CRL || r == ALC_REFUSAL_CRL_ISSUER ||
                        r == ALC_REFUSAL_CRL_SIGNATURE || r == ALC_REFUSAL_CERTIFICATE_ALGORITHM);
            hex[at] = was;
        }
        free(hex);
    }
    json_decref(set);
}

static void chains_of_a_set_keep_their_roles(void **state)
{
    json_t *set = set_json("tdx_quote_collateral.json");
    const char *tcb = member(set, "tcb_info_issuer_chain");
    const char *ca = member(set, "pck_crl_issuer_chain"), *root;
    char *text = copy_text(tcb), *leaf;
    struct alc_quote q;
    (void)state;

    load();
    root = strstr(tcb + 1, "-----BEGIN");
    assert_non_null(root);
    /* the leaf alone: the pinned root ends the chain */
    text[root - tcb] = 0;
    assert_int_equal(with_members("tcb_info_issuer_chain", text, NULL), ALC_REFUSAL_NONE);
    strcpy(text, root);
    strncat(text, tcb, (size_t)(root - tcb));
    assert_int_equal(with_members("tcb_info_issuer_chain", text, NULL), ALC_REFUSAL_ROLE);
    assert_int_equal(with_members("tcb_info_issuer_chain", ca, NULL), ALC_REFUSAL_ROLE);
    assert_int_equal(with_members("qe_identity_issuer_chain", ca, NULL), ALC_REFUSAL_ROLE);
    assert_int_equal(alc_quote_read(&q, sample("tdx_quote")), ALC_REFUSAL_NONE);
    leaf = calloc(1, q.pck_chain.n + 1);
    assert_non_null(leaf);
    memcpy(leaf, q.pck_chain.p, q.pck_chain.n);
    assert_int_equal(with_members("tcb_info_issuer_chain", leaf, NULL), ALC_REFUSAL_ROLE);
    assert_int_equal(with_members("qe_identity_issuer_chain", leaf, NULL), ALC_REFUSAL_ROLE);
    assert_int_equal(with_members("pck_crl_issuer_chain", leaf, NULL), ALC_REFUSAL_ROLE);
    assert_int_equal(with_members("pck_crl_issuer_chain", tcb, NULL), ALC_REFUSAL_ROLE);
    assert_int_equal(with_members("pck_crl_issuer_chain", "garbage", NULL), ALC_REFUSAL_PEM);
    free(leaf);
    free(text);
    json_decref(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changed_lengths_and_types_have_their_outcomes),
        cmocka_unit_test(every_byte_that_counts_is_refused_when_flipped),
        cmocka_unit_test(signed_bytes_of_the_other_versions_count),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(another_platforms_chain_is_refused),
        cmocka_unit_test(the_texts_of_a_set_cannot_be_changed),
        cmocka_unit_test(parts_of_another_set_do_not_fit),
        cmocka_unit_test(a_list_with_a_changed_byte_is_refused),
        cmocka_unit_test(chains_of_a_set_keep_their_roles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
