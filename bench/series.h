/* bench/series.h — what the benches share: measured values, the line that is printed of them, and
 * an end with a sentence when a bench cannot go on.  Each call is for one thread. */
#ifndef SERIES_H
#define SERIES_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"

struct series { /* {0} at first; series_print ends it */
    double *v;
    size_t n;
};

void series_add(struct series *s, double v);

/* series_run adds what `command`, a peer's program, prints: a time in ns on each line, as us. */
void series_run(struct series *s, const char *command);

/* series_ratio is that of the medians of the newest n values of each, which are sorted for it: of
 * two hosts that take turns, so that a machine that changes its speed in between does not count. */
double series_ratio(struct series *of, struct series *over, size_t n);

/* series_print prints `name n median p99 unit` of one value or more and returns the median. */
double series_print(struct series *s, const char *name, const char *unit);
void series_one(const char *name, double v, const char *unit);

double now_us(void);
struct alc_buf read_file(const char *path); /* at most 16 MiB */

/* These end the program with a sentence: unless it holds, unless rc is ALC_OK. */
void need(bool holds, const char *what);
void must(enum alc_rc rc, const struct alc_err *err);

#endif
