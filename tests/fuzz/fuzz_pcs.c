/* tests/fuzz/fuzz_pcs.c — what a PCS or PCCS answers.  A text that is cut out is the member that a
 * JSON parser finds there, and a piece of the body itself.  The first byte says which part: `t` TCB
 * info, `q` QE identity, `c` a list with issuers, `r` one without; then the header's lines up to an
 * empty one, and the body. */
#include <assert.h>
#include <string.h>

#include "attest/pcs.h"
#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static bool inside(struct alc_bytes part, struct alc_bytes whole)
{
    return part.p >= whole.p && part.p + part.n <= whole.p + whole.n;
}

/* same: the text parses to what the whole body has under this name. */
static void same(struct alc_bytes text, struct alc_bytes body, const char *name)
{
    struct alc_buf a = ALC_BUF(4u << 20), b = ALC_BUF(4u << 20);
    struct alc_json *whole = NULL, *part = NULL;

    assert(alc_json_open(&whole, body, ALC_PCS_PART_MAX_BYTES, NULL) == ALC_OK);
    assert(alc_json_open(&part, text, ALC_PCS_PART_MAX_BYTES, NULL) == ALC_OK);
    assert(alc_json_kind(part) == ALC_JSON_OBJECT);
    alc_json_dump(alc_json_get(whole, name), &a);
    alc_json_dump(part, &b);
    assert(!a.failed && !b.failed && alc_bytes_eq(alc_buf_bytes(&a), alc_buf_bytes(&b)));
    alc_json_close(part);
    alc_json_close(whole);
    alc_buf_fini(&b);
    alc_buf_fini(&a);
}

static void part(enum alc_pcs_kind kind, const struct alc_http_answer *a, struct alc_arena *arena)
{
    struct alc_pcs_part out;

    if (alc_pcs_read_part(&out, kind, a, arena, NULL) != ALC_OK) return;
    assert(inside(out.text, a->body) && out.text.p[0] == '{' && out.text.p[out.text.n - 1] == '}');
    assert(out.chain.n > 0 && out.chain.n <= a->headers.n);
    same(out.text, a->body, kind == ALC_PCS_TCB_INFO ? "tcbInfo" : "enclaveIdentity");
}

static void list(bool issued, const struct alc_http_answer *a, struct alc_arena *arena)
{
    struct alc_bytes der, chain = {NULL, 0};

    if (alc_pcs_read_crl(&der, issued ? &chain : NULL, a, arena, NULL) != ALC_OK) return;
    assert(der.n > 0 && der.n <= a->body.n);
    assert((chain.n > 0) == issued);
    assert(inside(der, a->body) ? der.p == a->body.p && der.n == a->body.n
                                : 2 * der.n <= a->body.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct alc_arena arena = ALC_ARENA(8u << 20);
    struct alc_http_answer a = {.status = 200};
    const uint8_t *gap;

    if (n == 0 || n > ALC_PCS_PART_MAX_BYTES) return 0;
    gap = memmem(p + 1, n - 1, "\n\n", 2);
    if (gap == NULL) return 0;
    a.headers = (struct alc_bytes){p + 1, (size_t)(gap + 1 - (p + 1))};
    a.body = (struct alc_bytes){gap + 2, (size_t)(p + n - (gap + 2))};
    switch (p[0]) {
    case 't':
        part(ALC_PCS_TCB_INFO, &a, &arena);
        break;
    case 'q':
        part(ALC_PCS_QE_IDENTITY, &a, &arena);
        break;
    case 'c':
    case 'r':
        list(p[0] == 'c', &a, &arena);
        break;
    default:
        break;
    }
    alc_arena_fini(&arena);
    return 0;
}
