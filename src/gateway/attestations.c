/* OutLayer's pages: the record of a run, and the collateral by which its quote is judged. */
#include "gateway/room.h"

#include "base/clock.h"
#include "base/enc.h"

#include <string.h>

/* ---- /attestations/<task_id>, by-tx/<hash>, by-call/<id> ---- */

static bool starts(struct alc_bytes *name, const char *prefix)
{
    size_t n = strlen(prefix);
    if (name->n < n || memcmp(name->p, prefix, n) != 0) return false;
    name->p += n;
    name->n -= n;
    return true;
}

enum alc_rc gw_attestation(struct alc_gateway *g, struct alc_bytes name,
                           struct alc_httpd_answer *out, struct alc_arena *arena,
                           struct alc_err *err)
{
    struct alc_bytes text;
    uint64_t job;
    enum alc_rc rc;

    if (starts(&name, "by-tx/"))
        rc = alc_queue_record_by_tx(g->queue, &text, name, arena, err);
    else if (starts(&name, "by-call/"))
        rc = alc_queue_record_by_call(g->queue, &text, name, arena, err);
    else if (gw_number(name, &job))
        rc = alc_queue_record(g->queue, &text, job, arena, err);
    else
        return alc_fail(err, ALC_BAD_INPUT,
                        "an attestation is named by its task's number, by-tx/ or by-call/");
    if (rc == ALC_OK) alc_buf_put_bytes(&out->body, text);
    return rc;
}

/* ---- /public/collateral?fmspc=&at= ---- */

enum alc_rc gw_set_at(struct alc_gateway *g, const struct alc_platform *p, uint64_t at_s,
                      struct alc_buf *json, struct alc_err *err)
{
    uint64_t now_s = alc_clock_wall_ms(&alc_clock_system) / 1000;
    enum alc_rc rc = alc_sets_at(g->sets, p, at_s, json, err);

    if (rc == ALC_NOT_FOUND) rc = alc_sets_at(g->sets, p, now_s, json, err);
    return rc == ALC_NOT_FOUND ? ALC_OK : rc;
}

/* The parameters beyond OutLayer's two, for platforms of other kinds than it serves. */
static enum alc_rc read_ask(struct alc_platform *p, bool *any_ca, uint64_t *at_s,
                            const struct alc_httpd_ask *ask, struct alc_err *err)
{
    const char *fmspc = alc_httpd_query(ask, "fmspc"), *at = alc_httpd_query(ask, "at");
    const char *tee = alc_httpd_query(ask, "tee"), *ca = alc_httpd_query(ask, "ca");
    size_t n;

    *p = (struct alc_platform){.tee = ALC_TEE_TDX, .ca = ALC_PCK_PLATFORM};
    *at_s = alc_clock_wall_ms(&alc_clock_system) / 1000;
    *any_ca = ca == NULL;
    if (fmspc == NULL || !alc_hex_decode(p->fmspc, sizeof p->fmspc, &n, alc_cstr(fmspc)) ||
        n != sizeof p->fmspc)
        return alc_fail(err, ALC_BAD_INPUT, "fmspc must be 12 hex digits");
    if (at != NULL && !gw_number(alc_cstr(at), at_s))
        return alc_fail(err, ALC_BAD_INPUT, "at must be Unix seconds");
    if (tee != NULL && strcmp(tee, "sgx") != 0 && strcmp(tee, "tdx") != 0)
        return alc_fail(err, ALC_BAD_INPUT, "tee must be tdx or sgx");
    if (tee != NULL && strcmp(tee, "sgx") == 0) p->tee = ALC_TEE_SGX;
    if (ca != NULL && strcmp(ca, "platform") != 0 && strcmp(ca, "processor") != 0)
        return alc_fail(err, ALC_BAD_INPUT, "ca must be platform or processor");
    if (ca != NULL && strcmp(ca, "processor") == 0) p->ca = ALC_PCK_PROCESSOR;
    return ALC_OK;
}

/* window_of reads when a kept set holds; it was checked when it was kept. */
static enum alc_rc window_of(struct alc_gateway *g, struct alc_window *out, bool *simulated,
                             struct alc_bytes json, struct alc_arena *arena, struct alc_err *err)
{
    struct alc_collateral *set = alc_arena_alloc(arena, sizeof *set);
    struct alc_verify_work work = {alc_arena_alloc(arena, 2 * ALC_COLLATERAL_MAX_BYTES),
                                   2 * ALC_COLLATERAL_MAX_BYTES, 0};
    struct alc_trust trust = {.simulated_root = {NULL, 0}};
    enum alc_refusal why;

    if (set == NULL || work.p == NULL) return alc_fail(err, ALC_NOMEM, "no memory for a set");
    if (g->attest != NULL) trust.simulated_root = alc_attest_simulated_root(g->attest);
    why = alc_collateral_verify(set, json, &trust, &work, &alc_verify_native);
    if (why != ALC_REFUSAL_NONE)
        return alc_fail(err, ALC_CORRUPT, "a kept set of collateral: %s", alc_refusal_text(why));
    *out = alc_collateral_window(set);
    *simulated = set->simulated;
    return ALC_OK;
}

static void put_text(struct alc_jw *w, const char *key, const char *text)
{
    alc_jw_key(w, key);
    alc_jw_text(w, text);
}

static void put_set(struct alc_gateway *g, struct alc_buf *out, struct alc_bytes json,
                    const struct alc_platform *p, const struct alc_window *window, uint64_t at_s,
                    bool simulated)
{
    struct alc_jw w = {.out = out};
    struct alc_hash hash;

    alc_sha256(&hash, json);
    alc_jw_obj(&w);
    alc_jw_key(&w, "collateral");
    alc_jw_str(&w, json);
    alc_jw_key(&w, "fmspc");
    alc_jw_hex(&w, (struct alc_bytes){p->fmspc, sizeof p->fmspc});
    alc_jw_key(&w, "valid_from");
    alc_jw_u64(&w, window->from_s);
    alc_jw_key(&w, "valid_until");
    alc_jw_u64(&w, window->until_s);
    alc_jw_key(&w, "covers_requested_time");
    alc_jw_bool(&w, at_s >= window->from_s && at_s <= window->until_s);
    put_text(&w, "contract_id", g->register_id == NULL ? "" : g->register_id);
    alc_jw_key(&w, "collateral_sha256");
    alc_jw_hex(&w, alc_hash_bytes(&hash));
    put_text(&w, "source", simulated ? "SIMULATED" : "archive");
    alc_jw_end(&w);
}

enum alc_rc gw_collateral(struct alc_gateway *g, const struct alc_httpd_ask *ask,
                          struct alc_httpd_answer *out, struct alc_arena *arena,
                          struct alc_err *err)
{
    struct alc_buf json = ALC_BUF(ALC_COLLATERAL_MAX_BYTES);
    struct alc_platform p;
    struct alc_window window = {0};
    bool any_ca, simulated = false;
    uint64_t at_s;
    enum alc_rc rc = read_ask(&p, &any_ca, &at_s, ask, err);

    if (rc == ALC_OK && g->sets != NULL) rc = gw_set_at(g, &p, at_s, &json, err);
    if (rc == ALC_OK && g->sets != NULL && json.n == 0 && any_ca) {
        p.ca = ALC_PCK_PROCESSOR;
        rc = gw_set_at(g, &p, at_s, &json, err);
    }
    if (rc == ALC_OK && json.n == 0)
        rc = alc_fail(err, ALC_NOT_FOUND, "no collateral is kept for this platform");
    if (rc == ALC_OK) rc = window_of(g, &window, &simulated, alc_buf_bytes(&json), arena, err);
    if (rc == ALC_OK) put_set(g, &out->body, alc_buf_bytes(&json), &p, &window, at_s, simulated);
    alc_buf_fini(&json);
    return rc;
}
