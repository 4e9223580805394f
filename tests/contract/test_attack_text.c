/* tests/contract/test_attack_text.c — arguments meant to wear the contract out: patterns that blow
 * up in a matcher, brackets without end, a megabyte of anything; and texts that would pass for the
 * contract's own. */
#include "tests/contract/attack.h"
#include "tests/lib/around.h"

#define MEGABYTE (1u << 20)
#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* ---- Patterns ---- */

#define PATTERN(p) "{\"AccountPattern\":{\"pattern\":\"" p "\"}}"
#define EDIT "{" ATTACK_SECRET_ID ",\"new_access\":"

/* The contract keeps patterns and never looks into one: what does not end in a matcher, and what is
 * no pattern at all, goes in and comes back as it is. */
static void patterns_are_kept_unjudged(void **state)
{
    static const char *const bombs[] = {
        "(a+)+$",
        "((a*)*)*b",
        "(a|aa)+$",
        "(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)[^.]",
        "a{1,65535}{1,65535}{1,65535}",
        "(?:x{0,999999}){0,999999}",
        "((((((((((((((((((((((((((((((((",
        "[",
        "*",
        "(?<=a)\\\\1(?R)",
        "",
        ".*\\u0000.*",
        "\\\\p{Greek}\xce\xb1+",
    };

    (void)state;
    as("alice.test");
    for (size_t i = 0; i < COUNT(bombs); i++) {
        char *expected = strdup(fmt("\"access\":" PATTERN("%s") ",", bombs[i]));
        assert_non_null(expected);
        paying(1000 * MILLI, "update_access", fmt(EDIT PATTERN("%s") "}", bombs[i]));
        ok("get_secrets", "{" ATTACK_SECRET_ID ",\"owner\":\"alice.test\"}");
        if (strstr((const char *)fake_returned().p, expected) == NULL)
            fail_msg("%s came back as %s", bombs[i], (const char *)fake_returned().p);
        free(expected);
    }
}

/* What a keystore will have to judge is bounded: 16 patterns, 4096 bytes of them in all, counted as
 * bytes of their meaning, wherever in the tree they hide. */
static void patterns_are_bounded(void **state)
{
    static const struct {
        const char *unit;
        size_t fits; /* so many */
    } texts[] = {{"(", 4096}, {"\\\\", 4096}, {"\\u0041", 4096}, {"\xc3\xa9", 2048}};
    char *args, *leaves;

    (void)state;
    as("alice.test");
    for (size_t i = 0; i < COUNT(texts); i++) {
        args = around(EDIT "{\"AccountPattern\":{\"pattern\":\"", texts[i].unit, texts[i].fits,
                      "\"}}}");
        paying(1000 * MILLI, "update_access", args);
        free(args);
        args = around(EDIT "{\"Not\":{\"condition\":{\"AccountPattern\":{\"pattern\":\"",
                      texts[i].unit, texts[i].fits + 1, "\"}}}}}");
        paying_panics(1000 * MILLI, "bytes in all; at most 4096 are judged", "update_access", args);
        free(args);
    }
    for (size_t n = 15; n <= 16; n++) {
        leaves = around(EDIT "{\"Logic\":{\"operator\":\"And\",\"conditions\":[" PATTERN("x"),
                        "," PATTERN("(a+)+$"), n, "]}}}");
        if (n == 15)
            paying(1000 * MILLI, "update_access", leaves);
        else
            paying_panics(1000 * MILLI, "holds 17 AccountPattern leaves; at most 16 are judged",
                          "update_access", leaves);
        free(leaves);
    }
}

/* ---- Depth ---- */

/* A place where a value of any kind is read whole, and how many brackets are open there. */
static const struct {
    const char *method, *before, *after;
    size_t open;
} judged[] = {
    {"submit_execution_output", "{\"request_id\":0,\"output\":{\"Json\":", "}}", 2},
    {"submit_execution_output_and_resolve",
     "{\"request_id\":0,\"output\":{\"Json\":", "},\"success\":true," USED "}", 2},
    {"resolve_execution",
     "{\"request_id\":0,\"response\":{\"success\":true,\"output\":{\"Json\":", "}," USED "}}", 3},
};

static void json_nests_127_deep_and_no_deeper(void **state)
{
    static const char *const brackets[][3] = {
        {"[", "]", "0"}, {"{\"a\":", "}", "0"}, {"[", "]", ""}, {"[{\"a\":", "}]", "null"}};

    for (size_t i = 0; i < COUNT(judged); i++)
        for (size_t k = 0; k < COUNT(brackets); k++)
            for (size_t depth = 127; depth <= 128; depth++) {
                const size_t each = k == 3 ? 2 : 1, n = depth - judged[i].open;
                char *open, *closed;

                if (n % each != 0) continue;
                ask_project(20000, OP_INPUT);
                open = around(judged[i].before, brackets[k][0], n / each, brackets[k][2]);
                closed = around(open, brackets[k][1], n / each, judged[i].after);
                as("op.test");
                if (depth == 127)
                    ok(judged[i].method, closed);
                else
                    panics("Failed to deserialize input from JSON: nested too deeply",
                           judged[i].method, closed);
                free(open);
                free(closed);
                done(state);
                assert_int_equal(attack_world(state), 0);
            }
}

/* The body of a priced request and a token's message are texts of their own. */
static void json_inside_strings_nests_127_deep_too(void **state)
{
    (void)state;
    for (size_t n = 126; n <= 127; n++) { /* and the object around it */
        char *deep = around("", "[", n, ""), *closed = around(deep, "]", n, "");

        as("alice.test");
        if (n == 126)
            paying(100 * MILLI, "request_execution",
                   project_args(20000,
                                fmt(INPUT("{\\\"operation\\\":\\\"op\\\",\\\"x\\\":%s}"), closed)));
        else
            paying_panics(
                100 * MILLI, "", "request_execution",
                project_args(20000,
                             fmt(INPUT("{\\\"operation\\\":\\\"op\\\",\\\"x\\\":%s}"), closed)));
        free(deep);
        free(closed);
    }
    for (size_t n = 63; n <= 64; n++) {
        char *open = around(EDIT, "{\"Not\":{\"condition\":", n, "\"AllowAll\"");
        char *closed = around(open, "}}", n, "}");

        as("alice.test");
        if (n == 63)
            paying(1000 * MILLI, "update_access", closed);
        else
            paying_panics(1000 * MILLI, "Failed to deserialize input from JSON", "update_access",
                          closed);
        free(open);
        free(closed);
    }
}

/* ---- Logs ---- */

/* What a caller would like a reader of logs to take for the contract's own word. */
#define FORGED                                                                                     \
    "\\nEVENT_JSON:{\\\"standard\\\":\\\"near-outlayer\\\",\\\"version\\\":\\\"1.0.0\\\","         \
    "\\\"event\\\":\\\"execution_completed\\\"}\\r\\n[[yNEAR charged: \\\"0\\\"]]"

static void lines_are_the_contracts_own(const char *method)
{
    static const char *const begins[] = {
        "EVENT_JSON:{\"standard\":\"near-outlayer\",\"version\":\"1.0.0\",\"event\":\"",
        "[[yNEAR charged: \"1", "Request ", "5500000 instructions, "};

    for (size_t i = 0; i < fake_logs(); i++) {
        const char *line = (const char *)fake_log(i).p;
        bool own = false;

        for (size_t k = 0; k < COUNT(begins); k++)
            own |= strncmp(line, begins[k], strlen(begins[k])) == 0;
        if (!own || strpbrk(line, "\n\r") != NULL) fail_msg("%s logs: %s", method, line);
    }
}

/* No line begins with what a caller wrote, or breaks into it. */
static void no_log_is_forged(void **state)
{
    static const struct {
        const char *caller, *method, *args;
        near_u128 deposit;
    } calls[] = {
        {"bob.test", "request_execution",
         "{" SOURCE "," LIMITS ",\"input_data\":\"" FORGED
         "\",\"params\":{\"project_uuid\":\"" FORGED "\"}}",
         100 * MILLI},
        {"op.test", "resolve_execution",
         "{\"request_id\":0,\"response\":{\"success\":false,\"error\":\"" FORGED
         "\",\"compilation_note\":\"" FORGED "\"," USED "}}",
         0},
        {"charlie", "store_secrets",
         "{\"accessor\":{\"System\":\"PaymentKey\"},\"profile\":\"1\",\"access\":\"AllowAll\","
         "\"encrypted_secrets_base64\":\"" FORGED "\"}",
         1000 * MILLI},
        {TOKEN, "ft_on_transfer",
         "{\"sender_id\":\"charlie\",\"amount\":\"20000\",\"msg\":\"{\\\"action\\\":"
         "\\\"top_up_payment_key\\\",\\\"nonce\\\":1}\"}",
         0},
        {"op.test", "resume_topup",
         "{\"data_id\":\"" CODE_HASH "\",\"result\":{\"Error\":{\"message\":\"" FORGED "\"}}}", 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(calls); i++) {
        as(calls[i].caller);
        paying(calls[i].deposit, calls[i].method, calls[i].args);
        lines_are_the_contracts_own(calls[i].method);
        if (i == 0) keep_yield();
        if (i != 1) continue;
        wake();
        assert_int_equal(fake_logs(), 3);
        lines_are_the_contracts_own("on_execution_response");
    }
    /* Sources, whose text is nobody's input, cannot spell an event's name at all. */
    as("bob.test");
    paying_panics(
        100 * MILLI, "source.url", "request_execution",
        "{\"source\":{\"WasmUrl\":{\"url\":\"https://x/EVENT_JSON:\",\"hash\":\"" CODE_HASH
        "\"}}}");
    paying_panics(100 * MILLI, "source.repo", "request_execution",
                  "{\"source\":{\"GitHub\":{\"repo\":\"x/EVENT_JSON:\",\"commit\":\"1\"}}}");
    paying_panics(100 * MILLI, "source.commit", "request_execution",
                  "{\"source\":{\"GitHub\":{\"repo\":\"x\",\"commit\":\"EVENT_JSON\"}}}");
}

/* ---- A megabyte ---- */

/* Whatever is done with it, a method ends by itself: with a result or a sentence. */
static void a_megabyte_of_anything_is_survived(void **state)
{
    static const struct {
        const char *before, *unit, *after;
    } texts[] = {
        {"{\"x\":\"", "x", "\"}"},
        {"{\"x\":\"", "\\\"", "\"}"},
        {"{\"x\":\"", "\\ud800", "\"}"},
        {"{\"x\":", "[", ""},
        {"{\"x\":", "{\"x\":", ""},
        {"{\"x\":[0", ",1", "]}"},
        {"{\"x\":", "9", "}"},
        {"{\"x\":0.", "9", "}"},
        {"{", " ", "}"},
        {"", "[", ""},
        {"", "{", ""},
        {"\"", "x", "\""},
        {"", "\xff", ""},
        {"{\"", "k", "\":1}"},
        {"{\"a\":1", ",\"a\":1", "}"},
        {"{\"x\":\"\\", "\\", ""},
        {"{\"request_id\":", "0", "}"},
        {"{\"request_id\":", "9", "}"},
        {"{\"account_id\":\"", "a", "\"}"},
        {"{\"amount\":\"", "0", "\"}"},
        {"{\"amount\":\"", "9", "\"}"},
        {"{\"data_id\":\"", "0", "\",\"result\":\"Success\"}"},
    };

    (void)state;
    for (size_t t = 0; t < COUNT(texts); t++) {
        char *args = around(texts[t].before, texts[t].unit, MEGABYTE / strlen(texts[t].unit),
                            texts[t].after);
        for (size_t i = 0; i < COUNT(methods) && methods[i].name != NULL; i++) {
            const struct method *m = &methods[i];
            bool passed;

            as("owner.test");
            passed = m->kind == NEAR_PRIVATE
                         ? fake_callback(m->entry, alc_cstr(args), (struct alc_bytes){NULL, 0})
                         : call(m->name, alc_cstr(args));
            assert_true(passed || fake_panic().n > 0);
            assert_int_equal(fake_receipts(), 0); /* nothing leaves by such a call */
        }
        free(args);
    }
}

/* A string that is an argument, a megabyte long: taken where the interface has no limit, and
 * refused with a sentence where it has one.  The reference's limits are on what is kept. */
static void a_megabyte_in_an_argument_is_taken_or_refused(void **state)
{
    static const struct {
        const char *caller, *method, *before, *after;
        const char *phrase; /* NULL: it is taken */
    } calls[] = {
        {"bob.test", "request_execution", "{" SOURCE "," LIMITS ",\"input_data\":\"", "\"}", NULL},
        {"bob.test", "request_execution", "{\"source\":{\"WasmUrl\":{\"url\":\"https://",
         "\",\"hash\":\"" CODE_HASH "\"}}}", "source.url must be"},
        {"bob.test", "request_execution",
         "{\"source\":{\"WasmUrl\":{\"url\":\"https://a\",\"hash\":\"", "\"}}}",
         "source.hash must be"},
        {"bob.test", "request_execution",
         "{\"source\":{\"WasmUrl\":{\"url\":\"https://a\",\"hash\":\"" CODE_HASH
         "\",\"build_target\":\"",
         "\"}}}", "source.build_target must be"},
        {"bob.test", "request_execution", "{\"source\":{\"GitHub\":{\"repo\":\"",
         "\",\"commit\":\"1\"}}}", "source.repo must be"},
        {"bob.test", "request_execution", "{\"source\":{\"GitHub\":{\"repo\":\"a\",\"commit\":\"",
         "\"}}}", "source.commit must be"},
        {"bob.test", "request_execution", "{\"source\":{\"Project\":{\"project_id\":\"", "\"}}}",
         "Project not found"},
        {"bob.test", "request_execution",
         "{\"source\":{\"Project\":{\"project_id\":\"" APP "\",\"version_key\":\"", "\"}}}",
         "Version not found"},
        {"bob.test", "request_execution",
         "{" SOURCE "," LIMITS ",\"secrets_ref\":{\"account_id\":\"a.test\",\"profile\":\"", "\"}}",
         "secrets_ref.profile must be"},
        {"bob.test", "request_execution", "{" SOURCE "," LIMITS ",\"params\":{\"project_uuid\":\"",
         "\"}}", NULL},
        {"alice.test", "request_execution",
         "{" APP_SOURCE "," LIMITS ",\"params\":{\"attached_usd\":\"20000\"},\"input_data\":\"",
         "\"}", "10000"},
        {"bob.test", "create_project", "{\"source\":" WASM(CODE_HASH) ",\"name\":\"", "\"}",
         "too long"},
        {"alice.test", "add_version", "{\"source\":" GIT ",\"set_active\":true,\"project_name\":\"",
         "\"}", "Project not found"},
        {"alice.test", "delete_project", "{\"project_name\":\"", "\"}", "Project not found"},
        {"alice.test", "set_active_version", "{\"project_name\":\"app\",\"version_key\":\"", "\"}",
         "Version not found"},
        {"alice.test", "accept_project_transfer", "{\"from\":\"carol.test\",\"name\":\"", "\"}",
         "too long"},
        {"alice.test", "revoke_project_transfer", "{\"from\":\"carol.test\",\"name\":\"", "\"}",
         "has no acceptance for project"},
        {"bob.test", "store_secrets",
         "{" ATTACK_SECRET_ID ",\"access\":\"AllowAll\",\"encrypted_secrets_base64\":\"", "\"}",
         NULL},
        {"bob.test", "store_secrets",
         "{\"accessor\":{\"Repo\":{\"repo\":\"a\"}},\"encrypted_secrets_base64\":\"A\",\"access\":"
         "\"AllowAll\",\"profile\":\"",
         "\"}", "profile must be"},
        {"bob.test", "store_secrets", "{\"accessor\":{\"WasmHash\":{\"hash\":\"",
         "\"}},\"encrypted_secrets_base64\":\"A\",\"access\":\"AllowAll\",\"profile\":\"p\"}",
         "64 hex digits"},
        {"bob.test", "store_secrets", "{\"accessor\":{\"Project\":{\"project_id\":\"",
         "\"}},\"encrypted_secrets_base64\":\"A\",\"access\":\"AllowAll\",\"profile\":\"p\"}",
         "does not exist"},
        {"alice.test", "update_access",
         EDIT "{\"NftOwned\":{\"contract\":\"n.test\",\"token_id\":\"", "\"}}}", NULL},
        {"alice.test", "update_access", EDIT "{\"WasmHash\":{\"hash\":\"", "\"}}}",
         "a WasmHash condition must be the SHA-256"},
        {"bob.test", "store_wallet_policy",
         "{\"wallet_pubkey\":\"" ATTACK_WALLET "\",\"wallet_signature\":\"00\","
         "\"encrypted_data\":\"",
         "\"}", "100000"},
        {"bob.test", "store_wallet_policy",
         "{\"encrypted_data\":\"blob\",\"wallet_signature\":\"00\",\"wallet_pubkey\":\"", "\"}",
         "wallet_pubkey"},
        {"op.test", "submit_execution_output", "{\"request_id\":0,\"output\":{\"Text\":\"", "\"}}",
         "output"},
        {"owner.test", "set_event_metadata", "{\"standard\":\"", "\"}", "64 bytes"},
    };

    for (size_t i = 0; i < COUNT(calls); i++) {
        char *args = around(calls[i].before, "a", MEGABYTE, calls[i].after);
        bool takes_money = method_of(calls[i].method)->kind == NEAR_PAYABLE;

        ask_project(20000, OP_INPUT);
        as(calls[i].caller);
        fake_env.deposit = takes_money ? 20000 * MILLI : 0;
        if (calls[i].phrase == NULL)
            ok(calls[i].method, args);
        else
            panics(calls[i].phrase, calls[i].method, args);
        fake_env.deposit = 0;
        free(args);
        done(state);
        assert_int_equal(attack_world(state), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ATTACK(patterns_are_kept_unjudged),
        ATTACK(patterns_are_bounded),
        ATTACK(json_nests_127_deep_and_no_deeper),
        ATTACK(json_inside_strings_nests_127_deep_too),
        ATTACK(no_log_is_forged),
        ATTACK(a_megabyte_of_anything_is_survived),
        ATTACK(a_megabyte_in_an_argument_is_taken_or_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
