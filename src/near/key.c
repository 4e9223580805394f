#include "near/near.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/enc.h"
#include "base/file.h"

#define KEY_FILE_MAX_BYTES 4096u

static const char *const curve_names[] = {"ed25519", "secp256k1", "ml-dsa-65", "ml-dsa-65-hash"};
static const size_t curve_bytes[] = {32, 64, ALC_NEAR_ML_DSA_65_KEY_BYTES, 32};

size_t alc_near_key_bytes(const struct alc_near_key *k)
{
    return curve_bytes[k->curve & 3];
}

struct alc_bytes alc_near_key_raw(const struct alc_near_key *k)
{
    return (struct alc_bytes){k->curve == ALC_NEAR_ML_DSA_65 ? k->full : k->b,
                              alc_near_key_bytes(k)};
}

struct alc_bytes alc_near_sig_raw(const struct alc_near_sig *s)
{
    if (s->curve == ALC_NEAR_ML_DSA_65)
        return (struct alc_bytes){s->full, ALC_NEAR_ML_DSA_65_SIG_BYTES};
    return (struct alc_bytes){s->b, s->curve == ALC_NEAR_SECP256K1 ? 65 : 64};
}

bool alc_near_key_eq(const struct alc_near_key *a, const struct alc_near_key *b)
{
    return a->curve == b->curve && alc_bytes_eq(alc_near_key_raw(a), alc_near_key_raw(b));
}

static bool same_letters(struct alc_bytes text, const char *lower)
{
    size_t n = strlen(lower);
    if (text.n != n) return false;
    for (size_t i = 0; i < n; i++) {
        uint8_t c = text.p[i];
        if (c >= 'A' && c <= 'Z') c = (uint8_t)(c + ('a' - 'A'));
        if (c != (uint8_t)lower[i]) return false;
    }
    return true;
}

/* split takes "<curve>:<rest>" apart; without a colon the curve is Ed25519. */
static bool split(struct alc_bytes text, uint8_t *curve, struct alc_bytes *rest)
{
    const uint8_t *colon = text.n > 0 ? memchr(text.p, ':', text.n) : NULL;

    if (colon == NULL) {
        *curve = ALC_NEAR_ED25519;
        *rest = text;
        return true;
    }
    size_t n = (size_t)(colon - text.p);
    for (uint8_t i = 0; i < sizeof curve_names / sizeof curve_names[0]; i++) {
        if (!same_letters((struct alc_bytes){text.p, n}, curve_names[i])) continue;
        *curve = i;
        *rest = (struct alc_bytes){colon + 1, text.n - n - 1};
        return true;
    }
    return false;
}

bool alc_near_key_read_in(struct alc_near_key *out, struct alc_bytes text, struct alc_arena *arena)
{
    struct alc_near_key k = {0};
    struct alc_bytes rest;
    uint8_t *full = NULL;
    bool read;
    size_t n;

    if (!split(text, &k.curve, &rest)) return false;
    if (k.curve == ALC_NEAR_ML_DSA_65) {
        if (arena != NULL) full = alc_arena_alloc(arena, ALC_NEAR_ML_DSA_65_KEY_BYTES);
        read = full != NULL && alc_base58_decode(full, ALC_NEAR_ML_DSA_65_KEY_BYTES, &n, rest);
        k.full = full;
    } else {
        read = alc_base58_decode(k.b, sizeof k.b, &n, rest);
    }
    if (!read || n != alc_near_key_bytes(&k)) return false;
    *out = k;
    return true;
}

bool alc_near_key_read(struct alc_near_key *out, struct alc_bytes text)
{
    return alc_near_key_read_in(out, text, NULL);
}

/* put_text writes "<curve>:<base58>"; both texts of this file fit by their sizes. */
static void put_text(char *out, size_t cap, uint8_t curve, struct alc_bytes b)
{
    size_t at = strlen(curve_names[curve]);
    size_t n = 0;

    memcpy(out, curve_names[curve], at);
    out[at++] = ':';
    if (!alc_base58_encode(out + at, cap - at - 1, &n, b)) n = 0;
    out[at + n] = 0;
}

void alc_near_key_text(char out[ALC_NEAR_KEY_TEXT_MAX], const struct alc_near_key *k)
{
    put_text(out, ALC_NEAR_KEY_TEXT_MAX, k->curve & 3, alc_near_key_raw(k));
}

bool alc_near_sig_ok(const struct alc_near_sig *sig, const struct alc_near_key *key,
                     const struct alc_hash *hash)
{
    if (sig->curve != key->curve) return false;
    if (key->curve == ALC_NEAR_ED25519) {
        struct alc_hash public_key;
        memcpy(public_key.b, key->b, sizeof public_key.b);
        return alc_ed25519_verify(sig->b, &public_key, alc_hash_bytes(hash));
    }
    /* The recovery byte must be one of four, though nothing is recovered. */
    return key->curve == ALC_NEAR_SECP256K1 && sig->b[64] <= 3 &&
           alc_secp256k1_verify(sig->b, key->b, hash);
}

enum alc_rc alc_near_secret_read(struct alc_ed25519 *out, struct alc_bytes text)
{
    struct alc_ed25519 k = {0};
    struct alc_secret pair = {0};
    struct alc_bytes rest;
    uint8_t curve;
    size_t n;
    enum alc_rc rc;

    if (!split(text, &curve, &rest) || curve != ALC_NEAR_ED25519) return ALC_BAD_INPUT;
    rc = alc_secret_init(&pair, 64);
    if (rc != ALC_OK) goto out;
    rc = ALC_BAD_INPUT;
    if (!alc_base58_decode(pair.p, pair.n, &n, rest) || n != pair.n) goto out;
    rc = alc_ed25519_init(&k, pair.p);
    if (rc != ALC_OK) goto out;
    if (memcmp(k.public_key.b, pair.p + 32, 32) != 0) {
        rc = ALC_BAD_INPUT; /* the second half is not the public key of the first */
        goto out;
    }
    *out = k;
    k = (struct alc_ed25519){0};
out:
    alc_ed25519_fini(&k);
    alc_secret_fini(&pair);
    return rc;
}

void alc_near_secret_text(char out[ALC_NEAR_SECRET_TEXT_MAX], const struct alc_ed25519 *k)
{
    put_text(out, ALC_NEAR_SECRET_TEXT_MAX, ALC_NEAR_ED25519,
             (struct alc_bytes){k->key.p, k->key.n});
}

struct alc_near_key alc_near_key_of(const struct alc_ed25519 *k)
{
    struct alc_near_key key = {.curve = ALC_NEAR_ED25519};
    memcpy(key.b, k->public_key.b, sizeof k->public_key.b);
    return key;
}

/* read_all fills `text`, which is longer than any key file, and sets *n. */
static enum alc_rc read_all(int fd, struct alc_secret *text, size_t *n, const char *path,
                            struct alc_err *err)
{
    size_t at = 0;

    for (;;) {
        ssize_t got = read(fd, text->p + at, text->n - at);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return alc_fail(err, ALC_IO, "read %s: %s", path, strerror(errno));
        if (got == 0) break;
        at += (size_t)got;
        if (at == text->n)
            return alc_fail(err, ALC_BAD_INPUT, "%s is no key file: over %u bytes", path,
                            KEY_FILE_MAX_BYTES);
    }
    *n = at;
    return ALC_OK;
}

static enum alc_rc open_private(int *out, const char *path, struct alc_err *err)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not hold us */

    if (fd < 0)
        return alc_fail(err, errno == ENOENT ? ALC_NOT_FOUND : ALC_IO, "open key file %s: %s", path,
                        strerror(errno));
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        return alc_fail(err, ALC_BAD_INPUT, "%s is not a plain file", path);
    }
    if ((st.st_mode & 077) != 0) {
        close(fd);
        return alc_fail(err, ALC_DENIED, "key file %s is open to others: chmod 600 it", path);
    }
    *out = fd;
    return ALC_OK;
}

static enum alc_rc parse_file(struct alc_ed25519 *out, struct alc_near_id *id,
                              const struct alc_json *doc, const char *path, struct alc_err *err)
{
    const struct alc_json *secret = alc_json_get(doc, "private_key");
    const struct alc_json *named = alc_json_get(doc, "public_key");
    const struct alc_json *account = alc_json_get(doc, "account_id");
    struct alc_near_id found = {0};
    struct alc_ed25519 k = {0};
    struct alc_near_key key, public_key;
    struct alc_bytes text;
    enum alc_rc rc;

    if (secret == NULL) secret = alc_json_get(doc, "secret_key");
    if (!alc_json_str(secret, &text))
        return alc_fail(err, ALC_BAD_INPUT, "%s has no private_key", path);
    rc = alc_near_secret_read(&k, text);
    if (rc == ALC_BAD_INPUT)
        return alc_fail(err, rc, "the private_key of %s is not an Ed25519 key pair in base58",
                        path);
    if (rc != ALC_OK) return alc_fail(err, rc, "no locked memory for the key of %s", path);
    public_key = alc_near_key_of(&k);
    if (named != NULL && (!alc_json_str(named, &text) || !alc_near_key_read(&key, text) ||
                          !alc_near_key_eq(&key, &public_key))) {
        rc = alc_fail(err, ALC_BAD_INPUT, "the public_key of %s is not that of its private_key",
                      path);
        goto out;
    }
    if (account != NULL && (!alc_json_str(account, &text) || !alc_near_id_set(&found, text))) {
        rc = alc_fail(err, ALC_BAD_INPUT, "the account_id of %s is not valid", path);
        goto out;
    }
    if (id != NULL) *id = found;
    *out = k;
    k = (struct alc_ed25519){0};
out:
    alc_ed25519_fini(&k);
    return rc;
}

enum alc_rc alc_near_key_file(struct alc_ed25519 *out, struct alc_near_id *id, const char *path,
                              struct alc_err *err)
{
    struct alc_secret text = {0};
    struct alc_json *doc = NULL;
    size_t n = 0;
    int fd = -1;
    enum alc_rc rc;

    rc = open_private(&fd, path, err);
    if (rc != ALC_OK) goto out;
    rc = alc_secret_init(&text, KEY_FILE_MAX_BYTES + 1);
    if (rc != ALC_OK) {
        rc = alc_fail(err, rc, "no locked memory for key file %s", path);
        goto out;
    }
    rc = read_all(fd, &text, &n, path, err);
    if (rc != ALC_OK) goto out;
    /* The parser's own copy of the key is freed but not wiped: one short-lived copy of what lies
     * in clear on this machine's disk. */
    rc = alc_json_open(&doc, (struct alc_bytes){text.p, n}, KEY_FILE_MAX_BYTES, NULL);
    if (rc != ALC_OK) {
        rc =
            alc_fail(err, rc, "%s is not JSON", path); /* a parser's sentence could quote the key */
        goto out;
    }
    rc = parse_file(out, id, doc, path, err);
out:
    alc_json_close(doc);
    alc_secret_fini(&text);
    if (fd >= 0) close(fd);
    return rc;
}

enum alc_rc alc_near_key_file_write(const char *path, const struct alc_ed25519 *k,
                                    const struct alc_near_id *id, struct alc_err *err)
{
    struct alc_near_key key = alc_near_key_of(k);
    char public_text[ALC_NEAR_KEY_TEXT_MAX];
    struct alc_secret secret_text = {0}, text = {0};
    bool named;
    enum alc_rc rc;
    int n;

    rc = alc_secret_init(&secret_text, ALC_NEAR_SECRET_TEXT_MAX);
    if (rc == ALC_OK) rc = alc_secret_init(&text, KEY_FILE_MAX_BYTES);
    if (rc != ALC_OK) {
        rc = alc_fail(err, rc, "no memory to write key file %s", path);
        goto out;
    }
    /* Ids and base58 need no escaping, so the text need not pass through unlocked memory. */
    alc_near_key_text(public_text, &key);
    alc_near_secret_text((char *)secret_text.p, k);
    named = id != NULL && id->s[0] != 0;
    n = snprintf((char *)text.p, text.n, "{%s%s%s\"public_key\":\"%s\",\"private_key\":\"%s\"}\n",
                 named ? "\"account_id\":\"" : "", named ? id->s : "", named ? "\"," : "",
                 public_text, (const char *)secret_text.p);
    rc = alc_file_write(path, (struct alc_bytes){text.p, (size_t)n}, err);
out:
    alc_secret_fini(&text);
    alc_secret_fini(&secret_text);
    return rc;
}
