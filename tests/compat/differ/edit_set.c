/* Edits of collateral: chains, lists, signed texts, the JSON around them, and the time. */
#include "edit.h"

#include "base/enc.h"

#include <stdio.h>
#include <string.h>

/* ---- PEM ---- */

#define BLOCKS 4u

struct block {
    size_t at, n; /* from -----BEGIN to the end of the -----END line's dashes */
};

static size_t blocks_of(struct block out[BLOCKS], const struct alc_buf *text)
{
    static const char begin[] = "-----BEGIN CERTIFICATE-----", end[] = "-----END CERTIFICATE-----";
    size_t n = 0, from = 0;

    while (n < BLOCKS && text->n > from) {
        const uint8_t *p = memmem(text->p + from, text->n - from, begin, sizeof begin - 1);
        const uint8_t *q;
        if (p == NULL) break;
        q = memmem(p, text->n - (size_t)(p - text->p), end, sizeof end - 1);
        if (q == NULL) break;
        out[n].at = (size_t)(p - text->p);
        out[n].n = (size_t)(q - p) + sizeof end - 1;
        from = out[n].at + out[n].n;
        n++;
    }
    return n;
}

static void put_crlf(struct alc_buf *text)
{
    struct alc_buf out = ALC_BUF(text->max_bytes);

    for (size_t i = 0; i < text->n; i++)
        alc_buf_put(&out, text->p[i] == '\n' ? "\r\n" : (const char *)&text->p[i],
                    text->p[i] == '\n' ? 2 : 1);
    alc_buf_fini(text);
    *text = out;
}

static void put_order(struct alc_buf *text, const struct block *b, const size_t *order, size_t n)
{
    struct alc_buf out = ALC_BUF(text->max_bytes);

    for (size_t i = 0; i < n; i++) {
        alc_buf_put(&out, text->p + b[order[i]].at, b[order[i]].n);
        alc_buf_put(&out, "\n", 1);
    }
    alc_buf_fini(text);
    *text = out;
}

static void reorder(struct kase *c, struct alc_buf *text, const struct block *b, size_t n)
{
    size_t order[6], m = 0;

    switch (below(c, 5)) {
    case 0:
        for (size_t i = n; i-- > 0;)
            order[m++] = i;
        kase_say(c, "chain reversed");
        break;
    case 1: {
        const size_t gone = below(c, n);
        for (size_t i = 0; i < n; i++)
            if (i != gone) order[m++] = i;
        kase_say(c, "chain without block %zu", gone);
        break;
    }
    case 2: {
        const size_t twice = below(c, n);
        for (size_t i = 0; i < n; i++) {
            order[m++] = i;
            if (i == twice) order[m++] = i;
        }
        kase_say(c, "chain with block %zu twice", twice);
        break;
    }
    case 3:
        order[m++] = below(c, n);
        kase_say(c, "chain of block %zu alone", order[0]);
        break;
    default:
        for (size_t i = 0; i < n; i++)
            order[m++] = i;
        if (n > 1) {
            order[n - 1] = n - 2;
            order[n - 2] = n - 1;
        }
        kase_say(c, "last two blocks of the chain swapped");
    }
    put_order(text, b, order, m);
}

static void insert_text(struct kase *c, struct alc_buf *text, const struct block *b, size_t n)
{
    static const char *const texts[] = {"# a comment\n", "\n\n",  " ",    "\t",
                                        "text before\n", "-----", "====", "Subject: x\n",
                                        "\r\n",          "\0x"};
    const char *t = texts[below(c, sizeof texts / sizeof *texts)];
    const size_t size = *t == 0 ? 2 : strlen(t);
    const struct block *one = &b[below(c, n)];
    const size_t places[] = {one->at, one->at + one->n, one->at + 28 + below(c, one->n - 56),
                             text->n, 0};
    const size_t at = places[below(c, 5)];

    bytes_replace(text, at, 0, (struct alc_bytes){(const uint8_t *)t, size});
    kase_say(c, "PEM: \"%s\" at %zu", *t == 0 ? "NUL x" : t, at);
}

void edit_pem(struct kase *c, struct alc_buf *text, const struct sample *all)
{
    struct block b[BLOCKS];
    const size_t n = blocks_of(b, text);

    kase_form(c, FORM_PEM);
    if (n == 0) return;
    switch (below(c, 9)) {
    case 0:
    case 1:
        reorder(c, text, b, n);
        break;
    case 2:
        put_crlf(text);
        kase_say(c, "PEM with CR LF");
        break;
    case 3:
    case 4:
        insert_text(c, text, b, n);
        break;
    case 5: { /* a certificate differs in one bit */
        const struct block *one = &b[below(c, n)];
        const size_t at = one->at + 28 + below(c, one->n - 56);
        if (text->p[at] != '\n') text->p[at] = text->p[at] == 'A' ? 'B' : 'A';
        kase_say(c, "PEM: byte %zu", at);
        break;
    }
    case 6: { /* the label */
        const struct block *one = &b[below(c, n)];
        const size_t at = one->at + below(c, 27);
        text->p[at] ^= 0x20;
        kase_say(c, "PEM: label's byte %zu", at);
        break;
    }
    case 7: { /* another sample's chain */
        const struct sample *from = &all[below(c, SAMPLES)];
        const struct layout l = layout_of(alc_buf_bytes(&from->quote));
        alc_buf_reset(text);
        if (below(c, 2) == 0)
            alc_buf_put(text, from->quote.p + l.chain, l.chain_n);
        else
            alc_buf_put_bytes(text, alc_buf_bytes(&from->part[PART_TCB_CHAIN]));
        kase_say(c, "a chain of %s", from->name);
        break;
    }
    default: /* the last block loses its end, or the NUL behind it */
        text->n -= below(c, 2) == 0 ? 1 + below(c, 30) : 1;
        kase_say(c, "PEM: cut to %zu", text->n);
    }
}

/* ---- lists and signatures, held as hex ---- */

static void edit_hex(struct kase *c, enum part part)
{
    struct alc_buf *text = &c->part[part];
    uint8_t raw[CASE_PART_MAX / 2];
    size_t n = 0;

    if (!alc_hex_decode(raw, sizeof raw, &n, alc_buf_bytes(text)) || n == 0) return;
    switch (below(c, 7)) {
    case 0:
        for (size_t i = 0; i < text->n; i++)
            if (text->p[i] >= 'a') text->p[i] = (uint8_t)(text->p[i] - 32);
        kase_say(c, "%s in upper case", part_names[part]);
        return;
    case 1:
        text->n -= 1 + below(c, 3);
        kase_say(c, "%s: digits missing", part_names[part]);
        return;
    case 2:
        alc_buf_put_text(text, below(c, 2) == 0 ? "00" : "0g");
        kase_say(c, "%s: digits too many", part_names[part]);
        return;
    case 3:
    case 4:
        if (n == 64) {
            edit_signature(c, raw, part_names[part]);
            break;
        } /* fall through */
    default: {
        const size_t at = below(c, n);
        raw[at] ^= (uint8_t)(1u << below(c, 8));
        kase_say(c, "%s: byte %zu", part_names[part], at);
    }
    }
    alc_buf_reset(text);
    for (size_t i = 0; i < n; i++)
        alc_buf_printf(text, "%02x", raw[i]);
}

/* ---- signed texts, without signing them again ---- */

static void edit_text(struct kase *c, enum part part)
{
    static const char *const swaps[][2] = {
        {"UpToDate", "OutOfDate"}, {"OutOfDate", "UpToDate"},          {"\"TDX\"", "\"SGX\""},
        {"TD_QE", "QE"},           {"\"version\":3", "\"version\":2"}, {"{", "{ "}};
    struct alc_buf *text = &c->part[part];

    if (below(c, 2) == 0) {
        const char *const *swap = swaps[below(c, sizeof swaps / sizeof *swaps)];
        const uint8_t *p = memmem(text->p, text->n, swap[0], strlen(swap[0]));
        if (p == NULL) return;
        bytes_replace(text, (size_t)(p - text->p), strlen(swap[0]), alc_cstr(swap[1]));
        kase_say(c, "%s: %s became %s", part_names[part], swap[0], swap[1]);
    } else if (below(c, 2) == 0) {
        const size_t at = below(c, text->n);
        text->p[at] = (uint8_t)(' ' + below(c, 95));
        kase_say(c, "%s: byte %zu", part_names[part], at);
    } else {
        alc_buf_put(text, " ", 1);
        kase_say(c, "%s: a space behind it", part_names[part]);
    }
}

/* ---- the whole set ---- */

static void swap_parts(struct kase *c)
{
    static const enum part pairs[][2] = {{PART_TCB_SIGNATURE, PART_QE_SIGNATURE},
                                         {PART_ROOT_CRL, PART_PCK_CRL},
                                         {PART_TCB_CHAIN, PART_PCK_CRL_CHAIN},
                                         {PART_QE_CHAIN, PART_PCK_CRL_CHAIN},
                                         {PART_TCB, PART_QE}};
    const size_t i = below(c, sizeof pairs / sizeof *pairs);
    struct alc_buf swap = c->part[pairs[i][0]];

    c->part[pairs[i][0]] = c->part[pairs[i][1]];
    c->part[pairs[i][1]] = swap;
    if (pairs[i][0] == PART_TCB_CHAIN || pairs[i][0] == PART_QE_CHAIN) kase_form(c, FORM_PEM);
    kase_say(c, "%s and %s swapped", part_names[pairs[i][0]], part_names[pairs[i][1]]);
}

static void other_part(struct kase *c, const struct sample *all)
{
    const struct sample *from = &all[below(c, 4)];
    const enum part part = (enum part)below(c, PARTS);

    if (from->part[part].n == 0) return;
    kase_part(c, part, alc_buf_bytes(&from->part[part]));
    kase_say(c, "%s of %s", part_names[part], from->name);
}

/* Signed data of another time or platform comes whole: text, signature and chain. */
static void other_signed(struct kase *c, const struct sample *all)
{
    const struct sample *from = &all[below(c, 4)];
    const enum part first = below(c, 2) == 0 ? PART_TCB_CHAIN : PART_QE_CHAIN;

    for (size_t i = 0; i < 3; i++)
        kase_part(c, (enum part)(first + i), alc_buf_bytes(&from->part[first + i]));
    kase_say(c, "%s of %s, with signature", part_names[first + 1], from->name);
}

static void pck_chain(struct kase *c, const struct sample *all)
{
    const struct sample *from = below(c, 3) == 0 || c->base == NULL ? &all[below(c, 4)] : c->base;
    const struct layout l = layout_of(alc_buf_bytes(&from->quote));

    switch (below(c, 6)) {
    case 0:
        kase_part(c, PART_PCK_CHAIN, ALC_LIT(""));
        kase_say(c, "an empty PCK chain");
        return;
    case 1:
        kase_part(c, PART_PCK_CHAIN, ALC_LIT("garbage"));
        kase_say(c, "garbage for a PCK chain");
        return;
    default:
        kase_part(c, PART_PCK_CHAIN, (struct alc_bytes){from->quote.p + l.chain, l.chain_n});
        kase_say(c, "PCK chain of %s", from->name);
        if (c->same_bytes && below(c, 3) == 0) edit_pem(c, &c->part[PART_PCK_CHAIN], all);
    }
}

void edit_set(struct kase *c, const struct sample *all)
{
    static const enum part chains[] = {PART_PCK_CRL_CHAIN, PART_TCB_CHAIN, PART_QE_CHAIN};
    static const enum part lists[] = {PART_ROOT_CRL, PART_PCK_CRL, PART_TCB_SIGNATURE,
                                      PART_QE_SIGNATURE};

    switch (c->same_bytes ? below(c, 16) : 8 + below(c, 8)) {
    case 0:
    case 1:
    case 2:
        edit_hex(c, lists[below(c, 4)]);
        break;
    case 3:
    case 4:
    case 5:
        edit_pem(c, &c->part[chains[below(c, 3)]], all);
        break;
    case 6:
    case 7:
        edit_text(c, below(c, 2) == 0 ? PART_TCB : PART_QE);
        break;
    case 8:
        swap_parts(c);
        break;
    case 9:
    case 10:
        other_part(c, all);
        break;
    case 11:
        other_signed(c, all);
        break;
    case 12:
    case 13:
        pck_chain(c, all);
        break;
    case 14: {
        const enum part part = (enum part)below(c, PARTS);
        c->present[part] = false;
        kase_say(c, "no %s", part_names[part]);
        break;
    }
    default: {
        const enum part part = (enum part)below(c, PARTS);
        kase_part(c, part, ALC_LIT(""));
        if (part == PART_PCK_CRL_CHAIN || part == PART_PCK_CHAIN) kase_form(c, FORM_PEM);
        kase_say(c, "an empty %s", part_names[part]);
    }
    }
}

/* ---- the JSON around it ---- */

void edit_json(struct kase *c)
{
    static const struct {
        const char *text;
        enum form form; /* FORMS: both read it, or neither does */
    } members[] = {{"\"x\":1,", FORMS},
                   {"\"x\":null,", FORMS},
                   {"\"x\":[[[[[[[[[[[[1]]]]]]]]]]]],", FORM_OUTER_DEPTH},
                   {"\"x\":1.5,", FORM_OUTER_NUMBER},
                   {"\"x\":1e3,", FORM_OUTER_NUMBER},
                   {"\"x\":\"\\u0041\\ud83d\\ude00\",", FORMS},
                   {"\"x\":1,\"x\":2,", FORMS},
                   {"\"x\":{\"y\":[]},", FORMS},
                   {"\"pck_certificate_chain\":null,", FORMS},
                   {"\"x\":\"\\ud800\",", FORM_OUTER_TEXT},
                   {"\"x\":-0,", FORMS},
                   {"\"x\":18446744073709551616,", FORMS},
                   {"\"x\":true,", FORMS},
                   {"\"tcb_info\":\"\",", FORMS},
                   {"\"x\":01,", FORMS}};
    struct alc_buf *j = &c->json;
    const size_t at = below(c, j->n);

    switch (below(c, 6)) {
    case 0:
        j->p[at] ^= (uint8_t)(1u << below(c, 8));
        kase_say(c, "JSON: byte %zu", at);
        break;
    case 1:
        j->n = at;
        kase_say(c, "JSON: cut to %zu", at);
        break;
    case 2: {
        const uint8_t byte = (uint8_t)below(c, 256);
        bytes_replace(j, at, 0, (struct alc_bytes){&byte, 1});
        kase_say(c, "JSON: 0x%02x put in at %zu", byte, at);
        break;
    }
    case 3: {
        static const char *const ends[] = {" ", "\n\t\r ", "{}", ",", "\0", "}"};
        const char *end = ends[below(c, 6)];
        alc_buf_put(j, end, *end == 0 ? 1 : strlen(end));
        kase_say(c, "JSON: \"%s\" behind it", end);
        break;
    }
    default: {
        const size_t i = below(c, sizeof members / sizeof *members);
        bytes_replace(j, 1, 0, alc_cstr(members[i].text));
        if (members[i].form != FORMS) kase_form(c, members[i].form);
        kase_say(c, "JSON: %s", members[i].text);
    }
    }
}

/* ---- the time ---- */

void edit_time(struct kase *c)
{
    const struct sample *s = c->base;
    const uint64_t edges[] = {s->from_s,
                              s->until_s,
                              0,
                              UINT64_C(1) << 31,
                              UINT64_C(1) << 33,
                              s->from_s - 86400 * 30,
                              s->until_s + 86400 * 30,
                              UINT64_C(1746489600),
                              UINT64_C(1967414400),
                              UINT64_C(2524607999)};
    const uint64_t edge = edges[below(c, below(c, 3) == 0 ? 10 : 2)];

    c->now_s = edge + below(c, 7);
    c->now_s = c->now_s >= 3 ? c->now_s - 3 : 0;
    kase_say(c, "at %llu", (unsigned long long)c->now_s);
}
