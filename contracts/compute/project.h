/* contracts/compute/project.h — projects: a name of an account's under which code is published,
 * version by version, and a number, shown as uuid, that stays the same when the project moves.
 *
 *   table "P", by id (owner/name), listed by owner    struct project_record
 *   the uuid ("p" and 16 hex digits)                  the id
 *   table "V", by number and version key,             position u32 | deposit u32 | added u64 ns
 *   listed by number                                  | source
 *   "a" + hash of (new owner, owner, name)            empty: this transfer is accepted
 *
 * Deposits are in bytes of the interface's formulas, which are never less than what the records
 * lock.  A version key is the hash of a WasmUrl, and `repo@commit` of a GitHub source. */
#ifndef COMPUTE_PROJECT_H
#define COMPUTE_PROJECT_H

#include "compute.h"
#include "table.h"

#define PROJECT_NAME_MAX_BYTES 64u
#define PROJECT_ID_MAX_BYTES (NEAR_ACCOUNT_MAX_BYTES + 1 + PROJECT_NAME_MAX_BYTES)
#define PROJECT_UUID_BYTES 17u

/* Stored as it lies in memory, without gaps. */
struct project_record {
    uint32_t position;
    uint32_t deposit; /* bytes, without those of the versions */
    uint64_t number;
    uint64_t created;        /* ns */
    struct table_key active; /* the version's */
    uint8_t zero[3];
};

_Static_assert(sizeof(struct project_record) == 48, "gaps in a project's record");

struct project {
    struct project_record kept;
    uint8_t id_b[PROJECT_ID_MAX_BYTES];
    struct alc_bytes id, owner, name; /* in id_b */
};

struct version {
    struct table_key key;
    uint32_t position;
    uint32_t deposit;      /* bytes */
    uint64_t added;        /* ns */
    struct source source;  /* borrowed until the next version is loaded */
    struct alc_bytes name; /* its version key, likewise */
};

/* ---- A call about projects ----
 *
 * There is one call, and what it is about lies in `pcall`: functions without locals to pass around
 * are a third smaller.  project_begin reads those arguments that its mask names, in the order of
 * the bits; and loads the state, and with CALL_MINE and CALL_PROJECT the project.  A view that
 * finds its project has no need of the state: there is one. */
enum {
    CALL_NAME_OF_MINE = 1 << 0, /* project_name, into `name` */
    CALL_ID = 1 << 1,           /* project_id */
    CALL_ACCOUNT = 1 << 2,
    CALL_UUID = 1 << 3, /* into `name` */
    CALL_NEW_OWNER = 1 << 4,
    CALL_FROM = 1 << 5,
    CALL_NAME = 1 << 6,
    CALL_VERSION = 1 << 7,
    CALL_SOURCE = 1 << 8,
    CALL_SET_ACTIVE = 1 << 9,
    CALL_PAGE = 3 << 10,                               /* from_index, limit */
    CALL_BY = 1 << 12,                                 /* no view: who calls */
    CALL_UNPAUSED = 1 << 13,                           /* panics while paused */
    CALL_MINE = CALL_NAME_OF_MINE | CALL_BY | 1 << 14, /* panics: no such project of the caller's */
    CALL_PROJECT = CALL_ID | 1 << 15,                  /* found: whether there is such a project */
};

extern struct project_call {
    struct state state;
    struct near_account by_account;
    struct alc_bytes by;
    struct alc_bytes name, project_id, new_owner, from, version;
    struct source source;
    struct near_opt_u64 skip, limit;
    bool set_active;
    struct project project;
    bool found;
    struct near_out out; /* what a view returns, or an event */
} pcall;

void project_begin(uint32_t mask);

/* Writing to pcall.out: a literal, and a value behind one. */
void say(const char *text);
void say_str(const char *before, const struct alc_bytes *value);
void say_u64(const char *before, uint64_t value);
void say_uuid(const char *before);
void say_price(const char *before, uint64_t bytes); /* of so many bytes of storage */
void say_return(void);                              /* ends a view */

/* say_list returns a page of a list, or all of it without CALL_PAGE. */
void say_list(char tag, struct alc_bytes owner, uint64_t limit, uint64_t cap,
              void (*row)(const struct table_key *k));

/* ---- project.c ---- */

void project_name_check(void); /* the name rule over pcall.name; panics */
bool project_exists(struct alc_bytes id);
ALC_MUST bool project_load(struct project *p, struct alc_bytes id); /* false: none */
/* project_numbered finds a project whatever its id is by now; false: it was deleted. */
ALC_MUST bool project_numbered(struct project *p, uint64_t number);
/* project_name_it sets the id; false: the name is too long for one. */
ALC_MUST bool project_name_it(struct project *p, struct alc_bytes owner, struct alc_bytes name);
void project_save(struct project *p);   /* of a loaded one, changed */
void project_add(struct project *p);    /* and its uuid */
void project_remove(struct project *p); /* but not its uuid */

/* project_resolve gives the code that a Project source names, and the project's number; panics when
 * there is none. */
uint64_t project_resolve(struct source *code, const struct source *asked);

void out_project_uuid(struct near_out *o, uint64_t number); /* a JSON string */

NEAR_NORETURN void project_corrupt(void);

/* ---- version.c ---- */

struct table_key version_key(uint64_t number, struct alc_bytes name);
ALC_MUST bool version_load(struct version *v, const struct table_key *k); /* false: none */
uint32_t version_bytes(const struct source *s);
/* version_add adds pcall.source to pcall.project, or panics when there is such a version; returns
 * its key. */
struct table_key version_add(void);
/* versions_remove takes all of pcall.project's away; returns the bytes that were paid for them. */
uint64_t versions_remove(void);

#endif
