/* localnet/home.c — the folder of a chain, and the keys that lie in it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/enc.h"
#include "base/file.h"
#include "localnet/program.h"

/* The key pair of NEAR's own sandbox.  Everybody knows it: that is why this program stays on the
 * loopback unless told otherwise. */
#define KNOWN_SECRET                                                                               \
    "ed25519:"                                                                                     \
    "3tgdk2wPraJzT4nsTuf86UX41xgPNk3MHnq8epARMdBNs29AFEztAuaQ7iHddDfXG9F2RzV1XNQYgJyAyoW51UBB"
#define DEFAULT_SEED "localnet" /* of a deterministic chain that was given none */

/* ---- the folder ---- */

void lnet_home_path(const struct program *p, char out[LNET_PATH_BYTES], const char *name,
                    const char *end)
{
    (void)snprintf(out, LNET_PATH_BYTES, "%s/%s%s", p->folder, name, end);
}

/* Makes the folder and those it lies in. */
static enum alc_rc make_folders(const char *folder, struct alc_err *err)
{
    char path[LNET_PATH_BYTES];

    (void)snprintf(path, sizeof path, "%s", folder);
    for (char *at = path + 1;; at++) {
        char c = *at;
        if (c != '/' && c != 0) continue;
        *at = 0;
        if (mkdir(path, 0700) != 0 && errno != EEXIST)
            return alc_fail(err, ALC_IO, "%s: %s", path, strerror(errno));
        *at = c;
        if (c == 0) return ALC_OK;
    }
}

/* The ready line names files for whoever reads it, perhaps in another folder. */
static enum alc_rc make_absolute(struct program *p, struct alc_err *err)
{
    char *path = realpath(p->folder, NULL);
    size_t n = path != NULL ? strlen(path) : 0;

    if (path == NULL) return alc_fail(err, ALC_IO, "%s: %s", p->folder, strerror(errno));
    if (n < sizeof p->folder) memcpy(p->folder, path, n + 1);
    free(path);
    return ALC_OK;
}

static enum alc_rc make_temporary(struct program *p, struct alc_err *err)
{
    const char *tmp = getenv("TMPDIR");

    (void)snprintf(p->folder, sizeof p->folder, "%s/alcove-localnet-XXXXXX",
                   tmp != NULL && tmp[0] != 0 ? tmp : "/tmp");
    p->temporary = mkdtemp(p->folder) != NULL;
    return p->temporary ? ALC_OK : alc_fail(err, ALC_IO, "%s: %s", p->folder, strerror(errno));
}

enum alc_rc lnet_home_open(struct program *p, struct alc_err *err)
{
    char path[LNET_PATH_BYTES];
    enum alc_rc rc;

    if (p->set.home[0] == 0) return make_temporary(p, err);
    (void)snprintf(p->folder, sizeof p->folder, "%s", p->set.home);
    rc = make_folders(p->folder, err);
    if (rc == ALC_OK) rc = make_absolute(p, err);
    if (rc != ALC_OK) return rc;
    lnet_home_path(p, path, "lock", "");
    p->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (p->lock < 0) return alc_fail(err, ALC_IO, "%s: %s", path, strerror(errno));
    if (flock(p->lock, LOCK_EX | LOCK_NB) != 0)
        return alc_fail(err, ALC_BUSY, "%s: another localnet runs in this folder", p->folder);
    return ALC_OK;
}

void lnet_home_close(struct program *p)
{
    char path[LNET_PATH_BYTES];

    if (p->lock >= 0) close(p->lock);
    for (size_t i = 0; i < p->owned_count; i++) {
        alc_ed25519_fini(&p->owned[i].key);
        if (!p->temporary) continue;
        lnet_home_path(p, path, p->owned[i].id.s, ".json");
        (void)unlink(path);
    }
    if (p->temporary) (void)rmdir(p->folder);
}

enum alc_rc lnet_home_write(const struct program *p, const char *name, struct alc_bytes bytes,
                            struct alc_err *err)
{
    char path[LNET_PATH_BYTES];

    lnet_home_path(p, path, name, "");
    return alc_file_write(path, bytes, err);
}

/* ---- keys ---- */

enum alc_rc lnet_home_key(const struct program *p, struct alc_ed25519 *out, const char *id)
{
    const char *seed = p->set.seed[0] != 0 ? p->set.seed : DEFAULT_SEED;
    struct alc_sha256 s;
    struct alc_hash h;

    if (p->set.seed[0] == 0 && !p->set.deterministic) return alc_ed25519_make(out);
    alc_sha256_init(&s);
    alc_sha256_update(&s, ALC_LIT("alcove-localnet key\n"));
    alc_sha256_update(&s, alc_cstr(id)); /* has no newline: it is an account */
    alc_sha256_update(&s, ALC_LIT("\n"));
    alc_sha256_update(&s, alc_cstr(seed));
    alc_sha256_final(&s, &h);
    return alc_ed25519_init(out, h.b);
}

/* A key is kept once its file is there; the sandbox's cannot differ. */
static enum alc_rc open_key(struct program *p, struct owned *o, bool known, struct alc_err *err)
{
    char path[LNET_PATH_BYTES];
    enum alc_rc rc;

    lnet_home_path(p, path, o->id.s, ".json");
    if (known)
        rc = alc_near_secret_read(&o->key, ALC_LIT(KNOWN_SECRET));
    else if (access(path, F_OK) == 0)
        rc = alc_near_key_file(&o->key, NULL, path, err);
    else
        rc = lnet_home_key(p, &o->key, o->id.s);
    return rc == ALC_OK ? alc_near_key_file_write(path, &o->key, &o->id, err) : rc;
}

/* ---- accounts ---- */

static const struct owned builtin[] = {
    {.id = {LNET_ROOT},
     .amount = ALC_NEAR_YOCTO * LNET_ROOT_NEAR,
     .locked = ALC_NEAR_YOCTO * LNET_ROOT_LOCKED_NEAR},
    {.id = {"sandbox"}, .amount = ALC_NEAR_YOCTO * LNET_OTHER_NEAR},
    {.id = {LNET_REGISTRAR}, .amount = ALC_NEAR_YOCTO * LNET_OTHER_NEAR},
};
#define BUILTIN (sizeof builtin / sizeof builtin[0])

/* NAME or NAME=NEAR, whole ones. */
static enum alc_rc read_account(struct program *p, const char *text, struct alc_err *err)
{
    struct owned *o = &p->owned[p->owned_count];
    const char *mark = strchr(text, '=');
    struct alc_bytes name = alc_cstr(text), number = ALC_LIT("");
    __uint128_t whole = LNET_OTHER_NEAR;

    if (mark != NULL) {
        name.n = (size_t)(mark - text);
        number = alc_cstr(mark + 1);
    }
    if (!alc_near_id_set(&o->id, name) || strcmp(o->id.s, "system") == 0)
        return alc_fail(err, ALC_BAD_INPUT,
                        "account: '%s' names no account: 2 to 64 of a-z and 0-9, with single . - _ "
                        "between",
                        text);
    if (mark != NULL && (!alc_u128_decode(&whole, number) || whole > LNET_ROOT_NEAR))
        return alc_fail(err, ALC_BAD_INPUT, "account: '%s': behind = stand whole NEAR, at most %u",
                        text, LNET_ROOT_NEAR);
    o->amount = ALC_NEAR_YOCTO * whole;
    for (size_t i = 0; i < p->owned_count; i++)
        if (strcmp(p->owned[i].id.s, o->id.s) == 0)
            return alc_fail(err, ALC_BAD_INPUT, "account: there is one %s already", o->id.s);
    return ALC_OK;
}

enum alc_rc lnet_home_accounts(struct program *p, struct alc_err *err)
{
    bool with_builtin = p->set.genesis[0] == 0;
    size_t n = 0;

    while (p->set.accounts[n] != NULL)
        n++;
    if (n > LNET_ACCOUNTS_MAX)
        return alc_fail(err, ALC_BAD_INPUT, "account: at most %u of them", LNET_ACCOUNTS_MAX);
    p->owned = alc_arena_array(p->arena, n + BUILTIN, sizeof *p->owned);
    if (p->owned == NULL) return ALC_NOMEM;
    for (size_t i = 0; i < n + BUILTIN; i++) {
        struct owned *o = &p->owned[p->owned_count];
        bool ours = i < BUILTIN;
        enum alc_rc rc = ALC_OK;
        if (ours && !with_builtin) continue; /* the genesis has its own */
        if (ours)
            *o = builtin[i];
        else
            rc = read_account(p, p->set.accounts[i - BUILTIN], err);
        if (rc == ALC_OK) rc = open_key(p, o, ours && i > 0, err);
        if (rc != ALC_OK) return rc;
        p->owned_count++;
        if (ours) p->given = p->owned_count;
    }
    return ALC_OK;
}
