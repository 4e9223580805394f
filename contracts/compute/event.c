/* contracts/compute/event.c — the lines that workers and indexers read. */
#include "compute.h"

void out_account(struct near_out *o, struct alc_bytes a)
{
    near_out_lit(o, "\""); /* an account id holds nothing to escape */
    near_out_raw(o, a);
    near_out_lit(o, "\"");
}

void event_begin(struct near_out *o, const struct state *s, struct alc_bytes event)
{
    near_out_lit(o, "EVENT_JSON:{\"standard\":");
    near_out_str(o, s->standard);
    near_out_lit(o, ",\"version\":");
    near_out_str(o, s->version);
    near_out_lit(o, ",\"event\":\"");
    near_out_raw(o, event);
    near_out_lit(o, "\",\"data\":[");
}

void event_end(struct near_out *o)
{
    near_out_lit(o, "]}");
    near_log(near_out_bytes(o, "The event is longer than 16384 bytes of logs: "
                               "input of 10000 bytes or more is not part of it"));
}

void system_event_begin(struct near_out *o, const struct state *s, const char *name)
{
    event_begin(o, s, ALC_LIT("system_event"));
    near_out_lit(o, "{\"");
    near_out_raw(o, alc_cstr(name));
    near_out_lit(o, "\":{");
}

void system_event_end(struct near_out *o)
{
    near_out_lit(o, "}}");
    event_end(o);
}

void system_event(const struct state *s, const char *name, const void *in,
                  const struct near_field *fields, size_t n)
{
    static uint8_t buf[NEAR_LOG_MAX_BYTES];
    struct near_out o = NEAR_OUT(buf);

    system_event_begin(&o, s, name);
    near_out_members(&o, in, fields, n);
    system_event_end(&o);
}
