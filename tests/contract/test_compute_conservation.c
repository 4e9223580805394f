/* tests/contract/test_compute_conservation.c — over random calls of everything that moves money,
 * what came in is what went out and what the views report, to the last unit, after each call. */
#include "tests/contract/conservation.h"

#include "crypto/crypto.h"

#define ROUNDS 5000u
#define HASH(c) c "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde"

/* ---- Calls ---- */

static const char *version(void)
{
    static const char *const sources[] = {
        "{\"WasmUrl\":{\"url\":\"https://example.org/g.wasm\",\"hash\":\"" HASH("a") "\"}}",
        "{\"WasmUrl\":{\"url\":\"https://example.org/g.wasm\",\"hash\":\"" HASH("b") "\"}}",
        "{\"GitHub\":{\"repo\":\"github.com/a/b\",\"commit\":\"1\"}}"};
    return ANY(sources);
}

static near_u128 any_deposit(void)
{
    static const near_u128 amounts[] = {
        0,           1,           5 * MILLI,   7000100000000000000u * (near_u128)1000,
        100 * MILLI, 100 * MILLI, 1000 * MILLI};
    return amounts[pick(7)];
}

static void ask_any(void)
{
    static const char *const inputs[] = {"", ",\"input_data\":\"{\\\"operation\\\":\\\"op\\\"}\"",
                                         ",\"input_data\":\"{\\\"operation\\\":\\\"op\\\"}\"",
                                         ",\"input_data\":\"{\\\"operation\\\":\\\"free\\\"}\""};
    static const char *const attached[] = {
        "0", "1", "12345", "20000", "12344", "340282366920938463463374607431768211455"};
    const char *input = pick(12) == 0 ? fmt(",\"input_data\":\"%010050u\"", 7) : ANY(inputs);
    const char *payer = pick(3) == 0 ? fmt(",\"payer_account_id\":\"%s\"", anyone()) : "";
    const char *source = pick(3) == 0
                             ? fmt("{\"Project\":{\"project_id\":\"%s/%s\"}}", anyone(), ANY(names))
                             : version();
    const char *limits = pick(5) == 0 ? "" : ",\"resource_limits\":{\"max_execution_seconds\":1}";

    if (b.n > UNDER_WAY_MAX / 2) return;
    (void)attempt(anyone(), any_deposit(), "request_execution",
                  fmt("{\"source\":%s%s%s%s,\"params\":{\"attached_usd\":\"%s\"}}", source, limits,
                      input, payer, pick(3) == 0 ? ANY(attached) : "0"));
}

static void ask_project_any(void)
{
    static const char *const attached[] = {"0", "12345", "20000", "54321"};

    if (b.n > UNDER_WAY_MAX / 2) return;
    (void)attempt(anyone(), 100 * MILLI, "request_execution",
                  fmt("{\"source\":{\"Project\":{\"project_id\":\"%s/%s\"}},\"resource_limits\":{"
                      "\"max_execution_seconds\":1},\"input_data\":\"{\\\"operation\\\":"
                      "\\\"op\\\"}\",\"params\":{\"attached_usd\":\"%s\"}}",
                      anyone(), names[pick(2)], ANY(attached)));
}

/* The operator's word on something that waits. */
static void resolve_any(void)
{
    struct way *w;
    struct alc_bytes payload;
    struct alc_hash id;
    uint64_t request;
    const char *used, *refund;

    if (b.n == 0) return;
    w = &b.ways[pick((unsigned)b.n)];
    if (!w->yield || w->resumed) return;
    if (strcmp(w->callback, "on_execution_response") != 0) {
        static const char *const results[] = {"{\"Success\":{\"new_encrypted_data\":\"BBBBBB\"}}",
                                              "{\"Error\":{\"message\":\"no\"}}"};
        const bool top_up = w->usd > 0;
        last.data_id = w->data_id;
        if (!attempt(
                "op.test", 0, top_up ? "resume_topup" : "resume_delete_payment_key",
                fmt("{\"data_id\":\"%s\",\"result\":%s}", data_id_hex(),
                    !top_up && pick(3) > 0 ? "\"Success\"" : results[!top_up || pick(3) == 0])))
            fail_msg("%s", (const char *)fake_panic().p);
    } else {
        request = (uint64_t)number(find(w->args, "\"request_id\":"));
        used = fmt("\"resources_used\":{\"instructions\":%u,\"time_ms\":%u}", pick(2000000000),
                   pick(20) == 0 ? 4000000000u : pick(2000));
        refund = pick(2) == 0 ? fmt(",\"refund_usd\":%u", pick(15000)) : "";
        if (pick(3) == 0)
            (void)attempt(
                "op.test", 0, "submit_execution_output",
                fmt("{\"request_id\":%" PRIu64 ",\"output\":{\"Text\":\"stored\"}}", request));
        if (!(pick(3) == 0
                  ? attempt("op.test", 0, "submit_execution_output_and_resolve",
                            fmt("{\"request_id\":%" PRIu64 ",\"output\":{\"Text\":\"o\"},"
                                "\"success\":true,%s%s}",
                                request, used, refund))
                  : attempt("op.test", 0, "resolve_execution",
                            fmt("{\"request_id\":%" PRIu64 ",\"response\":{\"success\":%s,%s%s}}",
                                request, pick(4) > 0 ? "true" : "false", used, refund))))
            return;
    }
    assert_true(fake_resumed(&id, &payload));
    assert_memory_equal(id.b, w->data_id.b, sizeof id.b);
    w->resumed = true;
    w->payload_n = payload.n;
    if (payload.n > 0) memcpy(w->payload, payload.p, payload.n);
}

/* A request that waits, or 0. */
static unsigned waiting(void)
{
    for (unsigned tries = 0; b.n > 0 && tries < 8; tries++) {
        const struct way *w = &b.ways[pick((unsigned)b.n)];
        if (w->callback != NULL && strcmp(w->callback, "on_execution_response") == 0)
            return (unsigned)number(find(w->args, "\"request_id\":"));
    }
    return 0;
}

static void cancel_any(void)
{
    const unsigned id = waiting();

    fake_env.time_ns += UINT64_C(300000000000);
    switch (pick(8)) {
    case 0:
        (void)attempt("owner.test", 0, "emergency_cancel_execution",
                      fmt("{\"request_id\":%u}", id));
        break;
    case 1:
        (void)attempt("owner.test", 0, "cancel_pending_requests",
                      fmt("{\"request_ids\":[%u,%u,%u]}", id, id + 1, id));
        break;
    case 2:
        (void)attempt("owner.test", 0, "clear_all_pending_requests", "{\"limit\":1}");
        break;
    default:
        for (unsigned i = 0; i < PEOPLE; i++) /* one of them asked */
            (void)attempt(people[i], 0, "cancel_stale_execution", fmt("{\"request_id\":%u}", id));
    }
}

static void project_any(void)
{
    const char *who = anyone(), *to = anyone(), *name = ANY(names);
    static const char *const keys[] = {HASH("a"), HASH("b"), "github.com/a/b@1"};

    switch (pick(10)) {
    case 0:
    case 1:
        (void)attempt(who, any_deposit(), "create_project",
                      fmt("{\"name\":\"%s\",\"source\":%s}", name, version()));
        break;
    case 2:
    case 9:
        (void)attempt(who, any_deposit(), "add_version",
                      fmt("{\"project_name\":\"%s\",\"source\":%s,\"set_active\":%s}", name,
                          version(), pick(2) == 0 ? "true" : "false"));
        break;
    case 3:
        (void)attempt(who, 0, pick(2) == 0 ? "remove_version" : "set_active_version",
                      fmt("{\"project_name\":\"%s\",\"version_key\":\"%s\"}", name, ANY(keys)));
        break;
    case 4:
        if (pick(6) == 0)
            (void)attempt(who, 0, "delete_project", fmt("{\"project_name\":\"%s\"}", name));
        break;
    case 5:
        (void)attempt(who, any_deposit(), "accept_project_transfer",
                      fmt("{\"from\":\"%s\",\"name\":\"%s\"}", anyone(), name));
        break;
    case 6:
        (void)attempt(who, 0, "revoke_project_transfer",
                      fmt("{\"from\":\"%s\",\"name\":\"%s\"}", anyone(), name));
        break;
    case 7:
        if (pick(2) == 0)
            (void)attempt(to, any_deposit(), "accept_project_transfer",
                          fmt("{\"from\":\"%s\",\"name\":\"%s\"}", who, name));
        (void)attempt(who, 0, "transfer_project",
                      fmt("{\"project_name\":\"%s\",\"new_owner\":\"%s\"}", name, to));
        break;
    default:
        if (pick(2) == 0)
            (void)attempt("owner.test", 0, "remove_project_pricing",
                          fmt("{\"project_id\":\"%s/%s\"}", who, name));
        else
            (void)attempt("owner.test", 0, "set_project_pricing",
                          fmt("{\"project_id\":\"%s/%s\",\"pricing\":{\"author_account_id\":\"%s\","
                              "\"operations\":[{\"operation\":\"op\",\"price_usd\":\"%u\","
                              "\"developer_share_bp\":%u}]}}",
                              who, name, anyone(), pick(20001), pick(10001)));
    }
}

static void secret_any(void)
{
    static const char *const accesses[] = {
        "\"AllowAll\"", "{\"Whitelist\":{\"accounts\":[\"a.near\",\"b.near\"]}}"};
    const bool key = pick(3) == 0;
    const char *name =
        key ? fmt("\"accessor\":{\"System\":\"PaymentKey\"},\"profile\":\"%u\"",
                  1 + (unsigned)(b.calls / 100) + pick(8))
            : fmt("\"accessor\":{\"Repo\":{\"repo\":\"r\"}},\"profile\":\"p%u\"", pick(3));
    const unsigned what = pick(8);

    if (what < 4)
        (void)attempt(anyone(), any_deposit(), "store_secrets",
                      fmt("{%s,\"encrypted_secrets_base64\":\"%.*s\",\"access\":%s%s}", name,
                          (int)pick(9), "AAAAAAAA", ANY(accesses),
                          pick(3) == 0 ? ",\"vault_id\":\"v.near\"" : ""));
    else if (what < 6)
        (void)attempt(anyone(), any_deposit(), "update_access",
                      fmt("{%s,\"new_access\":%s}", name, ANY(accesses)));
    else
        (void)attempt(anyone(), 0, what == 6 ? "delete_secrets" : "unbind_secret_vault",
                      fmt("{%s}", name));
}

/* A nonce of `who` that may be a living key's. */
static unsigned nonce_of(const char *who)
{
    const unsigned floor =
        (unsigned)number(seen("get_payment_key_nonce_floor", fmt("{\"account_id\":\"%s\"}", who)));
    return floor > 4 ? floor - pick(4) : floor;
}

static void key_any(void)
{
    const char *who = anyone();

    if (pick(2) == 0) {
        const near_u128 paid = pick(3);
        if (attempt(who, paid, "delete_payment_key", fmt("{\"nonce\":%u}", nonce_of(who))))
            b.kept += paid;
    } else if (attempt(who, 100 * MILLI + pick(100), "top_up_payment_key_with_near",
                       fmt("{\"nonce\":%u,\"swap_contract_id\":\"swap.near\"}", nonce_of(who)))) {
        b.aside += 15 * MILLI;
    }
}

static void token_any(void)
{
    static const char *const amounts[] = {"0", "9999", "10000", "50000", "123456"};
    const char *who = anyone(), *amount = ANY(amounts), *msg;
    const unsigned what = pick(6);

    if (what == 5) {
        const near_u128 paid = pick(3);
        if (attempt(who, paid, "withdraw_developer_earnings", "")) b.kept += paid - 1;
        return;
    }
    msg = what < 3 ? "{\\\"action\\\":\\\"deposit_balance\\\"}"
                   : fmt("{\\\"action\\\":\\\"%s\\\",\\\"nonce\\\":%u,\\\"plan\\\":1}",
                         what == 3 ? "top_up_payment_key" : "buy_subscription", nonce_of(who));
    if (!attempt(pick(10) == 0 ? "fake.test" : TOKEN, 0, "ft_on_transfer",
                 fmt("{\"sender_id\":\"%s\",\"amount\":\"%s\",\"msg\":\"%s\"}", who, amount, msg)))
        return;
    b.usd_in += number(amount);
    if (what == 4) b.usd_kept += number(amount);
}

static void policy_any(void)
{
    const char *who = anyone(), *data = &"blobblobblob"[pick(12)];
    const enum curve curve = pick(2) == 0 ? ED25519 : SECP256K1;
    const uint8_t seed = (uint8_t)(1 + pick(2));
    const char *sponsor = pick(2) == 0 ? fmt(",\"storage_refund_to\":\"%s\"", anyone()) : "";
    const char *key = wallet_text(curve, seed);

    switch (pick(4)) {
    case 0:
        (void)attempt(who, 0, "delete_wallet_policy", fmt("{\"wallet_pubkey\":\"%s\"}", key));
        break;
    case 1:
        (void)attempt(who, 0, pick(2) == 0 ? "freeze_wallet" : "unfreeze_wallet",
                      fmt("{\"wallet_pubkey\":\"%s\"}", key));
        (void)attempt(who, 0, "set_storage_refund_to",
                      fmt("{\"item\":{\"WalletPolicy\":{\"wallet_pubkey\":\"%s\"}},"
                          "\"storage_refund_to\":\"%s\"}",
                          key, anyone()));
        break;
    default:
        (void)attempt(who, any_deposit(), "store_wallet_policy",
                      policy_args(curve, seed, data, who, sponsor));
    }
}

static void owner_any(void)
{
    static const char *const base_fees[] = {"0", "1000000000000000000000", "1000000000000000000000",
                                            "110000000000000000000000"};

    switch (pick(5)) {
    case 0:
        (void)attempt(
            "owner.test", 0, "set_pricing",
            fmt("{\"base_fee\":\"%s\",\"per_ms_fee\":\"%u\"}", ANY(base_fees), pick(1000000000)));
        break;
    case 1:
        (void)attempt("owner.test", 0, "set_subscription_plans",
                      fmt("{\"plans\":[{\"index\":1,\"name\":\"Pro\",\"price_usd\":\"%u\","
                          "\"active\":%s}]}",
                          1 + pick(60000), pick(3) > 0 ? "true" : "false"));
        break;
    case 2:
        (void)attempt("owner.test", 0, "set_paused",
                      pick(16) == 0 ? "{\"paused\":true}" : "{\"paused\":false}");
        break;
    case 3:
        (void)attempt(SELF, 0, "migrate", "");
        break;
    default:
        (void)attempt("owner.test", 0, "set_near_top_up",
                      fmt("{\"intents_account_id\":\"%s\"}", anyone()));
    }
}

/* ---- The property ---- */

static void run(uint64_t seed)
{
    static void (*const calls[])(void) = {
        ask_any,  ask_any,   ask_project_any, ask_project_any, resolve_any, resolve_any, wake_any,
        wake_any, wake_any,  cancel_any,      project_any,     project_any, secret_any,  secret_any,
        key_any,  token_any, token_any,       policy_any,      owner_any,   resolve_any,
    };

    print_message("seed %" PRIu64 "\n", seed);
    chance_from(seed);
    memset(&b, 0, sizeof b);
    for (unsigned i = 0; i < ROUNDS; i++) {
        fake_env.time_ns += 1000000000;
        fake_env.height++;
        calls[pick(sizeof calls / sizeof *calls)]();
        holds();
    }
    while (b.n > 0) {
        wake_any();
        holds();
    }
    print_message("%" PRIu64 " of %" PRIu64 " calls passed, %" PRIu64 " callbacks; $%.2f came in, "
                  "$%.2f went out, fees above payments %.3f NEAR\n",
                  b.passed, b.calls, b.callbacks, (double)b.usd_in / 1e6, (double)b.usd_out / 1e6,
                  (double)b.uncollected / 1e24);
    assert_in_range(b.passed, ROUNDS / 8, b.calls);
    assert_true(b.usd_out > 0 && b.usd_kept > 0 && b.uncollected > 0);
}

static void nothing_is_made_and_nothing_is_lost(void **state)
{
    static const uint64_t seeds[] = {20260101, 1, 7777777};
    const char *given = getenv("ALCOVE_SEED");

    if (given != NULL) {
        run(strtoull(given, NULL, 10));
        return;
    }
    for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++) {
        fresh_money(state);
        run(seeds[i]);
    }
}

/* Everything that moves money took part. */
static void every_method_took_part(void **state)
{
    static const char *const left_out[] = {
        /* settings that move nothing; */
        "new", "set_owner", "set_operator", "set_event_metadata", "set_pending_bytes_cap",
        "set_payment_token_contract", "add_worker_key", "remove_worker_key", "retain_worker_keys",
        "set_register",
        /* what a request that asks for proof adds, which the money does not see; */
        "on_quote_verified",
        /* always refused; and the secrets' rules again, see test_compute_secret_money.c */
        "top_up_payment_key_with_token", "store_agent_secret", "delete_agent_secret"};
    bool all = true;
    (void)state;
    if (getenv("ALCOVE_SEED") != NULL) return;
    for (size_t i = 0; methods[i].name != NULL; i++) {
        bool wanted = methods[i].kind != NEAR_VIEW;
        for (size_t k = 0; k < sizeof left_out / sizeof *left_out; k++)
            wanted = wanted && strcmp(methods[i].name, left_out[k]) != 0;
        if (!wanted) continue;
        print_message("%5u %s\n", passes[i], methods[i].name);
        if (passes[i] == 0) all = false;
    }
    assert_true(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {MONEY(nothing_is_made_and_nothing_is_lost),
                                       cmocka_unit_test(every_method_took_part)};
    alc_crypto_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
