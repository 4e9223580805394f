/* Quotes of the local PKI.  They say SIMULATED in MRTD and in the root's name; no verifier takes
 * them unless it was told to.  An event log in dstack's form leads to their RTMRs. */
#include "attest/source.h"
#include "base/borsh.h"
#include "base/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RUNTIME_EVENT 0x08000001u

struct simulated {
    struct alc_sim *pki;
    struct alc_sim_quote like; /* what each quote says but for its report data */
    struct alc_buf log;
    char dir[256]; /* for people */
};

static void extend(uint8_t rtmr[48], const uint8_t digest[48])
{
    uint8_t both[96];
    memcpy(both, rtmr, 48);
    memcpy(both + 48, digest, 48);
    alc_sha384(rtmr, (struct alc_bytes){both, sizeof both});
}

static void put_event(struct alc_jw *w, uint64_t imr, uint64_t type, const uint8_t digest[48],
                      const char *name, struct alc_bytes payload)
{
    alc_jw_obj(w);
    alc_jw_key(w, "imr");
    alc_jw_u64(w, imr);
    alc_jw_key(w, "event_type");
    alc_jw_u64(w, type);
    alc_jw_key(w, "digest");
    alc_jw_hex(w, (struct alc_bytes){digest, 48});
    alc_jw_key(w, "event");
    alc_jw_text(w, name);
    alc_jw_key(w, "event_payload");
    alc_jw_hex(w, payload);
    alc_jw_end(w);
}

/* A runtime event: digest = SHA-384(type u32 ‖ ":" ‖ name ‖ ":" ‖ payload). */
static void emit(struct simulated *s, struct alc_jw *w, const char *name, struct alc_bytes payload)
{
    uint8_t text[512], digest[48];
    struct alc_borsh b = alc_borsh(text, sizeof text);

    alc_borsh_put_u32(&b, RUNTIME_EVENT);
    alc_borsh_put(&b, ":", 1);
    alc_borsh_put(&b, name, strlen(name));
    alc_borsh_put(&b, ":", 1);
    if (payload.n > 0) alc_borsh_put(&b, payload.p, payload.n);
    alc_sha384(digest, (struct alc_bytes){text, b.n});
    extend(s->like.td.rtmr[3], digest);
    put_event(w, 3, RUNTIME_EVENT, digest, name, payload);
}

/* RTMR0 to 2 are one extension each, as alc_sim_quote_usual makes them. */
static void boot(struct simulated *s, const struct alc_hash *policy)
{
    static const char *const parts[3] = {"SIMULATED RTMR0", "SIMULATED RTMR1", "SIMULATED RTMR2"};
    const struct alc_bytes nothing = {NULL, 0};
    struct alc_jw w = {.out = &s->log};
    struct alc_hash compose;
    uint8_t digest[48];

    memset(s->like.td.rtmr, 0, sizeof s->like.td.rtmr);
    alc_jw_arr(&w);
    for (size_t i = 0; i < 3; i++) {
        alc_sha384(digest, alc_cstr(parts[i]));
        extend(s->like.td.rtmr[i], digest);
        put_event(&w, i, 1, digest, parts[i], nothing);
    }
    alc_sha256(&compose, ALC_LIT("ALCOVE SIMULATED"));
    emit(s, &w, "system-preparing", nothing);
    emit(s, &w, "app-id", (struct alc_bytes){compose.b, 20});
    emit(s, &w, "compose-hash", alc_hash_bytes(&compose));
    emit(s, &w, "instance-id", nothing);
    emit(s, &w, "boot-mr-done", nothing);
    emit(s, &w, "key-provider", ALC_LIT("{\"name\":\"SIMULATED\",\"id\":\"\"}"));
    emit(s, &w, "system-ready", nothing);
    emit(s, &w, "alcove-policy", alc_hash_bytes(policy));
    alc_jw_end(&w);
}

static enum alc_rc quote(void *self, const uint8_t report_data[ATT_REPORT_DATA_BYTES],
                         struct alc_buf *quote, struct alc_buf *event_log, struct alc_err *err)
{
    struct simulated *s = self;

    memcpy(s->like.td.report_data, report_data, ATT_REPORT_DATA_BYTES);
    alc_buf_put_bytes(event_log, alc_buf_bytes(&s->log));
    if (event_log->failed) return alc_fail(err, ALC_NOMEM, "no memory for an event log");
    return alc_sim_quote(s->pki, &s->like, quote, err);
}

static void close_simulated(void *self)
{
    struct simulated *s = self;
    if (s == NULL) return;
    alc_sim_close(s->pki);
    alc_buf_fini(&s->log);
    free(s);
}

static enum alc_rc open_simulated(void **self, const struct alc_attest_conf *conf,
                                  struct alc_err *err)
{
    struct simulated *s = calloc(1, sizeof *s);
    enum alc_rc rc;

    if (s == NULL) return alc_fail(err, ALC_NOMEM, "no memory for a source of quotes");
    s->log = ALC_BUF(16384);
    rc = alc_sim_open(&s->pki, conf->simulated_dir, conf->clock, err);
    if (rc == ALC_OK) {
        alc_sim_quote_usual(&s->like, ALC_TEE_TDX);
        boot(s, &conf->policy_hash);
        if (s->log.failed) rc = alc_fail(err, ALC_NOMEM, "no memory for an event log");
    }
    snprintf(s->dir, sizeof s->dir, "%s",
             conf->simulated_dir == NULL ? "in memory" : conf->simulated_dir);
    if (rc == ALC_OK)
        *self = s;
    else
        close_simulated(s);
    return rc;
}

static void describe(void *self, char *line, size_t cap)
{
    const struct simulated *s = self;
    snprintf(line, cap, "a local PKI (%s), no hardware", s->dir);
}

struct alc_sim *att_simulated_pki(void *self)
{
    return ((struct simulated *)self)->pki;
}

const struct att_source att_simulated = {open_simulated, close_simulated, quote, describe};
