/* Views and calls of the register contract. */
#include "worker/register.h"

#include "base/enc.h"
#include "base/failpoint.h"

#include <string.h>

#define ARENA_BYTES (16u << 20)
#define VIEW_MAX_BYTES (64u << 10)
/* A registration burns 8 Tgas where the chain checks P-256 itself, and 180 where it does not. */
#define GAS (300u * (uint64_t)ALC_NEAR_TGAS)
#define PATIENCE_MS 120000u /* for a transaction that no node answers for */

/* ---- reading ---- */

enum alc_rc wk_view(struct wk_slot *s, struct alc_json **out, const char *account_id,
                    const char *method, const char *args, struct alc_arena *arena,
                    struct alc_err *err)
{
    struct alc_bytes bytes;
    enum alc_rc rc = args == NULL ? ALC_NOMEM : ALC_OK;

    if (rc == ALC_OK)
        rc = alc_near_rpc_view(s->rpc, &bytes, account_id, method, alc_cstr(args), arena, err);
    if (rc == ALC_OK) rc = alc_json_open(out, bytes, VIEW_MAX_BYTES, err);
    return rc;
}

/* A nanosecond time stands in JSON as a number or, like other great numbers, as a string. */
static bool read_ns(const struct alc_json *v, uint64_t *out_s)
{
    struct alc_bytes text;
    __uint128_t big;
    uint64_t ns;

    if (alc_json_u64(v, &ns)) {
        *out_s = ns / 1000000000u;
        return true;
    }
    if (!alc_json_str(v, &text) || !alc_u128_decode(&big, text) || big > UINT64_MAX) return false;
    *out_s = (uint64_t)big / 1000000000u;
    return true;
}

/* ours: a record of this enclave as it is now, and not of one before an update. */
static bool ours(const struct alc_worker *w, const struct alc_json *doc)
{
    struct alc_hash mine, theirs;
    struct alc_bytes text;
    bool simulated;
    size_t n;

    alc_attest_measurement_hash(w->conf.attest, &mine);
    return alc_json_str(alc_json_get(doc, "measurement"), &text) &&
           alc_hex_decode(theirs.b, sizeof theirs.b, &n, text) && n == sizeof theirs.b &&
           alc_hash_eq(&mine, &theirs) &&
           alc_json_bool(alc_json_get(doc, "simulated"), &simulated) &&
           simulated == alc_attest_simulated(w->conf.attest);
}

static const char *key_args(const struct alc_hash *public_key, struct alc_arena *arena)
{
    struct alc_near_key key = {.curve = ALC_NEAR_ED25519};
    char text[ALC_NEAR_KEY_TEXT_MAX];

    memcpy(key.b, public_key->b, sizeof public_key->b);
    alc_near_key_text(text, &key);
    return alc_arena_text(arena, "{\"public_key\":\"%s\"}", text);
}

enum alc_rc wk_register_standing(struct wk_slot *s, struct wk_standing *out,
                                 const struct alc_hash *public_key, struct alc_err *err)
{
    const struct alc_worker_conf *conf = &s->worker->conf;
    struct alc_arena arena = ALC_ARENA(ARENA_BYTES);
    const char *args = key_args(public_key, &arena);
    struct alc_json *kept = NULL, *believed = NULL;
    struct alc_near_block_ref head;
    uint64_t until_s = 0;
    enum alc_rc rc;

    *out = (struct wk_standing){.kept = false};
    rc = alc_near_rpc_final(s->rpc, &head, err);
    if (rc == ALC_OK)
        rc = wk_view(s, &kept, conf->register_id, "get_worker_key", args, &arena, err);
    if (rc == ALC_OK)
        rc = wk_view(s, &believed, conf->contract_id, "get_worker_key", args, &arena, err);
    if (rc != ALC_OK) goto out;
    out->now_s = head.timestamp_ns / 1000000000u;
    out->kept = alc_json_kind(kept) != ALC_JSON_NULL;
    if (out->kept && (!read_ns(alc_json_get(kept, "registered_ns"), &out->from_s) ||
                      !read_ns(alc_json_get(kept, "expires_ns"), &out->until_s)))
        rc = alc_fail(err, ALC_IO, "get_worker_key of %s has another form than this worker knows",
                      conf->register_id);
    out->believed = out->kept && ours(s->worker, kept) && ours(s->worker, believed) &&
                    read_ns(alc_json_get(believed, "expires_ns"), &until_s) &&
                    out->now_s < until_s && out->now_s < out->until_s;
out:
    alc_json_close(believed);
    alc_json_close(kept);
    alc_arena_fini(&arena);
    return rc;
}

/* ---- calling ---- */

enum alc_rc wk_call(struct wk_slot *s, const struct alc_ed25519 *init, const char *method,
                    struct alc_bytes args, struct alc_bytes *value, struct alc_arena *arena,
                    struct alc_err *err)
{
    struct alc_worker *w = s->worker;
    struct alc_near_action action = {
        .kind = ALC_NEAR_CALL, .method = alc_cstr(method), .data = args, .gas = GAS};
    struct alc_near_tx tx = {.signer_id = alc_cstr(w->conf.init_id),
                             .receiver_id = alc_cstr(w->conf.register_id),
                             .key = alc_near_key_of(init),
                             .actions = &action,
                             .actions_count = 1};
    struct alc_buf bytes = ALC_BUF(ALC_NEAR_TX_MAX_BYTES);
    uint64_t begun = alc_clock_mono_ms(w->conf.clock);
    struct alc_near_tx_status status;
    struct alc_near_block_ref block;
    struct alc_hash hash;
    enum alc_rc rc;

    rc = alc_near_rpc_nonce(s->rpc, &tx.nonce, w->conf.init_id, &tx.key, err);
    if (rc == ALC_NOT_FOUND)
        rc = alc_fail(err, rc, "the init account %s does not have the key of its key file",
                      w->conf.init_id);
    if (rc == ALC_OK) rc = alc_near_rpc_final(s->rpc, &block, err);
    if (rc != ALC_OK) goto out;
    tx.nonce++;
    tx.block_hash = block.hash;
    rc = alc_near_tx_sign(&bytes, &hash, &tx, init);
    if (rc == ALC_OK)
        rc = alc_near_rpc_send(s->rpc, &status, alc_buf_bytes(&bytes), "FINAL", false, arena, err);
    while (rc == ALC_TIMEOUT && !w->stop && alc_clock_mono_ms(w->conf.clock) - begun < PATIENCE_MS)
        rc = alc_near_rpc_tx(s->rpc, &status, &hash, w->conf.init_id, "FINAL", false, arena, err);
    if (rc == ALC_OK && status.state == ALC_NEAR_TX_FAILED)
        rc = alc_fail(err, ALC_DENIED, "%s.%s: %s", w->conf.register_id, method,
                      wk_plain(status.failure, arena));
    else if (rc == ALC_OK && status.state != ALC_NEAR_TX_OK)
        rc = alc_fail(err, ALC_TIMEOUT, "%s.%s is not final yet", w->conf.register_id, method);
    else if (rc == ALC_OK)
        *value = status.value;
out:
    alc_buf_fini(&bytes);
    return rc;
}

/* ---- the key ---- */

static enum alc_rc read_challenge(struct alc_hash *out, struct alc_bytes value, struct alc_err *err)
{
    struct alc_json *doc = NULL;
    struct alc_bytes text;
    size_t n;
    enum alc_rc rc = alc_json_open(&doc, value, 4096, err);

    if (rc == ALC_OK && (!alc_json_str(alc_json_get(doc, "challenge"), &text) ||
                         !alc_hex_decode(out->b, sizeof out->b, &n, text) || n != sizeof out->b))
        rc = alc_fail(err, ALC_IO, "the register's challenge is none");
    alc_json_close(doc);
    return rc;
}

static enum alc_rc register_key(struct wk_slot *s, const struct alc_ed25519 *init,
                                const struct alc_hash *public_key, const struct alc_hash *challenge,
                                struct alc_arena *arena, struct alc_err *err)
{
    const struct alc_worker *w = s->worker;
    struct alc_buf quote = ALC_BUF(ALC_QUOTE_MAX_BYTES), args = ALC_BUF(64u << 10);
    struct alc_near_key key = {.curve = ALC_NEAR_ED25519};
    struct alc_jw j = {.out = &args};
    char text[ALC_NEAR_KEY_TEXT_MAX];
    uint8_t report_data[64];
    struct alc_hash half;
    struct alc_bytes value;
    enum alc_rc rc;

    alc_registration_half(&half, alc_cstr(w->conf.chain_id), alc_cstr(w->conf.contract_id),
                          alc_cstr(w->conf.register_id), challenge, &w->policy_hash,
                          &alc_verify_native);
    memcpy(report_data, public_key->b, 32);
    memcpy(report_data + 32, half.b, 32);
    rc = alc_attest_quote(w->conf.attest, report_data, &quote, NULL, err);
    if (rc != ALC_OK) goto out;
    memcpy(key.b, public_key->b, sizeof public_key->b);
    alc_near_key_text(text, &key);
    alc_jw_obj(&j);
    alc_jw_key(&j, "public_key");
    alc_jw_text(&j, text);
    alc_jw_key(&j, "tdx_quote_hex");
    alc_jw_hex(&j, alc_buf_bytes(&quote));
    alc_jw_key(&j, "policy_hash");
    alc_jw_hex(&j, alc_hash_bytes(&w->policy_hash));
    alc_jw_end(&j);
    rc = args.failed ? ALC_NOMEM : ALC_OK;
    if (rc == ALC_OK)
        rc = wk_call(s, init, "register_worker_key", alc_buf_bytes(&args), &value, arena, err);
out:
    alc_buf_fini(&args);
    alc_buf_fini(&quote);
    return rc;
}

enum alc_rc wk_register_key(struct wk_slot *s, const struct alc_ed25519 *init,
                            struct wk_collateral *c, const struct alc_hash *public_key,
                            struct alc_err *err)
{
    struct alc_arena arena = ALC_ARENA(ARENA_BYTES);
    struct alc_hash challenge;
    struct alc_bytes value;
    enum alc_rc rc;

    wk_collateral_look(s, c);
    rc = wk_collateral_put(s, init, c, err);
    if (rc == ALC_DENIED) { /* what is on chain may do; if it does not, the register says so */
        alc_log(ALC_WARN, "worker.collateral", "why=\"%s\" next=\"what is on chain is used\"",
                alc_err_text(err, rc));
        rc = ALC_OK;
    }
    if (rc == ALC_OK) rc = wk_call(s, init, "new_challenge", ALC_LIT("{}"), &value, &arena, err);
    if (rc == ALC_OK) rc = read_challenge(&challenge, value, err);
    if (rc == ALC_OK) rc = register_key(s, init, public_key, &challenge, &arena, err);
    if (rc == ALC_OK) alc_failpoint("registrar.registered");
    alc_arena_fini(&arena);
    return rc;
}
