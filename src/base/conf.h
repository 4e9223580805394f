/* src/base/conf.h — settings: one table per program, read once into a const struct.
 *
 * Order: default, then the file (INI, `section.name`; a `;` after white space begins a comment),
 * then the environment (ALCOVE_SECTION_NAME), then the command line (--section-name VALUE or
 * --section-name=VALUE; a bool is --section-name alone, and takes a value only after `=`).  From
 * the same table come --help and the checks.  An unknown name stops the start, in all three:
 * ALCOVE_CONF (which names the file) and the table's `others` are the only names let through.
 * Call before there are threads. */
#ifndef ALC_CONF_H
#define ALC_CONF_H

#include "base/arena.h"
#include "base/err.h"

enum alc_conf_kind {
    ALC_CONF_STR,  /* const char *; "" when unset */
    ALC_CONF_U32,  /* uint32_t */
    ALC_CONF_U64,  /* uint64_t */
    ALC_CONF_BOOL, /* bool; true false yes no on off 1 0 */
    ALC_CONF_LIST, /* const char *const *, NULL at its end: a flag given again adds to it, while
                    * each source takes the place of the one before */
};

struct alc_conf_item {
    const char
        *name; /* "worker.slots", or "state": then it stands before any section of the file */
    enum alc_conf_kind kind;
    size_t offset; /* of the field in the struct that is filled */
    const char *preset;
    uint64_t least, most; /* of a number, or of a string's length; most = 0: no upper limit */
    const char *help;     /* one line */
};

struct alc_conf_table {
    const struct alc_conf_item *items;
    size_t count;
    /* Names that belong to other programs which share the file or the environment; a final dot
     * stands for a whole section ("gateway.").  NULL at the end; may be NULL. */
    const char *const *others;
};

/* What a command line holds beside settings. */
struct alc_conf_rest {
    const char **words; /* in the arena; what is neither a flag nor its value, in order */
    size_t count;
    bool help;         /* --help or -h was there: nothing was checked */
    const bool *given; /* in the arena; by item of the table: somebody set it, it is no default */
};

/* alc_conf_given: of the item called `name`, which the table has. */
bool alc_conf_given(const struct alc_conf_table *table, const struct alc_conf_rest *rest,
                    const char *name);

#define ALC_CONF_LINE_MAX_BYTES 4096u

/* alc_conf_read fills `out` (the struct of the table's offsets).  `file` may be NULL; when it is
 * given it must exist.  argv excludes the program's and the subcommand's name.  `--conf FILE` names
 * the file on the command line and wins over ALCOVE_CONF, which wins over `file`.  After `--`
 * everything is a word.  Strings live in the arena.
 * ALC_BAD_INPUT says which name, what was read and what is allowed; ALC_NOT_FOUND: no such file.
 * ALC_IO: it cannot be read.  ALC_NOMEM. */
ALC_MUST enum alc_rc alc_conf_read(void *out, struct alc_conf_rest *rest,
                                   const struct alc_conf_table *table, const char *file, int argc,
                                   char *const *argv, struct alc_arena *arena, struct alc_err *err);

/* alc_conf_help prints one aligned line a setting on standard output. */
void alc_conf_help(const struct alc_conf_table *table);

#endif
