/* tests/unit/cli/program.h — runs `alcove` in a folder of the test's and keeps what it said. */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/json.h"

struct program {
    char dir[64];
    struct alc_buf out, err;
};

static int program_remove(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    return remove(path);
}

static int program_set_up(void **state)
{
    struct program *p = calloc(1, sizeof *p);
    assert_non_null(p);
    p->out = p->err = ALC_BUF(1u << 20);
    strcpy(p->dir, "/tmp/alcove-cli-XXXXXX");
    assert_non_null(mkdtemp(p->dir));
    *state = p;
    return 0;
}

static int program_tear_down(void **state)
{
    struct program *p = *state;
    nftw(p->dir, program_remove, 16, FTW_DEPTH | FTW_PHYS);
    alc_buf_fini(&p->out);
    alc_buf_fini(&p->err);
    free(p);
    return 0;
}

static void program_read(struct alc_buf *out, FILE *f)
{
    char part[4096];
    size_t n;
    alc_buf_reset(out);
    while ((n = fread(part, 1, sizeof part, f)) > 0)
        alc_buf_put(out, part, n);
}

/* Runs `alcove <formatted words>` by the shell, in the folder; returns its exit code. */
static ALC_PRINTF(2, 3) int program_run(struct program *p, const char *fmt, ...)
{
    char words[2048], command[4096], path[96];
    va_list args;
    FILE *f;
    int status;

    va_start(args, fmt);
    vsnprintf(words, sizeof words, fmt, args);
    va_end(args);
    /* ALCOVE_VECTORS is the tests' own: to the program it would be a setting that is none. */
    snprintf(command, sizeof command, "cd %s && env -u ALCOVE_VECTORS %s %s 2>stderr", p->dir,
             ALC_BUILD_DIR "/bin/alcove", words);
    f = popen(command, "r");
    assert_non_null(f);
    program_read(&p->out, f);
    status = pclose(f);
    assert_true(WIFEXITED(status));
    snprintf(path, sizeof path, "%s/stderr", p->dir);
    f = fopen(path, "r");
    assert_non_null(f);
    program_read(&p->err, f);
    fclose(f);
    unlink(path);
    return WEXITSTATUS(status);
}

static void program_said(const struct alc_buf *text, const char *word)
{
    if (strstr(alc_buf_text(text), word) == NULL)
        fail_msg("no `%s` in: %s", word, alc_buf_text(text));
}

static inline struct alc_json *program_json(const struct program *p)
{
    struct alc_json *doc = NULL;
    struct alc_err err = {0};
    if (alc_json_open(&doc, alc_buf_bytes(&p->out), 1u << 20, &err) != ALC_OK)
        fail_msg("%s: %s", err.text, alc_buf_text(&p->out));
    return doc;
}

#endif
