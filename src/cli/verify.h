/* src/cli/verify.h — what `alcove verify` knows while it judges one file.  Its files share it:
 * verify.c (what is asked, and the order of things), verify_read.c (the files), verify_policy.c
 * (flags become a policy), verify_say.c (the verdict in words). */
#ifndef ALC_CLI_VERIFY_H
#define ALC_CLI_VERIFY_H

#include "attest/attest.h"
#include "base/conf.h"

struct verify_settings {
    const char *input, *output, *code, *worker_key, *contract, *chain;
    bool json, hardware;
    const char *at, *collateral, *simulated_root, *gateway, *report_data;
    bool now, allow_debug;
    const char *const *statuses, *const *advisories, *const *measurements, *const *mrenclaves,
                                                                               *const *mrsigners,
                                                                                   *const *ppids;
    uint32_t grace_days, min_evaluation;
};

/* verify_policy reads the flags; *out and what it points at live in the arena. */
ALC_MUST enum alc_rc verify_policy(struct alc_quote_policy *out, const struct verify_settings *set,
                                   struct alc_arena *arena, struct alc_err *err);
/* verify_time reads RFC 3339 with a Z, or Unix seconds. */
ALC_MUST bool verify_time(uint64_t *unix_s, const char *text);
const char *verify_time_text(char out[32], uint64_t unix_s);

enum verify_kind { VERIFY_BUNDLE, VERIFY_QUOTE, VERIFY_RECORD };

/* OutLayer's third verdict: what is there does not let one judge the quote at that time. */
enum verify_verdict { VERIFY_PASS = 0, VERIFY_FAIL = 1, VERIFY_UNPROVEN = 3 }; /* exit codes */

struct verify_case {
    const struct verify_settings *set;
    enum verify_kind kind;
    enum verify_verdict verdict;
    enum alc_refusal refusal;
    bool has_set; /* of collateral; otherwise there was none, or refusal says why not */
    bool no_set;  /* there was none */
    struct alc_collateral *collateral;
    struct alc_trust trust;
    struct alc_quote_policy policy;
    uint64_t now_s;       /* the time of judgement */
    const char *now_from; /* whose word that time is */
    /* of a bundle */
    struct alc_bundle bundle;
    struct alc_expect expect;
    struct alc_proof_verdict proof;
    /* of a quote and of a record; of a bundle see proof.quote */
    struct alc_quote_verdict quote;
    struct alc_record record;
    struct alc_hash record_hash;
};

#define VERIFY_ARENA_BYTES (64u << 20) /* and the most of one file beside the proof */

/* verify_read reads the proof of this name and the set of collateral, whose JSON it leaves in
 * *json; the set itself is verified, and c says how that went.  *quote is empty when the proof is a
 * bundle.
 */
ALC_MUST enum alc_rc verify_read(struct verify_case *c, struct alc_bytes *quote,
                                 struct alc_bytes *json, const char *name,
                                 struct alc_verify_work *work, struct alc_arena *arena,
                                 struct alc_err *err);

/* verify_quote_of is the verdict on the case's quote; NULL: it has none. */
const struct alc_quote_verdict *verify_quote_of(const struct verify_case *c);

void verify_say(const struct verify_case *c);

#endif
