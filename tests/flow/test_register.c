/* Registration for real, with SIMULATED quotes: who is let in and who is refused, the three levels
 * of proof, keys that end and keys that rotate, and a node that is killed at every step of it. */
#include "flow.h"

#include "base/enc.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define GAS (100u * (uint64_t)ALC_NEAR_TGAS)
#define LEVELS 3u

static const char *const levels[LEVELS] = {"{\"proof\":\"key\"}", "{\"proof\":\"quote\"}",
                                           "{\"proof\":\"onchain\"}"};
static char echo[4096];
static const char *const flags[] = {"--worker-slots", "2", "--worker-module", echo, NULL};

static int open_chain(void **state)
{
    snprintf(echo, sizeof echo, "%s", flow_guest("echo"));
    *state = flow_open_attested();
    return 0;
}

static int close_chain(void **state)
{
    flow_close(*state);
    return 0;
}

/* owner calls the register as its owner. */
static void owner(struct flow *f, const char *method, const char *args)
{
    struct alc_near_action call = cli_call(method, args, GAS, 0);
    flow_call(f, NULL, CLI_DEVNET_OPERATOR, &call, 1);
}

/* approve lets in the enclave of the node that runs. */
static void approve(struct flow *f)
{
    struct alc_buf args = ALC_BUF(8192);
    struct alc_json *ready = NULL;
    struct alc_jw w = {.out = &args};
    struct alc_buf list = ALC_BUF(4096);
    struct alc_err err;

    flow_must(f, alc_json_open(&ready, alc_cstr(f->ready), sizeof f->ready, &err), &err);
    alc_json_dump(alc_json_get(ready, "measurements"), &list);
    alc_jw_obj(&w);
    alc_jw_key(&w, "measurements");
    alc_jw_raw(&w, alc_buf_bytes(&list));
    alc_jw_end(&w);
    owner(f, "add_approved_measurements", alc_buf_text(&args));
    alc_json_close(ready);
    alc_buf_fini(&list);
    alc_buf_fini(&args);
}

static void ask(struct flow *f, struct alc_hash *tx, const char *params)
{
    flow_ask(f, tx,
             &(struct flow_ask){
                 .code = flow_code(f, "echo"), .input = ALC_LIT("hello"), .params = params});
}

static void answered(struct flow *f, const struct alc_hash *tx)
{
    struct flow_end end;

    flow_end(f, &end, tx);
    if (!alc_bytes_is(end.value, "\"hello\""))
        flow_fail(f, "'%.*s' %s", (int)end.value.n, (const char *)end.value.p,
                  end.failure != NULL ? end.failure : end.error);
}

/* serves checks that a node answers at the level that needs its key. */
static void serves(struct flow *f)
{
    struct alc_hash tx;
    ask(f, &tx, levels[0]);
    answered(f, &tx);
}

/* ---- the three levels ---- */

/* What is in the store of a node that has ended. */
struct shelf {
    struct alc_store *store;
    struct alc_queue *queue;
};

static void shelf_open(struct flow *f, struct shelf *s)
{
    struct alc_err err;
    char path[4096];

    snprintf(path, sizeof path, "%s/alcove.db", f->state.path);
    flow_must(f, alc_store_open(&s->store, path, false, &err), &err);
    flow_must(f, alc_queue_open(&s->queue, s->store, &err), &err);
}

static void shelf_close(struct shelf *s)
{
    alc_queue_close(s->queue);
    alc_store_close(s->store);
}

/* sceptic judges the statement of a job with its quote, as somebody would who has nothing but the
 * simulated root and a set of collateral. */
static void sceptic(struct flow *f, struct shelf *s, uint64_t id)
{
    static struct alc_collateral set;
    static uint8_t mem[2u << 20];
    struct alc_attest_conf conf = {.source = ALC_SOURCE_SIMULATED, .clock = &alc_clock_system};
    struct alc_verify_work work = ALC_VERIFY_WORK(mem);
    struct alc_buf json = ALC_BUF(ALC_COLLATERAL_MAX_BYTES);
    struct alc_attest *pki = NULL;
    struct alc_ed25519 key = {0};
    struct alc_trust trust;
    struct alc_quote_policy may = {.allow_simulated = true};
    struct alc_proof_ask question;
    static struct alc_proof_verdict verdict;
    struct alc_answer answer;
    struct alc_bytes body, evidence, events;
    struct alc_job job;
    struct alc_hash hash;
    struct alc_err err;
    char dir[4096];
    bool there;

    snprintf(dir, sizeof dir, "%s/simulated", f->state.path);
    conf.simulated_dir = dir;
    flow_must(f, alc_ed25519_make(&key), NULL);
    flow_must(f, alc_attest_open(&pki, &key, &conf, &err), &err);
    trust = (struct alc_trust){.simulated_root = alc_attest_simulated_root(pki)};
    flow_must(f, alc_attest_simulated_collateral(pki, &json, &err), &err);
    assert_int_equal(
        alc_collateral_verify(&set, alc_buf_bytes(&json), &trust, &work, &alc_verify_native),
        ALC_REFUSAL_NONE);
    flow_must(f, alc_queue_get(s->queue, &job, &answer, &there, id, &f->arena, &err), &err);
    body = answer.statement;
    body.n -= ALC_STATEMENT_SIG_BYTES;
    alc_sha256(&hash, body);
    flow_must(f, alc_queue_evidence(s->queue, &evidence, &hash, &f->arena, &err), &err);
    flow_must(f, alc_queue_event_log(s->queue, &events, &hash, &f->arena, &err), &err);
    question = (struct alc_proof_ask){.signed_statement = answer.statement,
                                      .evidence = evidence,
                                      .collateral = &set,
                                      .event_log = events,
                                      .now_s = alc_clock_wall_ms(&alc_clock_system) / 1000,
                                      .policy = &may,
                                      .trust = &trust};
    work.used = 0;
    alc_proof_verify(&verdict, &question, &work, &alc_verify_native);
    if (!verdict.accepted)
        flow_fail(f, "job %u: %s", (unsigned)id, alc_refusal_text(verdict.refusal));
    assert_false(verdict.hardware);
    may.allow_simulated = false; /* without the flag a simulated quote proves nothing */
    work.used = 0;
    alc_proof_verify(&verdict, &question, &work, &alc_verify_native);
    assert_int_equal(verdict.refusal, ALC_REFUSAL_SIMULATED);
    alc_buf_fini(&json);
    alc_attest_close(pki);
}

static void all_levels_of_proof_are_answered_and_hold(void **state)
{
    struct flow *f = *state;
    struct alc_hash tx[LEVELS];
    struct alc_bytes record;
    struct shelf s = {NULL, NULL};
    struct alc_err err;
    uint64_t settled;

    flow_up(f, NULL, flags);
    assert_non_null(strstr(f->ready, "SIMULATED"));
    for (size_t i = 0; i < LEVELS; i++)
        ask(f, &tx[i], levels[i]);
    for (size_t i = 0; i < LEVELS; i++)
        answered(f, &tx[i]);
    flow_logged(f, "attestation=SIMULATED", 1);
    flow_until(f, flow_shows, "alcove_worker_registered 1\n",
               "the key's standing among the metrics");
    flow_until(f, flow_shows, "alcove_records_total 3\n", "records among the metrics");
    assert_true(flow_shows(f, "alcove_statements_quoted_total 3\n"));
    assert_true(flow_shows(f, "alcove_attestation_simulated 1\n"));
    flow_ended(f, LEVELS, &settled);
    assert_int_equal(settled, LEVELS);
    assert_int_equal(flow_log_count(f, "settle.refused"), 0);
    shelf_open(f, &s);
    for (uint64_t id = 1; id <= LEVELS; id++)
        sceptic(f, &s, id);
    flow_must(f, alc_queue_record(s.queue, &record, 1, &f->arena, &err), &err);
    shelf_close(&s);
}

/* The contract takes the call and refuses the quote: the caller is told so, in the verdict's word.
 */
static void a_quote_that_the_register_refuses_becomes_a_failure(void **state)
{
    struct flow *f = *state;
    struct flow_end end;
    struct alc_hash tx;
    uint64_t settled;

    flow_up(f, NULL, flags);
    flow_logged(f, "worker.registered", 1);
    owner(f, "set_policy", "{\"min_evaluation\":4000000000}");
    ask(f, &tx, levels[2]);
    flow_end(f, &end, &tx);
    assert_false(end.success);
    if (strstr(end.error, "Quote refused: EVALUATION") == NULL) flow_fail(f, "'%s'", end.error);
    flow_ended(f, 1, &settled);
    assert_int_equal(settled, 1);
}

/* ---- who is refused ---- */

/* refused checks that a node says why it is not registered, and takes no job meanwhile. */
static void refused(struct flow *f, const char *why)
{
    struct alc_hash tx;

    flow_logged(f, "worker.unregistered", 1);
    if (flow_log_count(f, why) == 0) flow_fail(f, "nobody says `%s`", why);
    ask(f, &tx, NULL);
    flow_logged(f, "job.new", 1);
    assert_int_equal(flow_log_count(f, "to=running"), 0);
    assert_int_equal(flow_pending(f), 1);
    assert_int_equal(flow_log_count(f, "worker.registered"), 0);
}

static void an_enclave_that_is_not_approved_is_refused_until_it_is(void **state)
{
    /* Another policy is another measurement. */
    static const char *const other[] = {"--worker-max-memory-mb", "333", "--worker-module", echo,
                                        NULL};
    struct flow *f = *state;

    flow_up(f, NULL, other);
    refused(f, "not approved");
    approve(f);
    flow_logged(f, "worker.registered", 1);
    serves(f);
    flow_logged(f, "to=settled", 2);
}

static void stale_collateral_is_refused(void **state)
{
    struct flow *f = *state;

    flow_forward(f, 4000000); /* more than 30 days: what is signed today is over then */
    flow_up(f, NULL, flags);
    refused(f, "EXPIRED");
}

static void a_key_ends_with_its_enclave_and_another_follows(void **state)
{
    struct flow *f = *state;
    struct alc_hash tx;

    flow_up(f, NULL, flags);
    flow_logged(f, "worker.registered", 1);
    serves(f);
    owner(f, "clear_all_approved_measurements", "{}");
    flow_logged(f, "worker.key_ended", 1);
    flow_logged(f, "worker.unregistered", 1);
    ask(f, &tx, levels[0]);
    flow_logged(f, "job.new", 2);
    assert_int_equal(flow_log_count(f, "to=running"), 1);
    approve(f);
    flow_logged(f, "worker.rotated", 1);
    answered(f, &tx);
    assert_int_equal(flow_log_count(f, "settle.refused"), 0);
}

/* ---- rotation ---- */

#define REQUESTS 40u

static bool there(struct flow *f, const char *name)
{
    char path[4200];
    snprintf(path, sizeof path, "%s/%s", f->state.path, name);
    return access(path, F_OK) == 0;
}

/* past_half registers a key that lives for an hour and goes to a time behind its middle. */
static void past_half(struct flow *f)
{
    owner(f, "set_policy", "{\"key_lifetime_s\":3600}");
    flow_up(f, NULL, flags);
    flow_logged(f, "worker.registered", 1);
    flow_down(f);
    flow_forward(f, 2400); /* a block each second */
}

static void keys_rotate_under_load_without_losing_a_request(void **state)
{
    struct flow *f = *state;
    static struct alc_hash tx[REQUESTS];
    struct alc_near_block_ref block;
    struct alc_err err;
    uint64_t settled;

    past_half(f);
    flow_must(f, alc_near_rpc_final(f->dev.client, &block, &err), &err);
    for (unsigned i = 0; i < REQUESTS / 2; i++) {
        const struct flow_ask a = {
            .code = flow_code(f, "echo"), .input = ALC_LIT("hello"), .params = levels[i % LEVELS]};
        flow_send(f, &tx[i], &a, &block.hash, "NONE");
    }
    flow_up(f, NULL, flags); /* registers the next key while these run */
    for (unsigned i = REQUESTS / 2; i < REQUESTS; i++)
        ask(f, &tx[i], levels[i % LEVELS]);
    for (unsigned i = 0; i < REQUESTS; i++)
        answered(f, &tx[i]);
    flow_logged(f, "worker.rotated", 1);
    flow_logged(f, "worker.key_drained", 1);
    assert_true(there(f, "worker.json"));
    assert_false(there(f, "worker-1.json"));
    assert_false(there(f, "worker-next.json"));
    flow_ended(f, REQUESTS, &settled);
    assert_int_equal(settled, REQUESTS);
    assert_int_equal(flow_log_count(f, "settle.refused"), 0);
    assert_int_equal(flow_log_count(f, "settle.key_lost"), 0);
}

/* ---- kill -9 ---- */

/* first_time kills the node in its first registration; the next one finds what was done. */
static void first_time(struct flow *f, const char *failpoint)
{
    flow_up(f, failpoint, flags);
    flow_died(f);
    flow_up(f, NULL, flags);
    serves(f);
    assert_int_equal(flow_log_count(f, "worker.unregistered"), 0);
}

static void killed_behind_the_collateral(void **state)
{
    first_time(*state, "registrar.collateral");
}

static void killed_behind_the_registration(void **state)
{
    first_time(*state, "registrar.registered");
}

/* in_rotation kills the node while it changes its key. */
static void in_rotation(struct flow *f, const char *failpoint)
{
    past_half(f);
    flow_up(f, failpoint, flags);
    flow_died(f);
    flow_up(f, NULL, flags);
    serves(f);
    flow_logged(f, "worker.key_drained", 1);
    assert_false(there(f, "worker-1.json"));
    assert_false(there(f, "worker-next.json"));
}

static void killed_between_registration_and_rotation(void **state)
{
    in_rotation(*state, "registrar.registered");
}

static void killed_between_the_files_of_a_rotation(void **state)
{
    in_rotation(*state, "registrar.between");
}

static void killed_behind_the_rotation(void **state)
{
    in_rotation(*state, "registrar.rotated");
}

/* The quote is made and half of the batch is written; a job at level onchain waits for it. */
static void killed_in_the_middle_of_a_batch(void **state)
{
    struct flow *f = *state;
    struct alc_hash tx;
    uint64_t settled;

    flow_up(f, "queue.batch", flags);
    ask(f, &tx, levels[2]);
    flow_died(f);
    flow_up(f, NULL, flags);
    answered(f, &tx);
    flow_ended(f, 1, &settled);
    assert_int_equal(settled, 1);
}

#define ON_CHAIN(test) cmocka_unit_test_setup_teardown(test, open_chain, close_chain)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_CHAIN(all_levels_of_proof_are_answered_and_hold),
        ON_CHAIN(a_quote_that_the_register_refuses_becomes_a_failure),
        ON_CHAIN(an_enclave_that_is_not_approved_is_refused_until_it_is),
        ON_CHAIN(stale_collateral_is_refused),
        ON_CHAIN(a_key_ends_with_its_enclave_and_another_follows),
        ON_CHAIN(keys_rotate_under_load_without_losing_a_request),
        ON_CHAIN(killed_behind_the_collateral),
        ON_CHAIN(killed_behind_the_registration),
        ON_CHAIN(killed_between_registration_and_rotation),
        ON_CHAIN(killed_between_the_files_of_a_rotation),
        ON_CHAIN(killed_behind_the_rotation),
        ON_CHAIN(killed_in_the_middle_of_a_batch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
