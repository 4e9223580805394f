/* contracts/compute/source.c — where a request's code comes from. */
#include "source.h"

#include "alnum.h"

#include "base/utf8.h"

/* ---- Reading ---- */

static const struct near_field github_fields[] = {
    NEAR_FIELD("repo", struct source, where, near_read_string, NEAR_MUST),
    NEAR_FIELD("commit", struct source, what, near_read_string, NEAR_MUST),
    NEAR_FIELD("build_target", struct source, build_target, near_read_string, NEAR_MAY),
};

static const struct near_field wasm_url_fields[] = {
    NEAR_FIELD("url", struct source, where, near_read_string, NEAR_MUST),
    NEAR_FIELD("hash", struct source, what, near_read_string, NEAR_MUST),
    NEAR_FIELD("build_target", struct source, build_target, near_read_string, NEAR_MAY),
};

static const struct near_field project_fields[] = {
    NEAR_FIELD("project_id", struct source, where, near_read_string, NEAR_MUST),
    NEAR_FIELD("version_key", struct source, what, near_read_string, NEAR_MAY),
};

/* The fields of a project are two. */
static const struct {
    const char *name;
    const struct near_field *fields;
} forms[] = {
    [SOURCE_GITHUB] = {"GitHub", github_fields},
    [SOURCE_WASM_URL] = {"WasmUrl", wasm_url_fields},
    [SOURCE_PROJECT] = {"Project", project_fields},
};

static size_t fields_of(enum source_kind kind)
{
    return kind == SOURCE_PROJECT ? 2 : 3;
}

static void read_form(struct near_json *j, struct source *s, enum source_kind last)
{
    struct alc_bytes name;
    bool with_value = near_json_variant(j, &name);

    if (!with_value) near_json_fail("a source lacks its fields");
    for (s->kind = SOURCE_GITHUB; !alc_bytes_is(name, forms[s->kind].name); s->kind++)
        if (s->kind == last) near_json_fail("unknown source");
    near_json_object(j, s, forms[s->kind].fields, fields_of(s->kind));
    near_json_variant_end(j, with_value);
}

void out_source(struct near_out *o, const struct source *s)
{
    near_out_lit(o, "{\"");
    near_out_text(o, forms[s->kind].name);
    near_out_lit(o, "\":");
    near_out_object(o, s, forms[s->kind].fields, fields_of(s->kind));
    near_out_lit(o, "}");
}

void read_source(struct near_json *j, void *out)
{
    read_form(j, out, SOURCE_PROJECT);
}

void read_code_source(struct near_json *j, void *out)
{
    read_form(j, out, SOURCE_WASM_URL);
}

/* ---- Rules ---- */

static bool contains(struct alc_bytes s, struct alc_bytes what)
{
    for (size_t i = 0; i + what.n <= s.n; i++)
        if (s.p[i] == what.p[0] && __builtin_memcmp(s.p + i, what.p, what.n) == 0) return true;
    return false;
}

static bool starts(struct alc_bytes s, struct alc_bytes with)
{
    return s.n >= with.n && __builtin_memcmp(s.p, with.p, with.n) == 0;
}

static bool is_alnum(uint8_t c)
{
    uint8_t lower = c | 0x20;
    return (c >= '0' && c <= '9') || (lower >= 'a' && lower <= 'z');
}

bool made_of(struct alc_bytes s, size_t max, const char *more)
{
    if (s.n == 0 || s.n > max) return false;
    for (size_t i = 0; i < s.n; i++) {
        const char *m = more;
        if (is_alnum(s.p[i])) continue;
        while (*m != 0 && (uint8_t)*m != s.p[i])
            m++;
        if (*m == 0) return false;
    }
    return true;
}

/* The length of the Unicode white space that p begins with, else 0. */
static size_t space(const uint8_t *p, size_t n)
{
    if (p[0] == ' ' || (p[0] >= '\t' && p[0] <= '\r')) return 1;
    if (p[0] == 0xc2 && n > 1 && (p[1] == 0x85 || p[1] == 0xa0)) return 2;
    if (n < 3 || p[0] < 0xe1 || p[0] > 0xe3) return 0;
    if (p[0] == 0xe1) return p[1] == 0x9a && p[2] == 0x80 ? 3 : 0;
    if (p[0] == 0xe3) return p[1] == 0x80 && p[2] == 0x80 ? 3 : 0;
    if (p[1] == 0x80 && (p[2] <= 0x8a || p[2] == 0xa8 || p[2] == 0xa9 || p[2] == 0xaf)) return 3;
    return p[1] == 0x81 && p[2] == 0x9f ? 3 : 0;
}

/* The length of the Unicode white space or control character that p begins with, else 0. */
static size_t blank(const uint8_t *p, size_t n)
{
    if (p[0] <= 0x20 || p[0] == 0x7f) return 1;
    if (p[0] == 0xc2 && n > 1 && p[1] <= 0xa0) return 2; /* U+0080..U+00A0 */
    return space(p, n);
}

struct alc_bytes trimmed(struct alc_bytes s)
{
    size_t end = 0, i = 0, n;

    while (s.n > 0 && (n = space(s.p, s.n)) > 0)
        s = (struct alc_bytes){s.p + n, s.n - n};
    while (i < s.n) { /* white space that nothing follows does not count */
        n = space(s.p + i, s.n - i);
        i += n > 0 ? n : 1;
        if (n == 0) end = i;
    }
    return (struct alc_bytes){s.p, end};
}

bool sha256_text(struct alc_bytes s)
{
    if (s.n != 64) return false;
    for (size_t i = 0; i < s.n; i++)
        if ((s.p[i] < '0' || s.p[i] > '9') && (s.p[i] < 'a' || s.p[i] > 'f')) return false;
    return true;
}

static void check_wasm_url(const struct source *s)
{
    struct alc_bytes url = s->where;

    near_refuse(!sha256_text(s->what), "source.hash must be 64 lowercase hex digits");
    near_refuse(!starts(url, ALC_LIT("https://")) || url.n == 8,
                "source.url must start with https://");
    near_refuse(url.n > 2048, "source.url must be at most 2048 bytes");
    for (size_t i = 0; i < url.n; i++)
        near_refuse(blank(url.p + i, url.n - i) != 0,
                    "source.url must not contain white space or control characters");
    near_refuse(contains(url, ALC_LIT("EVENT_JSON")), "source.url must not contain EVENT_JSON");
}

static void check_github(const struct source *s)
{
    struct alc_bytes repo = s->where, commit = s->what;

    near_refuse(!made_of(repo, 512, "._-/:") || repo.p[0] == '-' || contains(repo, ALC_LIT("..")),
                "source.repo must be 1..512 bytes of letters, digits and ._-/: "
                "without .. and "
                "not begin with -");
    near_refuse(!made_of(commit, 256, "._/-+") || commit.p[0] == '-' ||
                    contains(commit, ALC_LIT("..")),
                "source.commit must be 1..256 bytes of letters, digits and "
                "._/-+ without .. "
                "and not begin with -");
    near_refuse(contains(repo, ALC_LIT("EVENT_JSON")), "source.repo must not contain EVENT_JSON");
    near_refuse(contains(commit, ALC_LIT("EVENT_JSON")),
                "source.commit must not contain EVENT_JSON");
}

void source_check(const struct source *s)
{
    if (s->kind == SOURCE_WASM_URL)
        check_wasm_url(s);
    else
        check_github(s);
    near_refuse(s->build_target.p != NULL && !made_of(s->build_target, 64, "._-"),
                "source.build_target must be 1..64 bytes of letters, digits and ._-");
}

/* The number in the next nibbles, which are read from *at on. */
static uint32_t next_run(size_t *at)
{
    static const uint16_t bases[] = {12, 28, 284, 0};
    uint32_t v = 0, digits = 1, base = 0;

    for (bool first = true; digits > 0; digits--, first = false) {
        const uint32_t nibble = alnum_runs[*at / 2] >> (*at % 2 == 0 ? 4 : 0) & 15;
        ++*at;
        if (first && nibble >= 12) {
            base = bases[nibble - 12];
            digits = nibble == 15 ? 6 : nibble - 10;
        } else {
            v = v << 4 | nibble;
        }
    }
    return base + v + 1;
}

/* The character of `n` bytes at p, which are UTF-8, is a letter or a number of Unicode. */
static bool is_letter(const uint8_t *p, size_t n)
{
    uint32_t c = p[0] & (0xffu >> n), end = 0x80;
    size_t at = 0;
    bool in = true;

    if (n == 1) return is_alnum(p[0]);
    for (size_t i = 1; i < n; i++)
        c = c << 6 | (p[i] & 0x3f);
    while (end <= c) {
        end += next_run(&at);
        in = !in;
    }
    return in;
}

void profile_check(struct alc_bytes s, const char *field)
{
    uint8_t buf[160];
    struct near_out o = NEAR_OUT(buf);
    size_t n;
    bool utf8;

    near_out_text(&o, field);
    near_out_lit(&o, " must be 1\xe2\x80\x93"
                     "64 bytes of letters, digits, '-' or '_' (");
    if (s.n == 0 || s.n > 64) {
        near_out_lit(&o, "got ");
        near_out_u64(&o, s.n);
        near_out_lit(&o, " bytes)");
        near_panic_bytes((struct alc_bytes){buf, o.n});
    }
    for (size_t i = 0; i < s.n; i += n) {
        n = alc_utf8_next((struct alc_bytes){s.p + i, s.n - i}, &utf8);
        if (is_letter(s.p + i, n) || s.p[i] == '-' || s.p[i] == '_') continue;
        near_out_lit(&o, "it contains '");
        near_out_raw(&o, (struct alc_bytes){s.p + i, n});
        near_out_lit(&o, "')");
        near_panic_bytes((struct alc_bytes){buf, o.n});
    }
}

/* ---- Records ---- */

void walk_source(struct source *s)
{
    uint8_t kind = (uint8_t)s->kind;

    walk_raw(&kind, 1);
    walk_refuse(kind > SOURCE_PROJECT);
    s->kind = (enum source_kind)kind;
    walk_bytes(&s->where);
    if (kind == SOURCE_PROJECT) {
        walk_opt_bytes(&s->what);
        s->build_target = (struct alc_bytes){NULL, 0};
        return;
    }
    walk_bytes(&s->what);
    walk_opt_bytes(&s->build_target);
}
