/* What a PCS or PCCS answers:
 *   TCB info     {"tcbInfo":{..},"signature":"<hex>"}           header TCB-Info-Issuer-Chain
 *   QE identity  {"enclaveIdentity":{..},"signature":"<hex>"}   header
 * SGX-Enclave-Identity-Issuer-Chain PCK list     DER, or its hex from a PCCS header
 * SGX-PCK-CRL-Issuer-Chain root's list  DER, or its hex from a PCCS A chain is URL-encoded PEM,
 * leaf first. */
#include "attest/pcs.h"
#include "base/enc.h"
#include "base/json.h"

#include <string.h>

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

static size_t skip_space(struct alc_bytes in, size_t at)
{
    while (at < in.n &&
           (in.p[at] == ' ' || in.p[at] == '\t' || in.p[at] == '\r' || in.p[at] == '\n'))
        at++;
    return at;
}

/* cut finds the text of the body's own member `name`, which is an object: the signature covers
 * these very bytes, so they are never parsed and printed again.  `body` is JSON: somebody looked.
 */
static bool cut(struct alc_bytes *out, struct alc_bytes body, const char *name)
{
    const size_t n = strlen(name);
    size_t depth = 0, at;

    for (size_t i = 0; i < body.n; i++) {
        const uint8_t *word = body.p + i + 1;
        if (body.p[i] == '{' || body.p[i] == '[') depth++;
        if (body.p[i] == '}' || body.p[i] == ']') depth--;
        if (body.p[i] != '"') continue;
        for (i++; i < body.n && body.p[i] != '"'; i++)
            if (body.p[i] == '\\') i++;
        if (depth != 1 || i >= body.n || (size_t)(body.p + i - word) != n ||
            memcmp(word, name, n) != 0)
            continue;
        at = skip_space(body, i + 1);
        if (at == body.n || body.p[at] != ':') continue; /* a value of that text */
        at = skip_space(body, at + 1);
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

static enum alc_rc read_chain(struct alc_bytes *out, const struct alc_http_answer *a,
                              const char *name, const char *older, struct alc_arena *arena,
                              struct alc_err *err)
{
    struct alc_bytes in = alc_http_header(a, name);
    uint8_t *p;
    size_t n = 0;

    if (in.n == 0 && older != NULL) in = alc_http_header(a, older);
    if (in.n == 0) return alc_fail(err, ALC_BAD_INPUT, "the answer lacks the header %s", name);
    p = alc_arena_array(arena, in.n, 1);
    if (p == NULL) return alc_fail(err, ALC_NOMEM, "no memory for a chain of certificates");
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

enum alc_rc alc_pcs_read_part(struct alc_pcs_part *out, enum alc_pcs_kind kind,
                              const struct alc_http_answer *a, struct alc_arena *arena,
                              struct alc_err *err)
{
    static const struct {
        const char *member, *header, *older;
    } forms[] = {
        [ALC_PCS_TCB_INFO] = {"tcbInfo", "TCB-Info-Issuer-Chain", "SGX-TCB-Info-Issuer-Chain"},
        [ALC_PCS_QE_IDENTITY] = {"enclaveIdentity", "SGX-Enclave-Identity-Issuer-Chain", NULL},
    };
    struct alc_pcs_part part;
    struct alc_json *doc = NULL;
    struct alc_bytes signature;
    enum alc_rc rc;

    rc = read_chain(&part.chain, a, forms[kind].header, forms[kind].older, arena, err);
    if (rc == ALC_OK) rc = alc_json_open(&doc, a->body, ALC_PCS_PART_MAX_BYTES, err);
    if (rc != ALC_OK) return rc;
    if (alc_json_kind(doc) != ALC_JSON_OBJECT || !cut(&part.text, a->body, forms[kind].member) ||
        !alc_json_str(alc_json_get(doc, "signature"), &signature))
        rc = alc_fail(err, ALC_BAD_INPUT, "the answer lacks %s or its signature",
                      forms[kind].member);
    else if (!alc_arena_copy(arena, signature, &part.signature))
        rc = alc_fail(err, ALC_NOMEM, "no memory for a signature");
    alc_json_close(doc);
    if (rc == ALC_OK) *out = part;
    return rc;
}

enum alc_rc alc_pcs_read_crl(struct alc_bytes *der, struct alc_bytes *chain,
                             const struct alc_http_answer *a, struct alc_arena *arena,
                             struct alc_err *err)
{
    struct alc_bytes text = a->body, issuers = {NULL, 0};
    enum alc_rc rc = ALC_OK;
    uint8_t *p;
    size_t n;

    if (chain != NULL) rc = read_chain(&issuers, a, "SGX-PCK-CRL-Issuer-Chain", NULL, arena, err);
    if (rc != ALC_OK) return rc;
    while (text.n > 0 && (text.p[text.n - 1] == '\n' || text.p[text.n - 1] == '\r'))
        text.n--;
    if (text.n == 0) return alc_fail(err, ALC_BAD_INPUT, "the answer is empty");
    p = alc_arena_array(arena, text.n / 2 + 1, 1);
    if (p == NULL) return alc_fail(err, ALC_NOMEM, "no memory for a revocation list");
    /* DER is no hex: its second byte is a length above 0x80. */
    *der = alc_hex_decode(p, text.n / 2 + 1, &n, text) ? (struct alc_bytes){p, n} : a->body;
    if (chain != NULL) *chain = issuers;
    return ALC_OK;
}
