#include "price.h"

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

NEAR_NORETURN static void corrupt(void)
{
    near_panic("a stored record contradicts itself");
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

void state_load(struct state *s)
{
    static uint8_t buf[STATE_MAX_BYTES];
    struct alc_cur c;
    size_t n;
    uint8_t version;

    if (!near_get(ALC_LIT("s"), buf, sizeof buf, &n)) near_panic("The contract is not initialized");
    c = alc_cur((struct alc_bytes){buf, n});
    s->projects = 0;
    s->token = (struct alc_bytes){NULL, 0};
    if (!alc_cur_u8(&c, &version) || version == 0 || version > STATE_VERSION ||
        !alc_cur_copy(&c, (uint8_t *)s, version == 1 ? FIXED_1_BYTES : FIXED_BYTES) ||
        !alc_borsh_bytes(&c, NEAR_ACCOUNT_MAX_BYTES, &s->owner) ||
        !alc_borsh_bytes(&c, NEAR_ACCOUNT_MAX_BYTES, &s->operator_id) ||
        !alc_borsh_bytes(&c, METADATA_MAX_BYTES, &s->standard) ||
        !alc_borsh_bytes(&c, METADATA_MAX_BYTES, &s->version) ||
        !alc_borsh_bytes(&c, METADATA_MAX_BYTES, &s->chain_id) ||
        !alc_borsh_bytes(&c, NEAR_ACCOUNT_MAX_BYTES, &s->self) ||
        (version > 1 && !alc_borsh_bytes(&c, NEAR_ACCOUNT_MAX_BYTES, &s->token)) || c.n != 0)
        corrupt();
}

void state_save(const struct state *s)
{
    static uint8_t buf[STATE_MAX_BYTES];
    struct alc_borsh w = alc_borsh(buf, sizeof buf);

    alc_borsh_put_u8(&w, STATE_VERSION);
    alc_borsh_put(&w, s, FIXED_BYTES);
    alc_borsh_put_bytes(&w, s->owner);
    alc_borsh_put_bytes(&w, s->operator_id);
    alc_borsh_put_bytes(&w, s->standard);
    alc_borsh_put_bytes(&w, s->version);
    alc_borsh_put_bytes(&w, s->chain_id);
    alc_borsh_put_bytes(&w, s->self);
    alc_borsh_put_bytes(&w, s->token);
    if (w.full) corrupt();
    near_put(ALC_LIT("s"), (struct alc_bytes){buf, w.n});
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

static void put_opt(struct alc_borsh *w, struct alc_bytes b)
{
    alc_borsh_put_u8(w, b.p != NULL);
    if (b.p != NULL) alc_borsh_put_bytes(w, b);
}

static bool read_opt(struct alc_cur *c, struct alc_bytes *b)
{
    bool some;
    *b = (struct alc_bytes){NULL, 0};
    return alc_borsh_flag(c, &some) && (!some || alc_borsh_bytes(c, REQUEST_MAX_BYTES, b));
}

static void put_unless(struct alc_borsh *w, struct alc_bytes account, struct alc_bytes usual)
{
    alc_borsh_put_bytes(w, alc_bytes_eq(account, usual) ? (struct alc_bytes){NULL, 0} : account);
}

static struct alc_bytes request_encode(const struct request *r)
{
    struct alc_borsh w = alc_borsh(request_buf, sizeof request_buf);

    alc_borsh_put_u8(&w, REQUEST_VERSION);
    alc_borsh_put(&w, r, REQUEST_FIXED_BYTES);
    source_put(&w, &r->asked);
    if (r->asked.kind == SOURCE_PROJECT) {
        alc_borsh_put_u64(&w, r->project);
        source_put(&w, &r->source);
    }
    alc_borsh_put_bytes(&w, r->predecessor);
    put_unless(&w, r->signer, r->predecessor);
    put_unless(&w, r->payer, r->predecessor);
    put_opt(&w, r->secrets_profile);
    if (r->secrets_profile.p != NULL) alc_borsh_put_bytes(&w, r->secrets_account);
    put_opt(&w, r->input);
    if (w.full) near_panic("the request is too long to be kept");
    return (struct alc_bytes){request_buf, w.n};
}

static void request_decode(struct request *r, uint64_t id, size_t n)
{
    struct alc_cur c = alc_cur((struct alc_bytes){request_buf, n});
    uint8_t version;

    r->id = id;
    r->project = 0;
    if (!alc_cur_u8(&c, &version) || version != REQUEST_VERSION ||
        !alc_cur_copy(&c, (uint8_t *)r, REQUEST_FIXED_BYTES) || !source_get(&c, &r->asked))
        corrupt();
    r->source = r->asked;
    if (r->asked.kind == SOURCE_PROJECT &&
        (!alc_cur_u64le(&c, &r->project) || !source_get(&c, &r->source)))
        corrupt();
    if (!alc_borsh_bytes(&c, NEAR_ACCOUNT_MAX_BYTES, &r->predecessor) ||
        !alc_borsh_bytes(&c, NEAR_ACCOUNT_MAX_BYTES, &r->signer) ||
        !alc_borsh_bytes(&c, NEAR_ACCOUNT_MAX_BYTES, &r->payer) ||
        !read_opt(&c, &r->secrets_profile))
        corrupt();
    if (r->secrets_profile.p != NULL &&
        !alc_borsh_bytes(&c, NEAR_ACCOUNT_MAX_BYTES, &r->secrets_account))
        corrupt();
    if (!read_opt(&c, &r->input) || c.n != 0) corrupt();
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

void request_add(const struct request *r, struct state *s)
{
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
    if (bytes > s->pending_bytes_cap || s->pending_bytes > s->pending_bytes_cap - bytes)
        near_panic("Too many bytes of pending requests: try again when some have ended");
    near_put(key_bytes(&k), value);
    s->pending_bytes += bytes;
    s->pending++;
}

/* An output's record: kind u8 | bytes. */
static uint8_t output_buf[1 + OUTPUT_MAX_BYTES];

void request_add_output(struct request *r, const struct output *o, struct state *s)
{
    struct key k = key_of('o', r->id);
    struct key q = key_of('r', r->id);

    if (o->bytes.n > OUTPUT_MAX_BYTES) near_panic("The output is longer than 655360 bytes");
    output_buf[0] = (uint8_t)o->kind;
    if (o->bytes.n > 0) __builtin_memcpy(output_buf + 1, o->bytes.p, o->bytes.n);
    near_put(key_bytes(&k), (struct alc_bytes){output_buf, 1 + o->bytes.n});
    r->flags |= FLAG_OUTPUT;
    request_buf[FLAGS_AT] = r->flags;
    near_put(key_bytes(&q), (struct alc_bytes){request_buf, request_n});
    s->pending_bytes += locked(1 + o->bytes.n);
}

void request_next_turn(const struct request *r, struct state *s, bool drop)
{
    struct key k = key_of('o', r->id);
    struct key q = key_of('r', r->id);
    size_t n;

    if (drop) {
        if (!near_take(key_bytes(&k), output_buf, sizeof output_buf, &n)) corrupt();
        s->pending_bytes -= locked(n);
        request_buf[FLAGS_AT] = (uint8_t)(r->flags & ~FLAG_OUTPUT);
    }
    request_buf[TURN_AT] = (uint8_t)(r->turn + 1);
    near_put(key_bytes(&q), (struct alc_bytes){request_buf, request_n});
}

void output_load(struct output *o, uint64_t id)
{
    struct key k = key_of('o', id);
    size_t n;

    if (!near_get(key_bytes(&k), output_buf, sizeof output_buf, &n) || n == 0) corrupt();
    *o = (struct output){(enum output_kind)output_buf[0], {output_buf + 1, n - 1}};
}

struct alc_bytes request_input(const struct request *r)
{
    static uint8_t buf[NEAR_ARGS_MAX_BYTES];
    struct key k = key_of('i', r->id);
    size_t n;

    if ((r->flags & FLAG_INPUT_APART) == 0) return r->input;
    if (!near_get(key_bytes(&k), buf, sizeof buf, &n)) corrupt();
    return (struct alc_bytes){buf, n};
}

bool request_take(struct request *r, struct output *stored, struct state *s, uint64_t id)
{
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
        if (!near_take(key_bytes(&k), output_buf, sizeof output_buf, &n) || n == 0) corrupt();
        *stored = (struct output){(enum output_kind)output_buf[0], {output_buf + 1, n - 1}};
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
