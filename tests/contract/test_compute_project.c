/* tests/contract/test_compute_project.c — projects and their versions: names, deposits to the byte,
 * views. */
#include "tests/contract/compute_projects.h"

#define CREATE(name) "{\"name\":\"" name "\",\"source\":" WASM(CODE_HASH) "}"
#define ADD(source, active)                                                                        \
    "{\"project_name\":\"app\",\"source\":" source ",\"set_active\":" active "}"
#define ONE(key) "{\"project_name\":\"app\",\"version_key\":\"" key "\"}"
#define ID "{\"project_id\":\"alice.test/app\"}"
#define UUID1 "p0000000000000001"

static void a_project_costs_what_the_reference_says(void **state)
{
    const char *args = "{\"name\":\"my-app\",\"source\":" GIT "}";
    (void)state;
    as("charlie");
    paying_panics((255 + 253) * BYTE - 1, "Insufficient storage deposit", "create_project", args);
    assert_non_null(strstr((const char *)fake_panic().p, "required 5080000000000000000000 "));
    paying((255 + 253) * BYTE, "create_project", args);
    assert_int_equal(fake_receipts(), 0);
    assert_null(fake_returned().p);
    returns("{\"uuid\":\"" UUID1 "\",\"owner\":\"charlie\",\"name\":\"my-app\",\"project_id\":"
            "\"charlie/my-app\",\"active_version\":\"" GIT_KEY
            "\",\"created_at\":1700000000000000000,\"storage_deposit\":\"2550000000000000000000\"}",
            "get_project", "{\"project_id\":\"charlie/my-app\"}");
    args = "{\"name\":\"other\",\"source\":{\"WasmUrl\":{\"url\":\"" URL "\",\"hash\":\"" HASH2
           "\",\"build_target\":\"wasm32-wasip1\"}}}";
    paying_panics((254 + VERSION_BYTES + 13) * BYTE - 1, "Insufficient storage deposit",
                  "create_project", args);
    paying((254 + VERSION_BYTES + 13) * BYTE + 7, "create_project", args);
    refunds("charlie", 7);
}

/* What is locked is never more than what was paid, at the longest names too. */
static void a_deposit_covers_what_the_records_lock(void **state)
{
    static const char *const owners[] = {
        "alice.test", "ab", "0123456789012345678901234567890123456789012345678901234567890123"};
    static const char *const names[] = {
        "a", "0123456789012345678901234567890123456789012345678901234567890123"};
    (void)state;
    for (size_t i = 0; i < 3; i++)
        for (size_t j = 0; j < 2; j++) {
            uint64_t before = fake_state_bytes(), paid;
            publish_source(owners[i], names[j], GIT);
            paid = 241 + strlen(owners[i]) + 1 + strlen(names[j]) + GIT_BYTES;
            refunds(owners[i], 100 * MILLI - paid * BYTE);
            assert_in_range(fake_state_bytes() - before, 1, paid);
            before = fake_state_bytes();
            paying(100 * MILLI, "add_version",
                   fmt("{\"project_name\":\"%s\",\"source\":" WASM(HASH2) ",\"set_active\":true}",
                       names[j]));
            assert_in_range(fake_state_bytes() - before, 1, VERSION_BYTES);
        }
}

static void creating_checks_in_order(void **state)
{
    static const char long_name[] =
        "{\"name\":\"0123456789012345678901234567890123456789012345678901234567890123x\","
        "\"source\":{\"GitHub\":{\"repo\":\"\",\"commit\":\"\"}}}";
    (void)state;
    as("owner.test");
    ok("set_paused", "{\"paused\":true}");
    as("alice.test");
    panics("Contract is paused", "create_project", "{\"name\":\"\",\"source\":" GIT "}");
    panics("Failed to deserialize", "create_project", "{\"name\":\"\"}");
    panics("unknown source", "create_project",
           "{\"name\":\"a\",\"source\":{\"Project\":{\"project_id\":\"a.test/b\"}}}");
    as("owner.test");
    ok("set_paused", "{\"paused\":false}");
    publish("alice.test", "app");
    panics("cannot be empty", "create_project",
           "{\"name\":\"\",\"source\":{\"GitHub\":{\"repo\":\"\",\"commit\":\"\"}}}");
    panics("too long", "create_project", long_name);
    panics("only ASCII letters", "create_project", CREATE("a b"));
    panics("only ASCII letters", "create_project", CREATE("a/b"));
    panics("only ASCII letters", "create_project", CREATE("a.b"));
    panics("only ASCII letters", "create_project", CREATE("\xc3\xa9"));
    panics("already exists", "create_project",
           "{\"name\":\"app\",\"source\":{\"GitHub\":{\"repo\":\"\",\"commit\":\"\"}}}");
    panics("source.repo must be", "create_project",
           "{\"name\":\"b\",\"source\":{\"GitHub\":{\"repo\":\"\",\"commit\":\"\"}}}");
    panics("Insufficient storage deposit", "create_project", CREATE("b"));
    panics("Insufficient storage deposit", "create_project", CREATE("App")); /* case counts */
    returns("null", "get_project", "{\"project_id\":\"alice.test/b\"}");
}

static void uuids_count_up_and_are_never_used_again(void **state)
{
    (void)state;
    publish("alice.test", "app");
    publish("bob.test", "app");
    as("alice.test");
    ok("delete_project", "{\"project_name\":\"app\"}");
    publish("alice.test", "app");
    returns("false", "has_project_uuid", "{\"project_uuid\":\"" UUID1 "\"}");
    returns("true", "has_project_uuid", "{\"project_uuid\":\"p0000000000000002\"}");
    returns("true", "has_project_uuid", "{\"project_uuid\":\"p0000000000000003\"}");
    returns("false", "has_project_uuid", "{\"project_uuid\":\"p0000000000000004\"}");
    returns("false", "has_project_uuid", "{\"project_uuid\":\"p000000000000002\"}");
    returns("false", "has_project_uuid", "{\"project_uuid\":\"P0000000000000002\"}");
    returns("false", "has_project_uuid", "{\"project_uuid\":\"p000000000000000R\"}"); /* R & 15 */
    returns("false", "has_project_uuid", "{\"project_uuid\":\"\"}");
}

static void a_uuid_has_sixteen_lowercase_hex_digits(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 11; i++)
        publish("alice.test", fmt("app%u", i));
    returns("true", "has_project_uuid", "{\"project_uuid\":\"p000000000000000b\"}");
    returns("false", "has_project_uuid", "{\"project_uuid\":\"p000000000000000B\"}");
}

static void versions_are_added_chosen_and_removed(void **state)
{
    (void)state;
    publish("alice.test", "app");
    paying_panics(GIT_BYTES * BYTE - 1, "Insufficient storage deposit", "add_version",
                  ADD(GIT, "false"));
    fake_env.time_ns++;
    paying(GIT_BYTES * BYTE + 1, "add_version", ADD(GIT, "false"));
    refunds("alice.test", 1);
    returns("{\"wasm_hash\":\"" GIT_KEY "\",\"source\":{\"GitHub\":{\"repo\":\"github.com/a/b\","
            "\"commit\":\"1\",\"build_target\":null}},\"added_at\":1700000000000000001,"
            "\"is_active\":false}",
            "get_version", "{\"project_id\":\"alice.test/app\",\"version_key\":\"" GIT_KEY "\"}");
    paying(VERSION_BYTES * BYTE, "add_version", ADD(WASM(HASH2), "true"));
    returns("3", "get_version_count", ID);
    panics("Cannot remove the active version", "remove_version", ONE(HASH2));
    ok("set_active_version", ONE(GIT_KEY));
    ok("remove_version", ONE(CODE_HASH));
    refunds("alice.test", VERSION_BYTES * BYTE);
    panics("Version not found", "remove_version", ONE(CODE_HASH));
    /* the last one moved into the gap */
    returns("[{\"wasm_hash\":\"" HASH2 "\",\"source\":{\"WasmUrl\":{\"url\":\"" URL
            "\",\"hash\":\"" HASH2 "\",\"build_target\":null}},\"added_at\":1700000000000000001,"
            "\"is_active\":false},{\"wasm_hash\":\"" GIT_KEY
            "\",\"source\":{\"GitHub\":{\"repo\":\"github.com/a/b\",\"commit\":\"1\","
            "\"build_target\":null}},\"added_at\":1700000000000000001,\"is_active\":true}]",
            "list_versions", ID);
    panics("Version not found", "set_active_version", ONE(CODE_HASH));
    panics("Version not found", "set_active_version", ONE(""));
    ok("set_active_version", ONE(GIT_KEY)); /* again: nothing changes */
}

static void adding_checks_in_order(void **state)
{
    static const char bad[] = "{\"GitHub\":{\"repo\":\"-\",\"commit\":\"\"}}";
    (void)state;
    publish("alice.test", "app");
    panics("missing field set_active", "add_version",
           "{\"project_name\":\"app\",\"source\":" GIT "}");
    as("owner.test");
    ok("set_paused", "{\"paused\":true}");
    panics("Contract is paused", "add_version", ADD(GIT, "true"));
    as("alice.test");
    ok("set_active_version", ONE(CODE_HASH)); /* goes on while paused */
    as("owner.test");
    ok("set_paused", "{\"paused\":false}");
    panics("Project not found", "add_version",
           fmt("{\"project_name\":\"app\",\"source\":%s,\"set_active\":true}", bad));
    as("alice.test");
    panics("source.repo must be", "add_version",
           fmt("{\"project_name\":\"app\",\"source\":%s,\"set_active\":true}", bad));
    panics("Insufficient storage deposit", "add_version", ADD(WASM(CODE_HASH), "true"));
    paying_panics(100 * MILLI, "Version already exists", "add_version",
                  ADD(WASM(CODE_HASH), "true"));
    /* a version is its key: another URL or target is the same version */
    paying_panics(100 * MILLI, "Version already exists", "add_version",
                  ADD("{\"WasmUrl\":{\"url\":\"https://other.org/\",\"hash\":\"" CODE_HASH
                      "\",\"build_target\":\"wasm32-wasip2\"}}",
                      "true"));
}

static void only_the_owner_reaches_a_project(void **state)
{
    static const char *const calls[][2] = {
        {"add_version", ADD(GIT, "true")},
        {"set_active_version", ONE(CODE_HASH)},
        {"remove_version", ONE(CODE_HASH)},
        {"delete_project", "{\"project_name\":\"app\"}"},
        {"delete_project", "{\"project_name\":\"../alice.test/app\"}"},
        {"delete_project", "{\"project_name\":\"alice.test/app\"}"},
        {"delete_project", "{\"project_name\":\"\"}"},
    };
    (void)state;
    publish("alice.test", "app");
    as("eve.test");
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        panics("Project not found", calls[i][0], calls[i][1]);
    as("alice.tes");
    panics("Project not found", "delete_project", "{\"project_name\":\"/app\"}");
    returns("true", "has_project_uuid", "{\"project_uuid\":\"" UUID1 "\"}");
}

/* OutLayer keeps the versions' deposits. */
static void deleting_gives_back_every_deposit(void **state)
{
    size_t records = fake_records();
    (void)state;
    publish("alice.test", "other");
    ok("delete_project", "{\"project_name\":\"other\"}");
    assert_int_equal(fake_records(), records);
    publish("alice.test", "app");
    paying(100 * MILLI, "add_version", ADD(GIT, "true"));
    paying(100 * MILLI, "add_version", ADD(WASM(HASH2), "false"));
    fake_env.time_ns = UINT64_C(1700000000000000009);
    ok("delete_project", "{\"project_name\":\"app\"}");
    refunds("alice.test", (PROJECT_BYTES("alice.test/app") + 2 * VERSION_BYTES + GIT_BYTES) * BYTE);
    log_is(0, "EVENT_JSON:{\"standard\":\"near-outlayer\",\"version\":\"1.0.0\",\"event\":"
              "\"system_event\",\"data\":[{\"ProjectStorageCleanup\":{\"project_id\":"
              "\"alice.test/app\",\"project_uuid\":\"p0000000000000002\",\"timestamp\":"
              "1700000000000000009}}]}");
    assert_int_equal(fake_records(), records);
    panics("Project not found", "delete_project", "{\"project_name\":\"app\"}");
    returns("null", "get_project", ID);
    returns("[]", "list_versions", ID);
    returns("0", "get_version_count", ID);
    returns("null", "get_version",
            "{\"project_id\":\"alice.test/app\",\"version_key\":\"" CODE_HASH "\"}");
    /* a project of the same name starts without the old one's versions */
    publish("alice.test", "app");
    returns("1", "get_version_count", ID);
    returns("null", "get_version",
            "{\"project_id\":\"alice.test/app\",\"version_key\":\"" GIT_KEY "\"}");
}

static void lists_are_paged_and_bounded(void **state)
{
    const char *view;
    size_t n = 0;
    (void)state;
    publish("alice.test", "app");
    for (unsigned i = 0; i < 104; i++)
        paying(100 * MILLI, "add_version",
               fmt("{\"project_name\":\"app\",\"source\":{\"GitHub\":{\"repo\":\"r\",\"commit\":"
                   "\"c%u\"}},\"set_active\":false}",
                   i));
    for (unsigned i = 0; i < 3; i++) {
        static const char *const args[] = {
            ID, "{\"project_id\":\"alice.test/app\",\"limit\":1000}",
            "{\"project_id\":\"alice.test/app\",\"limit\":null,\"from_index\":100}"};
        static const size_t expected[] = {50, 100, 5};
        ok("list_versions", args[i]);
        view = (const char *)fake_returned().p;
        for (n = 0; (view = strstr(view, "wasm_hash")) != NULL; n++)
            view++;
        assert_int_equal(n, expected[i]);
    }
    returns("[]", "list_versions", "{\"project_id\":\"alice.test/app\",\"limit\":0}");
    returns("[]", "list_versions",
            "{\"project_id\":\"alice.test/app\",\"from_index\":18446744073709551615}");
    returns("[{\"wasm_hash\":\"r@c103\",\"source\":{\"GitHub\":{\"repo\":\"r\",\"commit\":\"c103\","
            "\"build_target\":null}},\"added_at\":1700000000000000000,\"is_active\":false}]",
            "list_versions", "{\"project_id\":\"alice.test/app\",\"from_index\":104}");
}

static void an_account_lists_its_own_projects(void **state)
{
#define ROW(uuid, name)                                                                            \
    "{\"uuid\":\"" uuid "\",\"owner\":\"alice.test\",\"name\":\"" name                             \
    "\",\"project_id\":\"alice.test/" name "\",\"active_version\":\"" CODE_HASH                    \
    "\",\"created_at\":1700000000000000000,\"storage_deposit\":\"25"
    (void)state;
    returns("[]", "list_user_projects", "{\"account_id\":\"alice.test\"}");
    publish("alice.test", "a");
    publish("bob.test", "a");
    publish("alice.test", "b");
    publish("alice.test", "c");
    as("alice.test");
    ok("delete_project", "{\"project_name\":\"a\"}");
    returns("[" ROW("p0000000000000004", "c") "30000000000000000000\"}," ROW(
                "p0000000000000003", "b") "30000000000000000000\"}]",
            "list_user_projects", "{\"account_id\":\"alice.test\"}");
    panics("not an account id", "list_user_projects", "{\"account_id\":\"A\"}");
}

static void names_that_cannot_be_are_not_found(void **state)
{
    static char args[70000];
    (void)state;
    publish("alice.test", "app");
    memset(args, 'x', sizeof args);
    memcpy(args, "{\"project_id\":\"", 15);
    memcpy(args + 60000, "\",\"version_key\":\"v\"}", 21);
    returns("null", "get_project", args);
    returns("null", "get_version", args);
    returns("[]", "list_versions", args);
    memset(args, 'x', sizeof args);
    memcpy(args, "{\"project_id\":\"alice.test/app\",\"version_key\":\"", 46);
    memcpy(args + 60000, "\"}", 3);
    returns("null", "get_version", args);
    returns("null", "get_project", "{\"project_id\":\"\"}");
    returns("null", "get_project", "{\"project_id\":\"alice.test\"}");
    returns("null", "get_project", "{\"project_id\":\"alice.test/app/\"}");
}

/* Arguments as an array of their values, in the interface's order; a repeated key; what is not used
 * is not looked at. */
static void arguments_come_in_every_form(void **state)
{
    static char args[1 << 20];
    const size_t head = strlen("{\"x\":");
    (void)state;
    as("alice.test");
    paying(100 * MILLI, "create_project", "[\"app\"," WASM(CODE_HASH) "]");
    paying(100 * MILLI, "add_version", "[\"app\"," GIT ",false]");
    ok("set_active_version", "[\"app\",\"" GIT_KEY "\"]");
    returns("2", "get_version_count", "[\"alice.test/app\"]");
    returns("[]", "list_versions", "[\"alice.test/app\",7,9]");
    returns("2", "get_version_count", "{\"version_key\":7,\"project_id\":\"alice.test/app\"}");
    panics("duplicate field name", "create_project",
           "{\"name\":\"a\",\"name\":\"a\",\"source\":" GIT "}");
    panics("missing field source", "create_project", "{\"name\":\"a\"}");
    panics("integer out of range", "list_versions",
           "{\"project_id\":\"a\",\"limit\":18446744073709551616}");
    panics("expected an integer", "list_versions", "{\"project_id\":\"a\",\"limit\":\"1\"}");
    /* 1 MB of brackets that nobody asked for */
    memcpy(args, "{\"x\":", head);
    memset(args + head, '[', 500000);
    memset(args + head + 500000, ']', 500000);
    strcpy(args + head + 1000000, ",\"project_name\":\"app\"}");
    ok("delete_project", args);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_project_costs_what_the_reference_says),
        TEST(a_deposit_covers_what_the_records_lock),
        TEST(creating_checks_in_order),
        TEST(uuids_count_up_and_are_never_used_again),
        TEST(a_uuid_has_sixteen_lowercase_hex_digits),
        TEST(versions_are_added_chosen_and_removed),
        TEST(adding_checks_in_order),
        TEST(only_the_owner_reaches_a_project),
        TEST(deleting_gives_back_every_deposit),
        TEST(lists_are_paged_and_bounded),
        TEST(an_account_lists_its_own_projects),
        TEST(names_that_cannot_be_are_not_found),
        TEST(arguments_come_in_every_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
