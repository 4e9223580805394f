/* tests/unit/worker/test_request.c — request_data is read into types, and what is wrong is named.
 */
#include "worker_test.h"

#define HASH "2848cc7dd8dc9b143918c207b187afb2d80d9e37e9a5caa17ae26ac36d2148ef"
#define LIMITS                                                                                     \
    "{\"max_instructions\":1000000000,\"max_memory_mb\":128,\"max_execution_seconds\":60}"
#define SOURCE(target)                                                                             \
    "{\"WasmUrl\":{\"url\":\"https://modules.example/a.wasm\",\"hash\":\"" HASH                    \
    "\",\"build_target\":" target "}}"

/* The members of a whole request, in the order of the interface. */
static const struct member {
    const char *key, *value;
} members[] = {
    {"request_id", "41"},
    {"sender_id", "\"alice.near\""},
    {"predecessor_id", "\"app.near\""},
    {"code_source", SOURCE("\"wasm32-wasip1\"")},
    {"resource_limits", LIMITS},
    {"input_data", "\"hi\""},
    {"input_data_in_state", "false"},
    {"secrets_ref", "null"},
    {"response_format", "\"Json\""},
    {"payment", "\"50000000000000000000000\""},
    {"attached_usd", "\"0\""},
    {"timestamp", "1785000000000000000"},
    {"compile_only", "false"},
    {"force_rebuild", "false"},
    {"store_on_fastfs", "false"},
    {"use_bound_identity", "false"},
    {"project_uuid", "null"},
    {"project_id", "null"},
};
#define MEMBERS (sizeof members / sizeof members[0])

struct fixture {
    struct alc_arena arena;
    struct wk_request request;
    struct alc_err err;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    if (f == NULL) return -1;
    f->arena = ALC_ARENA(1u << 20);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    alc_arena_fini(&f->arena);
    free(f);
    return 0;
}

/* read_text reads from a copy that is gone when it returns. */
static enum alc_rc read_text(struct fixture *f, const char *text)
{
    size_t n = strlen(text);
    uint8_t *copy = malloc(n + (n == 0));
    enum alc_rc rc;

    assert_non_null(copy);
    if (n > 0) memcpy(copy, text, n);
    f->err = (struct alc_err){0};
    rc = wk_request_read(&f->request, (struct alc_bytes){copy, n}, &f->arena, &f->err);
    free(copy);
    return rc;
}

/* with reads the whole request with `key` set to `value`, or without it when `value` is NULL. */
static enum alc_rc with(struct fixture *f, const char *key, const char *value)
{
    struct alc_buf text = ALC_BUF(1u << 20);
    struct alc_jw w = {.out = &text};
    bool found = false;
    enum alc_rc rc;

    alc_jw_obj(&w);
    for (size_t i = 0; i < MEMBERS; i++) {
        bool it = strcmp(members[i].key, key) == 0;
        const char *v = it ? value : members[i].value;
        found |= it;
        if (v == NULL) continue;
        alc_jw_key(&w, members[i].key);
        alc_jw_raw(&w, bytes(v));
    }
    if (!found && value != NULL) {
        alc_jw_key(&w, key);
        alc_jw_raw(&w, bytes(value));
    }
    alc_jw_end(&w);
    rc = read_text(f, alc_buf_text(&text));
    alc_buf_fini(&text);
    return rc;
}

static void names_it(struct fixture *f, const char *key, const char *value)
{
    char want[96];

    snprintf(want, sizeof want, "request_data.%s is missing or not what it should be", key);
    if (with(f, key, value) != ALC_BAD_INPUT || strstr(f->err.text, want) == NULL)
        fail_msg("%s = %s: %s", key, value == NULL ? "(absent)" : value, f->err.text);
}

static void reads(struct fixture *f, const char *key, const char *value)
{
    if (with(f, key, value) != ALC_OK)
        fail_msg("%s = %s: %s", key, value == NULL ? "(absent)" : value, f->err.text);
}

static void a_whole_request_is_read(void **state)
{
    struct fixture *f = *state;
    struct wk_request *r = &f->request;

    reads(f, "proof", "\"key\"");
    assert_int_equal(r->request_id, 41);
    assert_true(alc_bytes_is(r->signer_id, "alice.near"));
    assert_true(alc_bytes_is(r->predecessor_id, "app.near"));
    assert_true(alc_bytes_is(r->url, "https://modules.example/a.wasm"));
    assert_true(alc_bytes_is(r->hash_hex, HASH));
    assert_int_equal(r->code.b[0], 0x28);
    assert_int_equal(r->code.b[31], 0xef);
    assert_int_equal(r->target, ALC_TARGET_P1);
    assert_int_equal(r->limits.max_instructions, 1000000000);
    assert_int_equal(r->limits.max_memory_mb, 128);
    assert_int_equal(r->limits.max_ms, 60000);
    assert_int_equal(r->limits.max_output_bytes, 256u << 10);
    assert_true(alc_bytes_is(r->input, "hi"));
    assert_int_equal(r->format, WK_JSON);
    assert_string_equal(r->payment, "50000000000000000000000");
    assert_string_equal(r->attached_usd, "0");
    assert_true(r->proof);
    assert_false(r->github || r->input_in_state || r->compile_only || r->force_rebuild ||
                 r->store_on_fastfs || r->secrets || r->with_proof);
    assert_int_equal(r->project_id.n + r->project_uuid.n, 0);
    assert_null(wk_request_unbuilt(r));
}

static void what_may_be_absent_may_be_absent(void **state)
{
    static const char *const keys[] = {
        "input_data_in_state", "secrets_ref",   "response_format", "timestamp",
        "compile_only",        "force_rebuild", "store_on_fastfs", "use_bound_identity",
        "project_uuid",        "project_id",    "proof",           "with_proof",
        "a key of tomorrow"};
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        reads(f, keys[i], NULL);
    reads(f, "response_format", NULL);
    assert_int_equal(f->request.format, WK_TEXT);
    reads(f, "a key of tomorrow", "{\"a\":[1]}");
}

static void what_is_missing_is_named(void **state)
{
    static const char *const keys[] = {"request_id",      "sender_id",   "predecessor_id",
                                       "code_source",     "input_data",  "payment",
                                       "resource_limits", "attached_usd"};
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        names_it(f, keys[i], NULL);
        names_it(f, keys[i], "null");
        names_it(f, keys[i], "true");
        names_it(f, keys[i], "[]");
        names_it(f, keys[i], "{}");
    }
}

static void what_is_wrong_is_named(void **state)
{
    static const struct member cases[] = {
        {"request_id", "-1"},
        {"request_id", "\"41\""},
        {"request_id", "41.0"},
        {"request_id", "99999999999999999999"},
        {"sender_id", "7"},
        {"code_source", "{\"WasmUrl\":null}"},
        {"code_source", "{\"WasmUrl\":{\"url\":\"https://a\"}}"},
        {"code_source", "{\"WasmUrl\":{\"hash\":\"" HASH "\"}}"},
        {"code_source", "{\"WasmUrl\":{\"url\":7,\"hash\":\"" HASH "\"}}"},
        {"code_source", "{\"WasmUrl\":{\"url\":\"https://a\",\"hash\":\"\"}}"},
        {"code_source", "{\"WasmUrl\":{\"url\":\"https://a\",\"hash\":\"28\"}}"},
        {"code_source", "{\"WasmUrl\":{\"url\":\"https://a\",\"hash\":\"" HASH "00\"}}"},
        {"code_source",
         "{\"WasmUrl\":{\"url\":\"https://a\",\"hash\":\"zz48cc7dd8dc9b143918c207b187"
         "afb2d80d9e37e9a5caa17ae26ac36d2148ef\"}}"},
        {"code_source", SOURCE("7")},
        {"code_source", "{\"Ftp\":{}}"},
        {"resource_limits", "{\"max_memory_mb\":1,\"max_execution_seconds\":1}"},
        {"resource_limits", "{\"max_instructions\":1,\"max_execution_seconds\":1}"},
        {"resource_limits", "{\"max_instructions\":1,\"max_memory_mb\":1}"},
        {"resource_limits", "{\"max_instructions\":null,\"max_memory_mb\":1,"
                            "\"max_execution_seconds\":1}"},
        {"resource_limits", "{\"max_instructions\":-1,\"max_memory_mb\":1,"
                            "\"max_execution_seconds\":1}"},
        {"resource_limits", "{\"max_instructions\":1,\"max_memory_mb\":4294967296,"
                            "\"max_execution_seconds\":1}"},
        {"resource_limits", "{\"max_instructions\":1,\"max_memory_mb\":1,"
                            "\"max_execution_seconds\":4294968}"},
        {"input_data", "7"},
        {"input_data_in_state", "0"},
        {"input_data_in_state", "\"false\""},
        {"response_format", "\"text\""},
        {"response_format", "\"\""},
        {"response_format", "\"Json \""},
        {"response_format", "7"},
        {"payment", "50000000000000000000000"},
        {"attached_usd", "0"},
        {"compile_only", "1"},
        {"force_rebuild", "\"\""},
        {"store_on_fastfs", "{}"},
        {"with_proof", "1"},
        {"proof", "true"},
        {"proof", "{}"},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        names_it(f, cases[i].key, cases[i].value);
}

static void text_that_is_no_request_is_bad_input(void **state)
{
    static const char *const texts[] = {"",
                                        "x",
                                        "{",
                                        "null",
                                        "7",
                                        "\"{}\"",
                                        "[]",
                                        "{}",
                                        "{\"request_id\":1,\"request_id\":2}",
                                        "{} {}",
                                        "{\"input_data\":\"\xff\"}",
                                        "{\"input_data\":\"\x01\"}"};
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_int_equal(read_text(f, texts[i]), ALC_BAD_INPUT);
        assert_true(f->err.text[0] != 0);
    }
}

static void limits_are_taken_as_they_stand(void **state)
{
    struct fixture *f = *state;

    reads(f, "resource_limits",
          "{\"max_instructions\":0,\"max_memory_mb\":0,\"max_execution_seconds\":0}");
    assert_int_equal(f->request.limits.max_instructions, 0);
    assert_int_equal(f->request.limits.max_memory_mb, 0);
    assert_int_equal(f->request.limits.max_ms, 0);
    reads(f, "resource_limits",
          "{\"max_instructions\":500000000000,\"max_memory_mb\":4294967295,"
          "\"max_execution_seconds\":4294967}");
    assert_true(f->request.limits.max_instructions == UINT64_C(500000000000));
    assert_int_equal(f->request.limits.max_memory_mb, UINT32_MAX);
    assert_int_equal(f->request.limits.max_ms, 4294967000u);
}

static void an_input_comes_as_its_bytes(void **state)
{
    static const struct {
        const char *json;
        struct alc_bytes want;
    } cases[] = {
        {"\"\"", ALC_LIT("")},
        {"\"caf\xc3\xa9 \xf0\x9f\x98\x80\"", ALC_LIT("caf\xc3\xa9 \xf0\x9f\x98\x80")},
        {"\"\\u00e9\\ud83d\\ude00\"", ALC_LIT("\xc3\xa9\xf0\x9f\x98\x80")},
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", ALC_LIT("\"\\/\b\f\n\r\t")},
        {"\"a\\u0000b\"", ALC_LIT("a\0b")},
        {"\"{\\\"input_data\\\":\\\"x\\\"}\"", ALC_LIT("{\"input_data\":\"x\"}")},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        reads(f, "input_data", cases[i].json);
        assert_int_equal(f->request.input.n, cases[i].want.n);
        assert_true(alc_bytes_eq(f->request.input, cases[i].want));
    }
}

/* 9,999 bytes is the most that a contract announces; each may be escaped. */
static void the_longest_announced_input_is_read(void **state)
{
    struct fixture *f = *state;
    size_t n = 9999;
    char *text = malloc(n * 6 + 3), *p = text;

    assert_non_null(text);
    *p++ = '"';
    for (size_t i = 0; i < n; i++, p += 6)
        memcpy(p, "\\u0001", 6);
    memcpy(p, "\"", 2);
    reads(f, "input_data", text);
    assert_int_equal(f->request.input.n, n);
    free(text);
}

static void a_text_over_the_limit_is_refused(void **state)
{
    struct fixture *f = *state;
    size_t n = 65u << 10;
    char *text = malloc(n + 1);

    assert_non_null(text);
    memset(text, ' ', n);
    text[n] = 0;
    assert_int_equal(read_text(f, text), ALC_LIMIT);
    free(text);
}

static void targets_have_their_kind(void **state)
{
    static const struct {
        const char *source;
        enum alc_target target;
    } cases[] = {
        {SOURCE("null"), ALC_TARGET_ANY},
        {SOURCE("\"wasm32-wasip2\""), ALC_TARGET_P2},
        {SOURCE("\"wasm32-wasip1\""), ALC_TARGET_P1},
        {SOURCE("\"wasm32-wasi\""), ALC_TARGET_P1},
        {SOURCE("\"wasm32-unknown-unknown\""), ALC_TARGET_ANY},
        {"{\"WasmUrl\":{\"url\":\"https://a\",\"hash\":\"" HASH "\"}}", ALC_TARGET_ANY},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        reads(f, "code_source", cases[i].source);
        assert_int_equal(f->request.target, cases[i].target);
    }
}

static void proof_is_asked_for_by_any_level_but_none(void **state)
{
    struct fixture *f = *state;

    reads(f, "proof", "\"none\"");
    assert_false(f->request.proof);
    reads(f, "proof", "null");
    assert_false(f->request.proof);
    reads(f, "proof", "\"onchain\""); /* the contract decides which levels there are */
    assert_true(f->request.proof);
    reads(f, "with_proof", "true");
    assert_true(f->request.with_proof);
    assert_false(f->request.proof);
}

/* with_project reads the whole request with these two, NULL for null. */
static enum alc_rc with_project(struct fixture *f, const char *id, const char *uuid)
{
    char text[2048];

    snprintf(text, sizeof text,
             "{\"request_id\":1,\"sender_id\":\"a.near\",\"predecessor_id\":\"a.near\","
             "\"code_source\":" SOURCE(
                 "null") ",\"resource_limits\":" LIMITS
                         ",\"input_data\":\"\",\"payment\":\"1\",\"attached_usd\":\"5\","
                         "\"project_uuid\":%s,\"project_id\":%s}",
             uuid, id);
    return read_text(f, text);
}

#define UUID "\"p00000000000000fe\""

static void a_project_runs_by_the_code_it_was_resolved_to(void **state)
{
    struct fixture *f = *state;
    struct wk_request *r = &f->request;

    assert_int_equal(with_project(f, "\"alice.near/oracle\"", UUID), ALC_OK);
    assert_true(alc_bytes_is(r->project_id, "alice.near/oracle"));
    assert_true(alc_bytes_is(r->project_owner, "alice.near"));
    assert_true(alc_bytes_is(r->project_name, "oracle"));
    assert_true(alc_bytes_is(r->project_uuid, "p00000000000000fe"));
    assert_true(alc_bytes_is(r->hash_hex, HASH));
    assert_null(wk_request_unbuilt(r));
    /* a version 8 name may hold anything; the owner ends at the first slash */
    assert_int_equal(with_project(f, "\"alice.near/a/b\"", UUID), ALC_OK);
    assert_true(alc_bytes_is(r->project_name, "a/b"));
}

/* Storage is opened by the uuid: alone it is nobody's. */
static void a_project_is_named_by_id_and_uuid_together(void **state)
{
    static const char *const uuids[] = {
        "null",
        "7",
        "\"\"",
        "\"p\"",
        "\"p00000000000000f\"",
        "\"p00000000000000fee\"",
        "\"p00000000000000FE\"",
        "\"q00000000000000fe\"",
        "\"p0000000000000/fe\"",
        "\"p0000000000000\\u0000fe\"",
    };
    static const char *const ids[] = {"null",           "7",           "\"\"",
                                      "\"alice.near\"", "\"/oracle\"", "\"alice.near/\""};
    struct fixture *f = *state;
    char id[160] = "\"a/", *end = id + 3;

    for (size_t i = 0; i < sizeof uuids / sizeof uuids[0]; i++) {
        assert_int_equal(with_project(f, "\"alice.near/oracle\"", uuids[i]), ALC_BAD_INPUT);
        assert_non_null(strstr(f->err.text, "request_data.project_uuid"));
    }
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        assert_int_equal(with_project(f, ids[i], UUID), ALC_BAD_INPUT);
        assert_non_null(strstr(f->err.text, "request_data.project_id"));
    }
    assert_int_equal(with_project(f, "null", "null"), ALC_OK);
    memset(end, 'x', 126); /* as much as a statement has room for */
    memcpy(end + 126, "\"", 2);
    assert_int_equal(with_project(f, id, UUID), ALC_OK);
    memcpy(end + 126, "x\"", 3);
    assert_int_equal(with_project(f, id, UUID), ALC_BAD_INPUT);
}

static void unbuilt(struct fixture *f, const char *key, const char *value, const char *word)
{
    const char *sentence;

    reads(f, key, value);
    sentence = wk_request_unbuilt(&f->request);
    if (sentence == NULL || strstr(sentence, word) == NULL)
        fail_msg("%s = %s: %s", key, value, sentence == NULL ? "taken" : sentence);
}

static void what_is_not_built_says_so(void **state)
{
    struct fixture *f = *state;

    unbuilt(f, "code_source",
            "{\"GitHub\":{\"repo\":\"https://github.com/a/b\",\"commit\":\"main\","
            "\"build_target\":\"wasm32-wasip1\"}}",
            "GitHub");
    unbuilt(f, "secrets_ref", "{\"profile\":\"default\",\"account_id\":\"alice.near\"}",
            "secrets_ref");
    unbuilt(f, "force_rebuild", "true", "force_rebuild");
    unbuilt(f, "store_on_fastfs", "true", "store_on_fastfs");
    reads(f, "compile_only", "true");
    assert_true(f->request.compile_only);
    assert_null(wk_request_unbuilt(&f->request));
}

static void an_arena_without_room_fails(void **state)
{
    struct fixture *f = *state;

    f->arena.max_bytes = f->arena.used_bytes + 64;
    assert_int_not_equal(with(f, "proof", NULL), ALC_OK);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_whole_request_is_read),
        TEST(what_may_be_absent_may_be_absent),
        TEST(what_is_missing_is_named),
        TEST(what_is_wrong_is_named),
        TEST(text_that_is_no_request_is_bad_input),
        TEST(limits_are_taken_as_they_stand),
        TEST(an_input_comes_as_its_bytes),
        TEST(the_longest_announced_input_is_read),
        TEST(a_text_over_the_limit_is_refused),
        TEST(targets_have_their_kind),
        TEST(proof_is_asked_for_by_any_level_but_none),
        TEST(a_project_runs_by_the_code_it_was_resolved_to),
        TEST(a_project_is_named_by_id_and_uuid_together),
        TEST(what_is_not_built_says_so),
        TEST(an_arena_without_room_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
