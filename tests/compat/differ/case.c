#include "case.h"

#include "base/enc.h"
#include "base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

const char *const part_names[PARTS] = {
    "pck_crl_issuer_chain",     "root_ca_crl", "pck_crl",
    "tcb_info_issuer_chain",    "tcb_info",    "tcb_info_signature",
    "qe_identity_issuer_chain", "qe_identity", "qe_identity_signature",
    "pck_certificate_chain"};

/* ---- the generator ---- */

uint64_t draw(struct kase *c)
{
    uint64_t z = c->random += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

uint64_t below(struct kase *c, uint64_t n)
{
    return n == 0 ? 0 : draw(c) % n;
}

/* ---- bytes ---- */

void bytes_replace(struct alc_buf *b, size_t at, size_t n, struct alc_bytes with)
{
    struct alc_buf next = ALC_BUF(b->max_bytes);

    assert_true(at <= b->n && n <= b->n - at);
    if (at > 0) alc_buf_put(&next, b->p, at);
    if (with.n > 0) alc_buf_put_bytes(&next, with);
    if (b->n - at - n > 0) alc_buf_put(&next, b->p + at + n, b->n - at - n);
    assert_false(next.failed);
    alc_buf_fini(b);
    *b = next;
}

static uint64_t le(struct alc_bytes in, size_t at, size_t width)
{
    uint64_t v = 0;

    for (size_t i = 0; i < width; i++)
        v |= (uint64_t)in.p[at + i] << (8 * i);
    return v;
}

/* ---- a quote's parts ---- */

struct layout layout_of(struct alc_bytes q)
{
    struct layout l = {0};
    size_t end, at;

    if (q.n < 48) return l;
    l.version = (uint32_t)le(q, 0, 2);
    l.tee = (uint32_t)le(q, 4, 4);
    l.body = 48;
    if (l.version == 5) {
        static const size_t sizes[] = {0, 384, 584, 648, 885};
        if (q.n < 54) return l;
        l.body_type = (uint32_t)le(q, 48, 2);
        if (l.body_type == 0 || l.body_type > 4) return l;
        l.body = 54;
        l.body_n = sizes[l.body_type];
    } else {
        l.body_type = l.version == 4 && l.tee != 0 ? 2 : 1;
        l.body_n = l.body_type == 2 ? 584 : 384;
    }
    l.section_len = l.body + l.body_n;
    if (q.n < l.section_len + 4) return l;
    l.section = l.section_len + 4;
    l.section_n = le(q, l.section_len, 4);
    if (l.section_n > q.n - l.section) return l;
    end = l.section + l.section_n;
    l.signature = l.section;
    l.key = l.signature + 64;
    at = l.key + 64;
    if (l.version > 3) {
        if (end < at + 6) return l;
        l.outer = at;
        l.outer_n = le(q, at + 2, 4);
        at += 6;
        if (l.outer_n > end - at) return l;
        l.section_rest = l.outer_n < end - at;
        end = at + l.outer_n;
    }
    l.qe = at;
    l.qe_signature = at + 384;
    l.auth_len = at + 448;
    if (end < l.auth_len + 2) return l;
    l.auth = l.auth_len + 2;
    l.auth_n = le(q, l.auth_len, 2);
    if (end - l.auth < l.auth_n + 6) return l;
    l.inner = l.auth + l.auth_n;
    l.chain = l.inner + 6;
    l.chain_n = le(q, l.inner + 2, 4);
    if (l.chain_n > end - l.chain) return l;
    l.nested_rest = l.chain_n < end - l.chain;
    l.ok = true;
    return l;
}

/* ---- samples ---- */

static void read_file(struct alc_buf *out, const char *dir, const char *name, const char *suffix)
{
    char path[4096];
    uint8_t block[4096];
    size_t n;
    FILE *f;

    snprintf(path, sizeof path, "%s/%s%s", dir, name, suffix);
    f = fopen(path, "rb");
    if (f == NULL) fail_msg("%s is not there: build the target qvl_vectors", path);
    while ((n = fread(block, 1, sizeof block, f)) > 0)
        alc_buf_put(out, block, n);
    fclose(f);
    assert_false(out->failed);
}

static void from_hex(struct alc_buf *b)
{
    struct alc_bytes text = alc_buf_bytes(b);
    struct alc_buf raw = ALC_BUF(CASE_QUOTE_MAX);
    uint8_t *room;
    size_t n;

    while (text.n > 0 && text.p[text.n - 1] <= ' ')
        text.n--;
    if (text.n > 2 && text.p[1] == 'x') text = (struct alc_bytes){text.p + 2, text.n - 2};
    room = alc_buf_room(&raw, text.n / 2);
    assert_non_null(room);
    assert_true(alc_hex_decode(room, text.n / 2, &n, text));
    alc_buf_add(&raw, n);
    alc_buf_fini(b);
    *b = raw;
}

static bool read_parts(struct alc_buf part[PARTS], bool present[PARTS], struct alc_bytes json)
{
    struct alc_json *doc = NULL;
    struct alc_err err = {0};
    struct alc_bytes text;

    if (alc_json_open(&doc, json, CASE_JSON_MAX, &err) != ALC_OK) return false;
    for (size_t i = 0; i < PARTS; i++) {
        alc_buf_reset(&part[i]);
        present[i] = alc_json_str(alc_json_get(doc, part_names[i]), &text);
        if (present[i] && text.n > 0) alc_buf_put_bytes(&part[i], text);
    }
    alc_json_close(doc);
    return true;
}

void samples_open(struct sample out[SAMPLES], const char *dir)
{
    static const struct {
        const char *quote, *collateral;
        uint64_t from_s, until_s;
    } files[SAMPLES] = {
        {"sgx_quote", "sgx_quote", 1750330571, 1752919278},
        {"tdx_quote", "tdx_quote", 1750329147, 1752919234},
        {"tdx_quote_outdated", "tdx_quote_outdated", 1771412331, 1774003274},
        {"tdx_quote_td15ex", "tdx_quote_td15ex", 1791418186, 1794008711},
        {"tdx-quote.hex", "tdx_quote", 1750329147, 1752919234},
        {"quote-from-tappd.hex", "tdx_quote", 1750329147, 1752919234},
    };

    for (size_t i = 0; i < SAMPLES; i++) {
        struct sample *s = &out[i];
        struct alc_buf json = ALC_BUF(CASE_JSON_MAX);
        bool present[PARTS];
        *s = (struct sample){.name = files[i].quote,
                             .quote = ALC_BUF(CASE_QUOTE_MAX),
                             .from_s = files[i].from_s,
                             .until_s = files[i].until_s};
        read_file(&s->quote, dir, files[i].quote, "");
        if (strstr(files[i].quote, ".hex") != NULL) from_hex(&s->quote);
        read_file(&json, dir, files[i].collateral, "_collateral.json");
        for (size_t part = 0; part < PARTS; part++)
            s->part[part] = ALC_BUF(CASE_PART_MAX);
        assert_true(read_parts(s->part, present, alc_buf_bytes(&json)));
        alc_buf_fini(&json);
    }
}

void samples_close(struct sample s[SAMPLES])
{
    for (size_t i = 0; i < SAMPLES; i++) {
        alc_buf_fini(&s[i].quote);
        for (size_t part = 0; part < PARTS; part++)
            alc_buf_fini(&s[i].part[part]);
    }
}

/* ---- cases ---- */

void kase_init(struct kase *c)
{
    *c = (struct kase){.quote = ALC_BUF(CASE_QUOTE_MAX), .json = ALC_BUF(CASE_JSON_MAX)};
    for (size_t i = 0; i < PARTS; i++)
        c->part[i] = ALC_BUF(CASE_PART_MAX);
}

void kase_fini(struct kase *c)
{
    alc_buf_fini(&c->quote);
    alc_buf_fini(&c->json);
    for (size_t i = 0; i < PARTS; i++)
        alc_buf_fini(&c->part[i]);
}

void kase_part(struct kase *c, enum part part, struct alc_bytes bytes)
{
    alc_buf_reset(&c->part[part]);
    if (bytes.n > 0) alc_buf_put_bytes(&c->part[part], bytes);
    assert_false(c->part[part].failed);
    c->present[part] = true;
}

void kase_start(struct kase *c, const struct sample *base, uint64_t seed)
{
    c->base = base;
    c->seed = c->random = seed;
    c->forms = 0;
    c->same_bytes = true;
    c->how[0] = 0;
    c->now_s = 0;
    alc_buf_reset(&c->quote);
    alc_buf_reset(&c->json);
    for (size_t i = 0; i < PARTS; i++) {
        c->present[i] = false;
        alc_buf_reset(&c->part[i]);
        if (base != NULL && base->part[i].n > 0)
            kase_part(c, (enum part)i, alc_buf_bytes(&base->part[i]));
    }
    if (base == NULL) return;
    alc_buf_put_bytes(&c->quote, alc_buf_bytes(&base->quote));
    c->now_s = base->from_s + below(c, base->until_s - base->from_s + 1);
    kase_say(c, "%s at %llu", base->name, (unsigned long long)c->now_s);
}

void kase_form(struct kase *c, enum form form)
{
    c->forms |= UINT64_C(1) << form;
}

void kase_say(struct kase *c, const char *fmt, ...)
{
    const size_t n = strlen(c->how);
    va_list ap;

    if (n + 3 > sizeof c->how) return;
    if (n > 0) memcpy(c->how + n, "; ", 3);
    va_start(ap, fmt);
    vsnprintf(c->how + n + (n > 0 ? 2 : 0), sizeof c->how - n - (n > 0 ? 2 : 0), fmt, ap);
    va_end(ap);
}

void kase_print(struct kase *c)
{
    struct alc_jw w = {.out = &c->json};

    alc_buf_reset(&c->json);
    alc_jw_obj(&w);
    for (size_t i = 0; i < PARTS; i++) {
        if (!c->present[i]) continue;
        alc_jw_key(&w, part_names[i]);
        alc_jw_str(&w, alc_buf_bytes(&c->part[i]));
    }
    alc_jw_end(&w);
    assert_false(c->json.failed);
}

void kase_parts(struct kase *c)
{
    (void)read_parts(c->part, c->present, alc_buf_bytes(&c->json));
}
