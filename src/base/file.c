#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ENDING ".XXXXXX"

static bool write_all(int fd, struct alc_bytes b)
{
    while (b.n > 0) {
        ssize_t put = write(fd, b.p, b.n);
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0) return false;
        b.p += put;
        b.n -= (size_t)put;
    }
    return true;
}

/* The folder that `path`, which is cut here, lies in. */
static int open_folder(char *path)
{
    char *slash = strrchr(path, '/');

    if (slash != NULL) slash[slash == path] = 0;
    return open(slash == NULL ? "." : path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

enum alc_rc alc_file_write(const char *path, struct alc_bytes bytes, struct alc_err *err)
{
    const size_t n = strlen(path);
    char *draft = malloc(n + sizeof ENDING); /* the name it has until it is whole */
    int folder, fd;
    bool placed, ok;

    if (draft == NULL) return alc_fail(err, ALC_NOMEM, "no memory to write %s", path);
    memcpy(draft, path, n + 1);
    folder = open_folder(draft);
    memcpy(draft, path, n);
    memcpy(draft + n, ENDING, sizeof ENDING);
    fd = folder < 0 ? -1 : mkostemp(draft, O_CLOEXEC); /* 0600 */
    placed = fd >= 0 && write_all(fd, bytes) && fsync(fd) == 0 && rename(draft, path) == 0;
    ok = placed && fsync(folder) == 0;
    if (!ok) alc_fail(err, ALC_IO, "cannot write %s: %s", path, strerror(errno));
    if (fd >= 0) close(fd);
    if (fd >= 0 && !placed) unlink(draft);
    if (folder >= 0) close(folder);
    free(draft);
    return ok ? ALC_OK : ALC_IO;
}
