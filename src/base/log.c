#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static enum alc_log_level threshold = ALC_INFO;
static const char *const names[] = {"error", "warn", "info", "debug"};

void alc_log_set(enum alc_log_level least)
{
    threshold = least;
}

bool alc_log_wants(enum alc_log_level level)
{
    return level <= threshold;
}

bool alc_log_level_of(const char *name, enum alc_log_level *out)
{
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(names[i], name) != 0) continue;
        *out = (enum alc_log_level)i;
        return true;
    }
    return false;
}

void alc_log(enum alc_log_level level, const char *event, const char *fmt, ...)
{
    char line[1600];
    struct timespec t;
    struct tm tm;
    size_t n;
    int m;
    va_list ap;

    if (level > threshold) return;
    clock_gettime(CLOCK_REALTIME, &t);
    gmtime_r(&t.tv_sec, &tm);
    n = strftime(line, sizeof line, "%Y-%m-%dT%H:%M:%S", &tm);
    n += (size_t)snprintf(line + n, sizeof line - n, ".%03ldZ %s %s ", t.tv_nsec / 1000000,
                          names[level], event);
    va_start(ap, fmt);
    m = vsnprintf(line + n, sizeof line - n - 1, fmt, ap);
    va_end(ap);
    if (m < 0) m = 0;
    for (size_t i = n; line[i] != 0; i++)
        if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f) line[i] = '?';
    n = strlen(line);
    line[n] = '\n';
    fwrite(line, 1, n + 1, stderr); /* one call: lines of two threads do not mix */
}
