/* tests/contract/conservation.h — the books of random calls: what came in, what went out, what is
 * under way between two receipts, and whether the views account for the rest.
 *
 *   NEAR in = out + waiting payments + fees (less what a payment did not cover) + storage deposits
 *             + what is under way + what the contract keeps by rule
 *   stablecoin in = balances + earnings + attached to waiting requests + on keys and for plans
 *                   + withdrawn + under way */
#ifndef CONSERVATION_H
#define CONSERVATION_H

#include "tests/contract/compute_money.h"
#include "tests/contract/compute_policies.h"

#define PEOPLE 3u
#define NAMES 3u /* of projects */
#define SELF "compute.test"
#define UNDER_WAY_MAX 24u

extern const char *const people[PEOPLE];
extern const char *const names[NAMES];

/* A callback to come. */
struct way {
    const char *callback; /* NULL: a call of request_execution by the contract itself */
    char *args;
    bool yield, resumed;
    struct alc_hash data_id;
    uint8_t payload[NEAR_RESUME_MAX_BYTES];
    size_t payload_n;
    near_u128 near; /* that left with the receipt, or waits here for the self call */
    near_u128 usd;
};

extern struct book {
    near_u128 in, out, kept, aside, uncollected;
    near_u128 usd_in, usd_out, usd_kept;
    struct way ways[UNDER_WAY_MAX];
    size_t n;
    uint64_t calls, passed, callbacks;
} b;

extern unsigned passes[METHODS_MAX]; /* how often each method passed, over all seeds */

void chance_from(uint64_t seed);
unsigned pick(unsigned n); /* below n */
const char *anyone(void);  /* of the people */
const char *any(const char *const *of, unsigned n);
#define ANY(of) any(of, sizeof(of) / sizeof *(of))

/* What stands in JSON behind `key`, and as a number, with quotes or without.  seen calls a view. */
const char *find(const char *text, const char *key);
near_u128 number(const char *p);
const char *seen(const char *method, const char *args);

/* attempt calls a method and enters what it moved; false: it panicked. */
bool attempt(const char *who, near_u128 deposit, const char *method, const char *args);
void wake_any(void); /* runs any callback that is to come */
void holds(void);    /* fails the test unless all is accounted for */

#endif
