#include "cli/node.h"

#include "base/enc.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

extern const uint8_t alc_embedded_compute[], alc_embedded_compute_end[];
extern const uint8_t alc_embedded_register[], alc_embedded_register_end[];
extern const uint8_t alc_embedded_consumer[], alc_embedded_consumer_end[];
extern const uint8_t alc_embedded_rain[], alc_embedded_rain_end[];

struct alc_bytes cli_embedded(enum cli_embedded which)
{
    switch (which) {
    case CLI_COMPUTE:
        return (struct alc_bytes){alc_embedded_compute,
                                  (size_t)(alc_embedded_compute_end - alc_embedded_compute)};
    case CLI_REGISTER:
        return (struct alc_bytes){alc_embedded_register,
                                  (size_t)(alc_embedded_register_end - alc_embedded_register)};
    case CLI_CONSUMER:
        return (struct alc_bytes){alc_embedded_consumer,
                                  (size_t)(alc_embedded_consumer_end - alc_embedded_consumer)};
    case CLI_RAIN:
        return (struct alc_bytes){alc_embedded_rain,
                                  (size_t)(alc_embedded_rain_end - alc_embedded_rain)};
    }
    return (struct alc_bytes){NULL, 0};
}

enum alc_rc cli_state_open(struct cli_state *s, const char *name, struct alc_err *err)
{
    const char *tmp = getenv("TMPDIR");
    struct stat st;

    s->temporary = name[0] == 0;
    if (s->temporary) {
        snprintf(s->path, sizeof s->path, "%s/alcove-XXXXXX",
                 tmp != NULL && tmp[0] != 0 ? tmp : "/tmp");
        if (mkdtemp(s->path) != NULL) return ALC_OK;
        s->temporary = false;
        return alc_fail(err, ALC_IO, "cannot make the folder %s: %s", s->path, strerror(errno));
    }
    if (strlen(name) >= sizeof s->path)
        return alc_fail(err, ALC_BAD_INPUT, "the name of the state folder is too long");
    snprintf(s->path, sizeof s->path, "%s", name);
    if (mkdir(s->path, 0700) != 0 && errno != EEXIST)
        return alc_fail(err, ALC_IO, "cannot make the folder %s: %s", s->path, strerror(errno));
    if (stat(s->path, &st) != 0 || !S_ISDIR(st.st_mode))
        return alc_fail(err, ALC_BAD_INPUT, "state: %s is no folder", s->path);
    return ALC_OK;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    return remove(path);
}

void cli_state_close(struct cli_state *s)
{
    if (s->temporary) nftw(s->path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    s->temporary = false;
}

enum alc_rc cli_read_file(struct alc_bytes *out, const char *path, size_t max_bytes,
                          struct alc_arena *arena, struct alc_err *err)
{
    int fd =
        open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* of a FIFO nobody waits for a writer */
    FILE *f = fd < 0 ? NULL : fdopen(fd, "rb");
    struct stat st;
    uint8_t *p;
    enum alc_rc rc = ALC_OK;

    if (f == NULL || fstat(fileno(f), &st) != 0) {
        rc = alc_fail(err, errno == ENOENT ? ALC_NOT_FOUND : ALC_IO, "%s: %s", path,
                      strerror(errno));
    } else if (!S_ISREG(st.st_mode)) {
        rc = alc_fail(err, ALC_BAD_INPUT, "%s is %s", path,
                      S_ISDIR(st.st_mode) ? "a folder, no file" : "no regular file: save it first");
    } else if ((uint64_t)st.st_size > max_bytes) {
        rc = alc_fail(err, ALC_LIMIT, "%s is %llu bytes, at most %zu", path,
                      (unsigned long long)st.st_size, max_bytes);
    } else if ((p = alc_arena_alloc(arena, (size_t)st.st_size + 1)) == NULL) {
        rc = alc_fail(err, ALC_NOMEM, "no memory for %s", path);
    } else if (fread(p, 1, (size_t)st.st_size, f) != (size_t)st.st_size) {
        rc = alc_fail(err, ALC_IO, "cannot read %s", path);
    } else {
        *out = (struct alc_bytes){p, (size_t)st.st_size};
    }
    if (f != NULL)
        fclose(f);
    else if (fd >= 0)
        close(fd);
    return rc;
}

enum alc_rc cli_write_file(const char *path, struct alc_bytes bytes, struct alc_err *err)
{
    FILE *f = fopen(path, "wb");
    bool ok = f != NULL && fwrite(bytes.p, 1, bytes.n, f) == bytes.n;

    if (f != NULL && fclose(f) != 0) ok = false;
    return ok ? ALC_OK : alc_fail(err, ALC_IO, "cannot write %s: %s", path, strerror(errno));
}

const char *cli_plain(char *out, size_t cap, struct alc_bytes text)
{
    size_t n = 0;

    for (size_t i = 0; i < text.n && n + sizeof "\\xNN" <= cap; i++) {
        if (text.p[i] >= 0x20 && text.p[i] < 0x7f && text.p[i] != '\\')
            out[n++] = (char)text.p[i];
        else
            n += (size_t)snprintf(out + n, cap - n, "\\x%02x", text.p[i]);
    }
    out[n] = 0;
    return out;
}

const char *cli_hex(char out[65], const struct alc_hash *h)
{
    size_t n;
    out[0] = 0;
    if (alc_hex_encode(out, 65, &n, alc_hash_bytes(h))) out[n] = 0;
    return out;
}
