/* contracts/compute/source.c — where a request's code comes from. */
#include "source.h"

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

static void read_form(struct near_json *j, struct source *s, bool project)
{
    struct alc_bytes name;
    bool with_value = near_json_variant(j, &name);

    if (!with_value) near_json_fail("a source lacks its fields");
    if (alc_bytes_is(name, "WasmUrl")) {
        s->kind = SOURCE_WASM_URL;
        near_json_object(j, s, wasm_url_fields, 3);
    } else if (alc_bytes_is(name, "GitHub")) {
        s->kind = SOURCE_GITHUB;
        near_json_object(j, s, github_fields, 3);
    } else if (project && alc_bytes_is(name, "Project")) {
        s->kind = SOURCE_PROJECT;
        near_json_object(j, s, project_fields, 2);
    } else {
        near_json_fail("unknown source");
    }
    near_json_variant_end(j, with_value);
}

void read_source(struct near_json *j, void *out)
{
    read_form(j, out, true);
}

void read_code_source(struct near_json *j, void *out)
{
    read_form(j, out, false);
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

    if (!sha256_text(s->what)) near_panic("source.hash must be 64 lowercase hex digits");
    if (!starts(url, ALC_LIT("https://")) || url.n == 8)
        near_panic("source.url must start with https://");
    if (url.n > 2048) near_panic("source.url must be at most 2048 bytes");
    for (size_t i = 0; i < url.n; i++)
        if (blank(url.p + i, url.n - i) != 0)
            near_panic("source.url must not contain white space or control characters");
    if (contains(url, ALC_LIT("EVENT_JSON"))) near_panic("source.url must not contain EVENT_JSON");
}

static void check_github(const struct source *s)
{
    struct alc_bytes repo = s->where, commit = s->what;

    if (!made_of(repo, 512, "._-/:") || repo.p[0] == '-' || contains(repo, ALC_LIT("..")))
        near_panic("source.repo must be 1..512 bytes of letters, digits and ._-/: without .. and "
                   "not begin with -");
    if (!made_of(commit, 256, "._/-+") || commit.p[0] == '-' || contains(commit, ALC_LIT("..")))
        near_panic("source.commit must be 1..256 bytes of letters, digits and ._/-+ without .. "
                   "and not begin with -");
    if (contains(repo, ALC_LIT("EVENT_JSON")))
        near_panic("source.repo must not contain EVENT_JSON");
    if (contains(commit, ALC_LIT("EVENT_JSON")))
        near_panic("source.commit must not contain EVENT_JSON");
}

void source_check(const struct source *s)
{
    if (s->kind == SOURCE_WASM_URL)
        check_wasm_url(s);
    else
        check_github(s);
    if (s->build_target.p != NULL && !made_of(s->build_target, 64, "._-"))
        near_panic("source.build_target must be 1..64 bytes of letters, digits and ._-");
}

/* Letters beyond ASCII all pass, marks and signs among them: the tables that tell them apart would
 * outweigh this contract, and a profile that nobody stored opens nothing. */
void profile_check(struct alc_bytes s, const char *field)
{
    uint8_t buf[160];
    struct near_out o = NEAR_OUT(buf);
    size_t len = 0;

    near_out_raw(&o, alc_cstr(field));
    near_out_lit(&o, " must be 1\xe2\x80\x93"
                     "64 bytes of letters, digits, '-' or '_' (");
    if (s.n == 0 || s.n > 64) {
        near_out_lit(&o, "got ");
        near_out_u64(&o, s.n);
        near_out_lit(&o, " bytes)");
        near_panic_bytes((struct alc_bytes){buf, o.n});
    }
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = s.p[i];
        if (c >= 0x80)
            len = blank(s.p + i, s.n - i);
        else
            len = is_alnum(c) || c == '-' || c == '_' ? 0 : 1;
        if (len == 0) continue;
        near_out_lit(&o, "it contains '");
        near_out_raw(&o, (struct alc_bytes){s.p + i, len});
        near_out_lit(&o, "')");
        near_panic_bytes((struct alc_bytes){buf, o.n});
    }
}

/* ---- Writing ---- */

void out_source(struct near_out *o, const struct source *s)
{
    static const char *const heads[] = {
        [SOURCE_GITHUB] = "{\"GitHub\":{\"repo\":",
        [SOURCE_WASM_URL] = "{\"WasmUrl\":{\"url\":",
        [SOURCE_PROJECT] = "{\"Project\":{\"project_id\":",
    };
    static const char *const middles[] = {
        [SOURCE_GITHUB] = ",\"commit\":",
        [SOURCE_WASM_URL] = ",\"hash\":",
        [SOURCE_PROJECT] = ",\"version_key\":",
    };

    near_out_raw(o, alc_cstr(heads[s->kind]));
    near_out_str(o, s->where);
    near_out_raw(o, alc_cstr(middles[s->kind]));
    near_out_opt_str(o, s->what);
    if (s->kind != SOURCE_PROJECT) {
        near_out_lit(o, ",\"build_target\":");
        near_out_opt_str(o, s->build_target);
    }
    near_out_lit(o, "}}");
}

/* ---- Records ---- */

static void put_opt(struct alc_borsh *w, struct alc_bytes b)
{
    alc_borsh_put_u8(w, b.p != NULL);
    if (b.p != NULL) alc_borsh_put_bytes(w, b);
}

static bool get_opt(struct alc_cur *c, struct alc_bytes *b)
{
    bool some;
    *b = (struct alc_bytes){NULL, 0};
    return alc_borsh_flag(c, &some) && (!some || alc_borsh_bytes(c, SOURCE_TEXT_MAX_BYTES, b));
}

void source_put(struct alc_borsh *w, const struct source *s)
{
    alc_borsh_put_u8(w, (uint8_t)s->kind);
    alc_borsh_put_bytes(w, s->where);
    if (s->kind == SOURCE_PROJECT) {
        put_opt(w, s->what);
        return;
    }
    alc_borsh_put_bytes(w, s->what);
    put_opt(w, s->build_target);
}

bool source_get(struct alc_cur *c, struct source *s)
{
    uint8_t kind;

    s->build_target = (struct alc_bytes){NULL, 0};
    if (!alc_cur_u8(c, &kind) || kind > SOURCE_PROJECT ||
        !alc_borsh_bytes(c, SOURCE_TEXT_MAX_BYTES, &s->where))
        return false;
    s->kind = (enum source_kind)kind;
    if (kind == SOURCE_PROJECT) return get_opt(c, &s->what);
    return alc_borsh_bytes(c, SOURCE_TEXT_MAX_BYTES, &s->what) && get_opt(c, &s->build_target);
}
