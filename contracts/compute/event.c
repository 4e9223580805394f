/* contracts/compute/event.c — the lines that workers and indexers read. */
#include "call.h"
#include "room.h"

void out_account(struct near_out *o, struct alc_bytes a)
{
    near_out_lit(o, "\""); /* an account id holds nothing to escape */
    near_out_raw(o, a);
    near_out_lit(o, "\"");
}

void event_begin(const char *event)
{
    here.out = NEAR_OUT(room_event);
    say("EVENT_JSON:{");
    NEAR_OUT_MEMBERS(&here.out, &here.state, metadata_fields);
    say(",\"event\":\"");
    say(event);
    say("\",\"data\":[");
}

void event_end(void)
{
    say("]}");
    near_log(near_out_bytes(&here.out, "The event is longer than 16384 bytes of logs: "
                                       "input of 10000 bytes or more is not part of it"));
}

void system_event(const char *name, const void *in, const struct near_field *fields, size_t n)
{
    event_begin("system_event");
    say("{\"");
    say(name);
    say("\":");
    say_object(in, fields, n);
    say("}");
    event_end();
}

/* ---- Values of our own in tables ---- */

static void write_source(struct near_out *o, const void *in)
{
    out_source(o, in);
}

static void write_limits(struct near_out *o, const void *in)
{
    near_out_object(o, in, limits_fields, LIMITS_FIELDS);
}

static void write_metrics(struct near_out *o, const void *in)
{
    near_out_object(o, in, metrics_fields, METRICS_FIELDS);
}

static void write_secrets(struct near_out *o, const void *in)
{
    const struct secrets_ref *s = in;

    if (s->profile.p != NULL)
        near_out_object(o, s, secrets_fields, SECRETS_FIELDS);
    else
        near_out_lit(o, "null");
}

static void write_format(struct near_out *o, const void *in)
{
    near_out_str(o, alc_cstr(format_names[*(const uint8_t *)in]));
}

static void write_output(struct near_out *o, const void *in)
{
    const struct output *out = in;

    if (out->kind != OUTPUT_NONE)
        out_pending(o, out, true);
    else
        near_out_lit(o, "null");
}

NEAR_OWN_VALUES_DEFINED(COMPUTE_VALUES)
