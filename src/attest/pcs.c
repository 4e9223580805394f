#include "attest/pcs.h"

#include "attest/collateral.h"
#include "base/enc.h"
#include "base/json.h"

#include <stdio.h>
#include <string.h>

#define ARENA_BYTES (8u << 20)
#define TIMEOUT_MS 20000u
#define TRIES 3u
#define URL_MAX_BYTES 1200u /* a service's address has at most 1000 */
/* The root's list lies at the root certificate's distribution point; a PCCS repeats it. */
#define INTEL_ROOT_CRL_URL "https://certificates.trustedservices.intel.com/IntelSGXRootCA.der"

struct fetch {
    const struct alc_pcs_ask *ask;
    struct alc_http *http;
    struct alc_arena arena;
    struct alc_err *err;
    char url[URL_MAX_BYTES]; /* of the part that is asked for */
};

/* get asks for the part at f->url; `what` names it in sentences. */
static enum alc_rc get(struct fetch *f, struct alc_http_answer *out, const char *what)
{
    const struct alc_http_ask ask = {.method = "GET",
                                     .url = f->url,
                                     .timeout_ms =
                                         f->ask->timeout_ms == 0 ? TIMEOUT_MS : f->ask->timeout_ms,
                                     .tries = TRIES,
                                     .max_bytes = ALC_PCS_PART_MAX_BYTES,
                                     .plain_ok = f->ask->plain_ok};
    enum alc_rc rc = alc_http_do(f->http, out, &ask, f->ask->stop, &f->arena, f->err);

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

static enum alc_rc get_part(struct fetch *f, struct alc_pcs_part *out, enum alc_pcs_kind kind,
                            const char *what)
{
    struct alc_http_answer a;
    enum alc_rc rc = get(f, &a, what);

    if (rc != ALC_OK) return rc;
    rc = alc_pcs_read_part(out, kind, &a, &f->arena, f->err);
    if (rc != ALC_OK) alc_fail_in(f->err, "the %s of %s", what, f->ask->url);
    return rc;
}

static enum alc_rc get_crl(struct fetch *f, struct alc_bytes *der, struct alc_bytes *chain,
                           const char *what)
{
    struct alc_http_answer a;
    enum alc_rc rc = get(f, &a, what);

    if (rc != ALC_OK) return rc;
    rc = alc_pcs_read_crl(der, chain, &a, &f->arena, f->err);
    if (rc != ALC_OK) alc_fail_in(f->err, "the %s of %s", what, f->ask->url);
    return rc;
}

static void put(struct alc_jw *w, const char *key, struct alc_bytes text)
{
    alc_jw_key(w, key);
    alc_jw_str(w, text);
}

static void put_hex(struct alc_jw *w, const char *key, struct alc_bytes bytes)
{
    alc_jw_key(w, key);
    alc_jw_hex(w, bytes);
}

enum alc_rc alc_pcs_fetch(struct alc_buf *json, const struct alc_pcs_ask *ask, struct alc_err *err)
{
    struct fetch f = {.ask = ask, .arena = ALC_ARENA(ARENA_BYTES), .err = err};
    const struct alc_platform *p = ask->platform;
    const char *update = ask->early ? "early" : "standard";
    const char *tee = p->tee == ALC_TEE_TDX ? "tdx" : "sgx";
    struct alc_bytes root_crl = {NULL, 0}, pck_crl = {NULL, 0}, pck_crl_chain = {NULL, 0};
    struct alc_pcs_part tcb = {.text = {NULL, 0}}, qe = {.text = {NULL, 0}};
    struct alc_jw w = {.out = json};
    enum alc_rc rc;

    if (strlen(ask->url) > 1000)
        return alc_fail(err, ALC_BAD_INPUT, "the URL for collateral is too long");
    rc = alc_http_open(&f.http, err);
    if (rc != ALC_OK) return rc;
    snprintf(f.url, sizeof f.url,
             "%s/%s/certification/v4/tcb?fmspc=%02x%02x%02x%02x%02x%02x&update=%s", ask->url, tee,
             p->fmspc[0], p->fmspc[1], p->fmspc[2], p->fmspc[3], p->fmspc[4], p->fmspc[5], update);
    rc = get_part(&f, &tcb, ALC_PCS_TCB_INFO, "TCB info");
    if (rc != ALC_OK) goto out;
    snprintf(f.url, sizeof f.url, "%s/%s/certification/v4/qe/identity?update=%s", ask->url, tee,
             update);
    rc = get_part(&f, &qe, ALC_PCS_QE_IDENTITY, "QE identity");
    if (rc != ALC_OK) goto out;
    snprintf(f.url, sizeof f.url, "%s/sgx/certification/v4/pckcrl?ca=%s&encoding=der", ask->url,
             p->ca == ALC_PCK_PLATFORM ? "platform" : "processor");
    rc = get_crl(&f, &pck_crl, &pck_crl_chain, "PCK revocation list");
    if (rc != ALC_OK) goto out;
    if (strcmp(ask->url, ALC_PCS_URL) == 0)
        snprintf(f.url, sizeof f.url, "%s", INTEL_ROOT_CRL_URL);
    else
        snprintf(f.url, sizeof f.url, "%s/sgx/certification/v4/rootcacrl", ask->url);
    rc = get_crl(&f, &root_crl, NULL, "root revocation list");
    if (rc != ALC_OK) goto out;
    alc_jw_obj(&w);
    put(&w, "pck_crl_issuer_chain", pck_crl_chain);
    put_hex(&w, "root_ca_crl", root_crl);
    put_hex(&w, "pck_crl", pck_crl);
    put(&w, "tcb_info_issuer_chain", tcb.chain);
    put(&w, "tcb_info", tcb.text);
    put(&w, "tcb_info_signature", tcb.signature);
    put(&w, "qe_identity_issuer_chain", qe.chain);
    put(&w, "qe_identity", qe.text);
    put(&w, "qe_identity_signature", qe.signature);
    alc_jw_end(&w);
    if (json->failed) /* by its limit: what came is larger than a set may be */
        rc = alc_fail(err, ALC_LIMIT, "the parts of %s are longer than any set of collateral",
                      ask->url);
out:
    alc_http_close(f.http);
    alc_arena_fini(&f.arena);
    return rc;
}
