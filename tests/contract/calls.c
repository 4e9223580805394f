#include "tests/contract/calls.h"

const struct method *method_of(const char *name)
{
    for (size_t i = 0; methods[i].name != NULL; i++)
        if (strcmp(methods[i].name, name) == 0) return &methods[i];
    fail_msg("no method %s", name);
    return NULL;
}

bool call(const char *method, struct alc_bytes args)
{
    const struct method *m = method_of(method);
    return m->kind == NEAR_VIEW ? fake_view(m->entry, args) : fake_call(m->entry, args);
}

void ok_bytes(const char *method, struct alc_bytes args)
{
    if (!call(method, args)) fail_msg("%s panicked: %s", method, (const char *)fake_panic().p);
}

void ok(const char *method, const char *args)
{
    ok_bytes(method, alc_cstr(args));
}

void panics_bytes(const char *phrase, const char *method, struct alc_bytes args)
{
    if (call(method, args)) fail_msg("%s did not panic, wanted: %s", method, phrase);
    if (strstr((const char *)fake_panic().p, phrase) == NULL)
        fail_msg("%s panicked with: %s, wanted: %s", method, (const char *)fake_panic().p, phrase);
}

void panics(const char *phrase, const char *method, const char *args)
{
    panics_bytes(phrase, method, alc_cstr(args));
}

void returns(const char *expected, const char *method, const char *args)
{
    ok(method, args);
    result_is(expected);
}

void result_is(const char *expected)
{
    assert_non_null(fake_returned().p);
    assert_string_equal((const char *)fake_returned().p, expected);
}

void log_is(size_t i, const char *expected)
{
    assert_string_equal((const char *)fake_log(i).p, expected);
}

void as(const char *account)
{
    fake_env.predecessor = fake_env.signer = account;
}
