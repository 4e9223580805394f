/* contracts/register/register.h — worker keys behind TDX quotes.
 *
 *   put_collateral ──────► a set proves itself; its digest is kept           (collateral.c)
 *   register_worker_key ─► quote judged against the digest, key bound to it  (quote.c, worker.c)
 *        ├─► access key of this account, which is the main contract's operator
 *        └─► add_worker_key of the main contract: expiry, measurement
 *
 * It speaks OutLayer's interface of the register contract and goes past it in what README.md lists.
 *
 * Storage, all borsh: "s" the state below; "r" the root of simulated quotes; "m" the approved
 * measurements, one after the other; "h" the challenges; "c" + simulated u8, TEE u8, FMSPC [6],
 * CA u8 the digest of a collateral set; "l" + simulated u8, CA u8 when the newest revocation lists
 * were issued, of the root and of that CA: u64 each; "t" + slot u8 the text of a set; "k" + curve
 * u8 and key id the record of a worker key. */
#ifndef REGISTER_H
#define REGISTER_H

#include "contract/json.h"
#include "verify/verify.h"

#include "methods.h"

/* Values in tables of fields that are this contract's own. */
#define REGISTER_VALUES(X)                                                                         \
    X(read_public_key, NULL)                                                                       \
    X(read_keys, NULL)                                                                             \
    X(read_register, NULL)                                                                         \
    X(read_measurement, NULL)                                                                      \
    X(read_fmspc, NULL)                                                                            \
    X(read_ca, NULL)                                                                               \
    X(read_tee, NULL)                                                                              \
    X(read_statuses, NULL)                                                                         \
    X(read_advisories, NULL)                                                                       \
    X(read_ppids, NULL)                                                                            \
    X(read_opt_bool, NULL)

NEAR_OWN_VALUES(REGISTER_VALUES)

#define STATE_VERSION 1u

#define MEASUREMENTS_MAX 64u
#define POLICY_ADVISORIES_MAX 64u
#define POLICY_PPIDS_MAX 256u
#define STATE_MAX_BYTES 8192u
#define SIMULATED_ROOT_MAX_BYTES 2048u
#define CHAIN_ID_MAX_BYTES 64u
#define KEYS_PER_CALL_MAX 256u
#define SLOTS 2u

#define CHALLENGE_BLOCKS 1000u     /* for so long a quote may answer to a challenge */
#define CHALLENGE_KEPT_BLOCKS 500u /* nobody can push out a younger one */
#define LIFETIME_LEAST_S 3600u
#define LIFETIME_MOST_S (90u * 86400u)
#define LIFETIME_S (7u * 86400u)
#define NS_PER_S UINT64_C(1000000000)

#define ML_DSA_65_BYTES 1952u

/* What is accepted of a platform whose quote is genuine. */
struct policy {
    uint32_t statuses; /* bits 1 << enum alc_tcb_status */
    uint32_t min_evaluation;
    uint64_t key_lifetime_s;
    bool require_binding; /* a registration must answer to a challenge */
    bool any_platform;    /* else `ppids` */
    size_t advisories_count, ppids_count;
    struct alc_bytes advisories[POLICY_ADVISORIES_MAX];
    struct alc_bytes ppids; /* 16 bytes each */
};

/* Who may do what, and the policy: one record, since every method needs some of it. */
struct state {
    struct alc_bytes owner;
    struct alc_bytes init_worker;
    struct alc_bytes outlayer; /* the main contract */
    struct alc_bytes chain_id; /* empty: not given, and no quote can be bound to this contract */
    bool simulated;            /* a root of simulated quotes was given */
    struct policy policy;
};

/* A public key, by borsh: tag (0 Ed25519, 2 ML-DSA-65) and bytes. */
struct public_key {
    uint8_t borsh[1 + ML_DSA_65_BYTES];
    size_t n;
    struct alc_bytes base58; /* as it came, which is the one way to write it */
    struct alc_hash id;      /* the Ed25519 key itself, SHA-256 of another: what quotes name */
};

/* What is known of a key that was registered. */
struct worker_key {
    uint64_t registered_ns, expires_ns;
    struct alc_hash measurement;
    uint8_t ppid[16];
    bool simulated;
    bool added; /* its access key was added by us, so it may be removed by us */
};

/* ---- state.c ---- */

bool state_exists(void);
void state_load(struct state *s); /* panics before `new`; borrows until the next state_load */
void state_save(const struct state *s);
void only_owner(const struct state *s);
/* state_trust borrows the simulated root until the next call. */
struct alc_trust state_trust(const struct state *s);

/* The approved measurements, in a buffer that is the caller's to change until the next load. */
struct alc_measurement *measurements_load(size_t *n);
void measurements_save(size_t n);

ALC_MUST bool worker_key_load(struct worker_key *w, const struct public_key *key);
void worker_key_save(const struct worker_key *w, const struct public_key *key);
void worker_key_remove(const struct public_key *key);

/* ---- key.c ---- */

void read_public_key(struct near_json *j, void *out); /* struct public_key */
bool key_is_ed25519(const struct public_key *key);
void out_ed25519(struct near_out *o, const struct public_key *key); /* "ed25519:...", quoted */
/* out_fingerprint writes an Ed25519 key as text, another by its SHA-256: logs are short. */
void out_fingerprint(struct near_out *o, const struct public_key *key);

/* ---- collateral.c ---- */

/* collateral_load fills *c with the digest kept for a platform; false: there is none. */
ALC_MUST bool collateral_load(struct alc_collateral *c, const struct alc_platform *p,
                              bool simulated);

/* ---- quote.c ---- */

extern const struct alc_verify_ops verify_ops;
/* Memory that alc_collateral_verify and alc_quote_verify work in; one of them at a time. */
extern uint8_t verify_buf[ALC_COLLATERAL_MAX_BYTES];

/* quote_judge judges a quote by everything this contract knows: collateral, policy, approved
 * measurements, block time; and its report data must begin with `report_data`. */
void quote_judge(struct alc_quote_verdict *v, const struct state *s, struct alc_bytes quote,
                 struct alc_bytes report_data);
/* refuse panics with `what`, the word of the refusal and its sentence. */
NEAR_NORETURN void refuse(const char *what, enum alc_refusal refusal);

/* ---- admin.c ---- */

/* A log line between the two; SIMULATED stands in front when that is so. */
struct near_out log_begin(bool simulated);
void log_end(struct near_out *o);

/* ---- challenge.c ---- */

/* challenge_answered: `half` is the second half of a registration's report data for a challenge
 * that is still good. */
ALC_MUST bool challenge_answered(const uint8_t half[32], const struct state *s,
                                 const struct alc_hash *policy_hash);

#endif
