/* src/verify/verify.h — what a proof of Alcove says, and how it is judged.
 *
 * The door to four parts, all freestanding (no heap, no I/O, no clock; of base the freestanding
 * headers alone), so that the same source runs natively, in contracts and in the browser:
 *
 *   ops.h        the embedder's table of hashes and signatures; the reasons for a refusal
 *   statement.h  the codec of statement v1, and whether its signature and hashes hold
 *   quote.h      quotes and collateral of SGX and TDX, and the verdict on them
 *   proof.h      what ties a statement to a quote, event logs, OutLayer's record */
#ifndef ALC_VERIFY_H
#define ALC_VERIFY_H

#include "verify/ops.h"
#include "verify/proof.h"
#include "verify/quote.h"
#include "verify/statement.h"

#endif
