#include "tests/contract/old_state.h"

#include "base/enc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(bool holds, const char *what)
{
    if (holds) return;
    fprintf(stderr, "old_state: %s\n", what);
    abort();
}

static void *room(size_t n)
{
    void *p = malloc(n > 0 ? n : 1);
    must(p != NULL, "no memory");
    return p;
}

/* Hex, "-" for nothing, or "b*n" for n bytes b.  They live on unless *owned is freed. */
static struct alc_bytes bytes_of(const char *text, uint8_t **owned)
{
    const char *times = strchr(text, '*');
    const struct alc_bytes hex = {(const uint8_t *)text,
                                  times != NULL ? (size_t)(times - text) : strlen(text)};
    size_t n = times != NULL ? strtoul(times + 1, NULL, 10) : hex.n / 2, got;
    uint8_t *p = room(n);

    if (owned != NULL) *owned = p;
    if (strcmp(text, "-") == 0) return (struct alc_bytes){p, 0};
    must(alc_hex_decode(p, n, &got, hex), "not hex");
    if (times != NULL) memset(p, p[0], n);
    return (struct alc_bytes){p, n};
}

static char *word(char **at)
{
    char *w = strsep(at, " ");
    must(w != NULL, "a line ends early");
    return w;
}

static void read_line(struct old_state *s, char *line)
{
    const char *kind = word(&line), *args;

    must(s->records_n < OLD_STATE_MAX && s->yields_n < OLD_STATE_MAX && s->views_n < OLD_STATE_MAX,
         "too many lines");
    if (strcmp(kind, "record") == 0) {
        struct old_record *r = &s->records[s->records_n++];
        r->key = bytes_of(word(&line), NULL);
        r->value = bytes_of(word(&line), NULL);
    } else if (strcmp(kind, "yield") == 0) {
        struct old_yield *y = &s->yields[s->yields_n++];
        uint8_t *owned;
        const struct alc_bytes id = bytes_of(word(&line), &owned);
        const char *payload = word(&line);
        must(id.n == sizeof y->data_id.b, "a data id of another length");
        memcpy(y->data_id.b, id.p, id.n);
        free(owned);
        if (strcmp(payload, "-") != 0) y->payload = bytes_of(payload, NULL);
        y->args = strdup(line);
    } else {
        struct old_view *v = &s->views[s->views_n++];
        must(strcmp(kind, "view") == 0, "a line of another kind");
        v->method = strdup(word(&line));
        args = word(&line);
        v->args = strdup(strcmp(args, "-") == 0 ? "" : args);
        v->result = strdup(line);
    }
}

const struct old_state *old_state(const char *file)
{
    static struct old_state s;
    char path[512], *line = NULL;
    size_t cap = 0;
    ssize_t n;
    FILE *f;

    if (s.records_n > 0) return &s; /* there is one file in a program */
    snprintf(path, sizeof path, ALC_SOURCE_DIR "/tests/contract/data/%s", file);
    f = fopen(path, "r");
    must(f != NULL, path);
    while ((n = getline(&line, &cap, f)) > 0) {
        if (line[n - 1] == '\n') line[n - 1] = 0;
        if (line[0] != '#') read_line(&s, line);
    }
    free(line);
    fclose(f);
    return &s;
}
