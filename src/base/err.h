/* src/base/err.h — the sentence that goes with a failure, for the person who reads it.
 *
 * Code at an edge (config, network, database, guest) leaves one; pure code does not. */
#ifndef ALC_ERR_H
#define ALC_ERR_H

#include "base/bytes.h"
#include "base/rc.h"

struct alc_err {
    enum alc_rc rc;
    char text[600]; /* one line, no full stop, cut where it does not fit */
};

/* alc_fail writes the sentence and returns rc, so that `return alc_fail(err, ...)` reads well.
 * err may be NULL.  ALC_PRINTF arguments must not point into err->text. */
enum alc_rc alc_fail(struct alc_err *err, enum alc_rc rc, const char *fmt, ...) ALC_PRINTF(3, 4);

/* alc_fail_in puts what was being done before a sentence that is there: "<doing>: <sentence>". */
void alc_fail_in(struct alc_err *err, const char *fmt, ...) ALC_PRINTF(2, 3);

/* alc_err_text is the sentence, or the meaning of rc when nobody left one; never NULL. */
const char *alc_err_text(const struct alc_err *err, enum alc_rc rc);

#endif
