/* tests/unit/verify/statement_lines.c — prints pseudo-random statements as the C encoder writes
 * them, one vector a line, for tests/vectors/statement/encode.py to compute again. */
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "crypto/crypto.h"
#include "fields.h"

#define COUNT 300u

/* The same statements on each run: xorshift64. */
static uint64_t next(void)
{
    static uint64_t x = 88172645463325252u;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return x;
}

/* Numbers of any size; the extremes come often. */
static uint64_t number(uint64_t most)
{
    uint64_t v = next() >> (next() % 64);
    if (next() % 8 == 0) return most;
    return most == UINT64_MAX ? v : v % (most + 1);
}

/* text fills at most `most` bytes with characters of one to four bytes. */
static struct alc_bytes text(uint8_t *p, size_t most)
{
    static const char *const letters[] = {"a", ".", "\"", "\\", "\n", "é", "契", "😀"};
    size_t n = 0, want = number(most);

    for (;;) {
        struct alc_bytes c = alc_cstr(letters[next() % 8]);
        if (n + c.n > want) return (struct alc_bytes){p, n};
        for (size_t i = 0; i < c.n; i++)
            p[n++] = c.p[i];
    }
}

static void put_field(struct alc_jw *w, struct alc_statement *s, const struct field *f)
{
    alc_jw_key(w, f->name);
    switch (f->kind) {
    case FIELD_STRING:
        alc_jw_str(w, *(struct alc_bytes *)field_of(s, f));
        break;
    case FIELD_HASH:
        alc_jw_hex(w, alc_hash_bytes(field_of(s, f)));
        break;
    case FIELD_U64:
        alc_jw_u128_str(w, field_number(s, f));
        break;
    case FIELD_U8:
    case FIELD_U32:
        alc_jw_u64(w, field_number(s, f));
        break;
    }
}

static void make(struct alc_statement *s, uint8_t strings[FIELDS_COUNT][128])
{
    for (size_t i = 0; i < FIELDS_COUNT; i++) {
        const struct field *f = &fields[i];
        if (f->kind == FIELD_STRING) {
            *(struct alc_bytes *)field_of(s, f) = text(strings[i], (size_t)f->most);
        } else if (f->kind == FIELD_HASH) {
            struct alc_hash *h = field_of(s, f);
            for (size_t j = 0; j < sizeof h->b; j++)
                h->b[j] = (uint8_t)next();
        } else {
            field_set_number(s, f, number(f->most));
        }
    }
}

int main(void)
{
    static uint8_t strings[FIELDS_COUNT][128], bytes[ALC_STATEMENT_MAX_BYTES];
    struct alc_buf out = ALC_BUF(1u << 20);
    bool failed;

    alc_crypto_init();
    for (unsigned i = 0; i < COUNT && !out.failed; i++) {
        struct alc_statement s = {0};
        struct alc_jw w = {.out = &out};
        struct alc_hash h;
        size_t n;

        alc_buf_reset(&out);
        make(&s, strings);
        n = alc_statement_write(&s, bytes, sizeof bytes);
        alc_sha256(&h, (struct alc_bytes){bytes, n});
        alc_jw_obj(&w);
        alc_jw_key(&w, "fields");
        alc_jw_obj(&w);
        for (size_t j = 0; j < FIELDS_COUNT; j++)
            put_field(&w, &s, &fields[j]);
        alc_jw_end(&w);
        alc_jw_key(&w, "encoding");
        alc_jw_hex(&w, (struct alc_bytes){bytes, n});
        alc_jw_key(&w, "hash");
        alc_jw_hex(&w, alc_hash_bytes(&h));
        alc_jw_end(&w);
        puts(alc_buf_text(&out));
    }
    failed = out.failed;
    alc_buf_fini(&out);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
