#include "cli/node.h"
#include "cli/verify.h"

#include "base/enc.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *hex_of(char *out, size_t cap, const uint8_t *p, size_t n)
{
    size_t m = 0;
    if (!alc_hex_encode(out, cap - 1, &m, (struct alc_bytes){p, n})) m = 0;
    out[m] = 0;
    return out;
}

#define SETS "/public/collateral?fmspc=MODEL&at=UNIX_SECONDS"

/* ---- what to do about a refusal ---- */

#define NO_QUOTE                                                                                   \
    "The file is no JSON, so it is neither a statement nor a record, and was read as a quote: "    \
    "its\n"                                                                                        \
    "bytes, or nothing but their hex."

static const struct {
    enum alc_refusal refusal;
    const char *advice;
} advices[] = {
    {ALC_REFUSAL_ROOT,
     "If it was made for development, its root is named SIMULATED: --simulated-root ROOT.der\n"
     "accepts such quotes, and says so.  A worker keeps the file as simulated/root.der."},
    {ALC_REFUSAL_QUOTE_FORMAT, NO_QUOTE},
    {ALC_REFUSAL_QUOTE_VERSION, NO_QUOTE},
    {ALC_REFUSAL_COLLATERAL_FORMAT,
     "A set is the JSON object {\"tcb_info\":...} or an answer that holds it as \"collateral\".  "
     "A\nworker's gateway gives it under " SETS "."},
    {ALC_REFUSAL_SIMULATED,
     "--simulated-root ROOT.der accepts quotes of that root, and says that they are SIMULATED."},
    {ALC_REFUSAL_HARDWARE, "Leave --hardware out to see what the signature alone proves."},
    {ALC_REFUSAL_STATUS,
     "The machine lacks patches or settings that its maker asks for.  To accept that, name the\n"
     "status: --accept-status, with --accept-advisory for each advisory and --grace-days."},
    {ALC_REFUSAL_ADVISORY,
     "Read the advisory first; --accept-advisory ID accepts that it applies."},
    {ALC_REFUSAL_GRACE, "The machine was due for an update; --grace-days sets for how long."},
    {ALC_REFUSAL_EVALUATION,
     "An older set may hide what was found since.  Ask for the set of that day, and give it\n"
     "with --collateral."},
    {ALC_REFUSAL_MEASUREMENT,
     "Another program ran there than you allow.  If that is a new release which you have checked,\n"
     "add its registers to the file of --measurement."},
    {ALC_REFUSAL_PPID, "It is another machine than those that you named with --ppid."},
    {ALC_REFUSAL_DEBUG, "Nothing in a debug enclave is secret; --allow-debug accepts one."},
    {ALC_REFUSAL_PLATFORM_LEVEL,
     "The set's lowest level is above this machine: it was never patched, or the set is of other\n"
     "machines.  To judge by the set of another day: --collateral."},
    {ALC_REFUSAL_FMSPC, "Give the set of this platform's model with --collateral."},
    {ALC_REFUSAL_PCEID, "Give the set of this platform with --collateral."},
    {ALC_REFUSAL_PCK_CA, "Give the set for the CA that issued this platform's certificate."},
    {ALC_REFUSAL_TCB_ID, "A TDX quote needs a TDX set, an SGX quote an SGX set: --collateral."},
    {ALC_REFUSAL_STUB, "The worker ran without hardware, and says so."},
    {ALC_REFUSAL_BINDING, "Whoever put these two together may have meant another pair of files."},
    {ALC_REFUSAL_STATEMENT_SIMULATED, "Believe neither."},
    {ALC_REFUSAL_RECORD_BINDING,
     "A field of the record was changed after the quote was made, or it is another task's quote."},
};

static void advise(const struct verify_case *c)
{
    if (c->kind == VERIFY_RECORD && c->record.task_id == ALC_RECORD_STARTUP &&
        c->refusal == ALC_REFUSAL_RECORD_BINDING) {
        printf(
            "It is the record of a worker's start: its quote is over the worker's key, and over\n"
            "no task.\n");
        return;
    }
    if (c->refusal == ALC_REFUSAL_ROOT && c->trust.simulated_root.n > 0) {
        printf("Nor in the root that --simulated-root names: another worker made it, or nobody\n"
               "who is known here.\n");
        return;
    }
    for (size_t i = 0; i < sizeof advices / sizeof *advices; i++)
        if (advices[i].refusal == c->refusal) printf("%s\n", advices[i].advice);
}

/* ---- the statement ---- */

/* One claim of the statement, and whether its evidence was there to be compared. */
struct claim {
    const char *name;
    const struct alc_hash *hash;
    bool compared;
};

static void print_key(char out[ALC_NEAR_KEY_TEXT_MAX], const struct alc_hash *key)
{
    struct alc_near_key k = {.curve = ALC_NEAR_ED25519};
    memcpy(k.b, key->b, sizeof key->b);
    alc_near_key_text(out, &k);
}

static void say_statement(const struct verify_case *c)
{
    const struct alc_verdict *v = &c->proof.statement;
    const struct alc_statement *s = &v->statement;
    const struct alc_expect *e = &c->expect;
    const struct claim claims[] = {{"request", &s->request_hash, e->request != NULL},
                                   {"module ", &s->code_hash, e->code != NULL},
                                   {"input  ", &s->input_hash, e->input != NULL},
                                   {"output ", &s->output_hash, e->output != NULL}};
    char key[ALC_NEAR_KEY_TEXT_MAX], hex[65];
    char a[ALC_STATEMENT_PROJECT_MAX_BYTES * 4 + 1], b[sizeof a];

    print_key(key, &s->worker_key);
    printf("%s statement %s\n", c->verdict == VERIFY_PASS ? "ACCEPTED" : "  the",
           cli_hex(hex, &v->hash));
    printf("  signed by   %s\n", key);
    if (s->request_id == ALC_STATEMENT_HTTPS_REQUEST)
        printf("  asked over  HTTPS, call %s\n", cli_plain(a, sizeof a, s->call_id));
    else
        printf("  asked on    %s by contract %s, request %" PRIu64 "\n",
               cli_plain(a, sizeof a, s->chain_id), cli_plain(b, sizeof b, s->contract_id),
               s->request_id);
    printf("  asked by    %s, through %s\n", cli_plain(a, sizeof a, s->signer_id),
           cli_plain(b, sizeof b, s->predecessor_id));
    for (size_t i = 0; i < sizeof claims / sizeof *claims; i++)
        printf("  %s     %s  %s\n", claims[i].name, cli_hex(hex, claims[i].hash),
               claims[i].compared ? "compared" : "not shown, so not compared");
    printf("  outcome     %s: %" PRIu64 " instructions, %" PRIu64 " ms, attempt %u\n",
           alc_outcome_text(s->outcome), s->instructions, s->time_ms, s->attempt);
    printf("  not before  block %" PRIu64 "\n", s->anchor_height);
}

static void say_source(const struct alc_bundle *b)
{
    char text[1024];

    if (!b->has_source) return;
    if (b->source_url.n > 0)
        printf("  module from %s\n", cli_plain(text, sizeof text, b->source_url));
    if (b->source_repo.n > 0) {
        printf("  built from  %s", cli_plain(text, sizeof text, b->source_repo));
        printf(" at %s\n", cli_plain(text, sizeof text, b->source_commit));
    }
}

static void say_events(const struct alc_proof_verdict *v)
{
    const struct alc_events *e = &v->events;
    char hex[129], text[2100];

    if (!v->has_events) return;
    printf("  boot log    %u events lead to the quote's RTMRs\n", e->count);
    if (e->app_id.p != NULL)
        printf("  app         %s\n", hex_of(hex, sizeof hex, e->app_id.p, e->app_id.n));
    if (e->compose_hash.p != NULL)
        printf("  compose     %s\n", hex_of(hex, sizeof hex, e->compose_hash.p, e->compose_hash.n));
    if (e->os_image_hash.p != NULL)
        printf("  os image    %s\n",
               hex_of(hex, sizeof hex, e->os_image_hash.p, e->os_image_hash.n));
    if (e->key_provider.p != NULL)
        printf("  keys from   %s\n", cli_plain(text, sizeof text, e->key_provider));
    if (e->policy_hash.p != NULL) printf("  policy      measured, and named by the statement\n");
}

/* ---- the quote ---- */

static void say_advisories(const struct alc_quote_verdict *v)
{
    const struct alc_collateral *set = v->collateral;
    char text[4 * ALC_ADVISORY_MAX_BYTES + 1];

    for (size_t i = 0; i < set->advisories_count; i++)
        if ((v->advisories.bits[i / 64] >> (i % 64) & 1) != 0)
            printf(" %s",
                   cli_plain(text, sizeof text,
                             (struct alc_bytes){set->advisories[i].b, set->advisories[i].n}));
}

static void say_quote(const struct verify_case *c, const struct alc_quote_verdict *v)
{
    char hex[129], signer[65], from[32], until[32], at[32];

    if (!v->read) return;
    printf("  quote       %s, version %u, %s\n", v->quote.tee == ALC_TEE_TDX ? "TDX" : "SGX",
           v->quote.version,
           v->simulated ? "SIMULATED: no hardware made it"
           : v->genuine ? "made by genuine hardware"
                        : "not shown to be genuine");
    if (v->quote.tee == ALC_TEE_TDX)
        printf("  enclave     %s  %s\n",
               hex_of(hex, sizeof hex, v->measurement.b, sizeof v->measurement.b),
               c->policy.measurements_count > 0 ? "one of --measurement" : "not compared");
    else
        printf("  enclave     %s  signer %.16s...\n",
               hex_of(hex, sizeof hex, v->quote.sgx.mrenclave, 32),
               hex_of(signer, sizeof signer, v->quote.sgx.mrsigner, 32));
    printf("  says        %s\n", hex_of(hex, sizeof hex, alc_quote_report_data(&v->quote), 64));
    if (v->has_platform) {
        printf("  platform    %s", hex_of(hex, sizeof hex, v->ppid, sizeof v->ppid));
        printf("  model %s\n", hex_of(hex, sizeof hex, v->fmspc, sizeof v->fmspc));
    }
    if (v->has_status) {
        printf("  patches     %s, level of %.10s", alc_tcb_name(v->status),
               verify_time_text(at, v->tcb_date_s));
        say_advisories(v);
        printf("\n");
    }
    if (v->has_window)
        printf("  collateral  number %u, holds from %s to %s\n", v->tcb_evaluation,
               verify_time_text(from, v->window.from_s),
               verify_time_text(until, v->window.until_s));
    printf("  judged at   %s, %s\n", verify_time_text(at, c->now_s), c->now_from);
}

static void say_record(const struct verify_case *c)
{
    char hex[65], a[512], b[512];
    const struct alc_record *r = &c->record;

    printf("%s OutLayer record of task %" PRId64 ", %s\n",
           c->verdict == VERIFY_PASS ? "ACCEPTED" : "  the", r->task_id,
           cli_plain(a, sizeof a, r->task_type));
    printf("  hash        %s\n", cli_hex(hex, &c->record_hash));
    printf("  asked by    %s, project %s\n", cli_plain(a, sizeof a, r->caller),
           cli_plain(b, sizeof b, r->project_id));
    printf("  input       %s\n", cli_plain(a, sizeof a, r->input_hash));
    printf("  output      %s\n", cli_plain(a, sizeof a, r->output_hash));
}

/* ---- what it comes to ---- */

static void say_bundle_end(const struct verify_case *c)
{
    const struct alc_proof_verdict *v = &c->proof;

    if (!v->has_quote) {
        printf(
            "\nProven: whoever holds that key says that this module, on this input, came to this\n"
            "outcome and output, for this request and no other.\n");
        printf("NOT proven: %sthat hardware holds the key: the statement comes with no quote.  "
               "Trust\nit as far as you trust the key's owner, or run the module again.\n",
               v->statement.simulated ? "SIMULATED: " : "");
        return;
    }
    printf("\nProven: %s holds that key, and says that this module,\n"
           "on this input, came to this outcome and output, for this request and no other.\n",
           v->hardware ? "the enclave above, on genuine hardware," : "SIMULATED: a stand-in");
    printf("NOT proven:%s\n", v->hardware ? "" : " SIMULATED: that any hardware is there;");
    if (c->policy.measurements_count == 0)
        printf("- that the enclave runs the program you think: compare it with --measurement.\n");
    if (!v->has_events)
        printf("- what was started in the enclave: no boot log came with the quote.\n");
    printf(
        "- when it was: the run is not older than the block above, all else is the worker's word.\n"
        "- that nobody took this machine's key out by touching its memory: --ppid names machines.\n"
        "- that it was the only run: gaps in `sequence` show to who sees all of a key's "
        "statements.\n"
        "- that the module computes what it should.\n");
}

static void say_quote_end(const struct verify_case *c)
{
    const struct alc_quote_verdict *v = &c->quote;

    printf("\nProven: %s said these 64 bytes of report data.\n",
           v->simulated ? "SIMULATED: a stand-in for an enclave"
                        : "the enclave above, on genuine hardware,");
    printf(
        "NOT proven:%s\n"
        "- when: a quote has no time.  Report data that you chose yourself shows that it is new:\n"
        "  --report-data.\n"
        "- that the enclave runs the program you think: --measurement, --mrenclave, --mrsigner.\n"
        "- that nobody took this machine's key out by touching its memory: --ppid names "
        "machines.\n",
        v->simulated ? " SIMULATED: that any hardware is there;" : "");
}

static void say_record_end(const struct verify_case *c)
{
    printf("\nProven: %s said the record's hash, which covers\n"
           "its fields one behind the other.\n",
           c->quote.simulated ? "SIMULATED: a stand-in for an enclave"
                              : "the enclave above, on genuine hardware,");
    printf(
        "NOT proven:%s\n"
        "- where one field ends and the next begins: the hash has no lengths.\n"
        "- which code ran, when it comes from a repository: neither commit nor module is bound.\n"
        "- which request it answers, and that it was the only run.\n"
        "- when: the record's time is its operator's word, and chose the collateral too.\n"
        "- secrets, network, limits and settings of the run: none of them is in it.\n"
        "- that the enclave runs the program you think: compare it with --measurement.\n",
        c->quote.simulated ? " SIMULATED: that any hardware is there;" : "");
}

static void say_headline(const struct verify_case *c)
{
    char at[32], from[32], until[32];
    const struct alc_quote_verdict *v = verify_quote_of(c);

    if (c->verdict == VERIFY_FAIL) {
        printf("REJECTED: %s\n", alc_refusal_text(c->refusal));
        advise(c);
    } else if (c->verdict == VERIFY_UNPROVEN && c->no_set) {
        printf("UNPROVEN: there is no collateral to judge the quote by.\n"
               "Give the set of that day with --collateral FILE.  A worker's gateway gives it "
               "under\n" SETS ".\n");
    } else if (c->verdict == VERIFY_UNPROVEN) {
        printf("UNPROVEN: %s: %s, %s.\n", alc_refusal_text(c->refusal),
               verify_time_text(at, c->now_s), c->now_from);
        if (v != NULL && v->has_window)
            printf("All of it holds from %s to %s.\n", verify_time_text(from, v->window.from_s),
                   verify_time_text(until, v->window.until_s));
        printf("Give the set of that day with --collateral FILE, or another time with --at.\n");
    }
}

void verify_say(const struct verify_case *c)
{
    const struct alc_quote_verdict *v = verify_quote_of(c);

    say_headline(c);
    if (c->kind == VERIFY_BUNDLE) {
        if (c->refusal == ALC_REFUSAL_FORMAT) return;
        say_statement(c);
        say_source(&c->bundle);
    } else if (c->kind == VERIFY_RECORD) {
        say_record(c);
    } else if (c->verdict == VERIFY_PASS) {
        printf("ACCEPTED quote\n");
    }
    if (v != NULL) say_quote(c, v);
    if (c->kind == VERIFY_BUNDLE) say_events(&c->proof);
    if (c->kind == VERIFY_BUNDLE && !c->proof.has_quote && c->proof.statement.simulated &&
        c->verdict != VERIFY_PASS)
        printf("  hardware    SIMULATED: none, by the statement's own word\n");
    if (c->verdict != VERIFY_PASS) return;
    if (c->kind == VERIFY_BUNDLE)
        say_bundle_end(c);
    else if (c->kind == VERIFY_RECORD)
        say_record_end(c);
    else
        say_quote_end(c);
}
