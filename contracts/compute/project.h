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

#include "call.h"
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
    bool active;           /* of pcall.project */
};

/* ---- A call about projects ---- */

extern struct project_call {
    struct project project;
    bool found;
} pcall;

enum {
    MINE = ARG_PROJECT_NAME | BY | 1 << 4, /* panics: no such project of the caller's */
    FIND = ARG_PROJECT_ID | 1 << 5,        /* found: whether there is such a project */
};

/* project_begin begins, and with MINE and FIND loads the project.  A view that finds its project
 * has no need of the state: there is one. */
void project_begin(uint32_t mask);

void say_uuid(const char *before);
/* say_list gives a page of a list, or all of it without ARG_PAGE; of an empty one only if the
 * contract is set up. */
void say_list(char tag, struct alc_bytes owner, uint64_t limit, uint64_t cap,
              void (*row)(const struct table_key *k));

/* ---- project.c ---- */

void project_name_check(void); /* the name rule over arg.name; panics */
bool project_exists(const struct alc_bytes *id);
ALC_MUST bool project_load(struct project *p, const struct alc_bytes *id); /* false: none */
/* project_numbered finds a project whatever its id is by now; false: it was deleted. */
ALC_MUST bool project_numbered(struct project *p, uint64_t number);
/* project_name_it sets the id; false: the name is too long for one. */
ALC_MUST bool project_name_it(struct project *p, const struct alc_bytes *owner,
                              const struct alc_bytes *name);
void project_save(struct project *p);   /* of a loaded one, changed */
void project_add(struct project *p);    /* and its uuid */
void project_remove(struct project *p); /* but not its uuid */

/* project_resolve gives the code that a Project source names, and the project's number; panics when
 * there is none. */
uint64_t project_resolve(struct source *code, const struct source *asked);

struct alc_bytes project_uuid(uint64_t number); /* borrowed until the next one */

/* ---- version.c ---- */

struct table_key version_key(uint64_t number, struct alc_bytes name);
ALC_MUST bool version_load(struct version *v, const struct table_key *k); /* false: none */
uint32_t version_bytes(const struct source *s);
/* version_add adds arg.source to pcall.project, or panics when there is such a version; returns its
 * key. */
struct table_key version_add(void);
/* versions_remove takes all of pcall.project's away; returns the bytes that were paid for them. */
uint64_t versions_remove(void);

#endif
