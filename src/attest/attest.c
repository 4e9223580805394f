#include "attest/attest.h"

#include "attest/source.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KEYS_MAX 64u
#define BACK_S 3600u /* a simulated set is made for an hour ago: blocks may be that late */

/* A key keeps its place until it is forgotten, so that it can be lent; and it is in its place
 * before `newest` tells of it, so that signing needs no lock. */
struct alc_attest {
    struct alc_ed25519 keys[KEYS_MAX]; /* empty places hold no key.p */
    size_t newest;
    pthread_mutex_t ring; /* held by who looks for a key, adds or forgets one */

    enum alc_source kind;
    const struct alc_clock *clock;
    const struct att_source *source; /* NULL: none */
    void *self;                      /* the source's */
    pthread_mutex_t turn;            /* held by who asks the source */
    struct alc_measurement measurement;
    struct alc_hash measurement_hash;
};

/* ---- sources ---- */

static const struct {
    const char *name, *shown;
    const struct att_source *source;
} sources[] = {
    [ALC_SOURCE_NONE] = {"none", "none", NULL},
    [ALC_SOURCE_AUTO] = {"auto", "auto", NULL},
    [ALC_SOURCE_CONFIGFS] = {"configfs", "configfs", &att_configfs},
    [ALC_SOURCE_DSTACK] = {"dstack", "dstack", &att_dstack},
    [ALC_SOURCE_SIMULATED] = {"simulated", "SIMULATED", &att_simulated},
};
#define SOURCES (sizeof sources / sizeof sources[0])

const char *alc_source_name(enum alc_source source)
{
    return (unsigned)source < SOURCES ? sources[source].shown : "unknown";
}

bool alc_source_read(enum alc_source *out, const char *name)
{
    for (size_t i = 0; i < SOURCES; i++)
        if (strcmp(sources[i].name, name) == 0) {
            *out = (enum alc_source)i;
            return true;
        }
    return false;
}

static enum alc_rc open_source(struct alc_attest *a, enum alc_source kind,
                               const struct alc_attest_conf *conf, struct alc_err *err)
{
    enum alc_rc rc = sources[kind].source->open(&a->self, conf, err);
    if (rc != ALC_OK) return rc;
    a->kind = kind;
    a->source = sources[kind].source;
    return ALC_OK;
}

/* Never SIMULATED: that is asked for by name. */
static enum alc_rc open_any(struct alc_attest *a, const struct alc_attest_conf *conf,
                            struct alc_err *err)
{
    struct alc_err first = {0}, second = {0};
    enum alc_rc rc = open_source(a, ALC_SOURCE_CONFIGFS, conf, &first);

    if (rc == ALC_NOT_FOUND) rc = open_source(a, ALC_SOURCE_DSTACK, conf, &second);
    if (rc == ALC_OK) return ALC_OK;
    if (rc == ALC_NOT_FOUND)
        return alc_fail(err, rc, "no source of quotes: %.270s; %.270s", first.text, second.text);
    return alc_fail(err, rc, "%s", second.rc != ALC_OK ? second.text : first.text);
}

bool alc_attest_probe(enum alc_source source, const struct alc_attest_conf *conf, char *line,
                      size_t cap)
{
    static const struct alc_attest_conf nothing;
    struct alc_attest a = {0};
    struct alc_err err = {0};
    enum alc_rc rc;

    if (conf == NULL) conf = &nothing;
    if (source == ALC_SOURCE_NONE) {
        snprintf(line, cap, "no quotes are made: statements prove what their key's owner says");
        return true;
    }
    if (source == ALC_SOURCE_SIMULATED) { /* looking must not make one */
        snprintf(line, cap, "a local PKI (%s), no hardware",
                 conf->simulated_dir == NULL ? "in memory" : conf->simulated_dir);
        return true;
    }
    rc = source == ALC_SOURCE_AUTO ? open_any(&a, conf, &err) : open_source(&a, source, conf, &err);
    if (rc != ALC_OK) {
        snprintf(line, cap, "%s", alc_err_text(&err, rc));
        return false;
    }
    a.source->describe(a.self, line, cap);
    a.source->close(a.self);
    return true;
}

/* ---- quotes ---- */

/* Asks the source and compares what came with what was asked; *m is what the quote measures. */
static enum alc_rc ask(struct alc_attest *a, const uint8_t report_data[64], struct alc_buf *quote,
                       struct alc_buf *event_log, struct alc_measurement *m, struct alc_err *err)
{
    struct alc_quote q;
    enum alc_refusal why;
    enum alc_rc rc;

    pthread_mutex_lock(&a->turn);
    rc = a->source->quote(a->self, report_data, quote, event_log, err);
    pthread_mutex_unlock(&a->turn);
    if (rc != ALC_OK) return rc;
    why = alc_quote_read(&q, alc_buf_bytes(quote));
    if (why != ALC_REFUSAL_NONE)
        return alc_fail(err, ALC_CORRUPT, "what came from the source of quotes is none: %s",
                        alc_refusal_text(why));
    if (q.tee != ALC_TEE_TDX)
        return alc_fail(err, ALC_CORRUPT, "the source's quote is of an SGX enclave, not of a TD");
    if (memcmp(alc_quote_report_data(&q), report_data, 64) != 0)
        return alc_fail(err, ALC_CORRUPT,
                        "the source's quote holds other report data than was asked for");
    *m = alc_quote_measurement(&q);
    return ALC_OK;
}

static enum alc_rc learn(struct alc_attest *a, struct alc_err *err)
{
    struct alc_buf quote = ALC_BUF(ALC_QUOTE_MAX_BYTES), log = ALC_BUF(ALC_EVENTS_MAX_BYTES);
    uint8_t nobody_knows[64]; /* so that no older quote can be the answer */
    enum alc_rc rc;

    alc_random(nobody_knows, sizeof nobody_knows);
    rc = ask(a, nobody_knows, &quote, &log, &a->measurement, err);
    if (rc == ALC_OK)
        alc_measurement_hash(&a->measurement_hash, &a->measurement, &alc_verify_native);
    alc_buf_fini(&log);
    alc_buf_fini(&quote);
    return rc;
}

enum alc_rc alc_attest_quote(struct alc_attest *a, const uint8_t report_data[64],
                             struct alc_buf *quote, struct alc_buf *event_log, struct alc_err *err)
{
    struct alc_buf q = ALC_BUF(ALC_QUOTE_MAX_BYTES), log = ALC_BUF(ALC_EVENTS_MAX_BYTES);
    struct alc_measurement m;
    enum alc_rc rc;

    if (a->source == NULL)
        return alc_fail(err, ALC_NOT_FOUND, "no quotes are made: there is no source of them");
    rc = ask(a, report_data, &q, &log, &m, err);
    if (rc == ALC_OK && memcmp(&m, &a->measurement, sizeof m) != 0)
        rc = alc_fail(err, ALC_CORRUPT,
                      "this enclave's measurements are no longer those of the start, which "
                      "statements name: something extended an RTMR since");
    /* Room for both first: a caller gets both or neither. */
    if (rc == ALC_OK &&
        (alc_buf_room(quote, q.n) == NULL ||
         (event_log != NULL && log.n > 0 && alc_buf_room(event_log, log.n) == NULL)))
        rc = alc_fail(err, ALC_NOMEM, "no memory for a quote");
    if (rc == ALC_OK) alc_buf_put_bytes(quote, alc_buf_bytes(&q));
    if (rc == ALC_OK && event_log != NULL) alc_buf_put_bytes(event_log, alc_buf_bytes(&log));
    alc_buf_fini(&log);
    alc_buf_fini(&q);
    return rc;
}

enum alc_source alc_attest_source(const struct alc_attest *a)
{
    return a->kind;
}

bool alc_attest_simulated(const struct alc_attest *a)
{
    return a->kind == ALC_SOURCE_NONE || a->kind == ALC_SOURCE_SIMULATED;
}

struct alc_measurement alc_attest_measurement(const struct alc_attest *a)
{
    return a->measurement;
}

void alc_attest_measurement_hash(const struct alc_attest *a, struct alc_hash *out)
{
    *out = a->measurement_hash;
}

struct alc_bytes alc_attest_simulated_root(const struct alc_attest *a)
{
    if (a->kind != ALC_SOURCE_SIMULATED) return (struct alc_bytes){NULL, 0};
    return alc_sim_root(att_simulated_pki(a->self));
}

enum alc_rc alc_attest_simulated_collateral(struct alc_attest *a, struct alc_buf *json,
                                            struct alc_err *err)
{
    struct alc_sim_set set = {.tee = ALC_TEE_TDX};
    uint64_t now_s = a->clock->wall_ns(a->clock->ctx) / 1000000000u;
    enum alc_rc rc;

    if (a->kind != ALC_SOURCE_SIMULATED)
        return alc_fail(err, ALC_NOT_FOUND, "only the simulated source makes collateral");
    set.now_s = now_s > BACK_S ? now_s - BACK_S : now_s;
    pthread_mutex_lock(&a->turn);
    rc = alc_sim_collateral(att_simulated_pki(a->self), &set, json, err);
    pthread_mutex_unlock(&a->turn);
    return rc;
}

/* ---- life cycle ---- */

enum alc_rc alc_attest_open(struct alc_attest **out, struct alc_ed25519 *key,
                            const struct alc_attest_conf *conf, struct alc_err *err)
{
    struct alc_attest *a = calloc(1, sizeof *a);
    enum alc_source kind = conf == NULL ? ALC_SOURCE_NONE : conf->source;
    enum alc_rc rc = ALC_OK;

    if (a == NULL) return alc_fail(err, ALC_NOMEM, "no memory for the worker's key");
    pthread_mutex_init(&a->ring, NULL);
    pthread_mutex_init(&a->turn, NULL);
    a->clock = conf == NULL || conf->clock == NULL ? &alc_clock_system : conf->clock;
    a->kind = ALC_SOURCE_NONE;
    if (kind == ALC_SOURCE_AUTO)
        rc = open_any(a, conf, err);
    else if (kind != ALC_SOURCE_NONE)
        rc = open_source(a, kind, conf, err);
    if (rc == ALC_OK && a->source != NULL) rc = learn(a, err);
    if (rc != ALC_OK) {
        alc_attest_close(a);
        return rc;
    }
    a->keys[0] = *key;
    *key = (struct alc_ed25519){0};
    *out = a;
    return ALC_OK;
}

void alc_attest_close(struct alc_attest *a)
{
    if (a == NULL) return;
    if (a->source != NULL) a->source->close(a->self);
    for (size_t i = 0; i < KEYS_MAX; i++)
        alc_ed25519_fini(&a->keys[i]);
    pthread_mutex_destroy(&a->ring);
    pthread_mutex_destroy(&a->turn);
    free(a);
}

/* ---- keys ---- */

const struct alc_ed25519 *alc_attest_key(const struct alc_attest *a)
{
    return &a->keys[__atomic_load_n(&a->newest, __ATOMIC_ACQUIRE)];
}

/* place finds the key with this public key, or with NULL an empty place; the ring is held. */
static size_t place(const struct alc_attest *a, const struct alc_hash *public_key)
{
    size_t i = 0;
    for (; i < KEYS_MAX; i++) {
        bool held = a->keys[i].key.p != NULL;
        if (public_key == NULL ? !held : held && alc_hash_eq(&a->keys[i].public_key, public_key))
            break;
    }
    return i;
}

const struct alc_ed25519 *alc_attest_find(struct alc_attest *a, const struct alc_hash *public_key)
{
    size_t at;

    pthread_mutex_lock(&a->ring);
    at = place(a, public_key);
    pthread_mutex_unlock(&a->ring);
    return at < KEYS_MAX ? &a->keys[at] : NULL;
}

/* hold takes the key unless it is held already; *at is its place. */
static enum alc_rc hold(struct alc_attest *a, struct alc_ed25519 *key, size_t *at,
                        struct alc_err *err)
{
    *at = place(a, &key->public_key);
    if (*at < KEYS_MAX) {
        alc_ed25519_fini(key);
        return ALC_OK;
    }
    *at = place(a, NULL);
    if (*at == KEYS_MAX)
        return alc_fail(err, ALC_LIMIT, "%u worker keys are held already", KEYS_MAX);
    a->keys[*at] = *key;
    *key = (struct alc_ed25519){0};
    return ALC_OK;
}

void alc_attest_forget(struct alc_attest *a, const struct alc_hash *public_key)
{
    size_t at;

    pthread_mutex_lock(&a->ring);
    at = place(a, public_key);
    if (at < KEYS_MAX && at != a->newest) alc_ed25519_fini(&a->keys[at]);
    pthread_mutex_unlock(&a->ring);
}

enum alc_rc alc_attest_rotate(struct alc_attest *a, struct alc_ed25519 *key, struct alc_err *err)
{
    size_t at;
    enum alc_rc rc;

    pthread_mutex_lock(&a->ring);
    rc = hold(a, key, &at, err);
    if (rc == ALC_OK) __atomic_store_n(&a->newest, at, __ATOMIC_RELEASE);
    pthread_mutex_unlock(&a->ring);
    return rc;
}

enum alc_rc alc_attest_add(struct alc_attest *a, struct alc_ed25519 *key, struct alc_err *err)
{
    size_t at;
    enum alc_rc rc;

    pthread_mutex_lock(&a->ring);
    rc = hold(a, key, &at, err);
    pthread_mutex_unlock(&a->ring);
    return rc;
}

/* ---- statements ---- */

enum alc_rc alc_attest_sign(const struct alc_attest *a, struct alc_statement *s,
                            uint8_t out[ALC_STATEMENT_SIGNED_MAX_BYTES], size_t *n,
                            struct alc_hash *hash, struct alc_err *err)
{
    const struct alc_ed25519 *key = alc_attest_key(a); /* one for the whole statement */
    size_t len;

    s->worker_key = key->public_key;
    s->measurement = a->measurement_hash;
    s->simulated = alc_attest_simulated(a) ? 1 : 0;
    len = alc_statement_write(s, out, ALC_STATEMENT_MAX_BYTES);
    if (len == 0) return alc_fail(err, ALC_LIMIT, "a field of the statement is over its limit");
    alc_sha256(hash, (struct alc_bytes){out, len});
    alc_ed25519_sign(out + len, key, alc_hash_bytes(hash));
    *n = len + ALC_STATEMENT_SIG_BYTES;
    return ALC_OK;
}
