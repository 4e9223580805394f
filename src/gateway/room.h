/* src/gateway/room.h — what the files of this room share.  Not for others. */
#ifndef ALC_GATEWAY_ROOM_H
#define ALC_GATEWAY_ROOM_H

#include "gateway/gateway.h"

#include "attest/attest.h"
#include "base/httpd.h"
#include "base/json.h"
#include "queue/queue.h"
#include "store/store.h"

#include <pthread.h>

struct alc_gateway {
    pthread_mutex_t lock; /* handlers run on many threads; the connection is for one at a time */
    struct alc_store *store;
    struct alc_queue *queue;
    struct alc_bytes contract_id;
    const char *register_id;
    struct alc_sets *sets;     /* or NULL */
    struct alc_attest *attest; /* or NULL */
    void (*metrics)(void *ctx, struct alc_buf *out);
    void *metrics_ctx;
    struct alc_httpd *httpd;
};

/* The pages.  `name` is the path behind what gw_under took. */
ALC_MUST enum alc_rc gw_statement(struct alc_gateway *g, struct alc_bytes name,
                                  struct alc_httpd_answer *out, struct alc_arena *arena,
                                  struct alc_err *err);
ALC_MUST enum alc_rc gw_request(struct alc_gateway *g, struct alc_bytes name,
                                struct alc_httpd_answer *out, struct alc_arena *arena,
                                struct alc_err *err);
/* ALC_NOT_FOUND leaves the answer's body empty, as OutLayer's clients expect. */
ALC_MUST enum alc_rc gw_attestation(struct alc_gateway *g, struct alc_bytes name,
                                    struct alc_httpd_answer *out, struct alc_arena *arena,
                                    struct alc_err *err);
ALC_MUST enum alc_rc gw_collateral(struct alc_gateway *g, const struct alc_httpd_ask *ask,
                                   struct alc_httpd_answer *out, struct alc_arena *arena,
                                   struct alc_err *err);

/* gw_set_at appends the set that a platform's quotes of this time are judged by: one that covers
 * it, else one that covers this moment, else nothing. */
ALC_MUST enum alc_rc gw_set_at(struct alc_gateway *g, const struct alc_platform *p, uint64_t at_s,
                               struct alc_buf *json, struct alc_err *err);

extern const char *const gw_state_names[ALC_JOB_STATES];
bool gw_under(const char *path, const char *prefix, struct alc_bytes *rest);
ALC_MUST bool gw_number(struct alc_bytes text, uint64_t *out);

#endif
