/* src/base/httpd.h — the one HTTP server (libmicrohttpd): a thread per connection, so that a
 * handler may wait; bodies are read whole, up to a limit, before the handler is called.
 *
 * A handler's thread has 2 MiB of stack.  A connection that is silent for 30 s is closed; the time
 * that a handler takes does not count. */
#ifndef ALC_HTTPD_H
#define ALC_HTTPD_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#define ALC_HTTPD_ANSWER_MAX_BYTES (64u << 20) /* a longer one becomes a 500 */

struct alc_httpd; /* opaque */

struct alc_httpd_ask {
    const char *method; /* HEAD is seen as GET, and its body is left out of the answer */
    const char *path;   /* decoded, without the query, nor what stands before it in a whole URL */
    struct alc_bytes body;
    void *connection; /* for alc_httpd_query */
};

/* alc_httpd_query borrows the decoded value of a parameter behind the path's `?`, valid until the
 * handler returns: NULL when it is not there, "" when it has none. */
const char *alc_httpd_query(const struct alc_httpd_ask *ask, const char *name);

/* Born as 200, application/json, empty. */
struct alc_httpd_answer {
    int status;
    const char *type;   /* Content-Type; static text */
    char location[256]; /* sent when not empty */
    struct {            /* more headers, where a name is set; both outlive the handler's return */
        const char *name, *value;
    } extra[4];
    struct alc_buf body; /* the server frees it */
};

struct alc_httpd_conf {
    const char *host;         /* numeric address, "127.0.0.1" */
    uint16_t port;            /* 0: the system chooses */
    size_t max_body_bytes;    /* larger ones are answered 413; 0 = 4 MiB */
    uint32_t max_connections; /* 0 = 1024 */
    bool cors;                /* any origin may ask; OPTIONS is answered here */
    void (*handle)(void *ctx, const struct alc_httpd_ask *ask, struct alc_httpd_answer *answer);
    void *ctx;
};

/* alc_httpd_open listens and serves until closed; `handle` runs on many threads at once.
 * ALC_BAD_INPUT: not a numeric address.  ALC_IO: the address is taken or not ours.  ALC_NOMEM. */
ALC_MUST enum alc_rc alc_httpd_open(struct alc_httpd **out, const struct alc_httpd_conf *conf,
                                    struct alc_err *err);
uint16_t alc_httpd_port(const struct alc_httpd *d); /* the real one */
/* alc_httpd_close stops accepting, waits for handlers that run and for their answers to be sent (of
 * a client that does not take its own, 5 s), frees.  A handler that waits must be told by its owner
 * before. */
void alc_httpd_close(struct alc_httpd *d);

#endif
