/* tests/web/embedders.h — one list of questions for all embedders of the verifier.
 *
 * Each is judged natively and, as far as a contract can hold the question, by the register contract
 * in NEAR's VM, whose bytes must be the same.  Question and native verdict go into a file, from
 * which embedders.test.mjs asks the browser.  One thread; what cannot go on fails the test. */
#ifndef EMBEDDERS_H
#define EMBEDDERS_H

#include "tests/contract/register_world.h"

/* A policy, in words that every embedder has. */
struct rules {
    uint32_t statuses; /* bits 1 << enum alc_tcb_status; 0: UpToDate alone */
    struct alc_bytes advisories[2];
    size_t advisories_count;
    uint32_t min_evaluation;
    const uint8_t (*ppid)[16]; /* NULL: any */
    /* What the contract's policy has no word for: */
    bool any_enclave; /* no list of measurements */
    bool grace;
    uint64_t grace_s;
};

struct question {
    struct alc_bytes quote;
    struct alc_bytes report_data; /* that the quote must begin with; n 0: any */
    uint64_t now_s;
    const struct rules *rules; /* NULL: the strictest */
};

/* What was found so far. */
struct tally {
    size_t asked, accepted;
    size_t in_the_vm;    /* the VM gave the native bytes */
    size_t of_its_own;   /* the VM answered what it is bound to answer instead */
    size_t sets_refused; /* in the VM, with the native word */
    bool refusals[ALC_REFUSAL_COUNT];
};
extern struct tally tally;

void embedders_open(void);
/* embedders_close writes the file, unless `path` is NULL. */
void embedders_close(const char *path);

/* stage_open makes a contract that trusts `root` (n 0: Intel's alone) and approves one enclave. */
void stage_open(struct alc_bytes root, const struct alc_measurement *enclave);
void stage_close(void);
/* stage_put is the set that questions come with from now on (n 0: none).  The contract takes it
 * exactly when the native verifier does; else it says the native word.  Returns that refusal. */
enum alc_refusal stage_put(struct alc_bytes set);

/* ask judges everywhere and returns the native refusal. */
enum alc_refusal ask(const char *name, const struct question *q);

struct question at(struct alc_bytes quote, uint64_t now_s);
/* says asks and fails unless the native refusal is `want`. */
void says(const char *name, struct question q, enum alc_refusal want);
struct alc_measurement measured(struct alc_bytes quote); /* zero of what cannot be read */
/* alter flips a bit at every `step`th byte, cuts the quote off at some, and fails where it is still
 * accepted; `spare` bytes at its end mean nothing. */
void alter(struct alc_bytes quote, uint64_t now_s, size_t step, size_t spare);

/* A statement with everything that may come with it; n 0: absent. */
struct proof_question {
    struct alc_bytes statement, evidence, event_log, collateral, root;
    struct alc_bytes input, output, code, request;
    const struct alc_hash *source_code; /* what a note on the source says; NULL: there is none */
    uint64_t now_s;
};
enum alc_refusal ask_proof(const char *name, const struct proof_question *q);

/* bundle_add keeps a statement file for the page and the command line: the native verdict on it at
 * the time that it names itself, without and with its root. */
void bundle_add(const char *name, const struct alc_bundle *b, struct alc_bytes root);

#endif
