#include "worker/parts.h"

#include <inttypes.h>

#define ENV_VARS_MAX 32u

struct list {
    struct alc_env_var *vars;
    size_t count;
    bool failed; /* the arena is full */
};

static void put(struct list *l, const char *name, const char *value)
{
    if (value != NULL && value[0] != 0)
        l->vars[l->count++] = (struct alc_env_var){.name = name, .value = value};
}

/* A name that is defined though it has no value on the chain's side. */
static void put_empty(struct list *l, const char *name)
{
    l->vars[l->count++] = (struct alc_env_var){.name = name, .value = ""};
}

static void put_bytes(struct list *l, const char *name, struct alc_bytes b, struct alc_arena *arena)
{
    const char *text = alc_arena_text(arena, "%.*s", (int)b.n, (const char *)b.p);
    if (text == NULL) l->failed = true;
    put(l, name, text);
}

static void put_u64(struct list *l, const char *name, uint64_t v, struct alc_arena *arena)
{
    const char *text = alc_arena_text(arena, "%" PRIu64, v);
    if (text == NULL) l->failed = true;
    put(l, name, text);
}

enum alc_rc wk_env(struct alc_env_var **out, size_t *count, const struct alc_worker *w,
                   const struct wk_request *r, const struct alc_request *q, struct alc_arena *arena)
{
    struct list l = {alc_arena_array(arena, ENV_VARS_MAX, sizeof *l.vars), 0, false};

    if (l.vars == NULL) return ALC_NOMEM;
    put(&l, "OUTLAYER_EXECUTION_TYPE", "NEAR");
    put(&l, "NEAR_NETWORK_ID", w->conf.network_id);
    put_bytes(&l, "NEAR_SENDER_ID", r->signer_id, arena);
    put_bytes(&l, "NEAR_USER_ACCOUNT_ID", r->signer_id, arena);
    put_bytes(&l, "NEAR_PREDECESSOR_ID", r->predecessor_id, arena);
    put_empty(&l, "NEAR_RELAYER_ID");
    put_bytes(&l, "NEAR_SIGNER_PUBLIC_KEY", q->signer_key, arena);
    put(&l, "NEAR_CONTRACT_ID", w->conf.contract_id);
    put_bytes(&l, "NEAR_RECEIPT_ID", q->receipt_id, arena);
    put_bytes(&l, "NEAR_TRANSACTION_HASH", q->tx_hash, arena);
    put_u64(&l, "NEAR_BLOCK_HEIGHT", q->block_height, arena);
    put_u64(&l, "NEAR_BLOCK_TIMESTAMP", q->block_timestamp_ns, arena);
    put_u64(&l, "NEAR_GAS_BURNT", q->gas_burnt, arena);
    put_u64(&l, "NEAR_REQUEST_ID", r->request_id, arena);
    put(&l, "NEAR_PAYMENT_YOCTO", r->payment);
    put(&l, "ATTACHED_USD", r->attached_usd);
    put(&l, "USD_PAYMENT", "0");
    put_empty(&l, "OUTLAYER_CALL_ID");
    put_u64(&l, "NEAR_MAX_INSTRUCTIONS", r->limits.max_instructions, arena);
    put_u64(&l, "NEAR_MAX_MEMORY_MB", r->limits.max_memory_mb, arena);
    put_u64(&l, "NEAR_MAX_EXECUTION_SECONDS", r->limits.max_ms / 1000, arena);
    if (r->project_id.n > 0) {
        put_bytes(&l, "OUTLAYER_PROJECT_ID", r->project_id, arena);
        put_bytes(&l, "OUTLAYER_PROJECT_OWNER", r->project_owner, arena);
        put_bytes(&l, "OUTLAYER_PROJECT_NAME", r->project_name, arena);
        put_bytes(&l, "OUTLAYER_PROJECT_UUID", r->project_uuid, arena);
    }
    *out = l.vars;
    *count = l.count;
    return l.failed ? ALC_NOMEM : ALC_OK;
}
