/* src/base/http.h — the one HTTP client (libcurl).
 *
 * HTTP/1.1 and 2, TLS verified against the system's certificates.  A client keeps connections open
 * and belongs to one thread.  Redirects are not followed: the caller sees the Location.
 *
 * The environment's proxy is honoured, except for this machine.  Nothing is sent that the caller
 * did not ask for but Host, User-Agent, Accept and the body's length. */
#ifndef ALC_HTTP_H
#define ALC_HTTP_H

#include "base/arena.h"
#include "base/err.h"

struct alc_http; /* opaque */

struct alc_http_ask {
    const char *method;         /* "GET", "POST" ... */
    const char *url;            /* https://, or http:// when plain_ok */
    const char *const *headers; /* "Name: value", NULL-terminated; may be NULL */
    struct alc_bytes body;
    uint32_t timeout_ms; /* the whole exchange, 0 = 30 s */
    uint32_t connect_ms; /* 0 = 5 s */
    size_t max_bytes;    /* of the answer's body, 0 = 16 MiB */
    uint32_t tries;      /* 0 = 1; more repeats failures of transport and 429, 502, 503, 504 */
    bool plain_ok;       /* http:// and loopback are allowed: development alone; otherwise a name
                          * that resolves to loopback is refused too */
    bool public_only;    /* the URL is a stranger's: so are private and link-local networks.  Where
                          * the environment names a proxy, only what the URL itself says is seen */
    const char *unix_socket; /* path of a socket of this machine that is asked instead of the URL's
                              * host, without a proxy; NULL: none.  Wants plain_ok */
};

struct alc_http_answer {
    int status;
    struct alc_bytes body;     /* in the arena, NUL behind */
    struct alc_bytes location; /* value of the Location header, else empty */
    struct alc_bytes headers;  /* the header's lines as they came, for alc_http_header */
};

/* alc_http_header borrows a header's value, found in any letter case; empty when there is none. */
struct alc_bytes alc_http_header(const struct alc_http_answer *answer, const char *name);

/* alc_http_open: ALC_NOMEM.  Thread-safe global set-up happens on the first call;
 * it makes the process ignore SIGPIPE. */
ALC_MUST enum alc_rc alc_http_open(struct alc_http **out, struct alc_err *err);
void alc_http_close(struct alc_http *h);

/* alc_http_do sends and waits.  Any status is ALC_OK.  Between tries it pauses 100 ms, doubling to
 * 2 s, within timeout_ms each.  `stop`, when given, is polled and ends the wait with ALC_TIMEOUT.
 * ALC_BAD_INPUT: the URL, or plain http without plain_ok.  ALC_LIMIT: body over max_bytes.
 * ALC_TIMEOUT, ALC_IO (refused, reset, TLS), ALC_NOMEM. */
ALC_MUST enum alc_rc alc_http_do(struct alc_http *h, struct alc_http_answer *out,
                                 const struct alc_http_ask *ask, const volatile bool *stop,
                                 struct alc_arena *arena, struct alc_err *err);

#endif
