/* src/base/clock.h — time as a parameter.  Code that waits or stamps takes a clock; tests give
 * theirs. */
#ifndef ALC_CLOCK_H
#define ALC_CLOCK_H

#include <stdint.h>

struct alc_clock {
    uint64_t (*wall_ns)(void *ctx); /* since 1970-01-01 UTC */
    uint64_t (*mono_ns)(void *ctx); /* never goes back; its zero means nothing */
    void *ctx;
};

/* The machine's clocks; for any thread. */
extern const struct alc_clock alc_clock_system;

static inline uint64_t alc_clock_wall_ms(const struct alc_clock *c)
{
    return c->wall_ns(c->ctx) / 1000000u;
}

static inline uint64_t alc_clock_mono_ms(const struct alc_clock *c)
{
    return c->mono_ns(c->ctx) / 1000000u;
}

#endif
