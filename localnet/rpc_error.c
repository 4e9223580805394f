/* localnet/rpc_error.c — errors as NEAR's clients read them: `name` and `cause` are the modern
 * half, `code`, `message` and `data` the older one, and some client reads each. */
#include "localnet/rpc_call.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "base/enc.h"
#include "base/json.h"

static const struct {
    const char *cause, *name;
    int http_status, code;
    const char *message;
} causes[LNET_CAUSES] = {
#define LNET_CAUSE_ROW(cause, name, http, code, message) {#cause, name, http, code, message},
    LNET_CAUSE_MAP(LNET_CAUSE_ROW)
#undef LNET_CAUSE_ROW
};

bool lnet_fail(struct lnet_call *c, enum lnet_cause cause, const char *fmt, ...)
{
    struct alc_jw w = {.out = &c->error.data};
    va_list args, again;
    char *text = NULL;
    int n;

    va_start(args, fmt);
    va_copy(again, args);
    n = vsnprintf(NULL, 0, fmt, args); /* a contract's panic may be long */
    if (n >= 0) text = alc_arena_alloc(c->arena, (size_t)n + 1);
    if (text != NULL) (void)vsnprintf(text, (size_t)n + 1, fmt, again);
    va_end(again);
    va_end(args);
    c->error.cause = cause;
    alc_buf_reset(&c->error.data);
    alc_jw_text(&w, text != NULL ? text : "");
    return false;
}

/* PARSE_ERROR and INTERNAL_ERROR say the same sentence in both halves. */
static bool fail_message(struct lnet_call *c, enum lnet_cause cause, const char *text)
{
    struct alc_jw w = {.out = &c->error.info};

    alc_jw_obj(&w);
    alc_jw_key(&w, "error_message");
    alc_jw_text(&w, text);
    alc_jw_end(&w);
    return lnet_fail(c, cause, "%s", text);
}

bool lnet_fail_params(struct lnet_call *c, enum alc_rc rc, const struct alc_err *err)
{
    char text[700];

    if (rc != ALC_BAD_INPUT) return lnet_fail_internal(c, rc, err);
    (void)snprintf(text, sizeof text, "Failed parsing args: %s", alc_err_text(err, rc));
    return fail_message(c, LNET_PARSE_ERROR, text);
}

bool lnet_fail_internal(struct lnet_call *c, enum alc_rc rc, const struct alc_err *err)
{
    return fail_message(c, LNET_INTERNAL_ERROR, alc_err_text(err, rc));
}

/* The reference that a client gave, as it gave it: near-api-js shows it in its error. */
static void put_reference(struct alc_jw *w, const struct lnet_ref *ref)
{
    struct alc_buf said = ALC_BUF(1024);

    alc_json_dump(ref->said, &said);
    alc_jw_obj(w);
    if (ref->said != NULL && !said.failed) {
        alc_jw_key(w, ref->said_key);
        alc_jw_raw(w, alc_buf_bytes(&said));
    }
    alc_jw_end(w);
    alc_buf_fini(&said);
}

static bool fail_block(struct lnet_call *c, const struct lnet_ref *ref, bool with_reference,
                       const char *before)
{
    struct alc_jw w = {.out = &c->error.info};
    struct lnet_info info;

    /* near-api-js looks for a key in `info`, so it is an object even when it says nothing. */
    alc_jw_obj(&w);
    if (with_reference) {
        alc_jw_key(&w, "block_reference");
        put_reference(&w, ref);
    }
    alc_jw_end(&w);
    if (ref->id.by == LNET_BY_HASH)
        return lnet_fail(c, LNET_UNKNOWN_BLOCK,
                         "%sDB Not Found Error: BLOCK HEADER: %s \n Cause: Unknown", before,
                         lnet_text58(c, &ref->id.hash));
    lnet_chain_info(c->chain, &info);
    if (ref->numeric_in_object && ref->id.height < info.head.height) c->error.http_status = 422;
    return lnet_fail(c, LNET_UNKNOWN_BLOCK,
                     "%sDB Not Found Error: BLOCK HEIGHT: %llu \n Cause: Unknown", before,
                     (unsigned long long)ref->id.height);
}

bool lnet_fail_block(struct lnet_call *c, const struct lnet_ref *ref, bool with_reference)
{
    return fail_block(c, ref, with_reference, "");
}

bool lnet_fail_config_block(struct lnet_call *c, const struct lnet_ref *ref)
{
    return fail_block(c, ref, false, "Block Not Found: ");
}

bool lnet_fail_twice(struct lnet_call *c, enum lnet_cause cause)
{
    struct alc_jw w = {.out = &c->error.data};

    c->error.cause = cause;
    alc_buf_reset(&c->error.data);
    alc_jw_obj(&w);
    alc_jw_key(&w, "name");
    alc_jw_text(&w, causes[cause].cause);
    if (c->error.info.n > 0) {
        alc_jw_key(&w, "info");
        alc_jw_raw(&w, alc_buf_bytes(&c->error.info));
    }
    alc_jw_end(&w);
    return false;
}

bool lnet_fail_timeout(struct lnet_call *c)
{
    return lnet_fail(c, LNET_TIMEOUT_ERROR, "Timeout");
}

bool lnet_fail_hash(struct lnet_call *c, enum lnet_cause cause, const char *key,
                    const struct alc_hash *hash)
{
    const char *text = lnet_text58(c, hash);
    struct alc_jw w = {.out = &c->error.info};

    alc_jw_obj(&w);
    alc_jw_key(&w, key);
    alc_jw_text(&w, text);
    alc_jw_end(&w);
    if (cause == LNET_UNKNOWN_TRANSACTION)
        return lnet_fail(c, cause, "Transaction %s doesn't exist", text);
    return lnet_fail(c, cause,
                     "Chunk Missing (unavailable on the node): ChunkHash(`%s`) \n Cause: Unknown",
                     text);
}

/* {"name","cause":{"name",["info"]},"code","message","data"} */
void lnet_error_write(struct alc_buf *out, const struct lnet_rpc_error *e)
{
    struct alc_jw w = {.out = out};

    alc_jw_obj(&w);
    alc_jw_key(&w, "name");
    alc_jw_text(&w, causes[e->cause].name);
    alc_jw_key(&w, "cause");
    alc_jw_obj(&w);
    alc_jw_key(&w, "name");
    alc_jw_text(&w, causes[e->cause].cause);
    if (e->info.n > 0) {
        alc_jw_key(&w, "info");
        alc_jw_raw(&w, alc_buf_bytes(&e->info));
    }
    alc_jw_end(&w);
    alc_jw_key(&w, "code");
    alc_jw_i64(&w, causes[e->cause].code);
    alc_jw_key(&w, "message");
    alc_jw_text(&w, causes[e->cause].message);
    if (e->data.n > 0) {
        alc_jw_key(&w, "data");
        alc_jw_raw(&w, alc_buf_bytes(&e->data));
    }
    alc_jw_end(&w);
}

int lnet_error_status(const struct lnet_rpc_error *e)
{
    return e->http_status != 0 ? e->http_status : causes[e->cause].http_status;
}

void lnet_error_fini(struct lnet_rpc_error *e)
{
    alc_buf_fini(&e->info);
    alc_buf_fini(&e->data);
}

/* ---- small things that several answers hold ---- */

void lnet_put_at(struct alc_jw *w, const struct lnet_block_ref *at)
{
    alc_jw_key(w, "block_height");
    alc_jw_u64(w, at->height);
    alc_jw_key(w, "block_hash");
    alc_jw_base58(w, alc_hash_bytes(&at->hash));
}

void lnet_put_time(struct alc_jw *w, uint64_t timestamp_ns)
{
    time_t seconds = (time_t)(timestamp_ns / 1000000000u);
    char day[32];
    struct tm tm;

    if (gmtime_r(&seconds, &tm) == NULL || strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &tm) == 0)
        day[0] = 0;
    alc_jw_textf(w, "%s.%09uZ", day, (unsigned)(timestamp_ns % 1000000000u));
}

const char *lnet_text58(struct lnet_call *c, const struct alc_hash *h)
{
    char text[ALC_BASE58_CHARS(32) + 1];
    struct alc_bytes kept;
    size_t n;

    if (!alc_base58_encode(text, sizeof text, &n, alc_hash_bytes(h)) ||
        !alc_arena_copy(c->arena, (struct alc_bytes){(const uint8_t *)text, n}, &kept))
        return "";
    return (const char *)kept.p;
}
