/* tests/unit/store/fixture.h — a folder of its own for each test, and an answer to "why not OK". */
#ifndef TEST_STORE_FIXTURE_H
#define TEST_STORE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/store.h"

/* OK(call): the call gives ALC_OK; its sentence is shown when it does not.  `err` is in scope. */
#define OK(call)                                                                                   \
    do {                                                                                           \
        enum alc_rc rc_ = (call);                                                                  \
        if (rc_ != ALC_OK)                                                                         \
            fail_msg("%s: %s: %s", #call, alc_rc_name(rc_), alc_err_text(&err, rc_));              \
    } while (0)

struct folder {
    char path[64];
    char file[96]; /* of the database in it */
};

static inline void folder_make(struct folder *f)
{
    snprintf(f->path, sizeof f->path, "/tmp/alcove-test-XXXXXX");
    assert_non_null(mkdtemp(f->path));
    snprintf(f->file, sizeof f->file, "%s/a.db", f->path);
}

static inline void folder_remove(struct folder *f)
{
    char name[PATH_MAX];
    struct dirent *e;
    DIR *d = opendir(f->path);

    assert_non_null(d);
    while ((e = readdir(d)) != NULL) {
        snprintf(name, sizeof name, "%s/%s", f->path, e->d_name);
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) unlink(name);
    }
    closedir(d);
    assert_int_equal(rmdir(f->path), 0);
}

/* The first column of the only row, as a number. */
static inline int64_t one_int(struct alc_store *s, const char *sql)
{
    struct alc_err err = {0};
    struct alc_rows r;
    int64_t v;

    OK(alc_rows_start(&r, s, sql, ALC_NO_ARGS, &err));
    OK(alc_rows_next(&r, &err));
    v = alc_rows_int(&r, 0);
    alc_rows_end(&r);
    return v;
}

/* The same as text, into out. */
static inline void one_text(struct alc_store *s, const char *sql, char *out, size_t cap)
{
    struct alc_err err = {0};
    struct alc_rows r;
    struct alc_bytes b;

    OK(alc_rows_start(&r, s, sql, ALC_NO_ARGS, &err));
    OK(alc_rows_next(&r, &err));
    b = alc_rows_bytes(&r, 0);
    snprintf(out, cap, "%.*s", (int)b.n, b.n > 0 ? (const char *)b.p : "");
    alc_rows_end(&r);
}

#endif
