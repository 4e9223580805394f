#include "series.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

void need(bool holds, const char *what)
{
    if (holds) return;
    fprintf(stderr, "%s: %s\n", program_invocation_short_name, what);
    exit(1);
}

void must(enum alc_rc rc, const struct alc_err *err)
{
    need(rc == ALC_OK, alc_err_text(err, rc));
}

double now_us(void)
{
    return (double)alc_clock_system.mono_ns(NULL) / 1000;
}

struct alc_buf read_file(const char *path)
{
    struct alc_buf b = ALC_BUF(16u << 20);
    uint8_t block[65536];
    size_t n;
    FILE *f = fopen(path, "rb");

    need(f != NULL, path);
    while ((n = fread(block, 1, sizeof block, f)) > 0)
        alc_buf_put(&b, block, n);
    fclose(f);
    return b;
}

void series_add(struct series *s, double v)
{
    double *p = realloc(s->v, (s->n + 1) * sizeof *p);

    need(p != NULL, "no memory");
    s->v = p;
    s->v[s->n++] = v;
}

void series_run(struct series *s, const char *command)
{
    FILE *f = popen(command, "r");
    char line[64];

    need(f != NULL, command);
    while (fgets(line, sizeof line, f) != NULL)
        series_add(s, strtod(line, NULL) / 1000);
    need(pclose(f) == 0, command);
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *v, size_t n)
{
    qsort(v, n, sizeof *v, by_value);
    return v[n / 2];
}

double series_ratio(struct series *of, struct series *over, size_t n)
{
    need(of->n >= n && over->n >= n, "a series is shorter than it should be");
    return median(of->v + of->n - n, n) / median(over->v + over->n - n, n);
}

double series_print(struct series *s, const char *name, const char *unit)
{
    const double middle = median(s->v, s->n);

    printf("%-34s %6zu %10.2f %10.2f %s\n", name, s->n, middle, s->v[s->n * 99 / 100], unit);
    free(s->v);
    *s = (struct series){0};
    return middle;
}

void series_one(const char *name, double v, const char *unit)
{
    struct series s = {0};

    series_add(&s, v);
    series_print(&s, name, unit);
}
