/* contracts/compute/cancel.c — requests that end without an answer.  Whoever removes the record
 * gives both payments back in full; a callback that comes later finds nothing. */
#include "price.h"

struct id_args {
    uint64_t id;
};

static const struct near_field id_fields[] = {
    NEAR_FIELD("request_id", struct id_args, id, near_read_u64, NEAR_MUST),
};

static bool cancel(struct state *s, uint64_t id)
{
    struct output stored;
    struct request r;

    if (!request_take(&r, &stored, s, id)) return false;
    if (r.payment > 0) near_transfer(r.payer, r.payment);
    price_return(&r);
    return true;
}

static void give_count(uint64_t count)
{
    uint8_t buf[20];
    struct near_out o = NEAR_OUT(buf);

    near_out_u64(&o, count);
    near_return(near_out_bytes(&o, "result too long"));
}

void method_cancel_stale_execution(void)
{
    struct near_account caller;
    struct id_args a;
    struct request r;
    struct state s;

    NEAR_ARGS(&a, id_fields);
    state_load(&s);
    if (!request_load(&r, a.id)) near_panic("Execution request not found");
    near_predecessor(&caller);
    if (!alc_bytes_eq(near_account_bytes(&caller), r.predecessor))
        near_panic("Only the account that sent the request can cancel it");
    if (near_host_block_timestamp() <= r.timestamp + STALE_AFTER_NS)
        near_panic("The request is not yet stale: it can be cancelled after 600 seconds");
    (void)cancel(&s, a.id);
    state_save(&s);
}

void method_emergency_cancel_execution(void)
{
    struct id_args a;
    struct state s;

    NEAR_ARGS(&a, id_fields);
    state_load(&s);
    only_owner(&s);
    if (!cancel(&s, a.id)) near_panic("Execution request not found");
    state_save(&s);
}

struct ids {
    uint64_t id[CANCEL_MAX];
    size_t n;
};

static void read_id(struct near_json *j, void *to)
{
    struct ids *ids = to;
    if (ids->n == CANCEL_MAX) near_json_fail("more than 1024 ids");
    near_read_u64(j, &ids->id[ids->n++]);
}

static void read_ids(struct near_json *j, void *out)
{
    near_json_list(j, read_id, out);
}

static const struct near_field ids_fields[] = {
    {"request_ids", read_ids, 0, sizeof "request_ids" - 1, NEAR_MUST},
};

void method_cancel_pending_requests(void)
{
    static struct ids ids;
    uint64_t count = 0;
    struct state s;

    ids.n = 0;
    NEAR_ARGS(&ids, ids_fields);
    state_load(&s);
    only_owner(&s);
    for (size_t i = 0; i < ids.n; i++)
        if (cancel(&s, ids.id[i])) count++;
    state_save(&s);
    give_count(count);
}

struct clear_args {
    struct near_opt_u64 limit;
};

static const struct near_field clear_fields[] = {
    NEAR_FIELD("limit", struct clear_args, limit, near_read_opt_u64, NEAR_MAY),
};

void method_clear_all_pending_requests(void)
{
    struct clear_args a = {.limit = {100, 1}};
    uint64_t count = 0;
    struct state s;

    NEAR_ARGS(&a, clear_fields);
    state_load(&s);
    only_owner(&s);
    for (uint64_t id = s.first_id; id < s.next_id && s.pending > 0 && count < a.limit.v; id++)
        if (cancel(&s, id)) count++;
    state_save(&s);
    give_count(count);
}
