/* src/gateway/gateway.h — HTTP in.  So far it only shows: statements, requests, records, counters.
 *
 *   GET /health                    {"status":"ok"}
 *   GET /metrics                   counters, in the text form that Prometheus reads
 *   GET /requests/<id>             where the contract's request stands, and which statement answers
 * it GET /statements/<hash>         the statement of that SHA-256 (hex) with all that a sceptic
 * needs, as far as it is there: docs/statement.md GET /attestations/<task_id>    OutLayer's record
 * of a run; also by-tx/<hash>, by-call/<id>.  One that is not there is a 404 without a body GET
 * /public/collateral?fmspc=&at=   the set by which quotes of that platform and time are judged;
 *                                  also &tee=tdx|sgx and &ca=platform|processor
 *
 * An error is {"error":"<sentence>"} under the status of its result (base/rc.h).  What it shows is
 * on chain already, except that it is easier to read here; there is nothing to log in to. */
#ifndef ALC_GATEWAY_H
#define ALC_GATEWAY_H

#include "base/base.h"
#include "base/buf.h"

struct alc_gateway; /* opaque */
struct alc_sets;    /* attest.h */
struct alc_attest;

struct alc_gateway_conf {
    const char *store_path;  /* a connection of its own is opened */
    const char *contract_id; /* whose requests /requests shows; borrowed */
    const char *host;        /* numeric address */
    uint16_t port;           /* 0: the system chooses */
    const char
        *register_id; /* contract that the quotes are registered with; borrowed, may be NULL */
    /* Both outlive the gateway; NULL: statements come without collateral. */
    struct alc_sets *sets;
    struct alc_attest *attest; /* whose simulated root the kept sets may have */
    /* appends what others count to /metrics, in the same form; from any thread; NULL: nothing */
    void (*metrics)(void *ctx, struct alc_buf *out);
    void *metrics_ctx;
};

/* alc_gateway_open serves until closed.  ALC_IO: the address is taken. */
ALC_MUST enum alc_rc alc_gateway_open(struct alc_gateway **out, const struct alc_gateway_conf *conf,
                                      struct alc_err *err);
uint16_t alc_gateway_port(const struct alc_gateway *g);
void alc_gateway_close(struct alc_gateway *g);

#endif
