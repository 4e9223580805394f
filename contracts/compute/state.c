#include "price.h"
#include "record.h"
#include "room.h"

/* ---- Keys ---- */

struct key {
    uint8_t b[9];
};

static struct key key_of(char kind, uint64_t id)
{
    struct key k;
    k.b[0] = (uint8_t)kind;
    for (int i = 0; i < 8; i++)
        k.b[1 + i] = (uint8_t)(id >> (56 - 8 * i));
    return k;
}

static struct alc_bytes key_bytes(const struct key *k)
{
    return (struct alc_bytes){k->b, sizeof k->b};
}

/* What a record of `n` bytes locks of the contract's balance, in bytes. */
static uint64_t locked(size_t n)
{
    return NEAR_STORAGE_RECORD_BYTES + sizeof(struct key) + n;
}

/* ---- State ---- */

bool state_exists(void)
{
    return near_has(ALC_LIT("s"));
}

/* version u8 | the fixed part of struct state | owner, operator, standard, version,
 * chain_id, self, token.  Version 1 ends its fixed part before `projects`, and has no token. */
#define FIXED_BYTES (5 * sizeof(near_u128) + 8 * sizeof(uint64_t) + sizeof(struct alc_hash))
#define FIXED_1_BYTES offsetof(struct state, projects)
_Static_assert(FIXED_BYTES == offsetof(struct state, owner),
               "gaps in the stored part of the state");

/* The strings follow each other in struct state too. */
_Static_assert(offsetof(struct state, token) ==
                   offsetof(struct state, owner) + 6 * sizeof(struct alc_bytes),
               "the order of the state's strings");

static void walk_state(void)
{
    uint8_t *const s = (uint8_t *)&here.state;
    uint8_t version = STATE_VERSION;

    walk_raw(&version, 1);
    walk_refuse(version == 0 || version > STATE_VERSION);
    walk_raw(s, version == 1 ? FIXED_1_BYTES : FIXED_BYTES);
    walk_accounts((struct alc_bytes *)(void *)(s + offsetof(struct state, owner)),
                  version == 1 ? 6 : 7);
}

static uint8_t state_buf[STATE_MAX_BYTES];

bool state_try(void)
{
    size_t n;

    if (!near_get(ALC_LIT("s"), state_buf, sizeof state_buf, &n)) return false;
    here.state.projects = 0;
    here.state.token = (struct alc_bytes){NULL, 0};
    walk_read((struct alc_bytes){state_buf, n});
    walk_state();
    walk_end();
    return true;
}

void state_load(void)
{
    near_refuse(!state_try(), "The contract is not initialized");
}

void state_save(void)
{
    static uint8_t buf[STATE_MAX_BYTES];

    walk_write(buf, sizeof buf, "the state is too long to be kept");
    walk_state();
    near_put(ALC_LIT("s"), walk_written());
}

void usd_load(struct prices_usd *p)
{
    size_t n;
    if (!near_get(ALC_LIT("d"), (uint8_t *)p, sizeof *p, &n) || n != sizeof *p) corrupt();
}

void usd_save(const struct prices_usd *p)
{
    near_put(ALC_LIT("d"), (struct alc_bytes){(const uint8_t *)p, sizeof *p});
}

/* ---- Requests ----
 *
 *   version u8 | the fixed part of struct request | source as asked; of a project also its number
 *   u64 and its code | predecessor | signer, payer (empty: the predecessor)
 *   | option (profile, account) | option input (empty when it lies apart) */
#define REQUEST_FIXED_BYTES                                                                        \
    (2 * sizeof(near_u128) + 3 * sizeof(uint64_t) + sizeof(struct limits) +                        \
     2 * sizeof(struct alc_hash))
_Static_assert(REQUEST_FIXED_BYTES == offsetof(struct request, turn) + 1, "gaps in a request");

/* The version is the record's first byte. */
#define FLAGS_AT (1 + offsetof(struct request, flags))
#define TURN_AT (1 + offsetof(struct request, turn))

static uint8_t request_buf[REQUEST_MAX_BYTES];
static size_t request_n; /* of the record that request_load left there */

static void walk_request(struct request *r)
{
    uint8_t version = REQUEST_VERSION;

    walk_raw(&version, 1);
    walk_refuse(version != REQUEST_VERSION);
    walk_raw(r, REQUEST_FIXED_BYTES);
    walk_source(&r->asked);
    if (r->asked.kind == SOURCE_PROJECT) {
        walk_raw(&r->project, sizeof r->project);
        walk_source(&r->source);
    }
    walk_accounts(&r->predecessor, 1);
    walk_accounts(&r->signer, 1);
    walk_accounts(&r->payer, 1);
    walk_opt_bytes(&r->secrets.profile);
    if (r->secrets.profile.p != NULL) walk_accounts(&r->secrets.account, 1);
    walk_opt_bytes(&r->input);
}

static void none_if(struct alc_bytes *account, struct alc_bytes usual)
{
    if (alc_bytes_eq(*account, usual)) account->n = 0;
}

static struct alc_bytes request_encode(struct request *r)
{
    none_if(&r->signer, r->predecessor);
    none_if(&r->payer, r->predecessor);
    walk_write(request_buf, sizeof request_buf, "the request is too long to be kept");
    walk_request(r);
    return walk_written();
}

static void request_decode(struct request *r, uint64_t id, size_t n)
{
    walk_read((struct alc_bytes){request_buf, n});
    r->id = id;
    r->project = 0;
    walk_request(r);
    walk_end();
    if (r->project == 0) r->source = r->asked;
    if (r->signer.n == 0) r->signer = r->predecessor;
    if (r->payer.n == 0) r->payer = r->predecessor;
}

bool request_load(struct request *r, uint64_t id)
{
    struct key k = key_of('r', id);

    if (!near_get(key_bytes(&k), request_buf, sizeof request_buf, &request_n)) return false;
    request_decode(r, id, request_n);
    return true;
}

bool request_exists(uint64_t id)
{
    struct key k = key_of('r', id);
    return near_has(key_bytes(&k));
}

void request_add(const struct request *r)
{
    struct state *const s = &here.state;
    struct request kept = *r;
    struct key k = key_of('r', r->id);
    uint64_t bytes = 0;
    struct alc_bytes value;

    if (r->input.n > INPUT_IN_EVENT_MAX_BYTES) {
        struct key i = key_of('i', r->id);
        near_put(key_bytes(&i), r->input);
        bytes = locked(r->input.n);
        kept.flags |= FLAG_INPUT_APART;
        kept.input.n = 0;
    }
    value = request_encode(&kept);
    bytes += locked(value.n);
    near_refuse(bytes > s->pending_bytes_cap || s->pending_bytes > s->pending_bytes_cap - bytes,
                "Too many bytes of pending requests: try again later");
    near_put(key_bytes(&k), value);
    s->pending_bytes += bytes;
    s->pending++;
}

/* An output's record: kind u8 | bytes. */

size_t request_add_output(struct request *r, const struct output *o)
{
    struct key k = key_of('o', r->id);
    struct key q = key_of('r', r->id);
    const uint8_t kind = o->kind == OUTPUT_TEXT ? OUTPUT_STRING : (uint8_t)o->kind;
    struct near_out w = NEAR_OUT(room_output);
    struct alc_bytes record;

    near_refuse(o->bytes.n > OUTPUT_MAX_BYTES, "The output is longer than 655360 bytes");
    near_out_put(&w, &kind, 1);
    if (kind == OUTPUT_STRING)
        near_out_str(&w, o->bytes);
    else
        near_out_raw(&w, o->bytes);
    record = near_out_bytes(&w, "The output is longer than 1800000 bytes as a JSON string");
    near_put(key_bytes(&k), record);
    r->flags |= FLAG_OUTPUT;
    request_buf[FLAGS_AT] = r->flags;
    near_put(key_bytes(&q), (struct alc_bytes){request_buf, request_n});
    here.state.pending_bytes += locked(record.n);
    return record.n;
}

void request_next_turn(const struct request *r, bool drop)
{
    struct key k = key_of('o', r->id);
    struct key q = key_of('r', r->id);
    size_t n;

    if (drop) {
        if (!near_take(key_bytes(&k), room_output, sizeof room_output, &n)) corrupt();
        here.state.pending_bytes -= locked(n);
        request_buf[FLAGS_AT] = (uint8_t)(r->flags & ~FLAG_OUTPUT);
    }
    request_buf[TURN_AT] = (uint8_t)(r->turn + 1);
    near_put(key_bytes(&q), (struct alc_bytes){request_buf, request_n});
}

void output_kept(struct output *o, uint64_t id)
{
    struct key k = key_of('o', id);
    size_t n;

    if (!near_get(key_bytes(&k), room_output, sizeof room_output, &n) || n == 0) corrupt();
    *o = (struct output){(enum output_kind)room_output[0], {room_output + 1, n - 1}};
}

void output_load(struct output *o, uint64_t id)
{
    output_kept(o, id);
    if (o->kind == OUTPUT_STRING) {
        struct near_json j = near_json_begin(room_output + 1, o->bytes.n);
        near_read_string(&j, &o->bytes);
        o->kind = OUTPUT_TEXT;
    }
}

struct alc_bytes request_input(const struct request *r)
{
    struct key k = key_of('i', r->id);
    size_t n;

    if ((r->flags & FLAG_INPUT_APART) == 0) return r->input;
    if (!near_get(key_bytes(&k), room_input, sizeof room_input, &n)) corrupt();
    return (struct alc_bytes){room_input, n};
}

bool request_take(struct request *r, struct output *stored, uint64_t id)
{
    struct state *const s = &here.state;
    struct key k = key_of('r', id);
    uint64_t bytes;
    size_t n;

    *stored = (struct output){OUTPUT_NONE, {NULL, 0}};
    if (!near_take(key_bytes(&k), request_buf, sizeof request_buf, &n)) return false;
    request_decode(r, id, n);
    bytes = locked(n);
    if ((r->flags & FLAG_INPUT_APART) != 0) {
        static uint8_t body[PRICED_BODY_MAX_BYTES]; /* what a price list would look into */
        k = key_of('i', id);
        if (r->attached_usd > 0 && r->input_n <= sizeof body) {
            if (!near_take(key_bytes(&k), body, sizeof body, &n)) corrupt();
            r->input = (struct alc_bytes){body, n};
        } else {
            (void)near_remove(key_bytes(&k));
        }
        bytes += locked(r->input_n);
    }
    if ((r->flags & FLAG_OUTPUT) != 0) {
        k = key_of('o', id);
        if (!near_take(key_bytes(&k), room_output, sizeof room_output, &n) || n == 0) corrupt();
        *stored = (struct output){(enum output_kind)room_output[0], {room_output + 1, n - 1}};
        bytes += locked(n);
    }
    s->pending_bytes -= bytes;
    s->pending--;
    /* Scans begin at first_id: it follows requests that end in order, and an idle contract catches
     * up with those that did not. */
    if (s->pending == 0)
        s->first_id = s->next_id;
    else if (s->first_id == id)
        s->first_id++;
    return true;
}
