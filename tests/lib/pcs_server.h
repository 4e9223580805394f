/* tests/lib/pcs_server.h — Intel's PCS, or a PCCS, on loopback: it takes a set's JSON apart and
 * serves the parts as API version 4 does.  What it serves may be changed while it runs, by any
 * thread.  What was asked stands in pcs_server_asked. */
#ifndef PCS_SERVER_H
#define PCS_SERVER_H

#include "base/bytes.h"

#define PCS_PARTS 4u
enum pcs_part { PCS_TCB, PCS_QE, PCS_CRL, PCS_ROOT };

/* What one part is instead of right. */
enum pcs_fault {
    PCS_GOOD,
    PCS_MISSING,  /* 404 */
    PCS_BROKEN,   /* 500 */
    PCS_GARBAGE,  /* 200, and no such thing */
    PCS_CUT,      /* its first half */
    PCS_NO_CHAIN, /* without its header */
    PCS_UNSIGNED, /* without the member `signature` */
    PCS_ENDLESS,  /* longer than any part may be */
    PCS_SILENT,   /* no answer until the server is closed, or told otherwise */
    PCS_MOVED,    /* 302 */
    PCS_EMPTY,    /* 200, nothing */
};

struct pcs_server; /* opaque */

/* pcs_server_open fails the test when it cannot listen.  pccs: lists as hex and the older header
 * name, as Intel's reference PCCS has them; else DER and the newer one. */
struct pcs_server *pcs_server_open(bool pccs);
void pcs_server_close(struct pcs_server *p);
const char *pcs_server_url(const struct pcs_server *p);
/* pcs_server_serve takes a set (the JSON of attest/collateral.h) from now on. */
void pcs_server_serve(struct pcs_server *p, struct alc_bytes json);
/* pcs_server_fault makes one part wrong from now on. */
void pcs_server_fault(struct pcs_server *p, enum pcs_part part, enum pcs_fault fault);
unsigned pcs_server_count(struct pcs_server *p); /* questions so far */
/* pcs_server_asked: path and parameters of the last question for a part; "" when there was none. */
void pcs_server_asked(struct pcs_server *p, enum pcs_part part, char out[200]);

#endif
