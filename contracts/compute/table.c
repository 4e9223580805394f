#include "table.h"

#include "room.h"

#define HASH_BYTES 20u

struct list_key {
    uint8_t b[2 + NEAR_ACCOUNT_MAX_BYTES + 4];
    size_t n;
};

static struct alc_bytes key_bytes(const struct table_key *k)
{
    return (struct alc_bytes){k->b, sizeof k->b};
}

struct table_key table_key(char tag, const struct alc_bytes *parts, size_t n)
{
    uint8_t name[TABLE_NAME_MAX_BYTES];
    struct table_key k = {{(uint8_t)tag}};
    struct alc_hash hash;

    walk_write(name, sizeof name, "a name is too long: at most 2048 bytes");
    for (size_t i = 0; i < n; i++) {
        struct alc_bytes part = parts[i];
        walk_bytes(&part);
    }
    near_sha256(&hash, walk_written());
    __builtin_memcpy(k.b + 1, hash.b, HASH_BYTES);
    return k;
}

static struct list_key list_key(char tag, struct alc_bytes owner, uint32_t position)
{
    struct list_key l;

    l.b[0] = (uint8_t)tag | 0x80;
    if (owner.n > 0) __builtin_memcpy(l.b + 1, owner.p, owner.n);
    for (size_t i = 0; i < 4; i++)
        l.b[1 + owner.n + i] = (uint8_t)(position >> (24 - 8 * i));
    l.n = 1 + owner.n + 4;
    return l;
}

static struct alc_bytes list_bytes(const struct list_key *l)
{
    return (struct alc_bytes){l->b, l->n};
}

static void put_u32(uint8_t *p, uint32_t v)
{
    for (size_t i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}

static uint32_t get_u32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* A list's record. */
struct place {
    uint8_t b[HASH_BYTES + 4];
    size_t n; /* 0: there is none */
};

static struct place place_get(char tag, struct alc_bytes owner, uint32_t position)
{
    struct list_key l = list_key(tag, owner, position);
    struct place p = {.n = 0};

    if (!near_get(list_bytes(&l), p.b, sizeof p.b, &p.n)) p.n = 0;
    return p;
}

static void place_put(char tag, struct alc_bytes owner, uint32_t position, const struct place *p)
{
    struct list_key l = list_key(tag, owner, position);

    near_put(list_bytes(&l),
             (struct alc_bytes){p->b, position == 0 ? sizeof p->b : (size_t)HASH_BYTES});
}

static uint32_t place_count(const struct place *first)
{
    return first->n == sizeof first->b ? get_u32(first->b + HASH_BYTES) : 0;
}

bool table_get(struct alc_bytes *record, const struct table_key *k, uint8_t *buf, size_t cap)
{
    size_t n;

    if (!near_get(key_bytes(k), buf, cap, &n) || n < TABLE_POSITION_BYTES) return false;
    *record = (struct alc_bytes){buf + TABLE_POSITION_BYTES, n - TABLE_POSITION_BYTES};
    return true;
}

bool table_has(const struct table_key *k)
{
    return near_has(key_bytes(k));
}

uint32_t table_position(struct alc_bytes record)
{
    return get_u32(record.p - TABLE_POSITION_BYTES);
}

void table_change(const struct table_key *k, uint32_t position, uint8_t *record, size_t n)
{
    put_u32(record, position);
    near_put(key_bytes(k), (struct alc_bytes){record, n});
}

void table_add(const struct table_key *k, struct alc_bytes owner, uint8_t *record, size_t n)
{
    const char tag = (char)k->b[0];
    struct place first = place_get(tag, owner, 0), last;
    const uint32_t count = place_count(&first);

    table_change(k, count, record, n);
    if (count > 0) {
        __builtin_memcpy(last.b, k->b + 1, HASH_BYTES);
        place_put(tag, owner, count, &last);
    } else {
        __builtin_memcpy(first.b, k->b + 1, HASH_BYTES);
    }
    put_u32(first.b + HASH_BYTES, count + 1);
    place_put(tag, owner, 0, &first);
}

void table_remove(const struct table_key *k, struct alc_bytes owner, uint32_t position)
{
    const char tag = (char)k->b[0];
    struct place first = place_get(tag, owner, 0), last;
    const uint32_t end = place_count(&first) - 1;
    struct list_key l = list_key(tag, owner, end);
    struct table_key other = {{(uint8_t)tag}};
    size_t n;

    (void)near_remove(key_bytes(k));
    if (position != end) {
        last = place_get(tag, owner, end);
        __builtin_memcpy(other.b + 1, last.b, HASH_BYTES);
        if (!near_get(key_bytes(&other), room_moved, sizeof room_moved, &n)) corrupt();
        table_change(&other, position, room_moved, n);
        if (position == 0)
            __builtin_memcpy(first.b, last.b, HASH_BYTES);
        else
            place_put(tag, owner, position, &last);
    }
    (void)near_remove(list_bytes(&l));
    put_u32(first.b + HASH_BYTES, end);
    if (end > 0) place_put(tag, owner, 0, &first);
}

static void set_key(struct table_key *k, char tag, const struct place *p)
{
    k->b[0] = (uint8_t)tag;
    __builtin_memcpy(k->b + 1, p->b, HASH_BYTES);
}

uint32_t table_count(struct table_key *k, char tag, struct alc_bytes owner)
{
    struct place first = place_get(tag, owner, 0);

    set_key(k, tag, &first);
    return place_count(&first);
}

bool table_at(struct table_key *k, char tag, struct alc_bytes owner, uint32_t position)
{
    struct place p = place_get(tag, owner, position);

    set_key(k, tag, &p);
    return p.n > 0;
}
