/* Edits of quotes: bits, lengths, types, signatures, PEM, and parts of other samples. */
#include "edit.h"

#include <string.h>

/* The order of P-256's group. */
static const uint8_t group_order[32] = {
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};

/* s becomes n - s: as valid as before. */
static void other_s(uint8_t s[32])
{
    unsigned borrow = 0;

    for (size_t i = 32; i-- > 0;) {
        const unsigned v = 256u + group_order[i] - s[i] - borrow;
        s[i] = (uint8_t)v;
        borrow = v < 256 ? 1 : 0;
    }
}

void edit_signature(struct kase *c, uint8_t sig[64], const char *whose)
{
    switch (below(c, 8)) {
    case 0:
        memset(sig, 0, 32);
        kase_say(c, "%s: r = 0", whose);
        break;
    case 1:
        memset(sig + 32, 0, 32);
        kase_say(c, "%s: s = 0", whose);
        break;
    case 2:
        memcpy(sig, group_order, 32);
        kase_say(c, "%s: r = n", whose);
        break;
    case 3:
        memcpy(sig + 32, group_order, 32);
        kase_say(c, "%s: s = n", whose);
        break;
    case 4:
        memset(sig, 0xff, 32);
        kase_say(c, "%s: r = 2^256 - 1", whose);
        break;
    default:
        other_s(sig + 32);
        kase_say(c, "%s: n - s", whose);
    }
}

static void put_le(struct alc_buf *b, size_t at, size_t width, uint64_t v)
{
    for (size_t i = 0; i < width && at + i < b->n; i++)
        b->p[at + i] = (uint8_t)(v >> (8 * i));
}

static uint64_t get_le(const struct alc_buf *b, size_t at, size_t width)
{
    uint64_t v = 0;

    for (size_t i = 0; i < width && at + i < b->n; i++)
        v |= (uint64_t)b->p[at + i] << (8 * i);
    return v;
}

/* One of the named stretches of a quote. */
struct stretch {
    const char *name;
    size_t at, n;
};
#define STRETCHES 22u

static size_t stretches(struct stretch out[STRETCHES], const struct layout *l, size_t quote_n)
{
    const size_t body = l->body;
    const struct stretch all[] = {
        {"version", 0, 2},
        {"key type", 2, 2},
        {"TEE type", 4, 4},
        {"SVNs of the header", 8, 4},
        {"vendor", 12, 16},
        {"user data", 28, 20},
        {"descriptor", 48, body - 48},
        {"TEE_TCB_SVN", body, 16},
        {"middle of the body", body + 16, l->body_n - 80},
        {"end of the body", body + l->body_n - 64, 64},
        {"section length", l->section_len, 4},
        {"quote signature", l->signature, 64},
        {"attestation key", l->key, 64},
        {"outer type", l->outer, l->outer == 0 ? 0 : 2},
        {"outer length", l->outer + 2, l->outer == 0 ? 0 : 4},
        {"QE report", l->qe, 384},
        {"QE report's signature", l->qe_signature, 64},
        {"auth length", l->auth_len, 2},
        {"auth data", l->auth, l->auth_n},
        {"inner type and length", l->inner, 6},
        {"PEM", l->chain, l->chain_n},
        {"trailing bytes", l->section + l->section_n, quote_n - l->section - l->section_n},
    };
    size_t n = 0;

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i].n > 0) out[n++] = all[i];
    return n;
}

static void flip(struct kase *c, const struct layout *l)
{
    struct stretch s[STRETCHES];
    const struct stretch *one = &s[below(c, stretches(s, l, c->quote.n))];
    const size_t at = one->at + below(c, one->n), bit = below(c, 8);

    c->quote.p[at] ^= (uint8_t)(1u << bit);
    if (strcmp(one->name, "PEM") == 0) kase_form(c, FORM_PEM);
    kase_say(c, "%s: byte %zu, bit %zu", one->name, at, bit);
}

static void set_field(struct kase *c, const struct layout *l)
{
    const struct {
        const char *name;
        size_t at, width;
        uint64_t values[8];
    } fields[] = {
        {"version", 0, 2, {0, 1, 2, 3, 4, 5, 6, 0x104}},
        {"key type", 2, 2, {0, 1, 2, 3, 4, 0x102, 0xffff, 2}},
        {"TEE type", 4, 4, {0, 0x80, 0x81, 1, 0x82, 0x8100, 0x10000081, 0xffffffff}},
        {"QE SVN", 8, 2, {0, 1, 2, 3, 4, 5, 6, 7}},
        {"body type", 48, 2, {0, 1, 2, 3, 4, 5, 0x102, 0xffff}},
        {"body size", 50, 4, {0, 384, 584, 648, 885, 647, 649, 0xffffffff}},
        {"outer type", l->outer, 2, {0, 1, 2, 3, 4, 5, 7, 8}},
        {"inner type", l->inner, 2, {0, 1, 2, 3, 4, 6, 7, 8}},
        {"TD attributes",
         l->body + 120,
         8,
         {0, 1, 0x10000001, 0x30000000, 0x50000000, UINT64_C(1) << 63 | 0x10000000, 0x18000000,
          0x10010000}},
    };
    const size_t i = below(c, sizeof fields / sizeof *fields);
    const uint64_t v = fields[i].values[below(c, 8)];

    if (fields[i].at == 0 && i > 0) return; /* v3 has no outer record */
    if ((i == 4 || i == 5) && l->version != 5) return;
    put_le(&c->quote, fields[i].at, fields[i].width, v);
    kase_say(c, "%s = %llu", fields[i].name, (unsigned long long)v);
}

static void set_length(struct kase *c, const struct layout *l)
{
    static const int64_t deltas[] = {-64, -33, -2, -1, 1, 2, 33, 65536};
    const struct {
        const char *name;
        size_t at, width;
    } lengths[] = {
        {"section length", l->section_len, 4},
        {"auth length", l->auth_len, 2},
        {"inner length", l->inner + 2, 4},
        {"outer length", l->outer + 2, 4},
    };
    const size_t i = below(c, l->outer == 0 ? 3 : 4);
    const int64_t by = deltas[below(c, 8)];

    put_le(&c->quote, lengths[i].at, lengths[i].width,
           get_le(&c->quote, lengths[i].at, lengths[i].width) + (uint64_t)by);
    kase_say(c, "%s %+lld", lengths[i].name, (long long)by);
}

static size_t a_place(struct kase *c, const struct layout *l)
{
    struct stretch s[STRETCHES];
    const struct stretch *one = &s[below(c, stretches(s, l, c->quote.n))];

    return below(c, 2) == 0 ? one->at : one->at + below(c, one->n);
}

static void cut(struct kase *c, const struct layout *l)
{
    c->quote.n = a_place(c, l);
    kase_say(c, "cut to %zu bytes", c->quote.n);
}

/* The lengths around a place are made to fit again, or not. */
static void fit(struct kase *c, const struct layout *l, size_t at, int64_t by)
{
    if (at < l->section || at >= l->section + l->section_n) return;
    put_le(&c->quote, l->section_len, 4, l->section_n + (uint64_t)by);
    if (l->outer != 0 && at >= l->outer + 6)
        put_le(&c->quote, l->outer + 2, 4, l->outer_n + (uint64_t)by);
    if (at >= l->auth && at < l->inner) put_le(&c->quote, l->auth_len, 2, l->auth_n + (uint64_t)by);
    if (at >= l->chain) put_le(&c->quote, l->inner + 2, 4, l->chain_n + (uint64_t)by);
}

static void insert_or_remove(struct kase *c, const struct layout *l)
{
    const size_t at = a_place(c, l), n = 1 + below(c, 4);
    const bool fitting = below(c, 2) == 0, removing = below(c, 2) == 0;
    uint8_t bytes[4];
    int64_t by = (int64_t)n;

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)draw(c);
    if (removing && at + n > c->quote.n) return;
    if (removing) by = -by;
    if (fitting) fit(c, l, at, by);
    bytes_replace(&c->quote, at, removing ? n : 0,
                  removing ? (struct alc_bytes){NULL, 0} : (struct alc_bytes){bytes, n});
    if (at >= l->chain && at < l->chain + l->chain_n) kase_form(c, FORM_PEM);
    kase_say(c, "%s %zu bytes at %zu%s", removing ? "remove" : "insert", n, at,
             fitting ? ", lengths made to fit" : "");
}

static void tail(struct kase *c, const struct layout *l)
{
    uint8_t zeros[80] = {0};

    if (below(c, 2) == 0) {
        c->quote.n = l->section + l->section_n;
        kase_say(c, "without trailing bytes");
    } else {
        alc_buf_put(&c->quote, zeros, 1 + below(c, sizeof zeros - 1));
        kase_say(c, "%zu bytes long", c->quote.n);
    }
}

static void sign_otherwise(struct kase *c, const struct layout *l)
{
    if (below(c, 2) == 0)
        edit_signature(c, c->quote.p + l->signature, "quote signature");
    else
        edit_signature(c, c->quote.p + l->qe_signature, "QE report's signature");
}

/* A stretch of another sample takes this one's place. */
static void splice(struct kase *c, const struct layout *l, const struct sample *all)
{
    const struct sample *from = &all[below(c, SAMPLES)];
    const struct layout other = layout_of(alc_buf_bytes(&from->quote));
    struct stretch mine[STRETCHES], theirs[STRETCHES];
    const size_t n = stretches(mine, l, c->quote.n);
    const size_t m = stretches(theirs, &other, from->quote.n);
    const struct stretch *to = &mine[below(c, n)];

    for (size_t i = 0; i < m; i++) {
        if (strcmp(theirs[i].name, to->name) != 0) continue;
        const int64_t by = (int64_t)theirs[i].n - (int64_t)to->n;
        fit(c, l, to->at, by);
        bytes_replace(&c->quote, to->at, to->n,
                      (struct alc_bytes){from->quote.p + theirs[i].at, theirs[i].n});
        kase_say(c, "%s of %s", to->name, from->name);
        return;
    }
}

static void pem(struct kase *c, const struct layout *l, const struct sample *all)
{
    struct alc_buf text = ALC_BUF(CASE_PART_MAX);

    alc_buf_put(&text, c->quote.p + l->chain, l->chain_n);
    edit_pem(c, &text, all);
    fit(c, l, l->chain, (int64_t)text.n - (int64_t)l->chain_n);
    bytes_replace(&c->quote, l->chain, l->chain_n, alc_buf_bytes(&text));
    alc_buf_fini(&text);
}

void edit_quote(struct kase *c, const struct sample *all)
{
    const struct layout l = layout_of(alc_buf_bytes(&c->quote));

    if (!c->same_bytes) {
        switch (below(c, 3)) {
        case 0:
            tail(c, &l);
            return;
        case 1:
            set_length(c, &l);
            return;
        default:
            sign_otherwise(c, &l);
            return;
        }
    }
    if (!l.ok) { /* an earlier edit broke it already */
        if (c->quote.n == 0) return;
        const size_t at = below(c, c->quote.n);
        c->quote.p[at] ^= (uint8_t)(1u << below(c, 8));
        kase_say(c, "byte %zu", at);
        return;
    }
    switch (below(c, 20)) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
    case 5:
        flip(c, &l);
        break;
    case 6:
    case 7:
        set_field(c, &l);
        break;
    case 8:
    case 9:
        set_length(c, &l);
        break;
    case 10:
        cut(c, &l);
        break;
    case 11:
    case 12:
        insert_or_remove(c, &l);
        break;
    case 13:
        tail(c, &l);
        break;
    case 14:
    case 15:
        sign_otherwise(c, &l);
        break;
    case 16:
        splice(c, &l, all);
        break;
    default:
        pem(c, &l, all);
    }
}
