/* What the demo proves: the statement of its claim with the quote that vouches for it, as one file,
 * and the price of each level of proof. */
#include "cli/demo.h"

#include "base/enc.h"
#include "base/http.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define WORK_BYTES (3u * ALC_EVENTS_MAX_BYTES)

/* quoted waits until a quote vouches for a statement. */
static enum alc_rc quoted(struct demo *d, const struct alc_hash *hash, struct alc_err *err)
{
    const struct timespec tick = {.tv_nsec = 5000000};
    uint64_t until = alc_clock_mono_ms(&alc_clock_system) + PATIENCE_MS;
    struct alc_bytes evidence;

    for (;;) {
        enum alc_rc rc =
            alc_queue_evidence(cli_node_queue(d->node), &evidence, hash, &d->arena, err);
        if (rc != ALC_NOT_FOUND) return rc;
        if (alc_clock_mono_ms(&alc_clock_system) > until)
            return alc_fail(err, ALC_TIMEOUT, "no quote comes for the statement");
        nanosleep(&tick, NULL);
    }
}

/* fetch gets the statement's file as anybody would. */
static enum alc_rc fetch(struct demo *d, struct alc_bundle *out, const struct alc_hash *hash,
                         struct alc_err *err)
{
    struct alc_http_ask ask = {
        .method = "GET", .max_bytes = ALC_BUNDLE_MAX_BYTES, .plain_ok = true};
    struct alc_http_answer answer;
    struct alc_http *http = NULL;
    char hex[65];
    enum alc_rc rc;

    ask.url = alc_arena_text(&d->arena, "http://127.0.0.1:%u/statements/%s", cli_node_port(d->node),
                             cli_hex(hex, hash));
    if (ask.url == NULL) return alc_fail(err, ALC_NOMEM, "no memory for a URL");
    rc = alc_http_open(&http, err);
    if (rc == ALC_OK) rc = alc_http_do(http, &answer, &ask, NULL, &d->arena, err);
    if (rc == ALC_OK && answer.status != 200)
        rc = alc_fail(err, ALC_IO, "the gateway answers %s with status %d", ask.url, answer.status);
    if (rc == ALC_OK) rc = alc_bundle_read(out, answer.body, &d->arena, err);
    alc_http_close(http);
    return rc;
}

/* read_set checks the collateral of a file; *set is NULL when it has none. */
static enum alc_rc read_set(struct demo *d, const struct alc_collateral **set,
                            struct alc_bytes json, const struct alc_trust *trust,
                            struct alc_verify_work *work, struct alc_err *err)
{
    struct alc_collateral *c = alc_arena_alloc(&d->arena, sizeof *c);
    enum alc_refusal why;

    *set = NULL;
    if (json.n == 0) return ALC_OK;
    if (c == NULL) return alc_fail(err, ALC_NOMEM, "no memory for the collateral");
    why = alc_collateral_verify(c, json, trust, work, &alc_verify_native);
    if (why != ALC_REFUSAL_NONE)
        return alc_fail(err, ALC_CORRUPT, "the collateral is refused: %s", alc_refusal_text(why));
    *set = c;
    return ALC_OK;
}

/* judge looks at the file as `alcove verify` will, and beside that knows the module and the
 * enclave.
 */
static enum alc_rc judge(struct demo *d, struct alc_proof_verdict **out, struct alc_bundle *b,
                         const struct alc_hash *hash, struct alc_err *err)
{
    const struct alc_bytes code = cli_embedded(CLI_RAIN), chain = ALC_LIT("localnet");
    const struct alc_expect expect = {.chain_id = &chain,
                                      .code = &code,
                                      .request = &b->request,
                                      .input = &b->input,
                                      .output = &b->output};
    const struct alc_measurement measurement = alc_attest_measurement(d->enclave.attest);
    const struct alc_trust trust = {.simulated_root = alc_attest_simulated_root(d->enclave.attest)};
    const struct alc_quote_policy may = {.measurements = &measurement,
                                         .measurements_count = 1,
                                         .allow_simulated = trust.simulated_root.n > 0};
    struct alc_verify_work work = {alc_arena_alloc(&d->arena, WORK_BYTES), WORK_BYTES, 0};
    struct alc_proof_ask ask = {.signed_statement = b->signed_statement,
                                .expect = &expect,
                                .evidence = b->evidence,
                                .event_log = b->event_log,
                                .policy = &may,
                                .trust = &trust};
    struct alc_proof_verdict *v = alc_arena_alloc(&d->arena, sizeof *v);
    struct alc_verdict alone;
    enum alc_rc rc = work.p == NULL || v == NULL ? ALC_NOMEM : ALC_OK;

    if (rc == ALC_OK) rc = read_set(d, &ask.collateral, b->collateral, &trust, &work, err);
    if (rc != ALC_OK) return rc;
    alc_verify_signed(&alone, b->signed_statement, &expect, &alc_verify_native);
    ask.now_s = alone.statement.finished_ms / 1000; /* 0 when it cannot be read */
    alc_proof_verify(v, &ask, &work, &alc_verify_native);
    if (!v->accepted || !alc_hash_eq(&v->statement.hash, hash))
        return alc_fail(err, ALC_CORRUPT, "the proof is refused: %s", alc_refusal_text(v->refusal));
    *out = v;
    return ALC_OK;
}

/* level asks for the same run at one level of proof; its gas is that of the whole resolve. */
static enum alc_rc level(struct demo *d, const char *name, const char *text, struct alc_err *err)
{
    struct alc_buf args = ALC_BUF(16u << 10), input = ALC_BUF(8192);
    struct alc_jw w = {.out = &args};
    struct demo_receipt asked = {0}, told = {0}, resumed = {0};
    struct alc_near_tx_status tx = {0};
    struct alc_near_action call;
    char hex[65];
    enum alc_rc rc;

    alc_buf_printf(&input, "{\"policy\":%s}", demo_policy);
    alc_buf_printf(&args,
                   "{\"source\":{\"WasmUrl\":{\"url\":\"https://alcove.invalid/rain.wasm\","
                   "\"hash\":\"%s\"}},\"resource_limits\":{\"max_instructions\":1000000000,"
                   "\"max_memory_mb\":128,\"max_execution_seconds\":60},"
                   "\"response_format\":\"Json\",\"params\":{\"with_proof\":true,"
                   "\"proof\":\"%s\"},\"input_data\":",
                   cli_hex(hex, &d->module), name);
    alc_jw_str(&w, alc_buf_bytes(&input));
    alc_buf_put_text(&args, "}");
    call = cli_call("request_execution", alc_buf_text(&args), GAS_ALL, ALC_NEAR_YOCTO / 10);
    rc = args.failed || input.failed
             ? ALC_NOMEM
             : cli_send(d->dev.client, CLI_DEVNET_USER, &d->user, CLI_DEVNET_CONTRACT, &call, 1,
                        true, &tx, &d->arena, err);
    if (rc == ALC_OK && alc_bytes_is(tx.value, "null"))
        rc = alc_fail(err, ALC_IO, "no answer came at level %s", name);
    if (rc == ALC_OK) rc = demo_receipt_on(d, &asked, tx.json, CLI_DEVNET_CONTRACT, 0, err);
    if (rc == ALC_OK) rc = demo_receipt_on(d, &resumed, tx.json, CLI_DEVNET_CONTRACT, 1, err);
    if (rc == ALC_OK) rc = demo_resolved(d, &told, asked.height, resumed.height, true, err);
    if (rc == ALC_OK) demo_step(d, name, told.height, told.gas, "%s", text);
    alc_json_close(tx.json);
    alc_buf_fini(&input);
    alc_buf_fini(&args);
    return rc;
}

enum alc_rc demo_levels(struct demo *d, struct alc_err *err)
{
    enum alc_rc rc =
        level(d, "key", "resolve: the contract checks a statement of a vouched key", err);

    if (rc != ALC_OK || alc_attest_source(d->enclave.attest) == ALC_SOURCE_NONE) return rc;
    rc = level(d, "quote", "resolve: the same, and the quote is there for whoever asks", err);
    if (rc == ALC_OK)
        rc = level(d, "onchain",
                   "resolve: the register judges the quote before the promise goes on", err);
    return rc;
}

/* put_word appends a word as a shell takes it. */
static void put_word(struct alc_buf *out, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "/._-+:,@%";

    if (out->n > 0) alc_buf_put_text(out, " ");
    if (word[0] != 0 && strspn(word, plain) == strlen(word)) {
        alc_buf_put_text(out, word);
        return;
    }
    alc_buf_put_text(out, "'");
    for (; *word != 0; word++)
        if (*word == '\'')
            alc_buf_put_text(out, "'\\''");
        else
            alc_buf_put(out, word, 1);
    alc_buf_put_text(out, "'");
}

static enum alc_rc write_files(struct demo *d, const struct alc_bundle *b, struct alc_err *err)
{
    const struct alc_bytes root = alc_attest_simulated_root(d->enclave.attest);
    struct alc_buf file = ALC_BUF(ALC_BUNDLE_MAX_BYTES);
    enum alc_rc rc;

    alc_bundle_write(&file, b);
    rc = file.failed ? alc_fail(err, ALC_NOMEM, "no memory for %s", d->out)
                     : cli_write_file(d->out, alc_buf_bytes(&file), err);
    alc_buf_fini(&file);
    put_word(&d->command, program_invocation_name);
    put_word(&d->command, "verify");
    put_word(&d->command, d->out);
    if (rc != ALC_OK || root.n == 0) return rc;
    put_word(&d->command, "--simulated-root");
    put_word(&d->command, d->root);
    return cli_write_file(d->root, root, err);
}

void demo_check(struct demo *d)
{
    if (d->set.json)
        demo_step(d, "check", 0, 0, "%s", alc_buf_text(&d->command));
    else
        printf("\nCheck it yourself, and alter %s to see it refused:\n  %s\n%s", d->out,
               alc_buf_text(&d->command),
               alc_attest_simulated(d->enclave.attest)
                   ? "Its proof is SIMULATED: no hardware stands behind it.\n"
                   : "");
}

/* known_of takes from the claim what the demo knows by itself: request, statement, output. */
static enum alc_rc known_of(const struct alc_json *answer, struct alc_hash *hash,
                            struct alc_buf *output, struct alc_err *err)
{
    struct alc_bytes text;
    size_t n;

    if (!alc_json_str(alc_json_get(answer, "statement_hash"), &text) ||
        !alc_hex_decode(hash->b, sizeof hash->b, &n, text) || n != sizeof hash->b)
        return alc_fail(err, ALC_IO, "the consumer kept no proof with its answer");
    alc_json_dump(alc_json_get(answer, "output"), output);
    return output->failed ? alc_fail(err, ALC_NOMEM, "no memory for the output") : ALC_OK;
}

enum alc_rc demo_prove(struct demo *d, const struct alc_json *answer, struct alc_err *err)
{
    const char *source = alc_source_name(alc_attest_source(d->enclave.attest));
    bool quotes = alc_attest_source(d->enclave.attest) != ALC_SOURCE_NONE;
    struct alc_buf input = ALC_BUF(8192), output = ALC_BUF(8192);
    struct alc_bundle b = {.has_request = false};
    struct alc_proof_verdict *v = NULL;
    struct alc_hash hash;
    enum alc_rc rc = known_of(answer, &hash, &output, err);

    if (rc == ALC_OK && quotes) rc = quoted(d, &hash, err);
    if (rc == ALC_OK) rc = fetch(d, &b, &hash, err);
    if (rc == ALC_OK && !b.has_request)
        rc = alc_fail(err, ALC_IO, "the gateway shows the statement without its request");
    if (rc != ALC_OK) goto out;
    alc_buf_printf(&input, "{\"policy\":%s}", demo_policy);
    b.has_input = b.has_output = true; /* what was asked, and what the contract has */
    b.input = alc_buf_bytes(&input);
    b.output = alc_buf_bytes(&output);
    b.has_judged_at = true;
    b.judged_at_s = alc_clock_wall_ms(&alc_clock_system) / 1000;
    rc = judge(d, &v, &b, &hash, err);
    if (rc == ALC_OK) rc = write_files(d, &b, err);
    if (rc == ALC_OK && quotes)
        demo_step(d, "quote", 0, 0,
                  "%s quote of %zu bytes over a batch of statements vouches for this one", source,
                  v->evidence.quote.n);
    if (rc == ALC_OK)
        demo_step(d, "proof", v->statement.statement.anchor_height, 0,
                  "%s binds request, code, input and output; hardware: %s", d->out,
                  demo_hardware(d));
out:
    alc_buf_fini(&input);
    alc_buf_fini(&output);
    return rc;
}
