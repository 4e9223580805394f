/* src/base/log.h — one line, one event, `key=value`, on standard error.
 *
 *   2026-11-23T06:30:01.123Z info job.claimed job=7 tries=1
 *
 * error: a person should look.  warn: handled, odd.  info: the life of a job.  debug: the rest.
 * Never inputs, outputs or secrets: sizes and hashes.  For any thread. */
#ifndef ALC_LOG_H
#define ALC_LOG_H

#include "base/bytes.h"

enum alc_log_level { ALC_ERROR, ALC_WARN, ALC_INFO, ALC_DEBUG };

/* alc_log_set keeps lines of `least` and graver; the default is ALC_INFO.  Call before threads. */
void alc_log_set(enum alc_log_level least);
/* alc_log_wants: a line of this level would be written; ask before work that only a line needs. */
ALC_MUST bool alc_log_wants(enum alc_log_level level);
/* alc_log_level_of reads "error", "warn", "info" or "debug". */
ALC_MUST bool alc_log_level_of(const char *name, enum alc_log_level *out);

/* A control character inside the formatted text is written as `?`, so that no foreign text can
 * make a second line. */
void alc_log(enum alc_log_level level, const char *event, const char *fmt, ...) ALC_PRINTF(3, 4);

#endif
