/* tests/unit/verify/test_events.c — event logs: what they replay to, and what a log cannot make us
 * believe. */
#include "events_test.h"

static void refused(const char *log)
{
    struct alc_events e;
    enum alc_refusal r = replay(&e, log);
    if (r != ALC_REFUSAL_EVENTS_FORMAT) fail_msg("%s: %s", alc_refusal_word(r), log);
}

static void taken(struct alc_events *e, const char *log)
{
    enum alc_refusal r = replay(e, log);
    if (r != ALC_REFUSAL_NONE) fail_msg("%s: %s", alc_refusal_word(r), log);
}

static void the_published_log_replays_to_its_rtmr(void **state)
{
    struct alc_events e;
    (void)state;

    taken(&e, MPC_LOG);
    assert_hex(e.rtmr[3], 48, MPC_RTMR3);
    assert_int_equal(e.count, 8);
    assert_hex(e.app_id.p, e.app_id.n, APP_ID);
    assert_hex(e.compose_hash.p, e.compose_hash.n, COMPOSE_HASH);
    assert_true(e.instance_id.p != NULL && e.instance_id.n == 0); /* there, and empty */
    assert_true(alc_bytes_is(
        e.key_provider, "{\"name\":\"local-sgx\",\"id\":"
                        "\"1b7a49378403249b6986a907844cab0921eca32dd47e657f3c10311ccaeccf8b\"}"));
    assert_null(e.os_image_hash.p);
    assert_null(e.policy_hash.p);
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 48; k++)
            assert_int_equal(e.rtmr[i][k], 0);
}

/* The digest that a log gives for a runtime event is not looked at, so that it cannot stand for
 * another name or payload. */
static void a_given_digest_is_never_taken_for_a_runtime_event(void **state)
{
    static const char lie[] =
        "{\"imr\":3,\"event_type\":134217729,\"event\":\"app-id\",\"event_payload\":"
        "\"0000000000000000000000000000000000000001\",\"digest\":\"";
    struct alc_events honest, e;
    uint8_t digest[48];
    char log[1024], hex[97];
    size_t n;
    (void)state;

    taken(&honest, "[" RUNTIME("app-id", APP_ID) "]");
    /* The digest of the honest event, under a name with another payload. */
    {
        uint8_t text[4 + 1 + 6 + 1 + 20] = {1, 0, 0, 8, ':', 'a', 'p', 'p', '-', 'i', 'd', ':'};
        assert_true(alc_hex_decode(text + 12, 20, &n, ALC_LIT(APP_ID)));
        alc_sha384(digest, (struct alc_bytes){text, sizeof text});
    }
    assert_true(alc_hex_encode(hex, sizeof hex, &n, (struct alc_bytes){digest, 48}));
    hex[n] = 0;
    snprintf(log, sizeof log, "[%s%s\"}]", lie, hex);
    taken(&e, log);
    assert_memory_not_equal(e.rtmr[3], honest.rtmr[3], 48);
}

static void a_changed_name_payload_or_order_leads_elsewhere(void **state)
{
    static const char *const logs[] = {
        "[" RUNTIME("app-iD", APP_ID) "," RUNTIME("compose-hash", COMPOSE_HASH) "]",
        "[" RUNTIME("app-id", "258bbd49ae0fd84652c84c4c834055b1d8bcdc45") "," RUNTIME(
            "compose-hash", COMPOSE_HASH) "]",
        "[" RUNTIME("compose-hash", COMPOSE_HASH) "," RUNTIME("app-id", APP_ID) "]",
        "[" RUNTIME("app-id", APP_ID) "]",
        "[]",
        "[" RUNTIME_V2("app-id", APP_ID) "," RUNTIME("compose-hash", COMPOSE_HASH) "]",
    };
    struct alc_events honest, e;
    (void)state;

    taken(&honest, "[" RUNTIME("app-id", APP_ID) "," RUNTIME("compose-hash", COMPOSE_HASH) "]");
    for (size_t i = 0; i < sizeof logs / sizeof *logs; i++) {
        taken(&e, logs[i]);
        assert_memory_not_equal(e.rtmr[3], honest.rtmr[3], 48);
    }
}

/* After the boot the application emits what it likes. */
static void a_second_name_of_the_system_fails_the_log(void **state)
{
    (void)state;
    refused("[" MPC_BOOT "," RUNTIME("compose-hash", COMPOSE_HASH) "]");
    refused("[" MPC_BOOT "," RUNTIME("app-id", APP_ID) "]");
    refused("[" MPC_BOOT "," RUNTIME("instance-id", "") "]");
    refused("[" MPC_BOOT "," RUNTIME("boot-mr-done", "") "]");
    refused("[" MPC_BOOT "," RUNTIME("system-ready", "") "," RUNTIME("system-ready", "") "]");
    refused("[" MPC_BOOT
            "," RUNTIME("key-provider", "7b7d") "," RUNTIME("key-provider", "7b7d") "]");
    refused("[" RUNTIME("app-id", APP_ID) "," RUNTIME("app-id", APP_ID) "," RUNTIME("boot-mr-done",
                                                                                    "") "]");
    refused(
        "[" RUNTIME("alcove-policy", COMPOSE_HASH) "," RUNTIME("alcove-policy", COMPOSE_HASH) "]");
}

static void a_name_after_its_place_is_not_believed(void **state)
{
    struct alc_events e;
    (void)state;

    taken(&e, "[" RUNTIME("boot-mr-done", "") "," RUNTIME("app-id", APP_ID) "," RUNTIME(
                  "compose-hash", COMPOSE_HASH) "," RUNTIME("os-image-hash", COMPOSE_HASH) "]");
    assert_null(e.app_id.p);
    assert_null(e.compose_hash.p);
    assert_null(e.os_image_hash.p);
    taken(&e, "[" RUNTIME("boot-mr-done", "") "," RUNTIME("system-ready", "") "," RUNTIME(
                  "key-provider", "7b7d") "]");
    assert_null(e.key_provider.p);
    /* Who never says that the boot is done, may be the application all along. */
    taken(&e, "[" RUNTIME("app-id", APP_ID) "," RUNTIME("key-provider", "7b7d") "]");
    assert_null(e.app_id.p);
    assert_null(e.key_provider.p);
}

static void our_policy_may_come_late_and_once(void **state)
{
    struct alc_events e;
    (void)state;

    taken(&e, "[" MPC_BOOT
              "," RUNTIME("system-ready", "") "," RUNTIME("alcove-policy", COMPOSE_HASH) "]");
    assert_hex(e.policy_hash.p, e.policy_hash.n, COMPOSE_HASH);
    refused("[" RUNTIME("alcove-policy", "00") "]");
    refused("[" RUNTIME("alcove-policy", "") "]");
}

/* A digest alone in RTMR3 could hide the boot's events, and leave their names to the application:
 * the RTMR would fit all the same. */
static void rtmr3_takes_no_bare_digests(void **state)
{
    static const char zeros[] = "000000000000000000000000000000000000000000000000000000000000000000"
                                "000000000000000000000000000000";
    char log[512];
    struct alc_events e;
    (void)state;

    snprintf(log, sizeof log, "[{\"imr\":3,\"event_type\":1,\"digest\":\"%s\"}]", zeros);
    refused(log);
    snprintf(log, sizeof log, "[{\"imr\":2,\"event_type\":1,\"digest\":\"%s\"}]", zeros);
    taken(&e, log);
    /* and runtime events belong nowhere else */
    refused("[{\"imr\":2,\"event_type\":134217729,\"digest\":\"\",\"event\":\"app-id\","
            "\"event_payload\":\"" APP_ID "\"}]");
}

/* "compose-hash" with a colon in its payload has the digest of "compose-hash:..." with the rest. */
static void a_colon_cannot_move_between_name_and_payload(void **state)
{
    struct alc_events e;
    (void)state;

    taken(&e, "[" RUNTIME("a", "623a63") "]");
    refused("[" RUNTIME("a:b", "63") "]");
    /* In version 2 both are quoted. */
    taken(&e, "[" RUNTIME_V2("a:b", "63") "]");
}

/* Digests of the firmware's events, extended one after the other. */
static void other_rtmrs_follow_the_digests(void **state)
{
    struct alc_events e;
    uint8_t both[96] = {0}, want[48];
    char log[1024], a[97], b[97];
    (void)state;

    memset(a, 'a', 96);
    memset(b, 'B', 96);
    a[96] = b[96] = 0;
    snprintf(log, sizeof log,
             "[{\"imr\":0,\"event_type\":2147483659,\"digest\":\"%s\",\"event\":\"\","
             "\"event_payload\":\"\"},{\"imr\":1,\"event_type\":4,\"digest\":\"%s\"},"
             "{\"imr\":0,\"event_type\":4,\"digest\":\"%s\",\"event\":\"app-id\"}]",
             a, a, b);
    taken(&e, log);
    assert_int_equal(e.count, 3);
    memset(both + 48, 0xaa, 48);
    alc_sha384(want, (struct alc_bytes){both, 96});
    assert_memory_equal(e.rtmr[1], want, 48);
    memcpy(both, want, 48);
    memset(both + 48, 0xbb, 48);
    alc_sha384(want, (struct alc_bytes){both, 96});
    assert_memory_equal(e.rtmr[0], want, 48);
    assert_null(e.app_id.p); /* a name there is decoration */
}

static void version_2_hashes_its_canonical_text(void **state)
{
    static const char text[] = "{\"name\":\"q\\\"\\\\\\b\\f\\n\\r\\t\\u0001\xc3\xa9\","
                               "\"payload\":\"00ff\",\"type\":134217729}";
    uint8_t both[96] = {0}, want[48];
    struct alc_events e;
    (void)state;

    alc_sha384(both + 48, alc_cstr(text));
    alc_sha384(want, (struct alc_bytes){both, 96});
    taken(&e, "[" RUNTIME_V2("q\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u00e9", "00FF") "]");
    assert_memory_equal(e.rtmr[3], want, 48);

    /* The text may stand in the log; then it is that one. */
    taken(&e, "[{\"imr\":3,\"event_type\":134217729,\"event\":\"a\",\"event_payload\":\"0A\","
              "\"version\":2,\"preimage\":"
              "\"{\\\"name\\\":\\\"a\\\",\\\"payload\\\":\\\"0a\\\",\\\"type\\\":134217729}\"}]");
    refused("[{\"imr\":3,\"event_type\":134217729,\"event\":\"a\",\"event_payload\":\"0A\","
            "\"version\":2,\"preimage\":"
            "\"{\\\"name\\\":\\\"b\\\",\\\"payload\\\":\\\"0a\\\",\\\"type\\\":134217729}\"}]");
}

static void what_cannot_be_decoded_fails(void **state)
{
    static const char *const logs[] = {
        "",
        "{}",
        "[",
        "[1]",
        "[{}]",
        "[]]",
        "null",
        "[{\"imr\":0,\"event_type\":1,\"digest\":\"\"}]",
        "[{\"imr\":0,\"event_type\":1,\"digest\":\"00\"}]",
        "[{\"imr\":0,\"event_type\":1}]",
        "[{\"imr\":0,\"event_type\":1,\"digest\":null}]",
        "[{\"imr\":4,\"event_type\":1,\"digest\":\"00\"}]",
        "[{\"imr\":3,\"event_type\":134217729,\"digest\":\"zz\",\"event\":\"a\","
        "\"event_payload\":\"\"}]",
        "[{\"imr\":3,\"event_type\":134217729,\"digest\":\"\",\"event\":\"a\"}]",
        "[{\"imr\":3,\"event_type\":134217729,\"digest\":\"\",\"event_payload\":\"\"}]",
        "[" RUNTIME("a", "0") "]",
        "[" RUNTIME("a", "0g") "]",
        "[{\"imr\":3,\"event_type\":134217729,\"event\":\"a\",\"event_payload\":\"\","
        "\"version\":3}]",
        "[{\"imr\":3,\"event_type\":134217729,\"event\":\"a\",\"event_payload\":\"\","
        "\"version\":0}]",
        "[{\"imr\":3,\"event_type\":134217729,\"event\":\"a\",\"event\":\"a\","
        "\"event_payload\":\"\"}]",
        "[" RUNTIME("app-id", "00") "]",
        "[" RUNTIME("boot-mr-done", "00") "]",
        "[" RUNTIME("a", "") "] x",
    };
    (void)state;
    for (size_t i = 0; i < sizeof logs / sizeof *logs; i++)
        refused(logs[i]);
}

static void without_sha384_there_is_no_replay(void **state)
{
    struct alc_verify_ops ops = alc_verify_native;
    struct alc_verify_work work = ALC_VERIFY_WORK(events_work);
    struct alc_events e;
    (void)state;

    ops.sha384 = NULL;
    assert_int_equal(alc_events_replay(&e, alc_cstr(MPC_LOG), &work, &ops),
                     ALC_REFUSAL_EVENTS_FORMAT);
}

static void little_memory_suffices_for_long_logs_and_too_little_is_refused(void **state)
{
    static char log[600u << 10];
    static uint8_t small[2048];
    struct alc_events e;
    size_t n = 1, ok = 0;
    (void)state;

    log[0] = '[';
    for (int i = 0; i < 4000; i++)
        n += (size_t)snprintf(log + n, sizeof log - n, "%s%s", i == 0 ? "" : ",",
                              RUNTIME("of-the-application", "00112233"));
    log[n++] = ']';
    log[n] = 0;
    for (size_t cap = 0; cap <= sizeof small; cap++) {
        struct alc_verify_work work = {small, cap, 0};
        enum alc_refusal r =
            alc_events_replay(&e, (struct alc_bytes){(uint8_t *)log, n}, &work, &alc_verify_native);
        if (r == ALC_REFUSAL_NONE) ok++;
        if (r == ALC_REFUSAL_NONE) break;
    }
    assert_int_equal(ok, 1);
    assert_int_equal(e.count, 4000);
    for (size_t cap = 0; cap <= sizeof small; cap++) {
        struct alc_verify_work work = {small, cap, 0};
        if (alc_events_replay(&e, alc_cstr(MPC_LOG), &work, &alc_verify_native) ==
            ALC_REFUSAL_NONE) {
            assert_hex(e.rtmr[3], 48, MPC_RTMR3);
            return;
        }
    }
    fail();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_log_replays_to_its_rtmr),
        cmocka_unit_test(a_given_digest_is_never_taken_for_a_runtime_event),
        cmocka_unit_test(a_changed_name_payload_or_order_leads_elsewhere),
        cmocka_unit_test(a_second_name_of_the_system_fails_the_log),
        cmocka_unit_test(a_name_after_its_place_is_not_believed),
        cmocka_unit_test(our_policy_may_come_late_and_once),
        cmocka_unit_test(rtmr3_takes_no_bare_digests),
        cmocka_unit_test(a_colon_cannot_move_between_name_and_payload),
        cmocka_unit_test(other_rtmrs_follow_the_digests),
        cmocka_unit_test(version_2_hashes_its_canonical_text),
        cmocka_unit_test(what_cannot_be_decoded_fails),
        cmocka_unit_test(without_sha384_there_is_no_replay),
        cmocka_unit_test(little_memory_suffices_for_long_logs_and_too_little_is_refused),
    };
    alc_crypto_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
