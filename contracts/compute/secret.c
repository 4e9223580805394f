/* contracts/compute/secret.c — a secret's name, what it costs, its record. */
#include "secret.h"

#include "purse.h"
#include "room.h"

#include "base/enc.h"

/* ---- Accessors ---- */

static const struct near_field repo_fields[] = {
    NEAR_FIELD("repo", struct accessor, what, near_read_string, NEAR_MUST),
    NEAR_FIELD("branch", struct accessor, branch, near_read_string, NEAR_MAY),
};
static const struct near_field hash_fields[] = {
    NEAR_FIELD("hash", struct accessor, what, near_read_string, NEAR_MUST),
};
static const struct near_field project_fields[] = {
    NEAR_FIELD("project_id", struct accessor, what, near_read_string, NEAR_MUST),
};

static const struct {
    const char *name;
    const struct near_field *fields;
} forms[] = {
    [ACCESSOR_REPO] = {"Repo", repo_fields},
    [ACCESSOR_WASM_HASH] = {"WasmHash", hash_fields},
    [ACCESSOR_PROJECT] = {"Project", project_fields},
};

static void read_system(struct near_json *j, struct accessor *a)
{
    struct alc_bytes name;
    const bool with_value = near_json_variant(j, &name);

    near_json_variant_unit(j, with_value);
    if (!alc_bytes_is(name, "PaymentKey")) near_json_fail("unknown variant");
    *a = (struct accessor){.kind = ACCESSOR_PAYMENT_KEY};
}

void read_accessor(struct near_json *j, void *out)
{
    struct accessor *a = out;
    struct alc_bytes name;
    const bool with_value = near_json_variant(j, &name);
    unsigned kind = 0;

    if (!with_value) near_json_fail("a variant lacks its value");
    if (alc_bytes_is(name, "System")) {
        read_system(j, a);
    } else {
        while (!alc_bytes_is(name, forms[kind].name))
            if (++kind == ACCESSOR_PAYMENT_KEY) near_json_fail("unknown variant");
        *a = (struct accessor){.kind = (enum accessor_kind)kind};
        near_json_object(j, a, forms[kind].fields, kind == ACCESSOR_REPO ? 2 : 1);
    }
    near_json_variant_end(j, with_value);
}

void out_accessor(struct near_out *o, const struct accessor *a)
{
    if (a->kind == ACCESSOR_PAYMENT_KEY) {
        near_out_lit(o, "{\"System\":\"PaymentKey\"}");
        return;
    }
    near_out_lit(o, "{\"");
    near_out_text(o, forms[a->kind].name);
    near_out_lit(o, "\":{");
    near_out_members(o, a, forms[a->kind].fields, a->kind == ACCESSOR_REPO ? 2 : 1);
    near_out_lit(o, "}}");
}

/* ---- Names ---- */

bool profile_nonce(uint32_t *nonce, struct alc_bytes profile)
{
    near_u128 v;

    if (profile.n > 0 && profile.p[0] == '+')
        profile = (struct alc_bytes){profile.p + 1, profile.n - 1};
    if (!alc_u128_decode(&v, profile) || v > UINT32_MAX) return false;
    *nonce = (uint32_t)v;
    return true;
}

static struct alc_bytes decimal(uint32_t v)
{
    static uint8_t digits[10];
    struct near_out o = NEAR_OUT(digits);

    near_out_u64(&o, v);
    return (struct alc_bytes){digits, o.n};
}

void secret_canonical(struct secret_id *id)
{
    static uint8_t hash[TABLE_NAME_MAX_BYTES];
    uint32_t nonce;

    if (id->accessor.kind == ACCESSOR_PAYMENT_KEY && profile_nonce(&nonce, id->profile))
        id->profile = decimal(nonce);
    if (id->accessor.kind != ACCESSOR_WASM_HASH || id->accessor.what.n > sizeof hash) return;
    for (size_t i = 0; i < id->accessor.what.n; i++) {
        const uint8_t c = id->accessor.what.p[i];
        hash[i] = c >= 'A' && c <= 'Z' ? c | 0x20 : c;
    }
    id->accessor.what.p = hash;
}

NEAR_APART struct secret_id payment_key_id(struct alc_bytes owner, uint32_t nonce)
{
    return (struct secret_id){{.kind = ACCESSOR_PAYMENT_KEY}, decimal(nonce), owner};
}

static struct table_key key_of(const struct secret_id *id)
{
    const struct accessor *a = &id->accessor;
    const uint8_t kind = (uint8_t)(a->kind << 1 | (a->branch.p != NULL));
    const struct alc_bytes parts[] = {id->owner, {&kind, 1}, a->what, a->branch, id->profile};

    return table_key(SECRETS_TABLE, parts, sizeof parts / sizeof parts[0]);
}

/* ---- Cost ---- */

uint64_t secret_bytes(const struct secret *s)
{
    const struct accessor *a = &s->id.accessor;
    uint64_t key = a->kind == ACCESSOR_PAYMENT_KEY ? 2 : 1 + 4 + (uint64_t)a->what.n;
    uint64_t bytes;

    if (a->kind == ACCESSOR_REPO) key += 1 + (a->branch.p != NULL ? 4 + (uint64_t)a->branch.n : 0);
    key += 4 + (uint64_t)s->id.profile.n + 4 + s->id.owner.n;
    bytes = 40 + key + 4 + s->ciphertext.n + s->access.n + 10 + 32 + 64;
    return bytes + (s->vault.p != NULL ? 40 + key + 4 + 64 : 0);
}

/* ---- Records ---- */

enum flag {
    FLAG_KIND = 3,        /* enum accessor_kind */
    FLAG_EDITED = 1 << 2, /* `updated` is not `created` */
    FLAG_TEXT = 1 << 3,   /* there is a profile; and so on for the other texts */
};

/* The short texts of a record, as far as there are: the bytes of their lengths, and where they lie
 * in struct secret. */
static const struct {
    uint16_t at;
    uint8_t width;
} texts[] = {
    {offsetof(struct secret, id.profile), 1},
    {offsetof(struct secret, id.accessor.what), 2},
    {offsetof(struct secret, id.accessor.branch), 1},
    {offsetof(struct secret, vault), 1},
};
#define TEXTS (sizeof texts / sizeof texts[0])
#define TEXT(s, i) ((struct alc_bytes *)(void *)((uint8_t *)(s) + texts[i].at))

/* The flags, and what they tell of; `access` and `ciphertext` are always there. */
static void walk_secret(struct secret *s)
{
    uint8_t flags = (uint8_t)(s->id.accessor.kind | (s->updated != s->created ? FLAG_EDITED : 0));

    for (unsigned i = 0; i < TEXTS; i++)
        if (TEXT(s, i)->p != NULL) flags |= (uint8_t)(FLAG_TEXT << i);
    walk_raw(&s->position, TABLE_POSITION_BYTES);
    walk_raw(&flags, 1);
    s->id.accessor.kind = (enum accessor_kind)(flags & FLAG_KIND);
    walk_raw(&s->created, sizeof s->created);
    if ((flags & FLAG_EDITED) != 0)
        walk_raw(&s->updated, sizeof s->updated);
    else
        s->updated = s->created;
    walk_raw(&s->deposit, 4);
    for (unsigned i = 0; i < TEXTS; i++)
        if ((flags & FLAG_TEXT << i) != 0) walk_text(TEXT(s, i), texts[i].width);
    walk_bytes(&s->access);
    if (walk.writing)
        walk_raw((uint8_t *)(uintptr_t)s->ciphertext.p, s->ciphertext.n);
    else
        s->ciphertext = (struct alc_bytes){walk.p, walk.left};
}

void secret_put(struct secret *s, bool old)
{
    const struct table_key k = key_of(&s->id);
    struct alc_bytes record;

    walk_write(room_said, sizeof room_said, "The secret is longer than 4 MiB");
    walk_secret(s);
    record = walk_written();
    if (old)
        table_change(&k, s->position, room_said, record.n);
    else
        table_add(&k, s->id.owner, room_said, record.n);
}

bool secret_under(struct secret *s, const struct table_key *k, struct alc_bytes owner)
{
    struct alc_bytes record;

    if (!table_get(&record, k, room_secret, sizeof room_secret)) return false;
    *s = (struct secret){.id.owner = owner};
    walk_read((struct alc_bytes){room_secret, TABLE_POSITION_BYTES + record.n});
    walk_secret(s);
    return true;
}

bool secret_load(struct secret *s, const struct secret_id *id)
{
    const struct table_key k = key_of(id);
    return secret_under(s, &k, id->owner);
}

void secret_remove(const struct secret *s, struct alc_bytes refund_to)
{
    const struct table_key k = key_of(&s->id);

    table_remove(&k, s->id.owner, s->position);
    storage_release(s->deposit, &refund_to);
}
