#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum alc_rc alc_fail(struct alc_err *err, enum alc_rc rc, const char *fmt, ...)
{
    va_list ap;
    if (err == NULL) return rc;
    err->rc = rc;
    va_start(ap, fmt);
    if (vsnprintf(err->text, sizeof err->text, fmt, ap) < 0) err->text[0] = 0;
    va_end(ap);
    return rc;
}

void alc_fail_in(struct alc_err *err, const char *fmt, ...)
{
    char rest[sizeof err->text];
    va_list ap;
    int n;

    if (err == NULL) return;
    memcpy(rest, err->text, sizeof rest);
    va_start(ap, fmt);
    n = vsnprintf(err->text, sizeof err->text, fmt, ap);
    va_end(ap);
    if (n < 0 || (size_t)n + 2 >= sizeof err->text) return;
    memcpy(err->text + n, ": ", 2);
    memcpy(err->text + n + 2, rest, sizeof rest - (size_t)n - 2);
    err->text[sizeof err->text - 1] = 0;
}

const char *alc_err_text(const struct alc_err *err, enum alc_rc rc)
{
    return err != NULL && err->text[0] != 0 ? err->text : alc_rc_text(rc);
}
