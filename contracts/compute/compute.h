/* contracts/compute/compute.h — the main contract: a caller's promise waits in it for an answer.
 *
 *   request_execution ─► record, yield, event          (request.c)
 *   resolve_execution ─► checks the answer, resumes    (resolve.c, proof.c)
 *       level "onchain": after the register's verdict  (onchain.c)
 *   on_execution_response ─► refund, event, result     (answer.c)
 *
 * It speaks OutLayer's interface (methods, JSON, events, money) and goes past it in `proof`: what a
 * caller may ask to be shown about an answer before it is believed.
 *
 * Storage.  Records of their own: "s" the state below; "r" + id a request; "i" + id an input too
 * long for its request; "o" + id an output that came before the resolve; "k" + key a worker key,
 * and "K" all of them; "g" the register's account; "d" the prices in dollars, which the chain never
 * uses; "n" + number the name of a project; "u", "e" + account stablecoin (purse.h); "f" + account
 * the floor of its payment keys; "a" an acceptance; "l" the subscription plans.  Tables (table.h):
 * "P" projects, "V" versions, "S" secrets, "W" wallet policies, "T" prices.  An id is 8 bytes, big
 * endian.  Every record is borsh, and state and request begin with a version. */
#ifndef COMPUTE_H
#define COMPUTE_H

#include "contract/json.h"

#include "methods.h"
#include "source.h"
#include "values.h"

#define STATE_VERSION 2u /* 1, of before projects, is read too */
#define REQUEST_VERSION 1u

/* Limits of the interface. */
#define MAX_INSTRUCTIONS UINT64_C(500000000000)
#define MAX_SECONDS 180u
#define MAX_COMPILE_SECONDS 300u
#define DEFAULT_INSTRUCTIONS UINT64_C(1000000000)
#define DEFAULT_MEMORY_MB 128u
#define DEFAULT_SECONDS 60u
#define INPUT_IN_EVENT_MAX_BYTES 9999u /* longer input is announced as being in the state */
#define STALE_AFTER_NS UINT64_C(600000000000)
#define CALLBACK_GAS (50 * (uint64_t)NEAR_TGAS)
/* On top for each byte of an input with a record of its own: a callback that could not remove it
 * would leave the request, and the bytes that it takes of the cap, behind. */
#define CALLBACK_GAS_BYTE (16 * (uint64_t)NEAR_TGAS / 1000000)

/* Limits of our own. */
#define STATE_MAX_BYTES 1024u
#define METADATA_MAX_BYTES 64u /* each of event standard and version, chain id */
#define WORKER_KEYS_MAX 256u
#define CANCEL_MAX 1024u /* ids in one call: the protocol allows as many promises */
#define PENDING_BYTES_CAP (UINT64_C(8) << 20) /* by default; 84 NEAR of storage */
/* An output that comes before its resolve; and as the JSON string that a text is kept as.  With the
 * dearest settlement the callback then needs 46 of its 50 Tgas. */
#define OUTPUT_MAX_BYTES 655360u
#define OUTPUT_TEXT_MAX_BYTES 1800000u
/* A request's record: 10 kB of input, 2 kB of URL and the rest at its longest, with room. */
#define REQUEST_MAX_BYTES 16384u

struct prices {
    near_u128 base_fee;
    near_u128 per_million_instructions_fee;
    near_u128 per_ms_fee;
    near_u128 per_compile_ms_fee;
};

struct prices_usd {
    near_u128 base_fee;
    near_u128 per_million_instructions_fee;
    near_u128 per_sec_fee;
    near_u128 per_compile_ms_fee;
};

/* Configuration and counters in one record: a read costs as much as 10 kB of it.  Everything before
 * the strings is stored as it lies in memory, little endian and without gaps. */
struct state {
    near_u128 fees; /* collected, yoctoNEAR */
    struct prices prices;
    uint64_t next_id;
    uint64_t first_id; /* no request below it waits: where scans begin */
    uint64_t pending;  /* requests that wait */
    uint64_t pending_bytes;
    uint64_t pending_bytes_cap;
    uint64_t executions;
    uint64_t paused;               /* 0 or 1 */
    struct alc_hash deployment_id; /* tells this deployment from an earlier one of the same name */
    uint64_t projects;             /* ever created: the last one's number */
    struct alc_bytes owner;
    struct alc_bytes operator_id;
    struct alc_bytes standard;
    struct alc_bytes version;
    struct alc_bytes chain_id; /* empty: not given to `new`, and no proof can be asked */
    struct alc_bytes self;     /* this account: cheaper kept than asked for */
    struct alc_bytes token;    /* the stablecoin's contract; empty: none */
};

struct limits {
    struct near_opt_u64 instructions;
    struct near_opt_u32 memory_mb;
    struct near_opt_u64 seconds;
};

struct secrets_ref {
    struct alc_bytes profile; /* p NULL: no secrets */
    struct alc_bytes account;
};

enum format { FORMAT_BYTES, FORMAT_TEXT, FORMAT_JSON };

/* What must be shown with an answer; the order is that of strength. */
enum proof { PROOF_NONE, PROOF_KEY, PROOF_QUOTE, PROOF_ONCHAIN, PROOF_COUNT };

enum request_flag {
    FLAG_OUTPUT = 1 << 0,      /* an output is stored */
    FLAG_INPUT_APART = 1 << 1, /* the input has a record of its own */
    FLAG_WITH_PROOF = 1 << 2,  /* the result names its proof */
    FLAG_COMPILE_ONLY = 1 << 3,
};

/* Everything before the strings is stored as it lies in memory, like struct state. */
struct request {
    near_u128 payment;
    near_u128 attached_usd;
    uint64_t height;
    uint64_t timestamp; /* ns */
    struct limits limits;
    struct alc_hash data_id;
    struct alc_hash request_hash; /* SHA-256 of the announced request_data */
    uint32_t input_n;
    uint8_t flags;  /* enum request_flag */
    uint8_t proof;  /* enum proof */
    uint8_t format; /* enum format */
    /* Counts what made a stored output final or took it back.  A verification that began in another
     * turn leans on an output that may no longer be the one it saw. */
    uint8_t turn;
    struct source asked;  /* as the caller named it */
    struct source source; /* the code: GitHub or WasmUrl; of a project, the version's */
    uint64_t project;     /* its number; 0: `asked` is no project */
    struct alc_bytes predecessor;
    struct alc_bytes signer;
    struct alc_bytes payer;
    struct secrets_ref secrets;
    struct alc_bytes input; /* p NULL: none; empty when it lies apart, see input_n */
    uint64_t id;            /* its key */
};

/* The numbers are those of enum alc_output_kind; OUTPUT_STRING is how a text is kept: as the JSON
 * string that will be returned, so that the callback has little to do. */
enum output_kind { OUTPUT_NONE, OUTPUT_TEXT, OUTPUT_JSON, OUTPUT_BYTES, OUTPUT_STRING };

/* What the caller will receive: Text unescaped, Json without insignificant white space. */
struct output {
    enum output_kind kind;
    struct alc_bytes bytes;
};

struct metrics {
    uint64_t instructions;
    uint64_t time_ms;
    struct near_opt_u64 compile_ms;
};

struct response {
    bool success;
    struct output output;
    struct alc_bytes error; /* p NULL: none */
    struct metrics used;
    struct alc_bytes note; /* p NULL: none */
    struct near_opt_u64 refund_usd;
};

/* The proof of an answer, as the callback hears of it. */
struct shown {
    bool some;   /* a statement was checked: the output is final as it is in the payload */
    bool stored; /* and it covers the stored output, not one in the payload */
    struct alc_hash statement_hash;
    struct alc_hash worker_key;
    /* what the statement says of its enclave: for a verdict, not for the callback */
    struct alc_hash measurement;
    bool simulated;
};

/* A worker key, and what the register saw behind it. */
struct worker {
    uint64_t expires_ns; /* UINT64_MAX: never */
    bool vouched;        /* by a quote of the enclave below */
    bool simulated;
    struct alc_hash measurement;
};

/* ---- state.c ---- */

/* The state is here.state (call.h). */
void state_load(void); /* panics before `new` */
bool state_try(void);  /* or returns false then */
void state_save(void);
bool state_exists(void);
void usd_load(struct prices_usd *p);
void usd_save(const struct prices_usd *p);

/* request_load fills *r, whose strings are borrowed until the next load; false: no such request.
 * request_take also removes it with all that belongs to it, and counts it off; of its input it
 * keeps what settling needs.  The state is not saved here. */
ALC_MUST bool request_load(struct request *r, uint64_t id);
ALC_MUST bool request_take(struct request *r, struct output *stored, uint64_t id);
void request_add(const struct request *r); /* panics over the cap */
/* Returns the length of the output's record. */
size_t request_add_output(struct request *r, const struct output *o);
/* request_next_turn ends the turn of a stored output: as final, or, with `drop`, by removing it. */
void request_next_turn(const struct request *r, bool drop);
bool request_exists(uint64_t id);
/* The project's id as it was asked for; p NULL: the code is no project's. */
static inline struct alc_bytes request_project(const struct request *r)
{
    return r->project != 0 ? r->asked.where : (struct alc_bytes){NULL, 0};
}
/* The input, wherever it lies; p NULL: none. */
struct alc_bytes request_input(const struct request *r);
/* A stored output, borrowed until the next one: as it is kept, or, a string, as the text it is. */
void output_kept(struct output *o, uint64_t id);
void output_load(struct output *o, uint64_t id);

/* ---- request.c ---- */

extern const char *const proof_names[PROOF_COUNT];
near_u128 estimate(const struct limits *l);
/* Readers that are also of tables by which near_out_members writes. */
void read_limits(struct near_json *j, void *out);  /* struct limits */
void read_secrets(struct near_json *j, void *out); /* struct secrets_ref */
void read_format(struct near_json *j, void *out);  /* uint8_t: enum format */
#define LIMITS_FIELDS 3u
#define SECRETS_FIELDS 2u
#define FORMATS 3u
extern const struct near_field limits_fields[LIMITS_FIELDS], secrets_fields[SECRETS_FIELDS];
extern const char *const format_names[FORMATS];
struct limits filled(const struct limits *l); /* absent ones at their defaults */

/* ---- event.c ---- */

/* event_begin writes an event line to here.out, up to the object in `data`; event_end closes and
 * logs it. */
void event_begin(const char *event);
void event_end(void);
/* A whole `system_event` called `name`, whose members a table describes. */
void system_event(const char *name, const void *in, const struct near_field *fields, size_t n);
#define SYSTEM_EVENT(name, in, fields)                                                             \
    system_event(name, in, fields, sizeof(fields) / sizeof((fields)[0]))
void out_account(struct near_out *o, struct alc_bytes a);

/* ---- resolve.c ---- */

near_u128 cost(const struct metrics *m);
void log_charged(near_u128 yocto);
#define METRICS_FIELDS 3u
extern const struct near_field metrics_fields[METRICS_FIELDS];
void read_metrics(struct near_json *j, void *out); /* struct metrics; written too */
void read_output(struct near_json *j, void *out);  /* struct output; written as it waits */
/* out_pending writes an output that waits: as octets with `raw`, else as it will be. */
void out_pending(struct near_out *o, const struct output *out, bool raw);
void payload_read(struct response *r, struct shown *p, uint8_t *buf, size_t n);

/* ---- answer.c ---- */

/* What the caller will receive. */
void out_output(struct near_out *o, const struct output *out);

/* ---- proof.c ---- */

/* proof_check panics unless the base64 text `statement` (p NULL: none given) shows what `r` asks
 * for an answer `a` whose output will be `out`; fills *shown. */
void proof_check(struct shown *shown, const struct request *r, const struct response *a,
                 const struct output *out, struct alc_bytes statement);

/* ---- onchain.c ---- */

/* onchain_ask has the register judge the quote in `evidence` (base64; p NULL: none, which panics)
 * over the statement of *shown, and resumes *r with `payload` when it accepts.  `mine`: the length
 * of the record of an output that came with this call, and goes when the quote is refused; or 0. */
void onchain_ask(const struct request *r, const struct shown *shown, struct alc_bytes payload,
                 bool leans, size_t mine, struct alc_bytes evidence);

/* ---- admin.c ---- */

#define METADATA_FIELDS 2u
extern const struct near_field metadata_fields[METADATA_FIELDS]; /* of the state: an event's head */
void only_owner(void);
void not_paused(void); /* panics while the contract is paused */
void read_account_or_null(struct near_json *j, void *out);
ALC_MUST bool register_load(struct near_account *out); /* false: none is set */
void register_must(struct near_account *out);          /* panics when none is set */

/* ---- keys.c ---- */

ALC_MUST bool worker_load(struct worker *w, const struct alc_hash *key); /* false: not registered */
bool worker_good(const struct worker *w); /* not expired at this block */

#endif
