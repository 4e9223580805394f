/* localnet/receipt.c — receipts, how they are stored on their way, and derived ids. */
#include <string.h>

#include "localnet/node.h"

void lnet_ix(struct alc_hash *out, const struct alc_hash *base, uint64_t height, uint64_t n)
{
    uint8_t b[48];
    struct alc_borsh w = alc_borsh(b, sizeof b);
    alc_borsh_put_hash(&w, base);
    alc_borsh_put_u64(&w, height);
    alc_borsh_put_u64(&w, n);
    alc_sha256(out, (struct alc_bytes){b, w.n});
}

static bool all_in(struct alc_bytes b, size_t from, const char *alphabet)
{
    for (size_t i = from; i < b.n; i++)
        if (memchr(alphabet, b.p[i], strlen(alphabet)) == NULL) return false;
    return true;
}

enum lnet_id_kind lnet_id_kind(struct alc_bytes id)
{
    static const char hex[] = "0123456789abcdef";
    if (id.n == 64 && all_in(id, 0, hex)) return LNET_IMPLICIT_NEAR;
    if (id.n == 42 && id.p[0] == '0' && all_in(id, 2, hex)) {
        if (id.p[1] == 'x') return LNET_IMPLICIT_ETH;
        if (id.p[1] == 's') return LNET_IMPLICIT_STATE;
    }
    if (id.n == 54 && id.p[0] == '0' && id.p[1] == 'u' &&
        all_in(id, 2, "0123456789abcdefghjkmnpqrstvwxyz") && (id.p[53] == '0' || id.p[53] == 'g'))
        return LNET_IMPLICIT_UNIVERSAL;
    return LNET_NAMED;
}

/* ---- the form in which a receipt is stored until it is applied (ours alone):
 *   kind u8 | id | tx u64 | seq u64 | predecessor, receiver String
 *   ACTION, YIELD: signer, refund_to String | key | gas_price u128 | outputs Vec<id, String> |
 *                  inputs Vec<id> | actions Vec<Action, NEAR's borsh>
 *   DATA, RESUME:  data_id | Option<Vec<u8>>
 *   GLOBAL:        by_account u8 | Vec<u8> */

static void put_uint(struct alc_buf *b, size_t width, uint64_t v)
{
    uint8_t le[8];
    for (size_t i = 0; i < width; i++)
        le[i] = (uint8_t)(v >> (8 * i));
    alc_buf_put(b, le, width);
}

static void put_bytes(struct alc_buf *b, struct alc_bytes v)
{
    put_uint(b, 4, v.n);
    alc_buf_put_bytes(b, v);
}

void lnet_receipt_write(struct alc_buf *out, const struct lnet_receipt *r)
{
    uint8_t price[16];
    put_uint(out, 1, (uint64_t)r->kind);
    alc_buf_put_bytes(out, alc_hash_bytes(&r->id));
    put_uint(out, 8, r->tx);
    put_uint(out, 8, r->seq);
    put_bytes(out, alc_near_id_bytes(&r->predecessor));
    put_bytes(out, alc_near_id_bytes(&r->receiver));
    switch (r->kind) {
    case LNET_ACTION:
    case LNET_YIELD:
        put_bytes(out, alc_near_id_bytes(&r->signer));
        put_bytes(out, alc_near_id_bytes(&r->refund_to));
        alc_near_key_write(out, &r->signer_key);
        alc_buf_put_bytes(out, lnet_u128_put(price, r->gas_price));
        put_uint(out, 4, r->outputs_count);
        for (uint32_t i = 0; i < r->outputs_count; i++) {
            alc_buf_put_bytes(out, alc_hash_bytes(&r->outputs[i].data_id));
            put_bytes(out, alc_near_id_bytes(&r->outputs[i].receiver));
        }
        put_uint(out, 4, r->inputs_count);
        for (uint32_t i = 0; i < r->inputs_count; i++)
            alc_buf_put_bytes(out, alc_hash_bytes(&r->inputs[i]));
        put_uint(out, 4, r->actions_count);
        for (uint32_t i = 0; i < r->actions_count; i++)
            alc_near_action_write(out, &r->actions[i]);
        break;
    case LNET_DATA:
    case LNET_RESUME:
        alc_buf_put_bytes(out, alc_hash_bytes(&r->data_id));
        put_uint(out, 1, r->has_data);
        if (r->has_data) put_bytes(out, r->data);
        break;
    case LNET_GLOBAL:
        put_uint(out, 1, r->by_account);
        put_bytes(out, r->data);
        break;
    }
}

static bool get_id(struct alc_cur *c, struct alc_near_id *out)
{
    struct alc_bytes b;
    if (!alc_borsh_bytes(c, ALC_NEAR_ID_MAX, &b)) return false;
    if (b.n > 0 && memchr(b.p, 0, b.n) != NULL) return false;
    *out = (struct alc_near_id){0};
    memcpy(out->s, b.p, b.n);
    return true;
}

static bool get_actions(struct alc_cur *c, struct lnet_receipt *r, struct alc_arena *arena)
{
    if (!alc_cur_u32le(c, &r->outputs_count) || r->outputs_count > c->n) return false;
    r->outputs = alc_arena_array(arena, r->outputs_count, sizeof *r->outputs);
    if (r->outputs == NULL) return false;
    for (uint32_t i = 0; i < r->outputs_count; i++)
        if (!alc_cur_hash(c, &r->outputs[i].data_id) || !get_id(c, &r->outputs[i].receiver))
            return false;
    if (!alc_cur_u32le(c, &r->inputs_count) || r->inputs_count > c->n) return false;
    r->inputs = alc_arena_array(arena, r->inputs_count, sizeof *r->inputs);
    if (r->inputs == NULL) return false;
    for (uint32_t i = 0; i < r->inputs_count; i++)
        if (!alc_cur_hash(c, &r->inputs[i])) return false;
    if (!alc_cur_u32le(c, &r->actions_count) || r->actions_count > c->n) return false;
    r->actions = alc_arena_array(arena, r->actions_count, sizeof *r->actions);
    if (r->actions == NULL) return false;
    for (uint32_t i = 0; i < r->actions_count; i++)
        if (!alc_near_action_read(c, &r->actions[i], arena)) return false;
    return true;
}

static bool read_receipt(struct alc_cur *c, struct lnet_receipt *r, struct alc_arena *arena)
{
    uint8_t kind;
    bool flag;
    if (!alc_cur_u8(c, &kind) || kind > LNET_GLOBAL || !alc_cur_hash(c, &r->id) ||
        !alc_cur_u64le(c, &r->tx) || !alc_cur_u64le(c, &r->seq) || !get_id(c, &r->predecessor) ||
        !get_id(c, &r->receiver))
        return false;
    r->kind = (enum lnet_receipt_kind)kind;
    switch (r->kind) {
    case LNET_ACTION:
    case LNET_YIELD:
        if (!get_id(c, &r->signer) || !get_id(c, &r->refund_to) ||
            !alc_near_key_take(c, &r->signer_key) || !alc_cur_u128le(c, &r->gas_price) ||
            !get_actions(c, r, arena))
            return false;
        break;
    case LNET_DATA:
    case LNET_RESUME:
        if (!alc_cur_hash(c, &r->data_id) || !alc_borsh_flag(c, &r->has_data)) return false;
        if (r->has_data && !alc_borsh_bytes(c, c->n, &r->data)) return false;
        break;
    case LNET_GLOBAL:
        if (!alc_borsh_flag(c, &flag) || !alc_borsh_bytes(c, c->n, &r->data)) return false;
        r->by_account = flag;
        break;
    }
    return c->n == 0;
}

enum alc_rc lnet_receipt_read(struct lnet_receipt *out, struct alc_bytes in,
                              struct alc_arena *arena, struct alc_err *err)
{
    struct lnet_receipt r = {0};
    struct alc_cur c = alc_cur(in);
    if (!read_receipt(&c, &r, arena))
        return alc_fail(err, ALC_CORRUPT, "a stored receipt of %zu bytes does not decode", in.n);
    *out = r;
    return ALC_OK;
}
