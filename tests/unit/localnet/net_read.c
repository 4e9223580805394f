/* tests/unit/localnet/net_read.c — see net.h: documents, what is on the chain, and what came of a
 * transaction. */
#include "net_parts.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/enc.h"

/* ---- documents ---- */

/* Parsed documents live until there are many, far longer than a test looks at one. */
#define DOCS_MAX 20000
static struct alc_json *docs[DOCS_MAX];
static size_t docs_count;

void net_docs_forget(void)
{
    while (docs_count > 0)
        alc_json_close(docs[--docs_count]);
}

static const struct alc_json *parse(struct alc_bytes text)
{
    struct alc_err err = {0};
    if (docs_count == DOCS_MAX) net_docs_forget();
    net_must(alc_json_open(&docs[docs_count], text, LNET_DOC_MAX_BYTES, &err), "json", &err);
    return docs[docs_count++];
}

const char *net_keep(struct net *n, const struct alc_buf *b)
{
    return alc_arena_text(&n->arena, "%s", alc_buf_text(b));
}

const struct alc_json *net_path(const struct alc_json *v, const char *path)
{
    while (*path != 0 && v != NULL) {
        char name[64];
        size_t len = strcspn(path, ".");
        snprintf(name, sizeof name, "%.*s", (int)len, path);
        v = isdigit((unsigned char)name[0]) ? alc_json_at(v, strtoul(name, NULL, 10))
                                            : alc_json_get(v, name);
        path += len + (path[len] == '.');
    }
    return v;
}

const struct alc_json *net_json(const char *text)
{
    return parse(alc_cstr(text));
}

static bool differ(const struct alc_json *a, const struct alc_json *b)
{
    struct alc_buf x = ALC_BUF(1u << 20), y = ALC_BUF(1u << 20);
    if (a != NULL) alc_json_dump(a, &x);
    if (b != NULL) alc_json_dump(b, &y);
    fprintf(stderr, "  %s\nis not\n  %s\n", alc_buf_text(&x), alc_buf_text(&y));
    alc_buf_fini(&x);
    alc_buf_fini(&y);
    return false;
}

static bool same_scalar(const struct alc_json *a, const struct alc_json *b)
{
    struct alc_buf x = ALC_BUF(1u << 20), y = ALC_BUF(1u << 20);
    alc_json_dump(a, &x);
    alc_json_dump(b, &y);
    bool same = alc_bytes_eq(alc_buf_bytes(&x), alc_buf_bytes(&y));
    alc_buf_fini(&x);
    alc_buf_fini(&y);
    return same;
}

bool net_same(const struct alc_json *a, const struct alc_json *b)
{
    enum alc_json_kind kind = alc_json_kind(a);
    if (a == NULL || b == NULL || kind != alc_json_kind(b) ||
        alc_json_count(a) != alc_json_count(b))
        return differ(a, b);
    if (kind != ALC_JSON_ARRAY && kind != ALC_JSON_OBJECT) return same_scalar(a, b) || differ(a, b);
    for (size_t i = 0; i < alc_json_count(a); i++) {
        const char *key;
        const struct alc_json *x = alc_json_at(a, i), *y = alc_json_at(b, i);
        if (kind == ALC_JSON_OBJECT) {
            x = alc_json_member(a, i, &key);
            y = alc_json_get(b, key);
        }
        if (!net_same(x, y)) return false;
    }
    return true;
}

uint64_t net_u64(const struct net_result *r, const char *path)
{
    uint64_t v;
    if (alc_json_u64(net_path(r->json, path), &v)) return v;
    fprintf(stderr, "no number at %s of %s\n", path, r->text);
    abort();
}

const char *net_text(const struct net_result *r, const char *path)
{
    const char *v;
    if (alc_json_text(net_path(r->json, path), &v)) return v;
    fprintf(stderr, "no text at %s of %s\n", path, r->text);
    abort();
}

static const struct alc_json *read_account(struct net *n, const char *id)
{
    struct alc_buf out = ALC_BUF(1u << 20);
    struct lnet_block_ref at;
    struct alc_err err = {0};
    const struct alc_json *v = NULL;
    enum alc_rc rc = lnet_read_account(n->chain, id, &out, &at, &err);
    if (rc != ALC_NOT_FOUND) {
        net_must(rc, id, &err);
        v = parse(alc_buf_bytes(&out));
    }
    alc_buf_fini(&out);
    return v;
}

bool net_exists(struct net *n, const char *id)
{
    return read_account(n, id) != NULL;
}

__uint128_t net_amount(struct net *n, const char *id)
{
    struct alc_bytes text;
    __uint128_t v;
    if (!alc_json_str(alc_json_get(read_account(n, id), "amount"), &text) ||
        !alc_u128_decode(&v, text))
        net_give_up("no such account", NULL);
    return v;
}

uint64_t net_usage(struct net *n, const char *id)
{
    uint64_t v;
    if (!alc_json_u64(alc_json_get(read_account(n, id), "storage_usage"), &v))
        net_give_up("no such account", NULL);
    return v;
}

uint64_t net_nonce(struct net *n, const char *id, const struct alc_near_key *key)
{
    struct alc_buf out = ALC_BUF(1u << 20);
    struct lnet_block_ref at;
    struct alc_err err = {0};
    uint64_t v;
    net_must(lnet_read_key(n->chain, id, key, &out, &at, &err), "key", &err);
    if (!alc_json_u64(alc_json_get(parse(alc_buf_bytes(&out)), "nonce"), &v))
        net_give_up("no nonce", NULL);
    alc_buf_fini(&out);
    return v;
}

__uint128_t net_gas_balance(struct net *n, const char *id, const struct alc_near_key *key)
{
    struct alc_arena arena = ALC_ARENA(1u << 20);
    struct alc_err err = {0};
    struct alc_near_access access;
    lnet_take(n->chain);
    net_must(lnet_key_get(n->chain, id, key, &access, &arena, &err), "gas key", &err);
    lnet_give(n->chain);
    if (!alc_near_is_gas_key(&access)) net_give_up("not a gas key", NULL);
    alc_arena_fini(&arena);
    return access.gas_balance;
}

uint64_t net_gas_nonce(struct net *n, const char *id, const struct alc_near_key *key,
                       uint16_t index)
{
    struct alc_buf out = ALC_BUF(1u << 20);
    struct lnet_block_ref at;
    struct alc_err err = {0};
    uint64_t v;
    net_must(lnet_read_gas_nonces(n->chain, id, key, &out, &at, &err), "gas nonces", &err);
    if (!alc_json_u64(alc_json_at(parse(alc_buf_bytes(&out)), index), &v))
        net_give_up("no such index", NULL);
    alc_buf_fini(&out);
    return v;
}

uint64_t net_height(struct net *n)
{
    struct lnet_info info;
    lnet_chain_info(n->chain, &info);
    return info.head.height;
}

const char *net_view(struct net *n, const char *id, const char *method, const char *args)
{
    struct lnet_view v = {.result = ALC_BUF(1u << 20),
                          .logs = ALC_BUF(1u << 20),
                          .error = ALC_BUF(1u << 20),
                          .error_json = ALC_BUF(1u << 20)};
    struct alc_err err = {0};
    enum alc_rc rc = lnet_read_view(n->chain, id, alc_cstr(method), alc_cstr(args), &v, &err);
    const char *out = rc == ALC_OK     ? net_keep(n, &v.result)
                      : rc == ALC_TRAP ? net_keep(n, &v.error)
                                       : alc_arena_text(&n->arena, "error: %s", alc_rc_name(rc));
    alc_buf_fini(&v.result);
    alc_buf_fini(&v.logs);
    alc_buf_fini(&v.error);
    alc_buf_fini(&v.error_json);
    return out;
}

/* ---- questions ---- */

bool net_is(const struct net_result *r, const char *value)
{
    struct alc_bytes b64;
    uint8_t raw[4096];
    size_t size = 0;
    bool ok = alc_json_str(net_path(r->json, "status.SuccessValue"), &b64) &&
              alc_base64_decode(raw, sizeof raw, &size, b64) && size == strlen(value) &&
              memcmp(raw, value, size) == 0;
    if (!ok) fprintf(stderr, "not \"%s\" but %.*s in %s\n", value, (int)size, (char *)raw, r->text);
    return ok;
}

bool net_has(const struct net_result *r, const char *part)
{
    bool ok = strstr(r->text, part) != NULL;
    if (!ok) fprintf(stderr, "no %s in %s\n", part, r->text);
    return ok;
}

bool net_failed(const struct net_result *r, const char *part)
{
    struct alc_buf out = ALC_BUF(1u << 20);
    const struct alc_json *failure = net_path(r->json, "status.Failure");
    if (failure != NULL) alc_json_dump(failure, &out);
    bool ok = failure != NULL && strstr(alc_buf_text(&out), part) != NULL;
    alc_buf_fini(&out);
    if (!ok) fprintf(stderr, "no failure with %s in %s\n", part, r->text);
    return ok;
}
