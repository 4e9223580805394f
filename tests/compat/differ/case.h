/* tests/compat/differ/case.h — a quote, a collateral and a time: what both verifiers are asked.
 *
 * A case starts as a copy of a sample and is changed by some edits, all drawn from one number, so
 * that a case can be made again.  Collateral is held in parts (strings as JSON would give them)
 * and printed at the end. */
#ifndef DIFFER_CASE_H
#define DIFFER_CASE_H

#include "base/buf.h"

#define CASE_QUOTE_MAX 32768u
#define CASE_PART_MAX 65536u
#define CASE_JSON_MAX (1u << 18)

enum part {
    PART_PCK_CRL_CHAIN,
    PART_ROOT_CRL,
    PART_PCK_CRL,
    PART_TCB_CHAIN,
    PART_TCB,
    PART_TCB_SIGNATURE,
    PART_QE_CHAIN,
    PART_QE,
    PART_QE_SIGNATURE,
    PART_PCK_CHAIN, /* optional */
    PARTS
};
extern const char *const part_names[PARTS];

/* Forms that one verifier reads and the other, by design, does not.  An edit that uses one sets its
 * bit; a rule in classes.c says which answers that explains. */
enum form {
    FORM_PEM,          /* PEM text, or the order of its blocks */
    FORM_OUTER_NUMBER, /* a number that is no integer, where nobody reads it: collateral */
    FORM_OUTER_DEPTH,  /* values nested in one another, deeper than eight: collateral */
    FORM_OUTER_TEXT,   /* a text that is no Unicode, where nobody reads it */
    /* signed texts: TCB info and QE identity */
    FORM_NUMBER,       /* as FORM_OUTER_NUMBER */
    FORM_DEPTH,        /* as FORM_OUTER_DEPTH */
    FORM_ESCAPE,       /* \uXXXX where a plain character would do */
    FORM_TIME,         /* RFC 3339, but not "YYYY-MM-DDThh:mm:ssZ" */
    FORM_LEVEL_TIME,   /* a tcbDate that is no time */
    FORM_TCB_TYPE,     /* tcbType other than 0 */
    FORM_VERSION,      /* a version that Intel has not issued for this kind */
    FORM_STATUS,       /* a status that Intel only computes, on a level that is not reached */
    FORM_EQUAL_LEVELS, /* two levels with the same demands */
    FORM_MANY,         /* more levels, advisories or modules than Intel has ever had */
    FORM_ADVISORY,     /* an advisory that is no name */
    FORM_MODULE_ID,    /* a module's id that is not "TDX_" and two digits, or comes twice */
    FORM_MODULE_HEX,   /* an identity of another module, with hex of another length */
    FORM_PCEID,        /* pceId that is not four digits */
    FORM_COMPONENTS,   /* more or fewer than 16 components on a level that is not reached */
    FORM_KIND,         /* parts of TDX in a set of SGX */
    FORM_NULL,         /* null for a part that this kind does not have */
    FORM_MODULE_SVN,   /* a module's isvsvn above 255 */
    FORM_LEVELS_ORDER, /* levels by isvsvn that do not fall */
    FORM_DER,          /* a certificate or list that its issuer signed with a change in it */
    FORMS
};
_Static_assert(FORMS <= 64, "a bit each");

struct sample {
    const char *name;
    struct alc_buf quote;
    struct alc_buf part[PARTS]; /* n 0 and p NULL: absent */
    uint64_t from_s, until_s;   /* a time between judges all its parts as valid */
};

/* Where the parts of a quote lie, read as laxly as the peer does. */
struct layout {
    bool ok;
    uint32_t version, tee, body_type;
    size_t body, body_n, section_len, section, section_n;
    size_t signature, key;
    size_t outer, outer_n; /* of v4 and v5: the certification record; 0: none */
    size_t qe, qe_signature, auth_len, auth, auth_n, inner, chain, chain_n;
    bool nested_rest, section_rest; /* bytes are left inside the record, inside the section */
};
struct layout layout_of(struct alc_bytes quote);

struct kase {
    const struct sample *base; /* NULL: of the simulated PKI */
    struct alc_buf quote, json;
    struct alc_buf part[PARTS];
    bool present[PARTS];
    bool same_bytes; /* in every run: no key in it is drawn by the test */
    uint64_t now_s;
    uint64_t forms; /* bits: enum form */
    char how[512];  /* the edits, in words */
    uint64_t seed;  /* of the generator below, to make the case again */
    uint64_t random;
};

/* The generator: splitmix64. */
uint64_t draw(struct kase *c);
uint64_t below(struct kase *c, uint64_t n); /* 0 .. n-1; 0 when n is 0 */

void kase_init(struct kase *c);
void kase_fini(struct kase *c);
void kase_start(struct kase *c, const struct sample *base, uint64_t seed);
void kase_form(struct kase *c, enum form form);
void kase_say(struct kase *c, const char *fmt, ...) ALC_PRINTF(2, 3);
void kase_print(struct kase *c); /* parts become JSON */
/* kase_parts takes the JSON apart again; when it is none, the parts stay. */
void kase_parts(struct kase *c);
/* kase_part makes a part anew. */
void kase_part(struct kase *c, enum part part, struct alc_bytes bytes);

/* bytes_replace puts `with` in place of n bytes at `at`. */
void bytes_replace(struct alc_buf *b, size_t at, size_t n, struct alc_bytes with);

/* Samples that ship with the crate, from `dir`. */
#define SAMPLES 6u
void samples_open(struct sample out[SAMPLES], const char *dir);
void samples_close(struct sample s[SAMPLES]);

/* Edits.  Each draws what it does; single bytes are changed only where they are the same in every
 * run, so that a difference shows in each of them or in none. */
void edit_quote(struct kase *c, const struct sample *all);
void edit_set(struct kase *c, const struct sample *all);
void edit_json(struct kase *c); /* after kase_print */
void edit_time(struct kase *c);

#endif
