/* What the demo proves: the statement of its claim, the quote that vouches for it, and the price of
 * each level of proof. */
#include "cli/demo.h"

#include "base/enc.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* evidence waits for the quote that vouches for a statement. */
static enum alc_rc evidence(struct demo *d, struct alc_bytes *out, const struct alc_hash *hash,
                            struct alc_err *err)
{
    const struct timespec tick = {.tv_nsec = 5000000};
    uint64_t until = alc_clock_mono_ms(&alc_clock_system) + PATIENCE_MS;

    for (;;) {
        enum alc_rc rc = alc_queue_evidence(cli_node_queue(d->node), out, hash, &d->arena, err);
        if (rc != ALC_NOT_FOUND) return rc;
        if (alc_clock_mono_ms(&alc_clock_system) > until)
            return alc_fail(err, ALC_TIMEOUT, "no quote comes for the statement");
        nanosleep(&tick, NULL);
    }
}

/* collateral gets and checks the set that a quote is judged by. */
static enum alc_rc collateral(struct demo *d, struct alc_collateral *out, struct alc_bytes quote,
                              const struct alc_trust *trust, struct alc_err *err)
{
    struct alc_verify_work work = {alc_arena_alloc(&d->arena, ALC_COLLATERAL_MAX_BYTES),
                                   ALC_COLLATERAL_MAX_BYTES, 0};
    struct alc_buf json = ALC_BUF(ALC_COLLATERAL_MAX_BYTES);
    struct alc_platform platform;
    enum alc_refusal why;
    enum alc_rc rc = work.p == NULL ? ALC_NOMEM : alc_sets_platform(&platform, quote, err);

    if (rc == ALC_OK) rc = alc_sets_refresh(d->enclave.sets, &platform, &json, err);
    if (rc == ALC_OK) {
        why = alc_collateral_verify(out, alc_buf_bytes(&json), trust, &work, &alc_verify_native);
        if (why != ALC_REFUSAL_NONE)
            rc = alc_fail(err, ALC_CORRUPT, "the collateral is refused: %s", alc_refusal_text(why));
    }
    alc_buf_fini(&json);
    return rc;
}

/* vouch judges statement, quote and collateral together, as a sceptic would. */
static enum alc_rc vouch(struct demo *d, struct alc_bytes signed_statement,
                         const struct alc_hash *hash, const struct alc_expect *expect,
                         struct alc_err *err)
{
    const struct alc_measurement measurement = alc_attest_measurement(d->enclave.attest);
    const struct alc_trust trust = {.simulated_root = alc_attest_simulated_root(d->enclave.attest)};
    const struct alc_quote_policy may = {.measurements = &measurement,
                                         .measurements_count = 1,
                                         .allow_simulated = trust.simulated_root.n > 0};
    struct alc_verify_work work = {alc_arena_alloc(&d->arena, 2u << 20), 2u << 20, 0};
    struct alc_collateral *set = alc_arena_alloc(&d->arena, sizeof *set);
    struct alc_proof_ask ask = {.signed_statement = signed_statement,
                                .expect = expect,
                                .collateral = set,
                                .now_s = alc_clock_wall_ms(&alc_clock_system) / 1000,
                                .policy = &may,
                                .trust = &trust};
    struct alc_proof_verdict *verdict = alc_arena_alloc(&d->arena, sizeof *verdict);
    struct alc_evidence e;
    enum alc_rc rc = work.p == NULL || set == NULL || verdict == NULL ? ALC_NOMEM : ALC_OK;

    if (rc == ALC_OK) rc = evidence(d, &ask.evidence, hash, err);
    if (rc == ALC_OK && !alc_evidence_read(&e, ask.evidence))
        rc = alc_fail(err, ALC_CORRUPT, "the evidence that was kept is none");
    if (rc == ALC_OK)
        rc = alc_queue_event_log(cli_node_queue(d->node), &ask.event_log, hash, &d->arena, err);
    if (rc == ALC_OK) rc = collateral(d, set, e.quote, &trust, err);
    if (rc != ALC_OK) return rc;
    alc_proof_verify(verdict, &ask, &work, &alc_verify_native);
    if (!verdict->accepted)
        return alc_fail(err, ALC_CORRUPT, "the quote is refused: %s",
                        alc_refusal_text(verdict->refusal));
    demo_step(d, "quote", 0, 0,
              "%s quote of %zu bytes over a batch of statements vouches for this one",
              alc_source_name(alc_attest_source(d->enclave.attest)), e.quote.n);
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

enum alc_rc demo_prove(struct demo *d, const struct alc_json *answer, struct alc_err *err)
{
    const struct alc_bytes code = cli_embedded(CLI_RAIN), chain = ALC_LIT("localnet");
    struct alc_buf input = ALC_BUF(8192), output = ALC_BUF(8192), file = ALC_BUF(64u << 10);
    struct alc_bundle b = {.has_request = true, .has_input = true, .has_output = true};
    struct alc_expect expect = {.chain_id = &chain,
                                .code = &code,
                                .request = &b.request,
                                .input = &b.input,
                                .output = &b.output};
    struct alc_answer kept;
    struct alc_verdict verdict;
    struct alc_bytes text;
    struct alc_hash hash;
    struct alc_job job;
    uint64_t request_id, id;
    size_t n;
    bool answered;
    enum alc_rc rc = ALC_OK;

    if (!alc_json_str(alc_json_get(answer, "statement_hash"), &text) ||
        !alc_hex_decode(hash.b, sizeof hash.b, &n, text) || n != sizeof hash.b ||
        !alc_json_u64(alc_json_get(answer, "request_id"), &request_id))
        rc = alc_fail(err, ALC_IO, "the consumer kept no proof with its answer");
    if (rc == ALC_OK)
        rc = alc_queue_find(cli_node_queue(d->node), &id, ALC_LIT(CLI_DEVNET_CONTRACT), request_id,
                            err);
    if (rc == ALC_OK)
        rc = alc_queue_get(cli_node_queue(d->node), &job, &kept, &answered, id, &d->arena, err);
    if (rc == ALC_OK)
        rc = alc_queue_statement(cli_node_queue(d->node), &b.signed_statement, &hash, &d->arena,
                                 err);
    if (rc == ALC_OK) {
        b.request = job.request.data;
        alc_buf_printf(&input, "{\"policy\":%s}", demo_policy);
        b.input = alc_buf_bytes(&input);
        alc_json_dump(alc_json_get(answer, "output"), &output);
        b.output = alc_buf_bytes(&output);
        alc_verify_signed(&verdict, b.signed_statement, &expect, &alc_verify_native);
        if (!verdict.accepted || !alc_hash_eq(&verdict.hash, &hash))
            rc = alc_fail(err, ALC_CORRUPT, "the statement is refused: %s",
                          alc_refusal_text(verdict.refusal));
    }
    if (rc == ALC_OK) {
        alc_bundle_write(&file, &b);
        rc = file.failed ? ALC_NOMEM : cli_write_file(d->out, alc_buf_bytes(&file), err);
    }
    if (rc == ALC_OK)
        demo_step(d, "proof", verdict.statement.anchor_height, 0,
                  "the statement binds request, code, input and output; hardware: %s.  "
                  "Check it: alcove verify %s",
                  demo_hardware(d), d->out);
    if (rc == ALC_OK && alc_attest_source(d->enclave.attest) != ALC_SOURCE_NONE)
        rc = vouch(d, b.signed_statement, &hash, &expect, err);
    alc_buf_fini(&input);
    alc_buf_fini(&output);
    alc_buf_fini(&file);
    return rc;
}
