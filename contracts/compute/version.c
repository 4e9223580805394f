/* contracts/compute/version.c — the versions of a project. */
#include "project.h"
#include "purse.h"

/* A source by its rule has at most 2048 + 64 + 64 bytes. */
#define RECORD_MAX_BYTES 2560u
#define NAME_MAX_BYTES 1024u /* of a version key: repo 512, commit 256 */

/* The list of a project's versions. */
static struct alc_bytes list_of(const uint64_t *number)
{
    return (struct alc_bytes){(const uint8_t *)number, sizeof *number};
}

static struct alc_bytes name_of(const struct source *s)
{
    static uint8_t buf[NAME_MAX_BYTES];
    struct alc_borsh w = alc_borsh(buf, sizeof buf);

    if (s->kind == SOURCE_WASM_URL) return s->what;
    alc_borsh_put(&w, s->where.p, s->where.n);
    alc_borsh_put_u8(&w, '@');
    alc_borsh_put(&w, s->what.p, s->what.n);
    return (struct alc_bytes){buf, w.n};
}

/* A name too long to be one gets the key of the empty name, which nothing has. */
struct table_key version_key(uint64_t number, struct alc_bytes name)
{
    struct alc_bytes parts[] = {list_of(&number), name};

    if (name.n > NAME_MAX_BYTES) parts[1].n = 0;
    return table_key('V', parts, 2);
}

bool version_load(struct version *v, const struct table_key *k)
{
    static uint8_t buf[RECORD_MAX_BYTES];
    struct alc_bytes record;
    struct alc_cur c;

    if (!table_get(&record, k, buf, sizeof buf)) return false;
    v->key = *k;
    v->position = table_position(record);
    c = alc_cur(record);
    if (!alc_cur_u32le(&c, &v->deposit) || !alc_cur_u64le(&c, &v->added) ||
        !source_get(&c, &v->source))
        project_corrupt();
    v->name = name_of(&v->source);
    return true;
}

uint32_t version_bytes(const struct source *s)
{
    return (uint32_t)(150 + s->where.n + s->what.n + s->build_target.n + 64 + 8 + 16);
}

struct table_key version_add(void)
{
    static uint8_t buf[RECORD_MAX_BYTES];
    struct alc_borsh w = alc_borsh(buf, sizeof buf);
    const struct alc_bytes name = name_of(&pcall.source);
    struct table_key k = version_key(pcall.project.kept.number, name);

    if (table_has(&k)) near_panic_with("Version already exists: ", name);
    alc_borsh_put_u32(&w, 0); /* the table's */
    alc_borsh_put_u32(&w, version_bytes(&pcall.source));
    alc_borsh_put_u64(&w, near_host_block_timestamp());
    source_put(&w, &pcall.source);
    table_add(&k, list_of(&pcall.project.kept.number), buf, w.n);
    return k;
}

uint64_t versions_remove(void)
{
    const struct alc_bytes list = list_of(&pcall.project.kept.number);
    uint64_t bytes = 0;
    struct table_key k;
    struct version v;

    /* from the last on: nothing moves */
    for (uint32_t n = table_count('V', list); n-- > 0;) {
        if (!table_at(&k, 'V', list, n) || !version_load(&v, &k)) project_corrupt();
        bytes += v.deposit;
        table_remove(&k, list, n);
    }
    return bytes;
}

/* ---- Methods ---- */

static void activate(const struct table_key *k)
{
    pcall.project.kept.active = *k;
    project_save(&pcall.project);
}

static bool is_active(const struct table_key *k)
{
    return __builtin_memcmp(pcall.project.kept.active.b, k->b, sizeof k->b) == 0;
}

/* find loads the version that the call names, of the call's project. */
static bool find(struct version *v)
{
    const struct table_key k = version_key(pcall.project.kept.number, pcall.version);
    return version_load(v, &k);
}

static void must(struct version *v)
{
    if (!find(v)) near_panic_with("Version not found: ", pcall.version);
}

void method_add_version(void)
{
    struct table_key k;

    project_begin(CALL_MINE | CALL_SOURCE | CALL_SET_ACTIVE | CALL_UNPAUSED);
    source_check(&pcall.source);
    storage_charge(version_bytes(&pcall.source), 0, pcall.by, "Insufficient storage deposit");
    k = version_add();
    if (pcall.set_active) activate(&k);
}

void method_set_active_version(void)
{
    struct version v;

    project_begin(CALL_MINE | CALL_VERSION);
    must(&v);
    activate(&v.key);
}

void method_remove_version(void)
{
    struct version v;

    project_begin(CALL_MINE | CALL_VERSION);
    must(&v);
    if (is_active(&v.key)) near_panic_with("Cannot remove the active version: ", pcall.version);
    table_remove(&v.key, list_of(&pcall.project.kept.number), v.position);
    storage_release(v.deposit, pcall.by);
}

/* ---- Views ---- */

static void say_version(const struct version *v)
{
    say_str("{\"wasm_hash\":", &v->name);
    say(",\"source\":");
    out_source(&pcall.out, &v->source);
    say_u64(",\"added_at\":", v->added);
    say(is_active(&v->key) ? ",\"is_active\":true}" : ",\"is_active\":false}");
}

static void row(const struct table_key *k)
{
    struct version v;

    if (!version_load(&v, k)) project_corrupt();
    say_version(&v);
}

void method_get_version(void)
{
    struct version v;

    project_begin(CALL_PROJECT | CALL_VERSION);
    if (pcall.found && find(&v))
        say_version(&v);
    else
        say("null");
    say_return();
}

void method_list_versions(void)
{
    project_begin(CALL_PROJECT | CALL_PAGE);
    if (!pcall.found) pcall.project.kept.number = 0; /* which has none */
    say_list('V', list_of(&pcall.project.kept.number), 50, 100, row);
}

void method_get_version_count(void)
{
    project_begin(CALL_PROJECT);
    say_u64("", pcall.found ? table_count('V', list_of(&pcall.project.kept.number)) : 0);
    say_return();
}
