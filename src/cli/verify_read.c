#include "cli/node.h"
#include "cli/verify.h"

#include "base/enc.h"
#include "base/http.h"
#include "base/json.h"

#include <string.h>

#define FILE_MAX_BYTES ALC_BUNDLE_MAX_BYTES
#define ROOT_MAX_BYTES 8192u

static enum alc_rc fetch(struct alc_bytes *out, const struct verify_settings *set, const char *hash,
                         struct alc_arena *arena, struct alc_err *err)
{
    struct alc_http_ask ask = {.method = "GET", .max_bytes = FILE_MAX_BYTES, .plain_ok = true};
    struct alc_http_answer answer;
    struct alc_http *http = NULL;
    size_t n = strlen(set->gateway), decoded;
    struct alc_hash unused;
    enum alc_rc rc;

    if (!alc_hex_decode(unused.b, sizeof unused.b, &decoded, alc_cstr(hash)) ||
        decoded != sizeof unused.b)
        return alc_fail(err, ALC_BAD_INPUT, "with --gateway, name a statement by 64 hex digits");
    while (n > 0 && set->gateway[n - 1] == '/')
        n--;
    ask.url = alc_arena_text(arena, "%.*s/statements/%s", (int)n, set->gateway, hash);
    if (ask.url == NULL) return alc_fail(err, ALC_NOMEM, "no memory for a URL");
    rc = alc_http_open(&http, err);
    if (rc == ALC_OK) rc = alc_http_do(http, &answer, &ask, NULL, arena, err);
    if (rc == ALC_OK && answer.status == 404)
        rc = alc_fail(err, ALC_NOT_FOUND, "%s has no such statement", set->gateway);
    else if (rc == ALC_OK && answer.status != 200)
        rc = alc_fail(err, ALC_IO, "%s answered with status %d", set->gateway, answer.status);
    if (rc == ALC_OK) *out = answer.body;
    alc_http_close(http);
    return rc;
}

static enum alc_rc worker_key(struct alc_expect *e, const char *text, struct alc_arena *arena,
                              struct alc_err *err)
{
    struct alc_hash *out = alc_arena_alloc(arena, sizeof *out);
    struct alc_near_key key;

    if (text[0] == 0) return ALC_OK;
    if (out == NULL) return alc_fail(err, ALC_NOMEM, "no memory for a key");
    if (!alc_near_key_read(&key, alc_cstr(text)) || key.curve != ALC_NEAR_ED25519)
        return alc_fail(err, ALC_BAD_INPUT, "worker-key: `%.80s` is no ed25519:... key", text);
    memcpy(out->b, key.b, sizeof out->b);
    e->worker_key = out;
    return ALC_OK;
}

/* named reads the file that a flag names; *at stays NULL when it names none. */
static enum alc_rc named(const struct alc_bytes **at, struct alc_bytes *bytes, const char *path,
                         struct alc_arena *arena, struct alc_err *err)
{
    enum alc_rc rc;
    if (path[0] == 0) return ALC_OK;
    rc = cli_read_file(bytes, path, VERIFY_ARENA_BYTES, arena, err);
    if (rc == ALC_OK) *at = bytes;
    return rc;
}

/* request_input finds the input where the caller put it: in the request, unless it was too long for
 * one.  Then the statement must name it, or no input at all, as that of a run that never began. */
static bool request_input(struct alc_bytes *out, const struct alc_bundle *b,
                          struct alc_arena *arena)
{
    static const struct alc_hash none = {{0}};
    struct alc_bytes body = b->signed_statement, text;
    struct alc_json *doc = NULL;
    struct alc_statement s;
    bool in_state = false, found;

    body.n -= body.n < ALC_STATEMENT_SIG_BYTES ? body.n : ALC_STATEMENT_SIG_BYTES;
    if (!b->has_request || !alc_statement_read(&s, body) || alc_hash_eq(&s.input_hash, &none) ||
        alc_json_open(&doc, b->request, FILE_MAX_BYTES, NULL) != ALC_OK)
        return false;
    if (!alc_json_bool(alc_json_get(doc, "input_data_in_state"), &in_state)) in_state = false;
    found = !in_state && alc_json_str(alc_json_get(doc, "input_data"), &text) &&
            alc_arena_copy(arena, text, out);
    alc_json_close(doc);
    return found;
}

static enum alc_rc read_bundle(struct verify_case *c, struct alc_bytes text, const char *name,
                               struct alc_arena *arena, struct alc_err *err)
{
    const struct verify_settings *set = c->set;
    struct alc_bytes *known = alc_arena_array(arena, 3, sizeof *known);
    enum alc_rc rc = alc_bundle_read(&c->bundle, text, arena, err);

    if (rc != ALC_OK) alc_fail_in(err, "%s is no statement file", name);
    if (rc == ALC_OK && known == NULL) rc = alc_fail(err, ALC_NOMEM, "no memory to compare with");
    if (rc != ALC_OK) return rc;
    if (c->bundle.has_request) c->expect.request = &c->bundle.request;
    if (c->bundle.has_input || request_input(&c->bundle.input, &c->bundle, arena))
        c->expect.input = &c->bundle.input;
    if (c->bundle.has_output) c->expect.output = &c->bundle.output;
    /* A file whose note on the source is about another module contradicts itself. */
    if (c->bundle.has_source) c->expect.code_hash = &c->bundle.source_code;
    rc = named(&c->expect.input, &c->bundle.input, set->input, arena, err);
    if (rc == ALC_OK) rc = named(&c->expect.output, &c->bundle.output, set->output, arena, err);
    if (rc == ALC_OK) rc = named(&c->expect.code, &known[0], set->code, arena, err);
    known[1] = alc_cstr(set->chain);
    known[2] = alc_cstr(set->contract);
    if (set->chain[0] != 0) c->expect.chain_id = &known[1];
    if (set->contract[0] != 0) c->expect.contract_id = &known[2];
    return rc == ALC_OK ? worker_key(&c->expect, set->worker_key, arena, err) : rc;
}

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* A quote as hex text, with or without 0x and white space around it, becomes bytes; what is no hex
 * stays as it is. */
static struct alc_bytes quote_bytes(struct alc_bytes in, struct alc_arena *arena)
{
    struct alc_bytes hex = in;
    size_t n;
    uint8_t *p;

    while (hex.n > 0 && is_space(hex.p[hex.n - 1]))
        hex.n--;
    while (hex.n > 0 && is_space(hex.p[0])) {
        hex.p++;
        hex.n--;
    }
    if (hex.n > 2 && hex.p[0] == '0' && hex.p[1] == 'x') {
        hex.p += 2;
        hex.n -= 2;
    }
    p = alc_arena_alloc(arena, hex.n / 2 + 1);
    if (hex.n == 0 || p == NULL || !alc_hex_decode(p, hex.n / 2, &n, hex)) return in;
    return (struct alc_bytes){p, n};
}

static bool is_json(struct alc_bytes text)
{
    size_t i = 0;
    while (i < text.n && is_space(text.p[i]))
        i++;
    return i < text.n && (text.p[i] == '{' || text.p[i] == '[');
}

/* kind_of tells a record from a statement by its members, and other JSON from both.  Text that is
 * no JSON at all is left to the statement's reader, which says where it ends to be any. */
static enum alc_rc kind_of(enum verify_kind *out, struct alc_bytes text, const char *name,
                           struct alc_err *err)
{
    static const struct {
        const char *member, *says;
    } others[] = {
        {"tcb_info", "a set of collateral: name the quote or the statement, and this one with "
                     "--collateral"},
        {"collateral", "a set of collateral: name the quote or the statement, and this one with "
                       "--collateral"},
        {"quote",
         "what `alcove attest --json` says: name the quote alone, as --out FILE writes it"},
    };
    struct alc_json *doc = NULL;
    enum alc_rc rc = ALC_OK;

    *out = VERIFY_BUNDLE;
    if (alc_json_open(&doc, text, FILE_MAX_BYTES, NULL) != ALC_OK) return ALC_OK;
    if (alc_json_get(doc, "format") == NULL) {
        *out = VERIFY_RECORD;
        if (alc_json_get(doc, "task_id") == NULL)
            rc = alc_fail(
                err, ALC_BAD_INPUT,
                "%s is JSON, but neither a statement (it has no \"format\") nor an OutLayer "
                "record (it has no \"task_id\")",
                name);
        for (size_t i = 0; rc != ALC_OK && i < sizeof others / sizeof *others; i++)
            if (alc_json_get(doc, others[i].member) != NULL) {
                rc = alc_fail(err, ALC_BAD_INPUT, "%s is %s", name, others[i].says);
                break;
            }
    }
    alc_json_close(doc);
    return rc;
}

/* read_name gets the bytes that are to be judged. */
static enum alc_rc read_name(struct alc_bytes *out, const struct verify_settings *set,
                             const char *name, struct alc_arena *arena, struct alc_err *err)
{
    enum alc_rc rc;

    if (set->gateway[0] != 0) return fetch(out, set, name, arena, err);
    rc = cli_read_file(out, name, FILE_MAX_BYTES, arena, err);
    if (rc == ALC_NOT_FOUND && strlen(name) == 64 && strspn(name, "0123456789abcdefABCDEF") == 64)
        rc = alc_fail(err, rc,
                      "there is no file %s; a statement of that hash is asked for with "
                      "--gateway URL",
                      name);
    if (rc == ALC_OK && out->n == 0) rc = alc_fail(err, ALC_BAD_INPUT, "%s is empty", name);
    return rc;
}

static enum alc_rc read_case(struct verify_case *c, struct alc_bytes *quote, const char *name,
                             struct alc_verify_work *work, struct alc_arena *arena,
                             struct alc_err *err)
{
    struct alc_bytes text;
    enum alc_rc rc = read_name(&text, c->set, name, arena, err);

    c->kind = c->set->gateway[0] != 0 ? VERIFY_BUNDLE : VERIFY_QUOTE;
    if (rc == ALC_OK && is_json(text)) rc = kind_of(&c->kind, text, name, err);
    if (rc != ALC_OK) return rc;
    if (c->kind == VERIFY_RECORD) {
        if (alc_record_read(&c->record, text, work) != ALC_REFUSAL_NONE)
            return alc_fail(err, ALC_BAD_INPUT, "%s: %s", name,
                            alc_refusal_text(ALC_REFUSAL_RECORD_FORMAT));
        *quote = c->record.quote;
    } else if (c->kind == VERIFY_BUNDLE) {
        *quote = (struct alc_bytes){NULL, 0};
        rc = read_bundle(c, text, name, arena, err);
    } else {
        *quote = quote_bytes(text, arena);
    }
    return rc;
}

/* The set's JSON, which may stand inside what a service answers: {"collateral":"<JSON>",...}. */
static enum alc_rc unwrap(struct alc_bytes *json, struct alc_arena *arena, struct alc_err *err)
{
    const struct alc_json *inner;
    struct alc_buf dump = ALC_BUF(FILE_MAX_BYTES);
    struct alc_json *doc = NULL;
    struct alc_bytes text;
    bool ok = true;

    if (alc_json_open(&doc, *json, FILE_MAX_BYTES, NULL) != ALC_OK) return ALC_OK;
    inner = alc_json_get(doc, "collateral");
    if (alc_json_str(inner, &text)) {
        ok = alc_arena_copy(arena, text, json);
    } else if (alc_json_kind(inner) == ALC_JSON_OBJECT) {
        alc_json_dump(inner, &dump);
        ok = !dump.failed && alc_arena_copy(arena, alc_buf_bytes(&dump), json);
    }
    alc_buf_fini(&dump);
    alc_json_close(doc);
    return ok ? ALC_OK : alc_fail(err, ALC_NOMEM, "no memory for the collateral");
}

/* A certificate of 256 to 65535 bytes: SEQUENCE, a length of two bytes, and as much behind it. */
static enum alc_rc read_root(struct alc_bytes *out, const char *path, struct alc_arena *arena,
                             struct alc_err *err)
{
    static const char pem[] = "-----BEGIN";
    enum alc_rc rc;

    if (path[0] == 0) return ALC_OK;
    rc = cli_read_file(out, path, ROOT_MAX_BYTES, arena, err);
    if (rc != ALC_OK) return rc;
    if (out->n >= sizeof pem && memcmp(out->p, pem, sizeof pem - 1) == 0)
        return alc_fail(err, ALC_BAD_INPUT,
                        "simulated-root: %s is PEM; DER is wanted: openssl x509 -in %s -outform "
                        "DER -out root.der",
                        path, path);
    if (out->n < 4 || out->p[0] != 0x30 || out->p[1] != 0x82 ||
        ((size_t)out->p[2] << 8 | out->p[3]) + 4 != out->n)
        return alc_fail(err, ALC_BAD_INPUT,
                        "simulated-root: %s is no certificate in DER; a worker keeps its own as "
                        "simulated/root.der in its state folder",
                        path);
    return ALC_OK;
}

static enum alc_rc read_collateral(struct verify_case *c, struct alc_bytes *json,
                                   struct alc_verify_work *work, struct alc_arena *arena,
                                   struct alc_err *err)
{
    const char *path = c->set->collateral;
    enum alc_rc rc = read_root(&c->trust.simulated_root, c->set->simulated_root, arena, err);

    *json = c->bundle.collateral;
    if (rc == ALC_OK && path[0] != 0) rc = cli_read_file(json, path, FILE_MAX_BYTES, arena, err);
    if (rc == ALC_OK && path[0] != 0 && json->n == 0)
        rc = alc_fail(err, ALC_BAD_INPUT, "collateral: %s is empty", path);
    if (rc == ALC_OK && json->n > 0) rc = unwrap(json, arena, err);
    if (rc != ALC_OK) return rc;
    c->no_set = json->n == 0;
    c->collateral = alc_arena_alloc(arena, sizeof *c->collateral);
    if (c->collateral == NULL) return alc_fail(err, ALC_NOMEM, "no memory for the collateral");
    if (c->no_set) return ALC_OK;
    c->refusal = alc_collateral_verify(c->collateral, *json, &c->trust, work, &alc_verify_native);
    c->has_set = c->refusal == ALC_REFUSAL_NONE;
    return ALC_OK;
}

enum alc_rc verify_read(struct verify_case *c, struct alc_bytes *quote, struct alc_bytes *json,
                        const char *name, struct alc_verify_work *work, struct alc_arena *arena,
                        struct alc_err *err)
{
    enum alc_rc rc = read_case(c, quote, name, work, arena, err);
    return rc == ALC_OK ? read_collateral(c, json, work, arena, err) : rc;
}
