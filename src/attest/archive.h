/* src/attest/archive.h — the folder of kept sets.  Not a door.
 *
 * A file's name says what is in it, so that finding a set opens one file:
 *   <tee>-<fmspc>-<ca>-<evaluation>-<from>-<until>-<first 16 hex digits of SHA-256>.json
 * with times in Unix seconds.  `<name>.bad` is one that was damaged, `<name>.XXXXXX` (any letters
 * and digits) one that was never written whole; `quote` is the machine's newest quote. */
#ifndef ALC_ATTEST_ARCHIVE_H
#define ALC_ATTEST_ARCHIVE_H

#include "attest/attest.h"

#define ATT_ANY UINT64_MAX

/* A file of the archive, as its name tells. */
struct att_kept {
    char name[160];
    uint32_t evaluation; /* of the TCB info */
    struct alc_window window;
};

struct att_find {
    const struct alc_platform *platform;
    uint64_t at_s;                /* it covers this time; ATT_ANY */
    uint64_t from_most_s;         /* it begins at this time or before; ATT_ANY */
    const struct att_kept *below; /* it is older than this one; NULL: any */
    bool oldest;                  /* the oldest of them instead of the newest */
};
/* att_archive_find: ALC_NOT_FOUND: none is like that.  ALC_IO. */
ALC_MUST enum alc_rc att_archive_find(const char *dir, struct att_kept *out,
                                      const struct att_find *find, struct alc_err *err);
ALC_MUST enum alc_rc att_archive_read(const char *dir, const char *name, struct alc_buf *out,
                                      struct alc_err *err);
/* att_archive_put writes a set that is not there yet; att_archive_put_quote a quote over the last.
 */
ALC_MUST enum alc_rc att_archive_put(const char *dir, const struct alc_collateral *set,
                                     struct alc_bytes json, struct alc_err *err);
ALC_MUST enum alc_rc att_archive_put_quote(const char *dir, struct alc_bytes quote,
                                           struct alc_err *err);
/* att_archive_aside renames a damaged file, so that nobody finds it again but a person; false: the
 * folder does not let us.  att_archive_bad counts those of a platform. */
bool att_archive_aside(const char *dir, const struct att_kept *e);
unsigned att_archive_bad(const char *dir, const struct alc_platform *p);

#endif
