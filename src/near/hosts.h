/* src/near/hosts.h — inside this room: the servers of one client, and which to ask next.
 *
 * One that failed rests for a while, longer each time; when all rest, all are asked anyway. */
#ifndef ALC_NEAR_HOSTS_H
#define ALC_NEAR_HOSTS_H

#include "base/base.h"

#define ALC_NEAR_HOSTS_MAX 16u
#define ALC_NEAR_ROUNDS 3u /* a call goes over the servers so many times */

struct alc_near_hosts {
    struct alc_near_host {
        char *url; /* without a slash at the end */
        uint64_t rests_until_ms;
        uint32_t failures; /* in a row */
    } all[ALC_NEAR_HOSTS_MAX];
    size_t count;
    size_t first; /* the one asked first */
};

/* alc_near_hosts_init copies the URLs.  ALC_BAD_INPUT: none, too many, or not http(s); the sentence
 * does not repeat a URL, which may hold a key.  ALC_NOMEM. */
ALC_MUST enum alc_rc alc_near_hosts_init(struct alc_near_hosts *h, const char *const *urls,
                                         size_t count, bool plain_ok, struct alc_err *err);
void alc_near_hosts_fini(struct alc_near_hosts *h);

/* One call's way over the servers.  `= {0}`. */
struct alc_near_walk {
    size_t steps;
    uint32_t skip; /* bit per server: not asked again in this call */
    bool asked;    /* anyone */
};

/* alc_near_hosts_next sets *i to the server to ask, pausing before each new round; false: all were
 * asked, or *stop became true. */
ALC_MUST bool alc_near_hosts_next(const struct alc_near_hosts *h, struct alc_near_walk *w,
                                  size_t *i, const volatile bool *stop);
void alc_near_hosts_skip(struct alc_near_walk *w, size_t i);

void alc_near_hosts_failed(struct alc_near_hosts *h, size_t i, bool too_often); /* it said 429 */
void alc_near_hosts_answered(struct alc_near_hosts *h, size_t i);
void alc_near_hosts_pass_on(struct alc_near_hosts *h,
                            size_t i); /* the next one is asked first from now on */

/* alc_near_pause waits, unless *stop is or becomes true: then false. */
bool alc_near_pause(uint32_t ms, const volatile bool *stop);

#endif
