#include "tests/web/embedders.h"
#include "tests/web/embedders_file.h"

#include "base/base.h"
#include "base/json.h"
#include "tests/lib/vmhost.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define WASM ALC_BUILD_DIR "/contracts/register.wasm"
#define NS UINT64_C(1000000000)

struct tally tally;

static struct {
    struct vmhost *h;
    struct alc_trust trust;
    struct alc_measurement enclave;
    struct alc_bytes set;
    enum alc_refusal refused; /* of the set */
    struct alc_collateral given;
    bool holds; /* the contract has a set: */
    struct alc_collateral held;
} stage;

static void count(enum alc_refusal refusal)
{
    tally.asked++;
    tally.accepted += refusal == ALC_REFUSAL_NONE;
    tally.refusals[refusal] = true;
}

/* ---- one policy, three ways to say it ---- */

static const struct rules strictest;

static uint32_t statuses(const struct rules *r)
{
    return r->statuses != 0 ? r->statuses : 1u << ALC_TCB_UP_TO_DATE;
}

static void put_rules(struct alc_jw *w, const struct rules *r)
{
    alc_jw_key(w, "statuses");
    alc_jw_arr(w);
    for (uint8_t i = 0; i < ALC_TCB_COUNT; i++)
        if ((statuses(r) >> i & 1) != 0) alc_jw_text(w, alc_tcb_name(i));
    alc_jw_end(w);
    alc_jw_key(w, "advisories");
    alc_jw_arr(w);
    for (size_t i = 0; i < r->advisories_count; i++)
        alc_jw_str(w, r->advisories[i]);
    alc_jw_end(w);
}

static void put_ppid(struct alc_jw *w, const struct rules *r)
{
    alc_jw_arr(w);
    alc_jw_hex(w, (struct alc_bytes){*r->ppid, 16});
    alc_jw_end(w);
}

static void put_measurement(struct alc_jw *w)
{
    static const char *const names[] = {"rtmr0", "rtmr1", "rtmr2", "rtmr3"};

    alc_jw_obj(w);
    alc_jw_key(w, "mrtd");
    alc_jw_hex(w, (struct alc_bytes){stage.enclave.mrtd, 48});
    for (size_t i = 0; i < 4; i++) {
        alc_jw_key(w, names[i]);
        alc_jw_hex(w, (struct alc_bytes){stage.enclave.rtmr[i], 48});
    }
    alc_jw_end(w);
}

static void put_page_rules(const struct rules *r)
{
    alc_jw_key(&case_w, "policy");
    alc_jw_obj(&case_w);
    put_rules(&case_w, r);
    alc_jw_key(&case_w, "minEvaluation");
    alc_jw_u64(&case_w, r->min_evaluation);
    if (r->ppid != NULL) {
        alc_jw_key(&case_w, "ppids");
        put_ppid(&case_w, r);
    }
    if (!r->any_enclave) {
        alc_jw_key(&case_w, "measurements");
        alc_jw_arr(&case_w);
        put_measurement(&case_w);
        alc_jw_end(&case_w);
    }
    if (r->grace) {
        alc_jw_key(&case_w, "graceSeconds");
        alc_jw_u64(&case_w, r->grace_s);
    }
    alc_jw_end(&case_w);
}

static void contract_call(const char *method, struct alc_buf *args)
{
    assert_false(args->failed);
    if (!vmhost_ok(vmhost_call(
            stage.h, &(struct vmhost_call){.method = method, .args = alc_buf_bytes(args)})))
        fail_msg("%s: %s", method, alc_buf_text(args));
    alc_buf_reset(args);
}

static void put_contract_rules(const struct rules *r)
{
    struct alc_buf args = ALC_BUF(65536);
    struct alc_jw w = {.out = &args};

    alc_jw_obj(&w);
    put_rules(&w, r);
    alc_jw_key(&w, "min_evaluation");
    alc_jw_u64(&w, r->min_evaluation);
    alc_jw_key(&w, "ppids");
    if (r->ppid != NULL)
        put_ppid(&w, r);
    else
        alc_jw_null(&w);
    alc_jw_end(&w);
    contract_call("set_policy", &args);
    alc_buf_fini(&args);
}

static struct alc_quote_policy native_rules(const struct rules *r, struct alc_bytes report_data)
{
    return (struct alc_quote_policy){.statuses = r->statuses,
                                     .advisories = r->advisories,
                                     .advisories_count = r->advisories_count,
                                     .grace = r->grace,
                                     .grace_s = r->grace_s,
                                     .min_evaluation = r->min_evaluation,
                                     .measurements = &stage.enclave,
                                     .measurements_count = r->any_enclave ? 0 : 1,
                                     .report_data = report_data,
                                     .ppids = r->ppid,
                                     .ppids_count = r->ppid != NULL,
                                     .allow_simulated = stage.trust.simulated_root.n > 0};
}

/* ---- the stage ---- */

void stage_open(struct alc_bytes root, const struct alc_measurement *enclave)
{
    struct alc_buf args = ALC_BUF(1u << 20);
    struct alc_jw w = {.out = &args};

    stage.trust = (struct alc_trust){.simulated_root = root};
    stage.enclave = *enclave;
    stage.set = (struct alc_bytes){NULL, 0};
    stage.refused = ALC_REFUSAL_NONE;
    stage.holds = false;
    stage.h = vmhost_open("op.test", vmhost_file(WASM));
    alc_jw_obj(&w);
    alc_jw_key(&w, "owner_id");
    alc_jw_text(&w, VMHOST_SIGNER);
    alc_jw_key(&w, "init_worker_account");
    alc_jw_text(&w, "init.test");
    alc_jw_key(&w, "outlayer_contract_id");
    alc_jw_text(&w, "c.test");
    alc_jw_key(&w, "chain_id");
    alc_jw_text(&w, "localnet");
    if (root.n > 0) {
        alc_jw_key(&w, "simulated_root");
        alc_jw_base64(&w, root);
    }
    alc_jw_end(&w);
    contract_call("new", &args);
    w = (struct alc_jw){.out = &args};
    alc_jw_obj(&w);
    alc_jw_key(&w, "measurements");
    put_measurement(&w);
    alc_jw_end(&w);
    contract_call("add_approved_measurements", &args);
    alc_buf_fini(&args);
}

void stage_close(void)
{
    vmhost_close(stage.h);
    stage.h = NULL;
}

enum alc_refusal stage_put(struct alc_bytes set)
{
    static uint8_t room[2 * ALC_COLLATERAL_MAX_BYTES];
    struct alc_verify_work work = ALC_VERIFY_WORK(room);
    const struct nearvm_outcome *o;
    const char *want;

    stage.set = set;
    stage.refused = ALC_REFUSAL_NONE;
    if (set.n == 0) return ALC_REFUSAL_NONE;
    stage.refused =
        alc_collateral_verify(&stage.given, set, &stage.trust, &work, &alc_verify_native);
    if (stage.refused == ALC_REFUSAL_NONE) /* the contract takes no set from its future */
        vmhost_env(stage.h)->time_ns = alc_collateral_window(&stage.given).from_s * NS;
    o = vmhost_call(stage.h,
                    &(struct vmhost_call){.method = "put_collateral", .args = world_put(set, "")});
    if (stage.refused == ALC_REFUSAL_NONE) {
        if (!vmhost_ok(o)) fail_msg("a good set was refused");
        stage.held = stage.given;
        stage.holds = true;
        return ALC_REFUSAL_NONE;
    }
    want = world_text("Collateral refused: %s: %s", alc_refusal_word(stage.refused),
                      alc_refusal_text(stage.refused));
    if (o->end != NEARVM_ABORTED || memmem(o->error.p, o->error.n, want, strlen(want)) == NULL)
        fail_msg("wanted: %s; got: %.*s", want, (int)o->error.n, (const char *)o->error.p);
    tally.sets_refused++;
    return stage.refused;
}

/* ---- quotes ---- */

static enum alc_refusal judge(struct alc_bytes *json, uint8_t *out, struct alc_quote_ask *a)
{
    static uint8_t room[2 * ALC_COLLATERAL_MAX_BYTES];
    struct alc_verify_work work = ALC_VERIFY_WORK(room);
    struct alc_quote_verdict v;

    /* A chain beside the quote's own, where the set has one: as the command line and the page. */
    if (a->collateral == &stage.given)
        assert_int_equal(alc_collateral_pck_chain(&a->pck_chain, stage.set, &work),
                         ALC_REFUSAL_NONE);
    alc_quote_verify(&v, a, &work, &alc_verify_native);
    *json = (struct alc_bytes){out, alc_quote_verdict_json(&v, out, ALC_QUOTE_VERDICT_MAX_BYTES)};
    assert_true(json->n > 0);
    assert_int_equal(v.accepted, v.refusal == ALC_REFUSAL_NONE);
    return v.refusal;
}

/* The contract looks for a set itself, by the platform that the quote names: where the quote names
 * none it says why, and where it has no set for that one it says NO_COLLATERAL, whatever another
 * set would have been refused for.  Sets that are refused are never stored. */
static bool set_in_contract(struct alc_quote_ask *a)
{
    static uint8_t room[2 * ALC_COLLATERAL_MAX_BYTES];
    struct alc_verify_work work = ALC_VERIFY_WORK(room);
    struct alc_platform p;
    struct alc_quote q;

    a->collateral = NULL;
    a->set_refused = alc_quote_read(&q, a->quote);
    if (a->set_refused == ALC_REFUSAL_NONE) a->set_refused = alc_quote_platform(&p, &q, &work);
    if (a->set_refused != ALC_REFUSAL_NONE || !stage.holds || p.tee != stage.held.tee ||
        p.ca != stage.held.ca || memcmp(p.fmspc, stage.held.fmspc, sizeof p.fmspc) != 0)
        return false;
    a->collateral = &stage.held;
    return true;
}

static void ask_contract(const char *name, const struct question *q, const struct rules *r,
                         struct alc_bytes native)
{
    static uint8_t out[ALC_QUOTE_VERDICT_MAX_BYTES];
    struct rules held = *r;
    struct alc_quote_policy policy;
    struct alc_quote_ask a = {
        .quote = q->quote, .now_s = q->now_s, .policy = &policy, .trust = &stage.trust};
    const struct nearvm_outcome *o;
    struct alc_bytes want = native;
    const char *data = "";
    bool same;

    /* Its policy knows no grace; and it always asks for an approved TD, which no SGX enclave is. */
    held.grace = held.any_enclave = false;
    policy = native_rules(&held, q->report_data);
    same = set_in_contract(&a) && stage.refused == ALC_REFUSAL_NONE && stage.set.n > 0 &&
           !r->grace && !r->any_enclave;
    if (!same) (void)judge(&want, out, &a);

    put_contract_rules(r);
    vmhost_env(stage.h)->time_ns = q->now_s * NS;
    if (q->report_data.n > 0)
        data = world_text(",\"report_data\":\"%s\"", world_hex(q->report_data));
    o = vmhost_view(stage.h, "verify_quote",
                    world_text("{\"quote\":\"%s\"%s}", world_base64(q->quote), data));
    if (!vmhost_ok(o)) fail_msg("%s: verify_quote failed", name);
    if (!alc_bytes_eq(o->value, want))
        fail_msg("%s: the VM says\n%.*s\nand not\n%.*s", name, (int)o->value.n,
                 (const char *)o->value.p, (int)want.n, (const char *)want.p);
    if (alc_bytes_eq(want, native))
        tally.in_the_vm++;
    else
        tally.of_its_own++;
}

enum alc_refusal ask(const char *name, const struct question *q)
{
    static uint8_t out[ALC_QUOTE_VERDICT_MAX_BYTES];
    const struct rules *r = q->rules != NULL ? q->rules : &strictest;
    struct alc_quote_policy policy = native_rules(r, q->report_data);
    struct alc_quote_ask a = {.quote = q->quote,
                              .set_refused = stage.refused,
                              .now_s = q->now_s,
                              .policy = &policy,
                              .trust = &stage.trust};
    struct alc_bytes verdict;
    enum alc_refusal refusal;

    if (stage.set.n > 0 && stage.refused == ALC_REFUSAL_NONE) a.collateral = &stage.given;
    refusal = judge(&verdict, out, &a);
    put_case("quote", name, q->now_s);
    put_input(&case_w, "quote", q->quote);
    put_input(&case_w, "collateral", stage.set);
    put_input(&case_w, "simulatedRoot", stage.trust.simulated_root);
    put_input(&case_w, "reportData", q->report_data);
    alc_jw_end(&case_w);
    put_page_rules(r);
    put_verdict(verdict);
    ask_contract(name, q, r, verdict);
    count(refusal);
    return refusal;
}

struct question at(struct alc_bytes quote, uint64_t now_s)
{
    return (struct question){.quote = quote, .now_s = now_s};
}

void says(const char *name, struct question q, enum alc_refusal want)
{
    enum alc_refusal got = ask(name, &q);
    if (got != want)
        fail_msg("%s: %s and not %s", name, alc_refusal_word(got), alc_refusal_word(want));
}

struct alc_measurement measured(struct alc_bytes quote)
{
    const struct alc_measurement nothing = {.mrtd = {0}};
    struct alc_quote q;
    return alc_quote_read(&q, quote) == ALC_REFUSAL_NONE ? alc_quote_measurement(&q) : nothing;
}

void alter(struct alc_bytes quote, uint64_t now_s, size_t step, size_t spare)
{
    uint8_t *changed = malloc(quote.n);
    struct question q;

    assert_non_null(changed);
    for (size_t i = 0; i < quote.n - spare; i += i < 64 ? 6 : step) {
        memcpy(changed, quote.p, quote.n);
        changed[i] ^= (uint8_t)(1u << i % 8);
        q = at((struct alc_bytes){changed, quote.n}, now_s);
        if (ask("an altered byte", &q) == ALC_REFUSAL_NONE) fail_msg("byte %zu is free", i);
        q = at((struct alc_bytes){quote.p, i}, now_s);
        if (i % 5 == 0 && ask("cut off", &q) == ALC_REFUSAL_NONE) fail_msg("%zu suffice", i);
    }
    free(changed);
}

/* ---- statements ---- */

static const struct alc_bytes *if_any(const struct alc_bytes *b)
{
    return b->n > 0 ? b : NULL;
}

static enum alc_refusal judge_proof(struct alc_bytes *json, const struct proof_question *q)
{
    static uint8_t out[ALC_PROOF_VERDICT_MAX_BYTES], room[3 * ALC_EVENTS_MAX_BYTES];
    static struct alc_proof_verdict v;
    static struct alc_collateral set;
    struct alc_verify_work work = ALC_VERIFY_WORK(room);
    struct alc_trust trust = {.simulated_root = q->root};
    struct alc_quote_policy policy = {.allow_simulated = q->root.n > 0};
    struct alc_expect expect = {.input = if_any(&q->input),
                                .output = if_any(&q->output),
                                .code = if_any(&q->code),
                                .request = if_any(&q->request),
                                .code_hash = q->source_code};
    struct alc_proof_ask a = {.signed_statement = q->statement,
                              .expect = &expect,
                              .evidence = q->evidence,
                              .event_log = q->event_log,
                              .now_s = q->now_s,
                              .policy = &policy,
                              .trust = &trust};

    if (q->collateral.n > 0) {
        a.set_refused =
            alc_collateral_verify(&set, q->collateral, &trust, &work, &alc_verify_native);
        if (a.set_refused == ALC_REFUSAL_NONE) a.collateral = &set;
        work.used = 0;
    }
    alc_proof_verify(&v, &a, &work, &alc_verify_native);
    *json = (struct alc_bytes){out, alc_proof_verdict_json(&v, out, sizeof out)};
    assert_true(json->n > 0);
    return v.refusal;
}

enum alc_refusal ask_proof(const char *name, const struct proof_question *q)
{
    struct alc_bytes verdict;
    enum alc_refusal refusal = judge_proof(&verdict, q);

    put_case("proof", name, q->now_s);
    put_input(&case_w, "statement", q->statement);
    put_input(&case_w, "evidence", q->evidence);
    put_input(&case_w, "eventLog", q->event_log);
    put_input(&case_w, "collateral", q->collateral);
    put_input(&case_w, "simulatedRoot", q->root);
    put_input(&case_w, "input", q->input);
    put_input(&case_w, "output", q->output);
    put_input(&case_w, "code", q->code);
    put_input(&case_w, "request", q->request);
    if (q->source_code != NULL) put_input(&case_w, "sourceCode", alc_hash_bytes(q->source_code));
    alc_jw_end(&case_w);
    put_verdict(verdict);
    count(refusal);
    return refusal;
}

static void put_bundle_verdict(const char *key, struct proof_question *q, struct alc_bytes root)
{
    struct alc_bytes verdict;

    q->root = root;
    (void)judge_proof(&verdict, q);
    alc_jw_key(&bundle_w, key);
    alc_jw_str(&bundle_w, verdict);
}

void bundle_add(const char *name, const struct alc_bundle *b, struct alc_bytes root)
{
    struct proof_question q = {.statement = b->signed_statement,
                               .evidence = b->evidence,
                               .event_log = b->event_log,
                               .collateral = b->collateral,
                               .input = b->input,
                               .output = b->output,
                               .request = b->request,
                               .source_code = b->has_source ? &b->source_code : NULL};
    struct alc_bytes body = b->signed_statement;
    struct alc_buf text = ALC_BUF(ALC_BUNDLE_MAX_BYTES);
    struct alc_statement s;

    body.n -= ALC_STATEMENT_SIG_BYTES;
    assert_true(alc_statement_read(&s, body));
    q.now_s = s.finished_ms / 1000;
    alc_bundle_write(&text, b);
    alc_jw_obj(&bundle_w);
    alc_jw_key(&bundle_w, "name");
    alc_jw_text(&bundle_w, name);
    alc_jw_key(&bundle_w, "file");
    alc_jw_str(&bundle_w, alc_buf_bytes(&text));
    put_input(&bundle_w, "root", root);
    put_bundle_verdict("alone", &q, (struct alc_bytes){NULL, 0});
    put_bundle_verdict("withRoot", &q, root);
    alc_jw_end(&bundle_w);
    alc_buf_fini(&text);
}
