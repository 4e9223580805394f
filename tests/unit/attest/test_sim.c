/* The simulated PKI: what it makes is read by OpenSSL's command line, and lies where Intel's
 * formats say; its folder survives crashes and company. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "attest/sim.h"
#include "base/enc.h"
#include "base/json.h"

#define NOW_S UINT64_C(1795500000) /* 2026-11-24 */
#define DAY_S UINT64_C(86400)

static uint64_t wall(void *ctx)
{
    (void)ctx;
    return NOW_S * 1000000000u;
}

static const struct alc_clock at_now = {.wall_ns = wall, .mono_ns = wall};

struct fixture {
    char dir[64];
    struct alc_sim *sim; /* in memory alone */
    struct alc_err err;
};

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    return remove(path);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    strcpy(f->dir, "/tmp/alcove-sim-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    assert_int_equal(alc_sim_open(&f->sim, NULL, &at_now, &f->err), ALC_OK);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    alc_sim_close(f->sim);
    nftw(f->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(f);
    return 0;
}

/* ---- what OpenSSL thinks of it ---- */

static void write_file(const struct fixture *f, const char *name, struct alc_bytes content)
{
    char path[128];
    FILE *file;
    snprintf(path, sizeof path, "%s/%s", f->dir, name);
    file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(content.p, 1, content.n, file), content.n);
    assert_int_equal(fclose(file), 0);
}

/* Runs `openssl <args>` in the folder and returns its exit status; its words are in *out. */
static int openssl(const struct fixture *f, const char *args, struct alc_buf *out)
{
    char command[1024], part[4096];
    size_t n;
    FILE *p;
    int status;

    snprintf(command, sizeof command, "cd %s && openssl %s 2>&1", f->dir, args);
    alc_buf_reset(out);
    p = popen(command, "r");
    assert_non_null(p);
    while ((n = fread(part, 1, sizeof part, p)) > 0)
        alc_buf_put(out, part, n);
    status = pclose(p);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void need_openssl(const struct fixture *f, struct alc_buf *out)
{
    if (openssl(f, "version", out) == 0) return;
    printf("skipped: there is no openssl command\n");
    alc_buf_fini(out);
    skip();
}

static bool says(const struct alc_buf *out, const char *word)
{
    return strstr(alc_buf_text(out), word) != NULL;
}

/* A member of a JSON set, as the bytes of its string or of its hex. */
static struct alc_bytes member(const struct alc_json *set, const char *key)
{
    struct alc_bytes text;
    assert_true(alc_json_str(alc_json_get(set, key), &text));
    return text;
}

static struct alc_bytes hex_member(const struct alc_json *set, const char *key, uint8_t *out,
                                   size_t cap)
{
    size_t n;
    assert_true(alc_hex_decode(out, cap, &n, member(set, key)));
    return (struct alc_bytes){out, n};
}

static struct alc_json *collateral(struct fixture *f, const struct alc_sim_set *set,
                                   struct alc_buf *text)
{
    struct alc_json *doc;
    alc_buf_reset(text);
    assert_int_equal(alc_sim_collateral(f->sim, set, text, &f->err), ALC_OK);
    assert_int_equal(alc_json_open(&doc, alc_buf_bytes(text), ALC_COLLATERAL_MAX_BYTES, &f->err),
                     ALC_OK);
    return doc;
}

/* Leaves chain.pem (leaf, CA, root), ca.pem, signing.pem, root.pem, both lists in crls.pem. */
static void lay_out(struct fixture *f, const struct alc_json *set, struct alc_buf *out)
{
    uint8_t der[8192];
    write_file(f, "chain.pem", alc_sim_pck_chain(f->sim));
    write_file(f, "ca.pem", member(set, "pck_crl_issuer_chain"));
    write_file(f, "signing.pem", member(set, "tcb_info_issuer_chain"));
    write_file(f, "root.der", alc_sim_root(f->sim));
    write_file(f, "root.crl", hex_member(set, "root_ca_crl", der, sizeof der));
    write_file(f, "pck.crl", hex_member(set, "pck_crl", der, sizeof der));
    assert_int_equal(openssl(f, "x509 -inform der -in root.der -out root.pem", out), 0);
    assert_int_equal(openssl(f, "crl -inform der -in root.crl -out root.crl.pem", out), 0);
    assert_int_equal(openssl(f, "crl -inform der -in pck.crl -out pck.crl.pem", out), 0);
}

static int verify(const struct fixture *f, const char *file, struct alc_buf *out)
{
    char args[512];
    snprintf(args, sizeof args,
             "verify -x509_strict -attime %llu -CAfile root.pem -untrusted ca.pem -crl_check_all "
             "-CRLfile root.crl.pem -CRLfile pck.crl.pem %s",
             (unsigned long long)NOW_S, file);
    return openssl(f, args, out);
}

static void openssl_believes_the_chains_and_lists(void **state)
{
    struct fixture *f = *state;
    struct alc_buf text = ALC_BUF(1 << 20), out = ALC_BUF(1 << 20);
    const struct alc_sim_set usual = {.tee = ALC_TEE_TDX, .now_s = NOW_S};
    struct alc_json *set;

    need_openssl(f, &out);
    set = collateral(f, &usual, &text);
    lay_out(f, set, &out);
    assert_int_equal(verify(f, "chain.pem", &out), 0);
    assert_true(says(&out, "chain.pem: OK"));
    assert_int_equal(verify(f, "signing.pem", &out), 0);
    assert_true(says(&out, "signing.pem: OK"));
    alc_json_close(set);
    alc_buf_fini(&text);
    alc_buf_fini(&out);
}

static void certificates_have_intels_shape(void **state)
{
    struct fixture *f = *state;
    struct alc_buf text = ALC_BUF(1 << 20), out = ALC_BUF(1 << 20);
    const struct alc_sim_set usual = {.tee = ALC_TEE_TDX, .now_s = NOW_S};
    struct alc_json *set;

    need_openssl(f, &out);
    set = collateral(f, &usual, &text);
    lay_out(f, set, &out);
    assert_int_equal(openssl(f, "x509 -in root.pem -noout -text", &out), 0);
    assert_true(says(&out, "Version: 3"));
    assert_true(says(&out, "Subject: CN = SIMULATED SGX Root CA, O = SIMULATED"));
    assert_true(says(&out, "Issuer: CN = SIMULATED SGX Root CA, O = SIMULATED"));
    assert_true(says(&out, "ecdsa-with-SHA256"));
    assert_true(says(&out, "NIST CURVE: P-256"));
    assert_true(says(&out, "CA:TRUE, pathlen:1"));
    assert_true(says(&out, "Key Usage: critical\n                Certificate Sign, CRL Sign\n"));
    assert_true(says(&out, "Not Before: Nov 23"));
    assert_true(says(&out, " 2026 GMT"));
    assert_true(says(&out, "Not After : Nov 23"));
    assert_true(says(&out, " 2046 GMT"));
    assert_int_equal(openssl(f, "x509 -in ca.pem -noout -text", &out), 0);
    assert_true(says(&out, "Subject: CN = Intel SGX PCK Platform CA, O = SIMULATED"));
    assert_true(says(&out, "CA:TRUE, pathlen:0"));
    assert_int_equal(openssl(f, "x509 -in chain.pem -noout -text", &out), 0);
    assert_true(says(&out, "Subject: CN = Intel SGX PCK Certificate, O = SIMULATED"));
    assert_true(says(&out, "Issuer: CN = Intel SGX PCK Platform CA, O = SIMULATED"));
    assert_true(says(&out, "CA:FALSE"));
    assert_true(says(&out, "Key Usage: critical\n                Digital Signature, Non Repud"));
    assert_true(says(&out, "X509v3 Authority Key Identifier"));
    assert_true(says(&out, "X509v3 Subject Key Identifier"));
    assert_true(says(&out, "1.2.840.113741.1.13.1"));
    assert_int_equal(openssl(f, "x509 -in signing.pem -noout -text", &out), 0);
    assert_true(says(&out, "Subject: CN = Intel SGX TCB Signing, O = SIMULATED"));
    assert_true(says(&out, "Issuer: CN = SIMULATED SGX Root CA"));
    assert_int_equal(openssl(f, "crl -in pck.crl.pem -noout -text", &out), 0);
    assert_true(says(&out, "Version 2"));
    assert_true(says(&out, "Issuer: CN = Intel SGX PCK Platform CA"));
    assert_true(says(&out, "X509v3 CRL Number"));
    assert_true(says(&out, "X509v3 Authority Key Identifier"));
    assert_true(says(&out, "No Revoked Certificates"));
    alc_json_close(set);
    alc_buf_fini(&text);
    alc_buf_fini(&out);
}

static void what_is_revoked_stands_on_its_issuers_list(void **state)
{
    struct fixture *f = *state;
    struct alc_buf text = ALC_BUF(1 << 20), out = ALC_BUF(1 << 20);
    struct alc_sim_set set = {.tee = ALC_TEE_TDX, .now_s = NOW_S, .revoke_leaf = true};
    struct alc_json *doc;

    need_openssl(f, &out);
    doc = collateral(f, &set, &text);
    lay_out(f, doc, &out);
    alc_json_close(doc);
    assert_int_not_equal(verify(f, "chain.pem", &out), 0);
    assert_true(says(&out, "error 23 at 0 depth lookup: certificate revoked"));
    assert_int_equal(verify(f, "signing.pem", &out), 0);

    set = (struct alc_sim_set){.tee = ALC_TEE_TDX, .now_s = NOW_S, .revoke_ca = true};
    doc = collateral(f, &set, &text);
    lay_out(f, doc, &out);
    alc_json_close(doc);
    assert_int_not_equal(verify(f, "chain.pem", &out), 0);
    assert_true(says(&out, "error 23 at 1 depth lookup: certificate revoked"));

    set = (struct alc_sim_set){.tee = ALC_TEE_TDX, .now_s = NOW_S, .revoke_tcb_signing = true};
    doc = collateral(f, &set, &text);
    lay_out(f, doc, &out);
    alc_json_close(doc);
    assert_int_not_equal(verify(f, "signing.pem", &out), 0);
    assert_int_equal(verify(f, "chain.pem", &out), 0);

    set = (struct alc_sim_set){.tee = ALC_TEE_TDX,
                               .now_s = NOW_S,
                               .crl_from_s = NOW_S - 40 * DAY_S,
                               .crl_until_s = NOW_S - 10 * DAY_S};
    doc = collateral(f, &set, &text);
    lay_out(f, doc, &out);
    alc_json_close(doc);
    assert_int_not_equal(verify(f, "chain.pem", &out), 0);
    assert_true(says(&out, "CRL has expired"));
    alc_buf_fini(&text);
    alc_buf_fini(&out);
}

/* ---- texts ---- */

/* The public key of the first certificate of a chain: what follows P-256's identifier in it. */
static void key_of(uint8_t out[64], struct alc_bytes pem)
{
    static const uint8_t before[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03,
                                     0x01, 0x07, 0x03, 0x42, 0x00, 0x04};
    uint8_t der[4096];
    char text[8192];
    size_t n = 0, at = sizeof "-----BEGIN CERTIFICATE-----";

    for (; pem.p[at] != '-'; at++)
        if (pem.p[at] != '\n') text[n++] = (char)pem.p[at];
    assert_true(
        alc_base64_decode(der, sizeof der, &n, (struct alc_bytes){(const uint8_t *)text, n}));
    for (at = 0; at + sizeof before + 64 <= n; at++)
        if (memcmp(der + at, before, sizeof before) == 0) {
            memcpy(out, der + at + sizeof before, 64);
            return;
        }
    fail_msg("the certificate has no P-256 key");
}

static void assert_signed(const uint8_t key[64], struct alc_bytes text, const uint8_t sig[64])
{
    struct alc_hash digest;
    alc_sha256(&digest, text);
    assert_true(alc_p256_verify(sig, key, &digest));
}

static void texts_are_signed_as_they_stand(void **state)
{
    struct fixture *f = *state;
    struct alc_buf text = ALC_BUF(1 << 20);
    uint8_t key[64], pck[64], sig[64];

    for (int i = 0; i < 2; i++) {
        struct alc_sim_set usual = {.tee = i == 0 ? ALC_TEE_TDX : ALC_TEE_SGX, .now_s = NOW_S};
        struct alc_json *set = collateral(f, &usual, &text), *info;
        const char *id;
        key_of(key, member(set, "tcb_info_issuer_chain"));
        assert_int_equal(hex_member(set, "tcb_info_signature", sig, 64).n, 64);
        assert_signed(key, member(set, "tcb_info"), sig);
        key_of(key, member(set, "qe_identity_issuer_chain"));
        assert_int_equal(hex_member(set, "qe_identity_signature", sig, 64).n, 64);
        assert_signed(key, member(set, "qe_identity"), sig);
        assert_null(alc_json_get(set, "pck_certificate_chain"));

        assert_int_equal(alc_json_open(&info, member(set, "tcb_info"), 1 << 20, &f->err), ALC_OK);
        assert_true(alc_json_text(alc_json_get(info, "id"), &id));
        assert_string_equal(id, i == 0 ? "TDX" : "SGX");
        assert_true(alc_json_text(alc_json_get(info, "issueDate"), &id));
        assert_string_equal(id, "2026-11-24T06:00:00Z");
        assert_true(alc_json_text(alc_json_get(info, "nextUpdate"), &id));
        assert_string_equal(id, "2026-12-24T06:00:00Z");
        assert_int_equal(alc_json_get(info, "tdxModule") != NULL, i == 0);
        for (size_t l = 0; l < 3; l++) {
            const struct alc_json *tcb =
                alc_json_get(alc_json_at(alc_json_get(info, "tcbLevels"), l), "tcb");
            assert_int_equal(alc_json_count(alc_json_get(tcb, "sgxtcbcomponents")), 16);
            assert_int_equal(alc_json_count(alc_json_get(tcb, "tdxtcbcomponents")),
                             i == 0 ? 16 : 0);
        }
        alc_json_close(info);
        assert_int_equal(alc_json_open(&info, member(set, "qe_identity"), 1 << 20, &f->err),
                         ALC_OK);
        assert_true(alc_json_text(alc_json_get(info, "id"), &id));
        assert_string_equal(id, i == 0 ? "TD_QE" : "QE");
        alc_json_close(info);
        alc_json_close(set);
    }

    /* A text of the caller's, under the wrong key and chain. */
    {
        const struct alc_sim_set wrong = {.tee = ALC_TEE_TDX,
                                          .now_s = NOW_S,
                                          .tcb_info = ALC_LIT("any text"),
                                          .tcb_info_by_pck = true,
                                          .tcb_info_chain = alc_sim_pck_chain(f->sim),
                                          .with_pck_chain = true};
        struct alc_json *set = collateral(f, &wrong, &text);
        key_of(pck, alc_sim_pck_chain(f->sim));
        assert_true(alc_bytes_is(member(set, "tcb_info"), "any text"));
        assert_true(alc_bytes_eq(member(set, "tcb_info_issuer_chain"), alc_sim_pck_chain(f->sim)));
        assert_true(alc_bytes_eq(member(set, "pck_certificate_chain"), alc_sim_pck_chain(f->sim)));
        assert_int_equal(hex_member(set, "tcb_info_signature", sig, 64).n, 64);
        assert_signed(pck, ALC_LIT("any text"), sig);
        alc_json_close(set);
        alc_sim_sign(f->sim, true, sig, ALC_LIT("more"));
        assert_signed(pck, ALC_LIT("more"), sig);
        alc_sim_sign(f->sim, false, sig, ALC_LIT("more"));
        assert_signed(key, ALC_LIT("more"), sig);
    }
    alc_buf_fini(&text);
}

/* ---- quotes ---- */

/* Where the parts of each version lie; a v3 quote has no outer record. */
static const struct layout {
    uint16_t version, body_type;
    size_t body, body_bytes, outer, qe;
} layouts[] = {
    {3, 1, 48, 384, 0, 564},   {4, 1, 48, 384, 564, 570}, {4, 2, 48, 584, 764, 770},
    {5, 1, 54, 384, 570, 576}, {5, 2, 54, 584, 770, 776}, {5, 3, 54, 648, 834, 840},
};

static uint32_t le(const uint8_t *p, size_t width)
{
    uint32_t v = 0;
    for (size_t i = width; i-- > 0;)
        v = v << 8 | p[i];
    return v;
}

static void quotes_lie_as_intel_lays_them(void **state)
{
    struct fixture *f = *state;
    struct alc_buf quote = ALC_BUF(1 << 16);
    uint8_t pck[64];

    key_of(pck, alc_sim_pck_chain(f->sim));
    for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++) {
        const struct layout *at = &layouts[i];
        struct alc_sim_quote q;
        struct alc_hash bound;
        const uint8_t *p;
        size_t signed_bytes = at->body + at->body_bytes, chain;

        alc_sim_quote_usual(&q, at->body_type == 1 ? ALC_TEE_SGX : ALC_TEE_TDX);
        q.version = at->version;
        q.body_type = at->body_type;
        q.trailing = 70;
        memset(q.sgx.report_data, 0x5a, 64);
        memset(q.td.report_data, 0x5a, 64);
        alc_buf_reset(&quote);
        assert_int_equal(alc_sim_quote(f->sim, &q, &quote, &f->err), ALC_OK);
        p = quote.p;
        assert_int_equal(le(p, 2), at->version);
        assert_int_equal(le(p + 4, 4), at->body_type == 1 ? 0 : 0x81);
        if (at->version == 5) {
            assert_int_equal(le(p + 48, 2), at->body_type);
            assert_int_equal(le(p + 50, 4), at->body_bytes);
        }
        /* REPORTDATA ends the body but for the fields of TD 1.5. */
        assert_memory_equal(p + signed_bytes - 64 - (at->body_type == 3 ? 64 : 0), q.td.report_data,
                            64);
        assert_signed(p + signed_bytes + 4 + 64, (struct alc_bytes){p, signed_bytes},
                      p + signed_bytes + 4);
        if (at->outer != 0) assert_int_equal(le(p + at->outer, 2), 6);
        assert_signed(pck, (struct alc_bytes){p + at->qe, 384}, p + at->qe + 384);
        assert_int_equal(le(p + at->qe + 448, 2), 32);
        {
            uint8_t both[96];
            memcpy(both, p + signed_bytes + 68, 64);
            memcpy(both + 64, p + at->qe + 450, 32);
            alc_sha256(&bound, (struct alc_bytes){both, sizeof both});
        }
        assert_memory_equal(p + at->qe + 320, bound.b, 32);
        assert_int_equal(le(p + at->qe + 482, 2), 5);
        chain = le(p + at->qe + 484, 4);
        assert_int_equal(chain, alc_sim_pck_chain(f->sim).n + 1);
        assert_memory_equal(p + at->qe + 488, "-----BEGIN", 10);
        assert_int_equal(p[at->qe + 488 + chain - 1], 0);
        assert_int_equal(quote.n, at->qe + 488 + chain + 70);
        assert_int_equal(le(p + signed_bytes, 4) + signed_bytes + 4 + 70, quote.n);
        if (at->outer != 0) assert_int_equal(le(p + at->outer + 2, 4), 488 + chain);
    }
    alc_buf_fini(&quote);
}

static void parts_of_a_quote_can_be_wrong_on_purpose(void **state)
{
    struct fixture *f = *state;
    struct alc_buf quote = ALC_BUF(1 << 16);
    struct alc_sim_quote q;

    alc_sim_quote_usual(&q, ALC_TEE_TDX);
    q.keep_qe_report_data = true;
    memset(q.qe.report_data, 0x77, 64);
    q.outer_type = 7;
    q.inner_type = 3;
    q.auth_data.n = 0;
    assert_int_equal(alc_sim_quote(f->sim, &q, &quote, &f->err), ALC_OK);
    assert_int_equal(le(quote.p + 764, 2), 7);
    assert_memory_equal(quote.p + 770 + 320, q.qe.report_data, 64);
    assert_int_equal(le(quote.p + 770 + 448, 2), 0);
    assert_int_equal(le(quote.p + 770 + 450, 2), 3);
    alc_buf_fini(&quote);
}

/* ---- the folder ---- */

static struct alc_hash root_hash(const char *dir)
{
    struct alc_sim *s = NULL;
    struct alc_hash h;
    struct alc_err err = {0};
    enum alc_rc rc = alc_sim_open(&s, dir, &at_now, &err);
    if (rc != ALC_OK) fail_msg("%s", alc_err_text(&err, rc));
    alc_sha256(&h, alc_sim_root(s));
    alc_sim_close(s);
    return h;
}

static void a_folder_keeps_its_pki(void **state)
{
    struct fixture *f = *state;
    char dir[96], path[128];
    struct alc_hash first, second;
    struct stat st;

    snprintf(dir, sizeof dir, "%s/pki-here", f->dir);
    first = root_hash(dir);
    second = root_hash(dir);
    assert_true(alc_hash_eq(&first, &second));
    snprintf(path, sizeof path, "%s/pki", dir);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    snprintf(path, sizeof path, "%s/root.der", dir);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0644);
    assert_int_equal(remove(path), 0); /* a crash came between the two */
    second = root_hash(dir);
    assert_true(alc_hash_eq(&first, &second));
    assert_int_equal(stat(path, &st), 0);
    snprintf(dir, sizeof dir, "%s/another", f->dir);
    second = root_hash(dir);
    assert_false(alc_hash_eq(&first, &second));
}

static void what_a_folder_gives_back_still_signs(void **state)
{
    struct fixture *f = *state;
    struct alc_sim *s = NULL;
    struct alc_buf quote = ALC_BUF(1 << 16);
    struct alc_sim_quote q;
    uint8_t pck[64];

    root_hash(f->dir);
    assert_int_equal(alc_sim_open(&s, f->dir, &at_now, &f->err), ALC_OK);
    key_of(pck, alc_sim_pck_chain(s));
    alc_sim_quote_usual(&q, ALC_TEE_TDX);
    assert_int_equal(alc_sim_quote(s, &q, &quote, &f->err), ALC_OK);
    assert_signed(pck, (struct alc_bytes){quote.p + 770, 384}, quote.p + 770 + 384);
    assert_signed(quote.p + 700, (struct alc_bytes){quote.p, 632}, quote.p + 636);
    alc_buf_fini(&quote);
    alc_sim_close(s);
}

static void processes_that_come_together_agree(void **state)
{
    struct fixture *f = *state;
    enum { COUNT = 6 };
    int go[2], answers[2];
    pid_t child[COUNT];
    struct alc_hash first, other;
    char c;
    DIR *d;

    assert_int_equal(pipe(go), 0);
    assert_int_equal(pipe(answers), 0);
    for (int i = 0; i < COUNT; i++) {
        child[i] = fork();
        assert_true(child[i] >= 0);
        if (child[i] == 0) {
            struct alc_sim *s = NULL;
            struct alc_hash h;
            close(go[1]);
            if (read(go[0], &c, 1) != 0) _exit(2); /* all start when the parent closes its end */
            if (alc_sim_open(&s, f->dir, &at_now, NULL) != ALC_OK) _exit(3);
            alc_sha256(&h, alc_sim_root(s));
            alc_sim_close(s);
            _exit(write(answers[1], h.b, sizeof h.b) == (ssize_t)sizeof h.b ? 0 : 4);
        }
    }
    close(go[0]);
    close(go[1]);
    for (int i = 0; i < COUNT; i++) {
        int status;
        assert_int_equal(waitpid(child[i], &status, 0), child[i]);
        assert_int_equal(status, 0);
    }
    first = root_hash(f->dir);
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(read(answers[0], other.b, sizeof other.b), sizeof other.b);
        assert_true(alc_hash_eq(&first, &other));
    }
    close(answers[0]);
    close(answers[1]);
    d = opendir(f->dir); /* and nobody left anything behind */
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d)) != NULL;)
        assert_true(e->d_name[0] != '.' || strcmp(e->d_name, ".") == 0 ||
                    strcmp(e->d_name, "..") == 0);
    closedir(d);
}

static void a_broken_file_is_named_and_not_replaced(void **state)
{
    struct fixture *f = *state;
    struct alc_sim *s = NULL;
    char path[128];
    struct stat st;

    root_hash(f->dir);
    snprintf(path, sizeof path, "%s/pki", f->dir);
    assert_int_equal(stat(path, &st), 0);
    for (off_t n = st.st_size - 1; n > 0; n = n * 3 / 4) {
        assert_int_equal(truncate(path, n), 0);
        assert_int_equal(alc_sim_open(&s, f->dir, &at_now, &f->err), ALC_CORRUPT);
        assert_non_null(strstr(f->err.text, path));
    }
    assert_int_equal(stat(path, &st), 0);
    assert_true(st.st_size < 8);
}

static void a_folder_that_cannot_be_made_is_named(void **state)
{
    struct fixture *f = *state;
    struct alc_sim *s = NULL;
    char dir[128];

    snprintf(dir, sizeof dir, "%s/no/such", f->dir);
    assert_int_equal(alc_sim_open(&s, dir, &at_now, &f->err), ALC_IO);
    assert_non_null(strstr(f->err.text, dir));
    write_file(f, "file", ALC_LIT("x"));
    snprintf(dir, sizeof dir, "%s/file", f->dir);
    assert_int_equal(alc_sim_open(&s, dir, &at_now, &f->err), ALC_IO);
    assert_non_null(strstr(f->err.text, dir));
    assert_null(s);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(openssl_believes_the_chains_and_lists),
        TEST(certificates_have_intels_shape),
        TEST(what_is_revoked_stands_on_its_issuers_list),
        TEST(texts_are_signed_as_they_stand),
        TEST(quotes_lie_as_intel_lays_them),
        TEST(parts_of_a_quote_can_be_wrong_on_purpose),
        TEST(a_folder_keeps_its_pki),
        TEST(what_a_folder_gives_back_still_signs),
        TEST(processes_that_come_together_agree),
        TEST(a_broken_file_is_named_and_not_replaced),
        TEST(a_folder_that_cannot_be_made_is_named),
    };
    alc_crypto_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
