#include "verify/parts.h"

#include "base/enc.h"

/* A log is written by whoever wants to be believed, and only the RTMRs bind it.  So nothing of it
 * counts that the digests do not cover: a runtime event's digest is computed from its name and
 * payload, and RTMR3, from which all names below are read, takes no other events.  A bare digest
 * there could stand for the true "compose-hash", and leave the name to one that the application
 * emitted later. */
#define RUNTIME_EVENT 0x08000001u
#define RUNTIME_RTMR 3u
#define DIGEST_BYTES 48u
#define EVENTS_COUNT_MAX 8192u
#define NAME_MAX_BYTES 256u

/* The order at boot: names with `boot` count before boot-mr-done, the key provider before
 * system-ready, our own at any time.  None may come twice. */
enum known {
    APP_ID,
    COMPOSE_HASH,
    INSTANCE_ID,
    OS_IMAGE_HASH,
    KEY_PROVIDER,
    POLICY_HASH,
    PREPARING,
    BOOT_DONE,
    READY,
    KNOWN
};
static const struct {
    struct alc_bytes name;
    size_t least, most; /* bytes of the payload */
} known[KNOWN] = {
#define NAMED(text) {(const uint8_t *)(text), sizeof(text) - 1}
    [APP_ID] = {NAMED("app-id"), 20, 20},
    [COMPOSE_HASH] = {NAMED("compose-hash"), 32, 32},
    [INSTANCE_ID] = {NAMED("instance-id"), 0, 20},
    [OS_IMAGE_HASH] = {NAMED("os-image-hash"), 1, 64},
    [KEY_PROVIDER] = {NAMED("key-provider"), 0, 512},
    [POLICY_HASH] = {NAMED("alcove-policy"), 32, 32},
    [PREPARING] = {NAMED("system-preparing"), 0, 0},
    [BOOT_DONE] = {NAMED("boot-mr-done"), 0, 0},
    [READY] = {NAMED("system-ready"), 0, 0},
#undef NAMED
};

struct event {
    struct alc_verify_work *work;
    uint64_t imr, type, version;
    struct alc_bytes digest, name, payload, preimage; /* digest and payload as hex text */
    bool has_preimage;
};

struct replay {
    struct alc_events *out;
    struct alc_verify_work *work;
    const struct alc_verify_ops *ops;
    enum alc_refusal refusal;
    uint32_t seen; /* a bit for each known name */
    struct alc_bytes taken[KNOWN];
};

/* ---- one event's members ---- */

static void read_imr(struct vf_json *j, void *ctx)
{
    ((struct event *)ctx)->imr = vf_json_u64(j);
}

static void read_type(struct vf_json *j, void *ctx)
{
    ((struct event *)ctx)->type = vf_json_u64(j);
}

static void read_digest(struct vf_json *j, void *ctx)
{
    if (!vf_json_null(j)) ((struct event *)ctx)->digest = vf_json_text(j);
}

static void read_name(struct vf_json *j, void *ctx)
{
    struct event *e = ctx;
    if (!vf_json_null(j)) e->name = vf_json_string(j, e->work);
}

static void read_payload(struct vf_json *j, void *ctx)
{
    if (!vf_json_null(j)) ((struct event *)ctx)->payload = vf_json_text(j);
}

static void read_version(struct vf_json *j, void *ctx)
{
    if (!vf_json_null(j)) ((struct event *)ctx)->version = vf_json_u64(j);
}

static void read_preimage(struct vf_json *j, void *ctx)
{
    struct event *e = ctx;
    if (vf_json_null(j)) return;
    e->preimage = vf_json_string(j, e->work);
    e->has_preimage = e->preimage.n > 0;
}

static const struct vf_member members[] = {
    {"imr", read_imr, true},
    {"event_type", read_type, true},
    {"digest", read_digest, false},
    {"event", read_name, false},
    {"event_payload", read_payload, false},
    {"version", read_version, false},
    {"preimage", read_preimage, false},
};
#define HAS_NAME (1u << 3)
#define HAS_PAYLOAD (1u << 4)

/* ---- digests ---- */

static bool decode_digest(uint8_t out[DIGEST_BYTES], struct alc_bytes hex)
{
    size_t n;
    return alc_hex_decode(out, DIGEST_BYTES, &n, hex) && n == DIGEST_BYTES;
}

/* The digest of version 1: type u32 ‖ ":" ‖ name ‖ ":" ‖ payload.  A colon in the name would let
 * one digest stand for two events, so there is none. */
static enum alc_refusal digest_v1(const struct replay *r, const struct event *e,
                                  uint8_t out[DIGEST_BYTES])
{
    size_t cap = 4 + 1 + e->name.n + 1 + e->payload.n / 2, n;
    uint8_t *p = vf_take(r->work, cap);
    struct alc_borsh w = alc_borsh(p, cap);

    if (p == NULL) return ALC_REFUSAL_WORK;
    for (size_t i = 0; i < e->name.n; i++)
        if (e->name.p[i] == ':') return ALC_REFUSAL_EVENTS_FORMAT;
    alc_borsh_put_u32(&w, RUNTIME_EVENT);
    alc_borsh_put(&w, ":", 1);
    alc_borsh_put(&w, e->name.p, e->name.n);
    alc_borsh_put(&w, ":", 1);
    if (!alc_hex_decode(p + w.n, cap - w.n, &n, e->payload)) return ALC_REFUSAL_EVENTS_FORMAT;
    r->ops->sha384(r->ops->ctx, out, (struct alc_bytes){p, w.n + n});
    return ALC_REFUSAL_NONE;
}

/* A string as RFC 8785 writes it: the short escapes, \u00xx for other controls, else raw. */
static void put_canonical(struct alc_borsh *w, struct alc_bytes s)
{
    static const char digits[] = "0123456789abcdef";

    alc_borsh_put(w, "\"", 1);
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = s.p[i];
        char escape = c == '"' || c == '\\' ? (char)c
                      : c == '\b'           ? 'b'
                      : c == '\t'           ? 't'
                      : c == '\n'           ? 'n'
                      : c == '\f'           ? 'f'
                      : c == '\r'           ? 'r'
                                            : 0;
        if (escape != 0) {
            alc_borsh_put(w, "\\", 1);
            alc_borsh_put(w, &escape, 1);
        } else if (c < 0x20) {
            alc_borsh_put(w, "\\u00", 4);
            alc_borsh_put(w, &digits[c >> 4], 1);
            alc_borsh_put(w, &digits[c & 15], 1);
        } else {
            alc_borsh_put(w, &c, 1);
        }
    }
    alc_borsh_put(w, "\"", 1);
}

/* The digest of version 2: of {"name":...,"payload":"<lower hex>","type":134217729}, a text that
 * the log may show too. */
static enum alc_refusal digest_v2(const struct replay *r, const struct event *e,
                                  uint8_t out[DIGEST_BYTES])
{
    size_t cap = 64 + 6 * e->name.n + e->payload.n;
    uint8_t *p = vf_take(r->work, cap);
    struct alc_borsh w = alc_borsh(p, cap);

    if (p == NULL) return ALC_REFUSAL_WORK;
    alc_borsh_put(&w, "{\"name\":", 8);
    put_canonical(&w, e->name);
    alc_borsh_put(&w, ",\"payload\":\"", 12);
    for (size_t i = 0; i < e->payload.n; i++) {
        uint8_t c = e->payload.p[i];
        if (c >= 'A' && c <= 'F') c = (uint8_t)(c | 0x20);
        alc_borsh_put_u8(&w, c);
    }
    alc_borsh_put(&w, "\",\"type\":134217729}", 19);
    if (w.full) return ALC_REFUSAL_WORK;
    if (e->has_preimage && !alc_bytes_eq(e->preimage, (struct alc_bytes){p, w.n}))
        return ALC_REFUSAL_EVENTS_FORMAT;
    r->ops->sha384(r->ops->ctx, out, (struct alc_bytes){p, w.n});
    return ALC_REFUSAL_NONE;
}

static enum alc_refusal runtime_digest(const struct replay *r, const struct event *e,
                                       uint32_t there, uint8_t out[DIGEST_BYTES])
{
    uint8_t given[DIGEST_BYTES];

    if ((there & (HAS_NAME | HAS_PAYLOAD)) != (HAS_NAME | HAS_PAYLOAD) || e->payload.n % 2 != 0 ||
        e->name.n > NAME_MAX_BYTES)
        return ALC_REFUSAL_EVENTS_FORMAT;
    for (size_t i = 0; i < e->payload.n; i++) {
        uint8_t c = e->payload.p[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')))
            return ALC_REFUSAL_EVENTS_FORMAT;
    }
    if (e->digest.n > 0 && !decode_digest(given, e->digest)) return ALC_REFUSAL_EVENTS_FORMAT;
    if (e->version == 1) return digest_v1(r, e, out);
    if (e->version == 2) return digest_v2(r, e, out);
    return ALC_REFUSAL_EVENTS_FORMAT;
}

static void extend(const struct replay *r, uint64_t imr, const uint8_t digest[DIGEST_BYTES])
{
    uint8_t both[2 * DIGEST_BYTES];

    __builtin_memcpy(both, r->out->rtmr[imr], DIGEST_BYTES);
    __builtin_memcpy(both + DIGEST_BYTES, digest, DIGEST_BYTES);
    r->ops->sha384(r->ops->ctx, r->out->rtmr[imr], (struct alc_bytes){both, sizeof both});
}

/* ---- names ---- */

static bool in_time(const struct replay *r, unsigned k)
{
    if (k == POLICY_HASH) return true;
    if (k == KEY_PROVIDER) return (r->seen & 1u << READY) == 0;
    return (r->seen & (1u << BOOT_DONE | 1u << READY)) == 0;
}

static enum alc_refusal take_name(struct replay *r, const struct event *e)
{
    size_t n = e->payload.n / 2, decoded;
    uint8_t *p;

    for (unsigned k = 0; k < KNOWN; k++) {
        if (!alc_bytes_eq(e->name, known[k].name)) continue;
        if ((r->seen & 1u << k) != 0 || n < known[k].least || n > known[k].most)
            return ALC_REFUSAL_EVENTS_FORMAT;
        if (in_time(r, k)) {
            p = vf_take(r->work, n + 1); /* so that an empty payload is not an absent one */
            if (p == NULL) return ALC_REFUSAL_WORK;
            if (!alc_hex_decode(p, n, &decoded, e->payload)) return ALC_REFUSAL_EVENTS_FORMAT;
            r->taken[k] = (struct alc_bytes){p, decoded};
        }
        r->seen |= 1u << k;
    }
    return ALC_REFUSAL_NONE;
}

/* ---- the log ---- */

static void read_event(struct vf_json *j, void *ctx)
{
    static const struct event none;
    struct replay *r = ctx;
    struct event e = none;
    uint8_t digest[DIGEST_BYTES];
    uint8_t name[NAME_MAX_BYTES];
    size_t mark = r->work->used;
    uint32_t there;

    e.work = r->work;
    e.version = 1;
    there = vf_json_object(j, members, sizeof members / sizeof *members, &e);
    if (j->bad || r->refusal != ALC_REFUSAL_NONE) return;
    if (e.imr > RUNTIME_RTMR || (e.type == RUNTIME_EVENT) != (e.imr == RUNTIME_RTMR)) {
        r->refusal = ALC_REFUSAL_EVENTS_FORMAT;
    } else if (e.type == RUNTIME_EVENT) {
        r->refusal = runtime_digest(r, &e, there, digest);
        if (r->refusal == ALC_REFUSAL_NONE) {
            extend(r, e.imr, digest);
            /* What a single event needed is given back; the name, which is in it, moves. */
            if (e.name.n > 0) __builtin_memcpy(name, e.name.p, e.name.n);
            e.name.p = name;
            r->work->used = mark;
            r->refusal = take_name(r, &e);
        }
    } else if (decode_digest(digest, e.digest)) {
        extend(r, e.imr, digest);
        r->work->used = mark;
    } else {
        r->refusal = ALC_REFUSAL_EVENTS_FORMAT;
    }
    r->out->count++;
    if (r->refusal != ALC_REFUSAL_NONE) j->bad = true; /* nothing more is read */
}

enum alc_refusal alc_events_replay(struct alc_events *out, struct alc_bytes json,
                                   struct alc_verify_work *work, const struct alc_verify_ops *ops)
{
    static const struct alc_events none;
    static const struct replay fresh;
    struct vf_json j = vf_json(json);
    struct replay r = fresh;

    *out = none;
    if (json.n > ALC_EVENTS_MAX_BYTES || ops->sha384 == NULL) return ALC_REFUSAL_EVENTS_FORMAT;
    r.out = out;
    r.work = work;
    r.ops = ops;
    vf_json_array(&j, EVENTS_COUNT_MAX, read_event, &r);
    if (r.refusal != ALC_REFUSAL_NONE) return r.refusal;
    if (!vf_json_end(&j)) return ALC_REFUSAL_EVENTS_FORMAT;
    out->policy_hash = r.taken[POLICY_HASH];
    /* Without the end of the boot nobody can tell the system's events from the application's. */
    if ((r.seen & 1u << BOOT_DONE) != 0) {
        out->app_id = r.taken[APP_ID];
        out->compose_hash = r.taken[COMPOSE_HASH];
        out->instance_id = r.taken[INSTANCE_ID];
        out->os_image_hash = r.taken[OS_IMAGE_HASH];
    }
    if ((r.seen & 1u << READY) != 0) out->key_provider = r.taken[KEY_PROVIDER];
    return ALC_REFUSAL_NONE;
}
