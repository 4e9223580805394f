/* contracts/compute/source.h — where a request's code comes from: an ExecutionSource, of which a
 * CodeSource is the forms without Project. */
#ifndef COMPUTE_SOURCE_H
#define COMPUTE_SOURCE_H

#include "record.h"
#include "values.h"

enum source_kind { SOURCE_GITHUB, SOURCE_WASM_URL, SOURCE_PROJECT };

/* The three forms have two strings and an optional one each. */
struct source {
    enum source_kind kind;
    struct alc_bytes where;        /* repo, url, project_id */
    struct alc_bytes what;         /* commit, hash, version_key (p NULL: none) */
    struct alc_bytes build_target; /* p NULL: none */
};

void read_source(struct near_json *j, void *out);      /* struct source */
void read_code_source(struct near_json *j, void *out); /* struct source; Project is none */

/* source_check holds a GitHub or WasmUrl source against the source rule; panics with the field. */
void source_check(const struct source *s);

bool sha256_text(struct alc_bytes s); /* 64 of 0-9a-f */

void out_source(struct near_out *o, const struct source *s);

/* made_of: 1 to `max` bytes of ASCII letters, digits and `more`. */
bool made_of(struct alc_bytes s, size_t max, const char *more);

/* trimmed is `text`, which is UTF-8, without the Unicode white space at its ends; empty when there
 * is nothing else. */
struct alc_bytes trimmed(struct alc_bytes text);

/* As a part of a record: kind u8 | where | what | option build_target; a project's `what` is an
 * option. */
void walk_source(struct source *s);

/* profile_check holds the name of a profile against the profile rule; panics with "<field> must
 * be ...". */
void profile_check(struct alc_bytes profile, const char *field);

#endif
