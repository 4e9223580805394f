#include "near/hosts.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define REST_FIRST_MS 2000u
#define REST_MAX_MS 30000u
#define REST_TOO_OFTEN_MS 5000u
#define STOP_POLL_MS 50u

static const uint32_t round_pause_ms[ALC_NEAR_ROUNDS] = {0, 100, 500};

enum alc_rc alc_near_hosts_init(struct alc_near_hosts *h, const char *const *urls, size_t count,
                                bool plain_ok, struct alc_err *err)
{
    if (count == 0) return alc_fail(err, ALC_BAD_INPUT, "no NEAR server is configured");
    if (count > ALC_NEAR_HOSTS_MAX)
        return alc_fail(err, ALC_BAD_INPUT, "%zu NEAR servers, at most %u", count,
                        ALC_NEAR_HOSTS_MAX);
    for (size_t i = 0; i < count; i++) {
        bool secure = strncasecmp(urls[i], "https://", 8) == 0;
        size_t n = strlen(urls[i]);

        if (!secure && strncasecmp(urls[i], "http://", 7) != 0)
            return alc_fail(err, ALC_BAD_INPUT, "NEAR server %zu is not an http(s) URL", i + 1);
        if (!secure && !plain_ok)
            return alc_fail(err, ALC_BAD_INPUT,
                            "NEAR server %zu: plain http:// is for development alone", i + 1);
        while (n > 0 && urls[i][n - 1] == '/')
            n--;
        h->all[i].url = strndup(urls[i], n);
        if (h->all[i].url == NULL) return alc_fail(err, ALC_NOMEM, "no memory for a URL");
        h->count = i + 1;
    }
    return ALC_OK;
}

void alc_near_hosts_fini(struct alc_near_hosts *h)
{
    for (size_t i = 0; i < h->count; i++)
        free(h->all[i].url);
    *h = (struct alc_near_hosts){0};
}

static bool stopped(const volatile bool *stop)
{
    return stop != NULL && *stop;
}

bool alc_near_pause(uint32_t ms, const volatile bool *stop)
{
    while (ms > 0 && !stopped(stop)) {
        uint32_t step = ms < STOP_POLL_MS ? ms : STOP_POLL_MS;
        struct timespec t = {.tv_nsec = (long)step * 1000000};
        nanosleep(&t, NULL);
        ms -= step;
    }
    return !stopped(stop);
}

bool alc_near_hosts_next(const struct alc_near_hosts *h, struct alc_near_walk *w, size_t *i,
                         const volatile bool *stop)
{
    uint64_t now_ms = alc_clock_mono_ms(&alc_clock_system);

    if (w->skip == (1u << h->count) - 1) return false;
    while (w->steps < h->count * ALC_NEAR_ROUNDS) {
        size_t round = w->steps / h->count;
        size_t at = (h->first + w->steps) % h->count;
        const struct alc_near_host *host = &h->all[at];

        if (stopped(stop)) return false;
        /* When all rest the first round asks nobody, and there is nothing to wait for. */
        if (w->steps % h->count == 0 && w->asked && !alc_near_pause(round_pause_ms[round], stop))
            return false;
        w->steps++;
        if ((w->skip >> at & 1) != 0 || (round == 0 && host->rests_until_ms > now_ms)) continue;
        w->asked = true;
        *i = at;
        return true;
    }
    return false;
}

void alc_near_hosts_skip(struct alc_near_walk *w, size_t i)
{
    w->skip |= 1u << i;
}

void alc_near_hosts_failed(struct alc_near_hosts *h, size_t i, bool too_often)
{
    struct alc_near_host *host = &h->all[i];
    uint32_t rest_ms = too_often ? REST_TOO_OFTEN_MS : REST_FIRST_MS;

    for (uint32_t k = 0; k < host->failures && rest_ms < REST_MAX_MS; k++)
        rest_ms *= 2;
    if (rest_ms > REST_MAX_MS) rest_ms = REST_MAX_MS;
    host->failures++;
    host->rests_until_ms = alc_clock_mono_ms(&alc_clock_system) + rest_ms;
}

void alc_near_hosts_answered(struct alc_near_hosts *h, size_t i)
{
    h->all[i].failures = 0;
    h->all[i].rests_until_ms = 0;
}

void alc_near_hosts_pass_on(struct alc_near_hosts *h, size_t i)
{
    h->first = (i + 1) % h->count;
}
