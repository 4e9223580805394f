/* tests/unit/engine/test_host.c — calls of a guest that wait for the host.
 *
 * The guest near_rpc asks `raw` with ("hello", "wörld"), then with the strings of each answer, so
 * that a host of our own sees and says everything; two empty strings end it. */
#include "fixture.h"

#include "base/borsh.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>

#define ANSWERS_MAX 4u
#define SEEN_MAX 8u
#define NEVER UINT32_MAX
#define NO_VERB (-1)
#define SAYS(v, e) {.value = (v), .error = (e)}

/* What the host does with one call. */
struct answer {
    const char *value, *error;
    struct alc_bytes bytes; /* instead of the two strings, when not empty */
    uint32_t after;         /* so many polls that find nothing; NEVER */
    bool no_verb, lost;
    bool cancels; /* the run, at its second poll */
};

/* A host and what it saw.  Callbacks only take notes: nothing may jump out of a guest's call. */
struct fake {
    struct answer answers[ANSWERS_MAX]; /* further calls get two empty strings */
    volatile bool cancel;
    atomic_uint *met; /* hosts that were started; the answer waits for two */
    char verb[64];
    uint8_t request[SEEN_MAX][64];
    size_t request_n[SEEN_MAX];
    size_t calls, reads, cancels;
    uint32_t polls; /* of the call that is open */
    bool open;
    bool misused; /* a handle that is not open, a read before its time, or too long a wait */
};

static const struct answer *answer_of(const struct fake *f, int64_t handle)
{
    static const struct answer last = SAYS("", "");
    const size_t i = (size_t)handle;

    return i < ANSWERS_MAX && f->answers[i].value != NULL ? &f->answers[i] : &last;
}

static bool is_open(struct fake *f, int64_t handle)
{
    const bool known = f->open && handle == (int64_t)f->calls - 1;

    if (!known) f->misused = true;
    return known;
}

static int64_t start(void *ctx, const char *verb, struct alc_bytes request)
{
    struct fake *f = ctx;
    const size_t i = f->calls++;

    if (f->open || i >= SEEN_MAX || request.n > sizeof f->request[i]) {
        f->misused = true;
        return NO_VERB;
    }
    snprintf(f->verb, sizeof f->verb, "%s", verb);
    memcpy(f->request[i], request.p, request.n);
    f->request_n[i] = request.n;
    if (answer_of(f, (int64_t)i)->no_verb) return NO_VERB;
    f->open = true;
    f->polls = 0;
    if (f->met != NULL && i == 0) atomic_fetch_add(f->met, 1);
    return (int64_t)i;
}

static int poll_call(void *ctx, int64_t handle, uint32_t wait_ms)
{
    struct fake *f = ctx;
    const struct answer *a = answer_of(f, handle);
    const bool alone = f->met != NULL && atomic_load(f->met) < 2;

    if (!is_open(f, handle)) return 1;
    if (wait_ms > 10) f->misused = true;
    if (f->polls >= a->after && a->after != NEVER && !alone) return 1;
    f->polls++;
    if (a->cancels && f->polls == 2) f->cancel = true;
    poll(NULL, 0, (int)wait_ms);
    return 0;
}

static enum alc_rc read_call(void *ctx, int64_t handle, struct alc_arena *arena,
                             struct alc_bytes *answer)
{
    struct fake *f = ctx;
    const struct answer *a = answer_of(f, handle);
    uint8_t b[256];
    struct alc_borsh w = alc_borsh(b, sizeof b);

    if (!is_open(f, handle) || f->polls < a->after) f->misused = true;
    f->open = false;
    f->reads++;
    if (a->lost) return ALC_IO;
    if (a->bytes.p != NULL) return alc_arena_copy(arena, a->bytes, answer) ? ALC_OK : ALC_NOMEM;
    alc_borsh_put_bytes(&w, alc_cstr(a->value));
    alc_borsh_put_bytes(&w, alc_cstr(a->error));
    return alc_arena_copy(arena, (struct alc_bytes){b, w.n}, answer) ? ALC_OK : ALC_NOMEM;
}

static void cancel_call(void *ctx, int64_t handle)
{
    struct fake *f = ctx;

    if (is_open(f, handle)) f->cancels++;
    f->open = false;
}

static struct alc_host host_of(struct fake *f)
{
    return (struct alc_host){
        .ctx = f, .start = start, .poll = poll_call, .read = read_call, .cancel = cancel_call};
}

struct fixture {
    struct alc_engine *engine;
    struct alc_module *guest;
    struct alc_arena arena;
    struct alc_run_result r;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    f->engine = open_engine(&test_conf);
    f->guest = load(f->engine, "near_rpc");
    f->arena = ALC_ARENA(1u << 20);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    alc_arena_fini(&f->arena);
    alc_module_release(f->engine, f->guest);
    alc_engine_close(f->engine);
    free(f);
    return 0;
}

static void run_limited(struct fixture *f, struct alc_module *m, const struct alc_host *host,
                        struct alc_run *run)
{
    struct alc_err err = {0};

    engine_signals_restore();
    alc_arena_fini(&f->arena);
    if (alc_engine_run(f->engine, &f->r, m, run, host, &f->arena, &err) != ALC_OK)
        fail_msg("%s", err.text);
}

static void run_with(struct fixture *f, struct alc_module *m, const struct alc_host *host)
{
    run_limited(f, m, host, &(struct alc_run){.limits = test_limits});
}

/* ask runs the guest; every handle is read or cancelled once, and none is left. */
static void ask(struct fixture *f, struct fake *fake)
{
    const struct alc_host host = host_of(fake);

    run_with(f, f->guest, &host);
    assert_false(fake->misused);
    assert_false(fake->open);
}

static void assert_request(const struct fake *f, size_t i, const char *first, const char *second)
{
    uint8_t b[64];
    struct alc_borsh w = alc_borsh(b, sizeof b);

    alc_borsh_put_uint(&w, 4, 2);
    alc_borsh_put_bytes(&w, alc_cstr(first));
    alc_borsh_put_bytes(&w, alc_cstr(second));
    assert_true(i < f->calls);
    assert_int_equal(f->request_n[i], w.n);
    assert_memory_equal(f->request[i], b, w.n);
}

static void a_call_arrives_with_its_verb_and_strings(void **state)
{
    static const uint8_t request[] = "\2\0\0\0\5\0\0\0hello\6\0\0\0w\xc3\xb6rld";
    struct fixture *f = *state;
    struct fake fake = {0};

    ask(f, &fake);
    assert_int_equal(f->r.end, ALC_RUN_OK);
    assert_string_equal(fake.verb, "near:rpc/api@0.1.0.raw");
    assert_int_equal(fake.calls, 1);
    assert_int_equal(fake.reads, 1);
    assert_int_equal(fake.request_n[0], sizeof request - 1);
    assert_memory_equal(fake.request[0], request, sizeof request - 1);
}

static void an_answer_that_takes_a_while_reaches_the_guest(void **state)
{
    struct fixture *f = *state;
    struct fake fake = {.answers = {{.value = "{\"id\":\"proxy\"}", .error = "", .after = 5}}};

    ask(f, &fake);
    assert_int_equal(f->r.end, ALC_RUN_OK);
    assert_int_equal(fake.calls, 2);
    assert_int_equal(fake.reads, 2);
    assert_int_equal(fake.cancels, 0);
    assert_request(&fake, 1, "{\"id\":\"proxy\"}", "");
}

static void an_error_text_reaches_the_guest(void **state)
{
    struct fixture *f = *state;
    struct fake fake = {.answers = {SAYS("", "Failed to send RPC request")}};

    ask(f, &fake);
    assert_int_equal(f->r.end, ALC_RUN_OK);
    assert_request(&fake, 1, "", "Failed to send RPC request");
}

static void a_verb_that_the_host_lacks_is_an_error_of_the_call(void **state)
{
    struct fixture *f = *state;
    struct fake fake = {.answers = {{.value = "", .no_verb = true}}};

    ask(f, &fake);
    assert_int_equal(f->r.end, ALC_RUN_OK);
    assert_request(&fake, 1, "", "no such call on this host");
    assert_int_equal(fake.reads, 1); /* of the second */
    assert_int_equal(fake.cancels, 0);
}

static void a_request_over_the_limit_does_not_reach_the_host(void **state)
{
    struct fixture *f = *state;
    struct fake fake = {.answers = {SAYS("huge", "")}};

    ask(f, &fake);
    assert_int_equal(f->r.end, ALC_RUN_OK);
    assert_int_equal(fake.calls, 2);
    assert_request(&fake, 1, "", "the request is too large");
}

static void the_clock_ends_a_call_that_is_never_answered(void **state)
{
    struct fixture *f = *state;
    struct fake fake = {.answers = {SAYS("more", ""), {.value = "", .after = NEVER}}};
    const struct alc_host host = host_of(&fake);
    struct alc_run run = {.limits = test_limits};

    run.limits.max_ms = 150;
    run_limited(f, f->guest, &host, &run);
    assert_int_equal(f->r.end, ALC_RUN_TIME);
    assert_true(f->r.time_us >= 150000 && f->r.time_us < 550000); /* on a busy machine */
    assert_in_range(fake.polls, 2, 25); /* of 10 ms: it waited at most 100 ms longer */
    assert_int_equal(fake.calls, 2);
    assert_int_equal(fake.reads, 1);
    assert_int_equal(fake.cancels, 1);
    assert_false(fake.misused);
}

static void a_flag_cancels_a_call_that_waits(void **state)
{
    struct fixture *f = *state;
    struct fake fake = {.answers = {{.value = "", .after = NEVER, .cancels = true}}};
    const struct alc_host host = host_of(&fake);
    struct alc_run run = {.limits = test_limits, .cancel = &fake.cancel};

    run_limited(f, f->guest, &host, &run);
    assert_int_equal(f->r.end, ALC_RUN_CANCELLED);
    assert_in_range(fake.polls, 2, 5); /* it was noticed between two polls */
    assert_int_equal(fake.reads, 0);
    assert_int_equal(fake.cancels, 1);
    assert_false(fake.misused);
}

static void a_guest_that_fails_after_an_answer_leaves_no_handle(void **state)
{
    static char long_text[70000]; /* the guest traps where its memory for it is asked for */
    struct alc_buf over = ALC_BUF(sizeof long_text + 8);
    struct fixture *f = *state;
    struct fake trap = {.answers = {{.value = "trap", .error = "", .after = 1}}};
    struct fake fails = {.answers = {SAYS("fail", "")}};
    struct fake no_room = {.answers = {{.value = ""}}};

    ask(f, &trap);
    assert_int_equal(f->r.end, ALC_RUN_TRAP);
    assert_int_equal(trap.reads, 1);
    assert_int_equal(trap.cancels, 0);
    ask(f, &fails);
    assert_int_equal(f->r.end, ALC_RUN_EXIT);

    memset(long_text, 'x', sizeof long_text);
    alc_buf_put(&over, (uint8_t[]){0x70, 0x11, 1, 0}, 4);
    alc_buf_put(&over, long_text, sizeof long_text);
    alc_buf_put(&over, (uint8_t[]){0, 0, 0, 0}, 4);
    no_room.answers[0].bytes = alc_buf_bytes(&over);
    ask(f, &no_room);
    alc_buf_fini(&over);
    assert_int_equal(f->r.end, ALC_RUN_TRAP);
    assert_non_null(strstr(f->r.text, "unreachable"));
    assert_int_equal(no_room.reads, 1);
    assert_int_equal(no_room.cancels, 0);
}

static void an_answer_that_is_not_two_strings_is_the_hosts_failure(void **state)
{
    static const struct alc_bytes wrong[] = {
        {(const uint8_t *)"\1\0\0", 3},                   /* half a length */
        {(const uint8_t *)"\0\0\0\0", 4},                 /* one string */
        {(const uint8_t *)"\2\0\0\0a\0\0\0\0", 9},        /* a length that is wrong */
        {(const uint8_t *)"\xff\xff\xff\xff\0\0\0\0", 8}, /* one beyond all */
        {(const uint8_t *)"\0\0\0\0\0\0\0\0\0", 9},       /* a byte left over */
        {(const uint8_t *)"\1\0\0\0\xff\0\0\0\0", 9},     /* not UTF-8 */
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct fake fake = {.answers = {{.value = "", .bytes = wrong[i]}}};
        char text[128];

        snprintf(text, sizeof text,
                 "The run failed in the host: the host answered with %zu bytes that are not two "
                 "strings",
                 wrong[i].n);
        ask(f, &fake);
        assert_int_equal(f->r.end, ALC_RUN_HOST);
        assert_string_equal(f->r.text, text);
        assert_int_equal(fake.reads, 1);
        assert_int_equal(fake.cancels, 0);
    }
}

static void an_answer_that_cannot_be_read_is_the_hosts_failure(void **state)
{
    struct alc_buf over = ALC_BUF(ALC_ENGINE_CALL_MAX_BYTES + 1);
    struct fixture *f = *state;
    struct fake fakes[2] = {{.answers = {{.value = "", .lost = true}}},
                            {.answers = {{.value = ""}}}};

    assert_non_null(alc_buf_room(&over, over.max_bytes));
    fakes[1].answers[0].bytes = (struct alc_bytes){over.p, over.max_bytes};
    memset(over.p, 0, over.max_bytes);
    for (size_t i = 0; i < 2; i++) {
        ask(f, &fakes[i]);
        assert_int_equal(f->r.end, ALC_RUN_HOST);
        assert_string_equal(f->r.text,
                            "The run failed in the host: the host lost the answer to a call");
        assert_int_equal(fakes[i].reads, 1);
        assert_int_equal(fakes[i].cancels, 0);
    }
    alc_buf_fini(&over);
}

static void without_such_a_host_the_import_is_unresolved(void **state)
{
    const struct alc_host clocks_alone = {0};
    const struct alc_host *const hosts[] = {NULL, &clocks_alone};
    struct fixture *f = *state;

    for (size_t i = 0; i < 2; i++) {
        run_with(f, f->guest, hosts[i]);
        assert_int_equal(f->r.end, ALC_RUN_MODULE);
        assert_string_equal(f->r.text, "Failed to instantiate component");
        assert_non_null(strstr(f->r.detail, "near:rpc/api@0.1.0"));
        assert_int_equal(f->r.instructions, 0);
    }
}

static void every_function_links_with_its_own_type_alone(void **state)
{
    struct fixture *f = *state;
    struct fake fake = {0};
    const struct alc_host host = host_of(&fake);
    struct alc_module *all = load(f->engine, "near_rpc_all");
    struct alc_module *mistyped = load(f->engine, "near_rpc_mistyped");

    run_with(f, all, &host);
    assert_int_equal(f->r.end, ALC_RUN_OK);
    run_with(f, mistyped, &host);
    assert_int_equal(f->r.end, ALC_RUN_MODULE);
    assert_string_equal(f->r.text, "Failed to instantiate component");
    alc_module_release(f->engine, all);
    alc_module_release(f->engine, mistyped);
}

struct side {
    struct fixture f; /* engine and guest are shared */
    struct fake fake;
};

static void *run_side(void *arg)
{
    struct side *s = arg;
    const struct alc_host host = host_of(&s->fake);
    const struct alc_run run = {.limits = test_limits};

    if (alc_engine_run(s->f.engine, &s->f.r, s->f.guest, &run, &host, &s->f.arena, NULL) != ALC_OK)
        s->fake.misused = true;
    return NULL;
}

static void two_runs_wait_at_once(void **state)
{
    static const char *const values[] = {"for the one", "for the other"};
    const struct fixture *f = *state;
    struct side sides[2];
    pthread_t threads[2];
    atomic_uint met = 0; /* neither is answered before both have asked */

    engine_signals_restore();
    for (size_t i = 0; i < 2; i++) {
        sides[i] = (struct side){.f = {f->engine, f->guest, ALC_ARENA(1u << 20), {0}},
                                 .fake = {.answers = {SAYS(values[i], "")}, .met = &met}};
        assert_int_equal(pthread_create(&threads[i], NULL, run_side, &sides[i]), 0);
    }
    for (size_t i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    for (size_t i = 0; i < 2; i++) {
        assert_false(sides[i].fake.misused);
        assert_int_equal(sides[i].f.r.end, ALC_RUN_OK);
        assert_request(&sides[i].fake, 1, values[i], "");
        assert_int_equal(sides[i].fake.reads, 2);
        alc_arena_fini(&sides[i].f.arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_arrives_with_its_verb_and_strings),
        cmocka_unit_test(an_answer_that_takes_a_while_reaches_the_guest),
        cmocka_unit_test(an_error_text_reaches_the_guest),
        cmocka_unit_test(a_verb_that_the_host_lacks_is_an_error_of_the_call),
        cmocka_unit_test(a_request_over_the_limit_does_not_reach_the_host),
        cmocka_unit_test(the_clock_ends_a_call_that_is_never_answered),
        cmocka_unit_test(a_flag_cancels_a_call_that_waits),
        cmocka_unit_test(a_guest_that_fails_after_an_answer_leaves_no_handle),
        cmocka_unit_test(an_answer_that_is_not_two_strings_is_the_hosts_failure),
        cmocka_unit_test(an_answer_that_cannot_be_read_is_the_hosts_failure),
        cmocka_unit_test(without_such_a_host_the_import_is_unresolved),
        cmocka_unit_test(every_function_links_with_its_own_type_alone),
        cmocka_unit_test(two_runs_wait_at_once),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
