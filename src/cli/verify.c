#include "cli/verify.h"
#include "cli/cli.h"
#include "cli/node.h"

#include "base/enc.h"
#include "base/http.h"
#include "base/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define ARENA_BYTES (64u << 20)
#define FILE_MAX_BYTES ALC_BUNDLE_MAX_BYTES
#define ROOT_MAX_BYTES 8192u
#define WORK_BYTES (3u * ALC_EVENTS_MAX_BYTES)
#define EXIT_UNREADABLE 2 /* whatever kept us from a verdict: scripts tell the cases apart */

#define FIELD(f) offsetof(struct verify_settings, f)
static const struct alc_conf_item items[] = {
    {"input", ALC_CONF_STR, FIELD(input), "", 0, 0, "file with what the module got on stdin"},
    {"output", ALC_CONF_STR, FIELD(output), "", 0, 0,
     "file with the bytes that the caller received"},
    {"code", ALC_CONF_STR, FIELD(code), "", 0, 0, "file of the module"},
    {"worker-key", ALC_CONF_STR, FIELD(worker_key), "", 0, 0, "ed25519:... that must have signed"},
    {"contract", ALC_CONF_STR, FIELD(contract), "", 0, 64, "contract that must have asked"},
    {"chain", ALC_CONF_STR, FIELD(chain), "", 0, 64, "chain that must have asked"},
    {"hardware", ALC_CONF_BOOL, FIELD(hardware), "false", 0, 0,
     "reject unless hardware vouches for the key"},
    {"at", ALC_CONF_STR, FIELD(at), "", 0, 32,
     "judge the quote at this time: 2026-03-01T12:00:00Z, or Unix seconds"},
    {"now", ALC_CONF_BOOL, FIELD(now), "false", 0, 0, "judge the quote by this machine's clock"},
    {"collateral", ALC_CONF_STR, FIELD(collateral), "", 0, 0,
     "file of the set to judge by, instead of the one inside the file"},
    {"simulated-root", ALC_CONF_STR, FIELD(simulated_root), "", 0, 0,
     "DER file of a root whose quotes are accepted as SIMULATED: no hardware"},
    {"accept-status", ALC_CONF_LIST, FIELD(statuses), "", 0, 0,
     "a TCB status beside UpToDate, such as SWHardeningNeeded; repeatable"},
    {"accept-advisory", ALC_CONF_LIST, FIELD(advisories), "", 0, 0,
     "an advisory that may apply, such as INTEL-SA-00615; repeatable"},
    {"grace-days", ALC_CONF_U32, FIELD(grace_days), "0", 0, 36500,
     "an OutOfDate level may be this old; 0: of any age, once accepted"},
    {"min-evaluation", ALC_CONF_U32, FIELD(min_evaluation), "0", 0, 0,
     "least evaluation number of the set: an older set may hide what was found since"},
    {"measurement", ALC_CONF_LIST, FIELD(measurements), "", 0, 0,
     "JSON file of the TDX measurements to accept, as the register names them; repeatable"},
    {"mrenclave", ALC_CONF_LIST, FIELD(mrenclaves), "", 0, 0, "of SGX, to accept; repeatable"},
    {"mrsigner", ALC_CONF_LIST, FIELD(mrsigners), "", 0, 0, "of SGX, to accept; repeatable"},
    {"ppid", ALC_CONF_LIST, FIELD(ppids), "", 0, 0,
     "platform to accept: the operator's own machines; repeatable"},
    {"report-data", ALC_CONF_STR, FIELD(report_data), "", 0, 128,
     "hex with which the quote's report data must begin"},
    {"allow-debug", ALC_CONF_BOOL, FIELD(allow_debug), "false", 0, 0,
     "accept an enclave whose memory its host can read"},
    {"gateway", ALC_CONF_STR, FIELD(gateway), "", 0, 512,
     "URL of a gateway: the file's place is taken by a statement's hash"},
    {"json", ALC_CONF_BOOL, FIELD(json), "false", 0, 0, "print the verdict as JSON"},
};
static const struct alc_conf_table table = {
    items, sizeof items / sizeof *items,
    (const char *const[]){"near.", "watcher.", "worker.", "dev.", "store.", "localnet.", "gateway.",
                          "attest.", "settle.", NULL}};

static const char help[] =
    "alcove verify FILE: checks a proof and says what is proven and what is not.  The file is a\n"
    "statement with its evidence, a quote (as it is, or in hex), or an OutLayer record.\n\n"
    "exit: 0 accepted, 1 rejected, 2 the file or a flag cannot be read, 3 unproven: there is no\n"
    "collateral for the quote, or it does not cover the time of judgement\n\n";

/* ---- what is read ---- */

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
    rc = cli_read_file(bytes, path, ARENA_BYTES, arena, err);
    if (rc == ALC_OK) *at = bytes;
    return rc;
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
    if (c->bundle.has_input) c->expect.input = &c->bundle.input;
    if (c->bundle.has_output) c->expect.output = &c->bundle.output;
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

static bool is_record(struct alc_bytes text)
{
    struct alc_json *doc = NULL;
    bool yes = alc_json_open(&doc, text, FILE_MAX_BYTES, NULL) == ALC_OK &&
               alc_json_get(doc, "format") == NULL && alc_json_get(doc, "task_id") != NULL;
    alc_json_close(doc);
    return yes;
}

static enum alc_rc read_case(struct verify_case *c, struct alc_bytes *quote, const char *name,
                             struct alc_verify_work *work, struct alc_arena *arena,
                             struct alc_err *err)
{
    struct alc_bytes text;
    enum alc_rc rc = c->set->gateway[0] != 0
                         ? fetch(&text, c->set, name, arena, err)
                         : cli_read_file(&text, name, FILE_MAX_BYTES, arena, err);

    if (rc != ALC_OK) return rc;
    if (text.n == 0) return alc_fail(err, ALC_BAD_INPUT, "%s is empty", name);
    if (is_json(text) && is_record(text)) {
        c->kind = VERIFY_RECORD;
        if (alc_record_read(&c->record, text, work) != ALC_REFUSAL_NONE)
            return alc_fail(err, ALC_BAD_INPUT, "%s: %s", name,
                            alc_refusal_text(ALC_REFUSAL_RECORD_FORMAT));
        *quote = c->record.quote;
    } else if (is_json(text) || c->set->gateway[0] != 0) {
        c->kind = VERIFY_BUNDLE;
        *quote = (struct alc_bytes){NULL, 0};
        rc = read_bundle(c, text, name, arena, err);
    } else {
        c->kind = VERIFY_QUOTE;
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

static enum alc_rc read_collateral(struct verify_case *c, struct alc_bytes *json,
                                   struct alc_verify_work *work, struct alc_arena *arena,
                                   struct alc_err *err)
{
    enum alc_rc rc = ALC_OK;

    *json = c->bundle.collateral;
    if (c->set->simulated_root[0] != 0)
        rc = cli_read_file(&c->trust.simulated_root, c->set->simulated_root, ROOT_MAX_BYTES, arena,
                           err);
    if (rc == ALC_OK && c->set->collateral[0] != 0)
        rc = cli_read_file(json, c->set->collateral, FILE_MAX_BYTES, arena, err);
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

/* ---- the time of judgement ---- */

static enum alc_rc read_time(struct verify_case *c, struct alc_err *err)
{
    struct alc_bytes body = c->bundle.signed_statement;
    struct alc_statement s;

    if (c->set->at[0] != 0) {
        if (c->set->now)
            return alc_fail(err, ALC_BAD_INPUT, "--at and --now are two different times");
        if (!verify_time(&c->now_s, c->set->at))
            return alc_fail(err, ALC_BAD_INPUT,
                            "at: `%s` is neither 2026-03-01T12:00:00Z nor Unix seconds",
                            c->set->at);
        c->now_from = "as --at asks";
        return ALC_OK;
    }
    c->now_s = alc_clock_wall_ms(&alc_clock_system) / 1000;
    c->now_from = "now, by this machine's clock";
    if (c->set->now) return ALC_OK;
    if (c->kind == VERIFY_RECORD && c->record.timestamp > 0) {
        c->now_s = (uint64_t)c->record.timestamp;
        c->now_from = "when the record says the job began: its operator's word";
    }
    if (c->kind != VERIFY_BUNDLE || body.n < ALC_STATEMENT_SIG_BYTES) return ALC_OK;
    body.n -= ALC_STATEMENT_SIG_BYTES;
    if (alc_statement_read(&s, body) && s.finished_ms > 0) {
        c->now_s = s.finished_ms / 1000;
        c->now_from = "when the statement says the run ended: the worker's word";
    } else if (c->bundle.has_judged_at) {
        c->now_s = c->bundle.judged_at_s;
        c->now_from = "when the file says it was judged: its maker's word";
    }
    return ALC_OK;
}

/* ---- the verdict ---- */

const struct alc_quote_verdict *verify_quote_of(const struct verify_case *c)
{
    if (c->kind != VERIFY_BUNDLE) return &c->quote;
    return c->proof.has_quote ? &c->proof.quote : NULL;
}

static void judge_bundle(struct verify_case *c, struct alc_verify_work *work)
{
    const struct alc_bundle *b = &c->bundle;
    const struct alc_proof_ask ask = {.signed_statement = b->signed_statement,
                                      .expect = &c->expect,
                                      .evidence = b->evidence,
                                      .collateral = c->has_set ? c->collateral : NULL,
                                      .event_log = b->event_log,
                                      .now_s = c->now_s,
                                      .policy = &c->policy,
                                      .trust = &c->trust};
    struct alc_proof_verdict *v = &c->proof;

    alc_proof_verify(v, &ask, work, &alc_verify_native);
    /* A set that was refused is the reason, not that there is then none. */
    if (v->refusal == ALC_REFUSAL_COLLATERAL_FORMAT && !c->no_set) v->refusal = c->refusal;
    /* A file whose note on the source is about another module contradicts itself. */
    if (v->refusal == ALC_REFUSAL_NONE && b->has_source &&
        !alc_hash_eq(&b->source_code, &v->statement.statement.code_hash))
        v->refusal = ALC_REFUSAL_CODE;
    if (v->refusal == ALC_REFUSAL_NONE && c->set->hardware && !v->hardware)
        v->refusal = ALC_REFUSAL_HARDWARE;
    v->accepted = v->refusal == ALC_REFUSAL_NONE;
    v->hardware = v->hardware && v->accepted;
    c->refusal = v->refusal;
}

static void judge_quote(struct verify_case *c, struct alc_bytes quote, struct alc_bytes json,
                        struct alc_verify_work *work)
{
    struct alc_quote_ask ask = {.quote = quote,
                                .collateral = c->has_set ? c->collateral : NULL,
                                .now_s = c->now_s,
                                .policy = &c->policy,
                                .trust = &c->trust};
    struct alc_quote_verdict *v = &c->quote;

    if (c->has_set) c->refusal = alc_collateral_pck_chain(&ask.pck_chain, json, work);
    alc_quote_verify(v, &ask, work, &alc_verify_native);
    if (c->refusal != ALC_REFUSAL_NONE && /* of the set, but a quote that is none comes first */
        (v->refusal == ALC_REFUSAL_NONE || v->refusal == ALC_REFUSAL_COLLATERAL_FORMAT))
        v->refusal = c->refusal;
    if (v->refusal == ALC_REFUSAL_NONE && c->kind == VERIFY_RECORD)
        v->refusal = alc_record_binding(&c->record, alc_quote_report_data(&v->quote), work,
                                        &alc_verify_native);
    if (v->refusal == ALC_REFUSAL_NONE && c->set->hardware && v->simulated)
        v->refusal = ALC_REFUSAL_HARDWARE;
    v->accepted = v->refusal == ALC_REFUSAL_NONE;
    c->refusal = v->refusal;
}

static bool about_time(enum alc_refusal r)
{
    return r == ALC_REFUSAL_TCB_FUTURE || r == ALC_REFUSAL_TCB_EXPIRED ||
           r == ALC_REFUSAL_QE_FUTURE || r == ALC_REFUSAL_QE_EXPIRED ||
           r == ALC_REFUSAL_CRL_FUTURE || r == ALC_REFUSAL_CRL_EXPIRED;
}

static enum verify_verdict verdict_of(const struct verify_case *c)
{
    if (c->refusal == ALC_REFUSAL_NONE) return VERIFY_PASS;
    if (about_time(c->refusal) || (c->no_set && c->refusal == ALC_REFUSAL_COLLATERAL_FORMAT))
        return VERIFY_UNPROVEN;
    return VERIFY_FAIL;
}

/* ---- for machines: the verdict that every embedder gives, behind three members of ours ---- */

static enum alc_rc say_machines(const struct verify_case *c, struct alc_arena *arena,
                                struct alc_err *err)
{
    const char *word = c->verdict == VERIFY_PASS   ? "pass"
                       : c->verdict == VERIFY_FAIL ? "fail"
                                                   : "unproven";
    uint8_t *p = alc_arena_alloc(arena, ALC_PROOF_VERDICT_MAX_BYTES);
    size_t n = 0;

    if (p != NULL && c->kind == VERIFY_BUNDLE)
        n = alc_proof_verdict_json(&c->proof, p, ALC_PROOF_VERDICT_MAX_BYTES);
    else if (p != NULL)
        n = alc_quote_verdict_json(&c->quote, p, ALC_PROOF_VERDICT_MAX_BYTES);
    if (n < 2) return alc_fail(err, ALC_NOMEM, "no memory for the verdict");
    printf("{\"verdict\":\"%s\",\"judged_at\":%" PRIu64 ",\"judged_at_is\":\"%s\",%.*s\n", word,
           c->now_s, c->now_from, (int)n - 1, (const char *)p + 1);
    return ALC_OK;
}

static enum alc_rc verify(const struct verify_settings *set, const char *name,
                          enum verify_verdict *verdict, struct alc_arena *arena,
                          struct alc_err *err)
{
    struct verify_case *c = alc_arena_alloc(arena, sizeof *c);
    struct alc_verify_work work = {alc_arena_alloc(arena, WORK_BYTES), WORK_BYTES, 0};
    struct alc_bytes quote, json;
    struct alc_hash asked;
    size_t n;
    enum alc_rc rc;

    if (c == NULL || work.p == NULL) return alc_fail(err, ALC_NOMEM, "no memory to verify in");
    c->set = set;
    rc = verify_policy(&c->policy, set, arena, err);
    if (rc == ALC_OK) rc = read_case(c, &quote, name, &work, arena, err);
    if (rc == ALC_OK) rc = read_collateral(c, &json, &work, arena, err);
    if (rc == ALC_OK) rc = read_time(c, err);
    if (rc != ALC_OK) return rc;
    if (c->kind == VERIFY_BUNDLE)
        judge_bundle(c, &work);
    else
        judge_quote(c, quote, json, &work);
    if (c->kind == VERIFY_RECORD &&
        !alc_record_hash(&c->record_hash, &c->record, &work, &alc_verify_native))
        return alc_fail(err, ALC_NOMEM, "no memory to hash the record in");
    if (set->gateway[0] != 0 && (!alc_hex_decode(asked.b, sizeof asked.b, &n, alc_cstr(name)) ||
                                 !alc_hash_eq(&asked, &c->proof.statement.hash)))
        return alc_fail(err, ALC_BAD_INPUT, "%s gave another statement than %s", set->gateway,
                        name);
    c->verdict = verdict_of(c);
    *verdict = c->verdict;
    if (set->json) return say_machines(c, arena, err);
    verify_say(c);
    return ALC_OK;
}

int alc_cli_verify(int argc, char **argv)
{
    struct alc_arena arena = ALC_ARENA(6u * ARENA_BYTES);
    struct alc_conf_rest rest = {0};
    struct verify_settings set;
    struct alc_err err = {0};
    enum verify_verdict verdict = VERIFY_FAIL;
    enum alc_rc rc = alc_conf_read(&set, &rest, &table, NULL, argc, argv, &arena, &err);

    if (rc == ALC_OK && rest.help) {
        fputs(help, stdout);
        alc_conf_help(&table);
        alc_arena_fini(&arena);
        return 0;
    }
    if (rc == ALC_OK && rest.count != 1)
        rc = alc_fail(&err, ALC_BAD_INPUT, "name one statement file; see --help");
    if (rc == ALC_OK) rc = verify(&set, rest.words[0], &verdict, &arena, &err);
    if (rc != ALC_OK) fprintf(stderr, "alcove verify: %s\n", alc_err_text(&err, rc));
    alc_arena_fini(&arena);
    return rc != ALC_OK ? EXIT_UNREADABLE : (int)verdict;
}
