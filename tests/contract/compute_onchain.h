/* tests/contract/compute_onchain.h — level "onchain" natively: the receipts that an answer makes
 * are kept, and a verdict comes back when the test says so. */
#ifndef COMPUTE_ONCHAIN_H
#define COMPUTE_ONCHAIN_H

#include "tests/contract/compute_proofs.h"

/* What a resolve asked of the register, and what it told its own callback; both are JSON. */
struct question {
    char *verify;
    char *callback;
};
void question_fini(struct question *q);

/* ask_onchain: the register is set, the worker's key is vouched for (M1, SIMULATED), and alice asks
 * at level "onchain"; *t is a statement that fits. */
void ask_onchain(struct alc_statement *t, uint64_t id);

/* Evidence in base64, with a quote of 600 bytes, over a batch of five statements with this one in
 * the middle; valid until the next call. */
const char *evidence_for(const struct alc_statement *t);
/* The report data, in hex, of the quote in evidence_for(t). */
const char *report_data_of(const struct alc_statement *t);

/* The three ways of an answer, with evidence (NULL: none). */
const char *resolve_with(uint64_t id, const struct alc_statement *t, const char *output,
                         const char *evidence);
const char *submit_with(uint64_t id, const struct alc_statement *t, const char *evidence);
const char *failure_with(uint64_t id, const struct alc_statement *t, const char *evidence);

/* answered keeps what the last call asked; it fails the test when that was not asked. */
struct question answered(void);

/* verdict_on gives an accepting verdict on the quote in evidence_for(t). */
const char *verdict_on(const struct alc_statement *t);
const char *verdict(bool accepted, const char *refusal, bool simulated, const char *measurement,
                    const char *report_data);

/* judged runs the callback of *q with a verdict (NULL: the register's call failed), and checks that
 * it did not panic, and returned whether the promise goes on. */
void judged(const struct question *q, const char *verdict, bool goes_on);
void refused(const struct question *q, const char *verdict, const char *word); /* and logged */

#define ACCEPTED(t) verdict_on(t)
#define REFUSED verdict(false, "QUOTE_SIGNATURE", true, M1, M1 M1)

#endif
