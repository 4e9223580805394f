/* The simulated PKI's folder holds
 *
 *   pki       0600   "ALCSIM/1" | PPID [16] | 5 scalars [32] | 4 certificates, u32 length each
 *   root.der  0644   the root certificate, for those who shall believe it
 *
 * `pki` is written whole under another name and then linked to its own, which fails when it is
 * there: so it is never half made, and of two processes that make one, both use the one that came
 * first. */
#include "attest/der_out.h"
#include "attest/sim_parts.h"
#include "base/borsh.h"
#include "base/json.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TAG "ALCSIM/1"
#define FILE_MAX_BYTES (8u + 16 + 32 * SIM_KEYS + SIM_CERTS * (4 + SIM_CERT_MAX_BYTES))

/* ---- signing ---- */

enum alc_rc sim_sign(struct alc_sim *s, enum sim_role role, uint8_t sig[64], struct alc_bytes text)
{
    struct alc_hash digest;
    alc_sha256(&digest, text);
    return alc_p256_sign(sig, &s->key[role], &digest);
}

void alc_sim_sign(struct alc_sim *s, bool by_pck, uint8_t sig[64], struct alc_bytes text)
{
    if (sim_sign(s, by_pck ? SIM_PCK : SIM_TCB, sig, text) != ALC_OK) memset(sig, 0, 64);
}

/* ---- making ---- */

static enum alc_rc make(struct alc_sim *s)
{
    uint64_t now_s = s->clock->wall_ns(s->clock->ctx) / 1000000000u;
    /* A day back: clocks of those who verify may be behind. */
    uint64_t from_s = now_s > SIM_DAY_S ? now_s - SIM_DAY_S : 0;
    enum alc_rc rc = ALC_OK;

    for (enum sim_role r = SIM_ROOT; rc == ALC_OK && r < SIM_KEYS; r++)
        rc = alc_p256_make(&s->key[r]);
    alc_random(s->ppid, sizeof s->ppid);
    for (enum sim_role r = SIM_ROOT; rc == ALC_OK && r < SIM_CERTS; r++)
        rc = sim_cert(s, r, from_s, &s->cert[r]);
    return rc;
}

static void put_chain(struct alc_buf *out, const struct alc_sim *s, const enum sim_role *roles,
                      size_t count)
{
    for (size_t i = 0; i < count; i++)
        att_pem_put(out, alc_buf_bytes(&s->cert[roles[i]]));
}

static enum alc_rc make_chains(struct alc_sim *s)
{
    static const enum sim_role chain[] = {SIM_PCK, SIM_CA, SIM_ROOT};
    static const enum sim_role signing[] = {SIM_TCB, SIM_ROOT};

    put_chain(&s->pck_chain, s, chain, 3);
    put_chain(&s->ca_chain, s, chain + 1, 2);
    put_chain(&s->tcb_chain, s, signing, 2);
    return s->pck_chain.failed || s->ca_chain.failed || s->tcb_chain.failed ? ALC_NOMEM : ALC_OK;
}

/* ---- the file ---- */

static bool put_pki(struct alc_secret *file, size_t *n, const struct alc_sim *s)
{
    struct alc_borsh w = alc_borsh(file->p, file->n);

    alc_borsh_put(&w, TAG, 8);
    alc_borsh_put(&w, s->ppid, sizeof s->ppid);
    for (enum sim_role r = SIM_ROOT; r < SIM_KEYS; r++)
        alc_borsh_put(&w, s->key[r].key.p, 32);
    for (enum sim_role r = SIM_ROOT; r < SIM_CERTS; r++)
        alc_borsh_put_bytes(&w, alc_buf_bytes(&s->cert[r]));
    *n = w.n;
    return !w.full;
}

static enum alc_rc take_pki(struct alc_sim *s, struct alc_bytes in)
{
    struct alc_cur c = alc_cur(in);
    struct alc_bytes tag, scalar, cert;
    enum alc_rc rc;

    if (!alc_cur_take(&c, 8, &tag) || !alc_bytes_is(tag, TAG) ||
        !alc_cur_copy(&c, s->ppid, sizeof s->ppid))
        return ALC_CORRUPT;
    for (enum sim_role r = SIM_ROOT; r < SIM_KEYS; r++) {
        if (!alc_cur_take(&c, 32, &scalar)) return ALC_CORRUPT;
        rc = alc_p256_init(&s->key[r], scalar.p);
        if (rc != ALC_OK) return rc == ALC_BAD_INPUT ? ALC_CORRUPT : rc;
    }
    for (enum sim_role r = SIM_ROOT; r < SIM_CERTS; r++) {
        uint32_t n;
        if (!alc_cur_u32le(&c, &n) || !alc_cur_take(&c, n, &cert)) return ALC_CORRUPT;
        alc_buf_put_bytes(&s->cert[r], cert);
        if (s->cert[r].failed) return ALC_NOMEM;
    }
    return c.n == 0 ? ALC_OK : ALC_CORRUPT;
}

static bool write_all(int fd, const uint8_t *p, size_t n)
{
    while (n > 0) {
        ssize_t got = write(fd, p, n);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        p += got;
        n -= (size_t)got;
    }
    return true;
}

/* Writes a file under a name of its own, 0600, in `folder`; the name is put into `made`. */
static int write_aside(int folder, char made[32], struct alc_bytes content)
{
    uint8_t random[8];
    bool ok;
    int fd;

    alc_random(random, sizeof random);
    memcpy(made, ".new-", 6);
    for (size_t i = 0; i < sizeof random; i++)
        snprintf(made + 5 + 2 * i, 3, "%02x", random[i]);
    fd = openat(folder, made, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) return -1;
    ok = write_all(fd, content.p, content.n) && fsync(fd) == 0;
    if (close(fd) != 0) ok = false;
    if (!ok) unlinkat(folder, made, 0);
    return ok ? 0 : -1;
}

static enum alc_rc read_pki(struct alc_sim *s, int folder, const char *dir, struct alc_err *err)
{
    struct alc_secret file = {0};
    int fd = openat(folder, "pki", O_RDONLY | O_CLOEXEC);
    size_t n = 0;
    ssize_t got = 1;
    enum alc_rc rc;

    if (fd < 0 && errno == ENOENT) return ALC_NOT_FOUND;
    if (fd < 0) return alc_fail(err, ALC_IO, "cannot read %s/pki: %s", dir, strerror(errno));
    rc = alc_secret_init(&file, FILE_MAX_BYTES + 1);
    while (rc == ALC_OK && got != 0 && n < file.n) {
        got = read(fd, file.p + n, file.n - n);
        if (got > 0) n += (size_t)got;
        if (got < 0 && errno != EINTR)
            rc = alc_fail(err, ALC_IO, "cannot read %s/pki: %s", dir, strerror(errno));
    }
    close(fd);
    if (rc == ALC_OK) rc = take_pki(s, (struct alc_bytes){file.p, n});
    alc_secret_fini(&file);
    if (rc == ALC_CORRUPT)
        return alc_fail(err, rc, "%s/pki is no simulated PKI: remove it and another is made", dir);
    if (rc == ALC_NOMEM) return alc_fail(err, rc, "no memory for the simulated PKI");
    return rc;
}

/* ALC_CONFLICT: another process was first. */
static enum alc_rc keep_pki(const struct alc_sim *s, int folder, const char *dir,
                            struct alc_err *err)
{
    struct alc_secret file = {0};
    enum alc_rc rc = alc_secret_init(&file, FILE_MAX_BYTES);
    char made[32];
    size_t n;

    if (rc != ALC_OK || !put_pki(&file, &n, s)) {
        rc = alc_fail(err, ALC_NOMEM, "no memory for the simulated PKI");
        goto out;
    }
    if (write_aside(folder, made, (struct alc_bytes){file.p, n}) != 0) {
        rc = alc_fail(err, ALC_IO, "cannot write into %s: %s", dir, strerror(errno));
        goto out;
    }
    if (linkat(folder, made, folder, "pki", 0) != 0)
        rc = errno == EEXIST
                 ? ALC_CONFLICT
                 : alc_fail(err, ALC_IO, "cannot make %s/pki: %s", dir, strerror(errno));
    unlinkat(folder, made, 0);
    (void)fsync(folder);
out:
    alc_secret_fini(&file);
    return rc;
}

/* The root beside it follows from `pki`; who comes later finds it, or makes the same again. */
static enum alc_rc keep_root(const struct alc_sim *s, int folder, const char *dir,
                             struct alc_err *err)
{
    char made[32];
    struct stat st;

    if (fstatat(folder, "root.der", &st, 0) == 0 && (size_t)st.st_size == s->cert[SIM_ROOT].n)
        return ALC_OK;
    if (write_aside(folder, made, alc_buf_bytes(&s->cert[SIM_ROOT])) != 0 ||
        fchmodat(folder, made, 0644, 0) != 0 || renameat(folder, made, folder, "root.der") != 0)
        return alc_fail(err, ALC_IO, "cannot write %s/root.der: %s", dir, strerror(errno));
    return ALC_OK;
}

static void forget(struct alc_sim *s)
{
    for (enum sim_role r = SIM_ROOT; r < SIM_KEYS; r++)
        alc_p256_fini(&s->key[r]);
    for (enum sim_role r = SIM_ROOT; r < SIM_CERTS; r++)
        alc_buf_reset(&s->cert[r]);
}

static enum alc_rc open_folder(struct alc_sim *s, const char *dir, struct alc_err *err)
{
    enum alc_rc rc;
    int folder;

    if (mkdir(dir, 0700) != 0 && errno != EEXIST)
        return alc_fail(err, ALC_IO, "cannot make the folder %s: %s", dir, strerror(errno));
    folder = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return alc_fail(err, ALC_IO, "cannot open the folder %s: %s", dir, strerror(errno));
    rc = read_pki(s, folder, dir, err);
    if (rc == ALC_NOT_FOUND) {
        forget(s);
        rc = make(s);
        if (rc != ALC_OK)
            alc_fail(err, rc, "no memory for the simulated PKI");
        else
            rc = keep_pki(s, folder, dir, err);
        if (rc == ALC_CONFLICT) {
            forget(s);
            rc = read_pki(s, folder, dir, err);
        }
    }
    if (rc == ALC_OK) rc = keep_root(s, folder, dir, err);
    close(folder);
    return rc;
}

/* ---- life cycle ---- */

enum alc_rc alc_sim_open(struct alc_sim **out, const char *dir, const struct alc_clock *clock,
                         struct alc_err *err)
{
    struct alc_sim *s = calloc(1, sizeof *s);
    enum alc_rc rc;

    if (s == NULL) return alc_fail(err, ALC_NOMEM, "no memory for the simulated PKI");
    s->clock = clock == NULL ? &alc_clock_system : clock;
    for (enum sim_role r = SIM_ROOT; r < SIM_CERTS; r++)
        s->cert[r] = ALC_BUF(SIM_CERT_MAX_BYTES);
    s->pck_chain = s->ca_chain = s->tcb_chain = ALC_BUF(SIM_CHAIN_MAX_BYTES);
    if (dir == NULL) {
        rc = make(s);
        if (rc != ALC_OK) alc_fail(err, rc, "no memory for the simulated PKI");
    } else {
        rc = open_folder(s, dir, err);
    }
    if (rc == ALC_OK && make_chains(s) != ALC_OK)
        rc = alc_fail(err, ALC_NOMEM, "no memory for the simulated PKI");
    if (rc == ALC_OK)
        *out = s;
    else
        alc_sim_close(s);
    return rc;
}

void alc_sim_close(struct alc_sim *s)
{
    if (s == NULL) return;
    forget(s);
    for (enum sim_role r = SIM_ROOT; r < SIM_CERTS; r++)
        alc_buf_fini(&s->cert[r]);
    alc_buf_fini(&s->pck_chain);
    alc_buf_fini(&s->ca_chain);
    alc_buf_fini(&s->tcb_chain);
    free(s);
}

struct alc_bytes alc_sim_root(const struct alc_sim *s)
{
    return alc_buf_bytes(&s->cert[SIM_ROOT]);
}

struct alc_bytes alc_sim_pck_chain(const struct alc_sim *s)
{
    return alc_buf_bytes(&s->pck_chain);
}

/* ---- collateral ---- */

static void put_member(struct alc_jw *w, const char *key, struct alc_bytes text)
{
    alc_jw_key(w, key);
    alc_jw_str(w, text);
}

static enum alc_rc put_crl(struct alc_sim *s, struct alc_jw *w, const char *key,
                           enum sim_role issuer, unsigned revoked, const struct alc_sim_set *set)
{
    struct alc_buf der = ALC_BUF(SIM_CERT_MAX_BYTES);
    uint64_t from_s = set->crl_from_s == 0 ? set->now_s : set->crl_from_s;
    uint64_t until_s = set->crl_until_s == 0 ? set->now_s + SIM_FRESH_S : set->crl_until_s;
    enum alc_rc rc = sim_crl(s, issuer, revoked, from_s, until_s, &der);

    alc_jw_key(w, key);
    if (rc == ALC_OK) alc_jw_hex(w, alc_buf_bytes(&der));
    alc_buf_fini(&der);
    return rc;
}

/* The text and, behind it, its signature. */
static enum alc_rc put_signed(struct alc_sim *s, struct alc_jw *w, const char *key,
                              const char *signature_key, struct alc_bytes text, bool by_pck)
{
    uint8_t sig[64];
    enum alc_rc rc = sim_sign(s, by_pck ? SIM_PCK : SIM_TCB, sig, text);

    put_member(w, key, text);
    alc_jw_key(w, signature_key);
    if (rc == ALC_OK) alc_jw_hex(w, (struct alc_bytes){sig, sizeof sig});
    return rc;
}

enum alc_rc alc_sim_collateral(struct alc_sim *s, const struct alc_sim_set *set,
                               struct alc_buf *json, struct alc_err *err)
{
    struct alc_buf tcb = ALC_BUF(ALC_COLLATERAL_MAX_BYTES), qe = ALC_BUF(ALC_COLLATERAL_MAX_BYTES);
    unsigned root_revokes =
        (set->revoke_ca ? 1u << SIM_CA : 0) | (set->revoke_tcb_signing ? 1u << SIM_TCB : 0);
    struct alc_bytes chain =
        set->tcb_info_chain.n > 0 ? set->tcb_info_chain : alc_buf_bytes(&s->tcb_chain);
    struct alc_jw w = {.out = json};
    enum alc_rc rc = ALC_OK;

    if (set->tcb_info.n == 0) rc = alc_sim_tcb_info(s, set->tee, set->now_s, &tcb, err);
    if (rc == ALC_OK && set->qe_identity.n == 0)
        rc = alc_sim_qe_identity(s, set->tee, set->now_s, &qe, err);
    if (rc != ALC_OK) goto out;
    alc_jw_obj(&w);
    put_member(&w, "pck_crl_issuer_chain", alc_buf_bytes(&s->ca_chain));
    rc = put_crl(s, &w, "root_ca_crl", SIM_ROOT, root_revokes, set);
    if (rc == ALC_OK)
        rc = put_crl(s, &w, "pck_crl", SIM_CA, set->revoke_leaf ? 1u << SIM_PCK : 0, set);
    put_member(&w, "tcb_info_issuer_chain", chain);
    if (rc == ALC_OK)
        rc = put_signed(s, &w, "tcb_info", "tcb_info_signature",
                        set->tcb_info.n > 0 ? set->tcb_info : alc_buf_bytes(&tcb),
                        set->tcb_info_by_pck);
    put_member(&w, "qe_identity_issuer_chain", alc_buf_bytes(&s->tcb_chain));
    if (rc == ALC_OK)
        rc = put_signed(s, &w, "qe_identity", "qe_identity_signature",
                        set->qe_identity.n > 0 ? set->qe_identity : alc_buf_bytes(&qe), false);
    if (set->with_pck_chain) put_member(&w, "pck_certificate_chain", alc_buf_bytes(&s->pck_chain));
    alc_jw_end(&w);
    if (rc != ALC_OK || json->failed)
        rc = alc_fail(err, ALC_NOMEM, "no memory for simulated collateral");
out:
    alc_buf_fini(&qe);
    alc_buf_fini(&tcb);
    return rc;
}
