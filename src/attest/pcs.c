#include "attest/pcs.h"

#include "attest/collateral.h"
#include "base/enc.h"
#include "base/http.h"
#include "base/json.h"

#include <stdio.h>
#include <string.h>

#define ARENA_BYTES (4u << 20)
#define PART_MAX_BYTES (512u << 10)
#define TIMEOUT_MS 20000u
#define TRIES 3u
/* The root's list lies at the root certificate's distribution point; a PCCS repeats it. */
#define INTEL_ROOT_CRL_URL "https://certificates.trustedservices.intel.com/IntelSGXRootCA.der"

struct fetch {
    const struct alc_pcs_ask *ask;
    struct alc_http *http;
    struct alc_arena *arena;
    struct alc_err *err;
};

static const char *tee_path(enum alc_tee tee)
{
    return tee == ALC_TEE_TDX ? "tdx" : "sgx";
}

/* get asks for one part; `what` names it in sentences. */
static enum alc_rc get(struct fetch *f, struct alc_http_answer *out, const char *what,
                       const char *url)
{
    const struct alc_http_ask ask = {.method = "GET",
                                     .url = url,
                                     .timeout_ms = TIMEOUT_MS,
                                     .tries = TRIES,
                                     .max_bytes = PART_MAX_BYTES,
                                     .plain_ok = f->ask->plain_ok};
    enum alc_rc rc = alc_http_do(f->http, out, &ask, NULL, f->arena, f->err);

    if (rc != ALC_OK) {
        alc_fail_in(f->err, "cannot fetch the %s", what);
        return rc;
    }
    if (out->status == 200) return ALC_OK;
    if (out->status == 404)
        return alc_fail(f->err, ALC_NOT_FOUND, "%s has no %s for this platform", f->ask->url, what);
    return alc_fail(f->err, ALC_IO, "%s answered %d when asked for the %s", f->ask->url,
                    out->status, what);
}

/* The object that begins at p, by its braces; n 0: it does not end. */
static struct alc_bytes object_at(const uint8_t *p, size_t n)
{
    size_t depth = 0;
    bool string = false;

    for (size_t i = 0; i < n; i++) {
        if (string) {
            if (p[i] == '\\')
                i++;
            else if (p[i] == '"')
                string = false;
        } else if (p[i] == '"') {
            string = true;
        } else if (p[i] == '{') {
            depth++;
        } else if (p[i] == '}' && --depth == 0) {
            return (struct alc_bytes){p, i + 1};
        }
    }
    return (struct alc_bytes){p, 0};
}

/* cut finds the text of member `name` of the body: the signature covers these very bytes, so they
 * are never parsed and printed again. */
static bool cut(struct alc_bytes *out, struct alc_bytes body, const char *name)
{
    size_t n = strlen(name);

    for (size_t i = 0; i + n + 2 < body.n; i++) {
        size_t at = i + n + 2;
        if (body.p[i] != '"' || memcmp(body.p + i + 1, name, n) != 0 || body.p[i + n + 1] != '"')
            continue;
        while (at < body.n && strchr(" \t\r\n:", body.p[at]) != NULL)
            at++;
        if (at == body.n || body.p[at] != '{') return false;
        *out = object_at(body.p + at, body.n - at);
        return out->n > 0;
    }
    return false;
}

static int nibble(uint8_t c)
{
    if (c >= '0' && c <= '9') return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Chains come as URL-encoded PEM. */
static enum alc_rc chain_of(struct fetch *f, struct alc_bytes *out, const struct alc_http_answer *a,
                            const char *name, const char *older)
{
    struct alc_bytes in = alc_http_header(a, name);
    uint8_t *p;
    size_t n = 0;

    if (in.n == 0 && older != NULL) in = alc_http_header(a, older);
    if (in.n == 0)
        return alc_fail(f->err, ALC_BAD_INPUT, "the answer of %s lacks the header %s", f->ask->url,
                        name);
    p = alc_arena_array(f->arena, in.n, 1);
    if (p == NULL) return ALC_NOMEM;
    for (size_t i = 0; i < in.n; i++) {
        bool coded = in.p[i] == '%' && i + 2 < in.n;
        int high = coded ? nibble(in.p[i + 1]) : -1, low = coded ? nibble(in.p[i + 2]) : -1;
        if (high >= 0 && low >= 0) {
            p[n++] = (uint8_t)(high * 16 + low);
            i += 2;
        } else {
            p[n++] = in.p[i];
        }
    }
    *out = (struct alc_bytes){p, n};
    return ALC_OK;
}

/* A signed JSON part: its exact text, its signature as hex, and its issuers. */
struct part {
    struct alc_bytes text, signature, chain;
};

static enum alc_rc get_part(struct fetch *f, struct part *out, const char *what, const char *url,
                            const char *member, const char *header, const char *older)
{
    struct alc_http_answer a;
    struct alc_json *doc = NULL;
    struct alc_bytes signature;
    enum alc_rc rc = get(f, &a, what, url);

    if (rc == ALC_OK) rc = chain_of(f, &out->chain, &a, header, older);
    if (rc != ALC_OK) return rc;
    rc = alc_json_open(&doc, a.body, PART_MAX_BYTES, f->err);
    if (rc != ALC_OK) {
        alc_fail_in(f->err, "the %s", what);
        return rc;
    }
    if (!cut(&out->text, a.body, member) ||
        !alc_json_str(alc_json_get(doc, "signature"), &signature))
        rc = alc_fail(f->err, ALC_BAD_INPUT, "the %s lacks %s or its signature", what, member);
    else if (!alc_arena_copy(f->arena, signature, &out->signature))
        rc = ALC_NOMEM;
    alc_json_close(doc);
    return rc;
}

/* Lists come as DER, or as its hex. */
static enum alc_rc get_crl(struct fetch *f, struct alc_bytes *der, struct alc_bytes *chain,
                           const char *what, const char *url)
{
    struct alc_http_answer a;
    enum alc_rc rc = get(f, &a, what, url);
    uint8_t *p;
    size_t n;

    if (rc == ALC_OK && chain != NULL)
        rc = chain_of(f, chain, &a, "SGX-PCK-CRL-Issuer-Chain", NULL);
    if (rc != ALC_OK) return rc;
    *der = a.body;
    while (der->n > 0 && (der->p[der->n - 1] == '\n' || der->p[der->n - 1] == '\r'))
        der->n--;
    p = alc_arena_array(f->arena, der->n / 2 + 1, 1);
    if (p == NULL) return ALC_NOMEM;
    /* DER is no hex: its second byte is a length above 0x80. */
    *der = alc_hex_decode(p, der->n / 2 + 1, &n, *der) ? (struct alc_bytes){p, n} : a.body;
    if (der->n == 0) return alc_fail(f->err, ALC_BAD_INPUT, "the %s is empty", what);
    return ALC_OK;
}

static void put(struct alc_jw *w, const char *key, struct alc_bytes text)
{
    alc_jw_key(w, key);
    alc_jw_str(w, text);
}

enum alc_rc alc_pcs_fetch(struct alc_buf *json, const struct alc_pcs_ask *ask, struct alc_err *err)
{
    struct alc_arena arena = ALC_ARENA(ARENA_BYTES);
    struct fetch f = {.ask = ask, .arena = &arena, .err = err};
    const struct alc_platform *p = ask->platform;
    const char *update = ask->early ? "early" : "standard";
    const char *tee = tee_path(p->tee);
    struct alc_bytes root_crl, pck_crl, pck_crl_chain;
    struct part tcb, qe;
    char url[1024], fmspc[2 * sizeof p->fmspc + 1] = "";
    size_t n;
    enum alc_rc rc = alc_http_open(&f.http, err);

    if (rc != ALC_OK) return rc;
    if (!alc_hex_encode(fmspc, sizeof fmspc - 1, &n, (struct alc_bytes){p->fmspc, sizeof p->fmspc}))
        rc = ALC_NOMEM;
    snprintf(url, sizeof url, "%s/%s/certification/v4/tcb?fmspc=%s&update=%s", ask->url, tee, fmspc,
             update);
    if (rc == ALC_OK)
        rc = get_part(&f, &tcb, "TCB info", url, "tcbInfo", "TCB-Info-Issuer-Chain",
                      "SGX-TCB-Info-Issuer-Chain");
    snprintf(url, sizeof url, "%s/%s/certification/v4/qe/identity?update=%s", ask->url, tee,
             update);
    if (rc == ALC_OK)
        rc = get_part(&f, &qe, "QE identity", url, "enclaveIdentity",
                      "SGX-Enclave-Identity-Issuer-Chain", NULL);
    snprintf(url, sizeof url, "%s/sgx/certification/v4/pckcrl?ca=%s&encoding=der", ask->url,
             p->ca == ALC_PCK_PLATFORM ? "platform" : "processor");
    if (rc == ALC_OK) rc = get_crl(&f, &pck_crl, &pck_crl_chain, "PCK revocation list", url);
    if (strcmp(ask->url, ALC_PCS_URL) == 0)
        snprintf(url, sizeof url, "%s", INTEL_ROOT_CRL_URL);
    else
        snprintf(url, sizeof url, "%s/sgx/certification/v4/rootcacrl", ask->url);
    if (rc == ALC_OK) rc = get_crl(&f, &root_crl, NULL, "root revocation list", url);
    if (rc == ALC_OK) {
        struct alc_jw w = {.out = json};
        alc_jw_obj(&w);
        put(&w, "pck_crl_issuer_chain", pck_crl_chain);
        alc_jw_key(&w, "root_ca_crl");
        alc_jw_hex(&w, root_crl);
        alc_jw_key(&w, "pck_crl");
        alc_jw_hex(&w, pck_crl);
        put(&w, "tcb_info_issuer_chain", tcb.chain);
        put(&w, "tcb_info", tcb.text);
        put(&w, "tcb_info_signature", tcb.signature);
        put(&w, "qe_identity_issuer_chain", qe.chain);
        put(&w, "qe_identity", qe.text);
        put(&w, "qe_identity_signature", qe.signature);
        alc_jw_end(&w);
        if (json->failed) rc = ALC_NOMEM;
    }
    alc_http_close(f.http);
    alc_arena_fini(&arena);
    return rc;
}
