#include "cli/verify.h"
#include "cli/cli.h"
#include "cli/settings.h"

#include "base/enc.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define ARENA_BYTES (6u * VERIFY_ARENA_BYTES)
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
static const struct alc_conf_table table = {items, sizeof items / sizeof *items, cli_others};

static const char help[] =
    "alcove verify FILE: checks a proof and says what is proven and what is not.  The file is a\n"
    "statement with its evidence, a quote (as it is, or in hex), or an OutLayer record.\n\n"
    "exit: 0 accepted, 1 rejected, 2 the file or a flag cannot be read, 3 unproven: there is no\n"
    "collateral for the quote, or it does not cover the time of judgement\n\n";

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
                                      .set_refused = c->refusal,
                                      .event_log = b->event_log,
                                      .now_s = c->now_s,
                                      .policy = &c->policy,
                                      .trust = &c->trust};
    struct alc_proof_verdict *v = &c->proof;

    alc_proof_verify(v, &ask, work, &alc_verify_native);
    if (v->refusal == ALC_REFUSAL_NONE && c->set->hardware && !v->hardware)
        v->refusal = ALC_REFUSAL_HARDWARE;
    v->accepted = v->refusal == ALC_REFUSAL_NONE;
    v->hardware = v->hardware && v->accepted;
    c->refusal = v->refusal;
}

static void judge_quote(struct verify_case *c, struct alc_bytes quote, struct alc_bytes json,
                        struct alc_verify_work *work)
{
    struct alc_quote_ask ask = {
        .quote = quote, .now_s = c->now_s, .policy = &c->policy, .trust = &c->trust};
    struct alc_quote_verdict *v = &c->quote;

    if (c->has_set) c->refusal = alc_collateral_pck_chain(&ask.pck_chain, json, work);
    ask.set_refused = c->refusal;
    if (c->has_set && c->refusal == ALC_REFUSAL_NONE) ask.collateral = c->collateral;
    alc_quote_verify(v, &ask, work, &alc_verify_native);
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
    if (about_time(c->refusal) || (c->no_set && c->refusal == ALC_REFUSAL_NO_COLLATERAL))
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
    if (rc == ALC_OK) rc = verify_read(c, &quote, &json, name, &work, arena, err);
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
    struct alc_arena arena = ALC_ARENA(ARENA_BYTES);
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
    if (rc == ALC_OK && (rest.count != 1 || rest.words[0][0] == 0))
        rc = alc_fail(&err, ALC_BAD_INPUT,
                      "name one file, or with --gateway a statement's hash; see --help");
    if (rc == ALC_OK) rc = verify(&set, rest.words[0], &verdict, &arena, &err);
    if (rc != ALC_OK) fprintf(stderr, "alcove verify: %s\n", alc_err_text(&err, rc));
    alc_arena_fini(&arena);
    return rc != ALC_OK ? EXIT_UNREADABLE : (int)verdict;
}
