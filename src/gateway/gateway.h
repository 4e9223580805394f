/* src/gateway/gateway.h — HTTP in.  So far it only shows: statements, requests, counters.
 *
 *   GET /health              {"status":"ok"}
 *   GET /statements/<hash>   the statement of that SHA-256 (hex) with its evidence:
 * docs/statement.md GET /requests/<id>       where the contract's request stands, and which
 * statement answers it GET /metrics             jobs by state, in the text form that Prometheus
 * reads
 *
 * An error is {"error":"<sentence>"} under the status of its result (base/rc.h).  What it shows is
 * on chain already, except that it is easier to read here; there is nothing to log in to. */
#ifndef ALC_GATEWAY_H
#define ALC_GATEWAY_H

#include "base/base.h"

struct alc_gateway; /* opaque */

struct alc_gateway_conf {
    const char *store_path;  /* a connection of its own is opened */
    const char *contract_id; /* whose requests /requests shows; borrowed */
    const char *host;        /* numeric address */
    uint16_t port;           /* 0: the system chooses */
};

/* alc_gateway_open serves until closed.  ALC_IO: the address is taken. */
ALC_MUST enum alc_rc alc_gateway_open(struct alc_gateway **out, const struct alc_gateway_conf *conf,
                                      struct alc_err *err);
uint16_t alc_gateway_port(const struct alc_gateway *g);
void alc_gateway_close(struct alc_gateway *g);

#endif
