/* contracts/compute/cancel.c — requests that end without an answer.  Whoever removes the record
 * gives both payments back in full; a callback that comes later finds nothing. */
#include "price.h"

static bool cancel(uint64_t id)
{
    struct output stored;
    struct request r;

    if (!request_take(&r, &stored, id)) return false;
    if (r.payment > 0) near_transfer(r.payer, r.payment);
    price_return(&r);
    return true;
}

static void give_count(uint64_t count)
{
    state_save();
    say_u64("", count);
    give();
}

void method_cancel_stale_execution(void)
{
    struct request r;

    begin(ARG_REQUEST_ID | BY);
    near_refuse(!request_load(&r, arg.id), "Execution request not found");
    near_refuse(!is_caller(r.predecessor), "Only the account that sent the request can cancel it");
    near_refuse(near_host_block_timestamp() <= r.timestamp + STALE_AFTER_NS,
                "The request is not yet stale: that takes 600 seconds");
    (void)cancel(arg.id);
    state_save();
}

void method_emergency_cancel_execution(void)
{
    begin(ARG_REQUEST_ID | BY_OWNER);
    near_refuse(!cancel(arg.id), "Execution request not found");
    state_save();
}

static struct {
    uint64_t id[CANCEL_MAX];
    size_t n;
} ids;

static void read_id(struct near_json *j, void *to)
{
    (void)to;
    if (ids.n == CANCEL_MAX) near_json_fail("more than 1024 ids");
    near_read_u64(j, &ids.id[ids.n++]);
}

void read_ids(struct near_json *j, void *out)
{
    ids.n = 0;
    near_json_list(j, read_id, out);
}

static const struct near_field ids_fields[] = {
    NEAR_FIELD_ALL("request_ids", read_ids, NEAR_MUST),
};

void method_cancel_pending_requests(void)
{
    uint64_t count = 0;

    NEAR_ARGS(&ids, ids_fields);
    begin(BY_OWNER);
    for (size_t i = 0; i < ids.n; i++)
        if (cancel(ids.id[i])) count++;
    give_count(count);
}

void method_clear_all_pending_requests(void)
{
    uint64_t count = 0;

    begin(ARG_LIMIT | BY_OWNER);
    if (!arg.limit.some) arg.limit.v = 100;
    for (uint64_t id = here.state.first_id;
         id < here.state.next_id && here.state.pending > 0 && count < arg.limit.v; id++)
        if (cancel(id)) count++;
    give_count(count);
}
