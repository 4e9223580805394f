/* tests/compat/differ/peer.h — the dcap-qvl crate in a process of its own (tests/compat/qvl).
 *
 * A question is sent, the answer fetched later, so that both verifiers work at the same time.  One
 * question is under way at most. */
#ifndef DIFFER_PEER_H
#define DIFFER_PEER_H

#include "base/buf.h"
#include "base/json.h"

struct peer; /* opaque */

struct peer *peer_open(const char *program);
void peer_close(struct peer *p); /* fails the test when the program did not end well */

/* peer_root: what peer_ask with other_root set judges under from now on. */
void peer_root(struct peer *p, struct alc_bytes der);
void peer_ask(struct peer *p, struct alc_bytes quote, struct alc_bytes collateral, uint64_t now_s,
              bool other_root);
/* peer_answer waits for the answer: a document that the caller closes. */
struct alc_json *peer_answer(struct peer *p);

#endif
