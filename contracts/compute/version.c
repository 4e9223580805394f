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

    if (s->kind == SOURCE_WASM_URL) return s->what;
    return joined(buf, sizeof buf, &s->where, '@', &s->what);
}

/* A name too long to be one gets the key of the empty name, which nothing has. */
struct table_key version_key(uint64_t number, struct alc_bytes name)
{
    struct alc_bytes parts[] = {list_of(&number), name};

    if (name.n > NAME_MAX_BYTES) parts[1].n = 0;
    return table_key('V', parts, 2);
}

static void walk_version(struct version *v)
{
    walk_raw(&v->deposit, sizeof v->deposit);
    walk_raw(&v->added, sizeof v->added);
    walk_source(&v->source);
}

bool version_load(struct version *v, const struct table_key *k)
{
    static uint8_t buf[RECORD_MAX_BYTES];
    struct alc_bytes record;

    if (!table_get(&record, k, buf, sizeof buf)) return false;
    v->key = *k;
    v->position = table_position(record);
    walk_read(record);
    walk_version(v);
    v->name = name_of(&v->source);
    return true;
}

NEAR_APART uint32_t version_bytes(const struct source *s)
{
    return (uint32_t)(150 + s->where.n + s->what.n + s->build_target.n + 64 + 8 + 16);
}

struct table_key version_add(void)
{
    static uint8_t buf[RECORD_MAX_BYTES];
    const struct alc_bytes name = name_of(&arg.source);
    struct version v = {.key = version_key(pcall.project.kept.number, name),
                        .deposit = version_bytes(&arg.source),
                        .added = near_host_block_timestamp(),
                        .source = arg.source};

    near_refuse_with(table_has(&v.key), "Version already exists: ", &name);
    walk_write(buf, sizeof buf, "a version is too long");
    walk_raw(&v.position, TABLE_POSITION_BYTES);
    walk_version(&v);
    table_add(&v.key, list_of(&pcall.project.kept.number), buf, walk_written().n);
    return v.key;
}

uint64_t versions_remove(void)
{
    const struct alc_bytes list = list_of(&pcall.project.kept.number);
    uint64_t bytes = 0;
    struct table_key k;
    struct version v;

    /* from the last on: nothing moves */
    for (uint32_t n = table_count(&k, 'V', list); n-- > 0;) {
        if (!table_at(&k, 'V', list, n) || !version_load(&v, &k)) corrupt();
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
    const struct table_key k = version_key(pcall.project.kept.number, arg.version);
    return version_load(v, &k);
}

static void must(struct version *v)
{
    near_refuse_with(!find(v), "Version not found: ", &arg.version);
}

void method_add_version(void)
{
    struct table_key k;

    project_begin(MINE | ARG_SOURCE | ARG_SET_ACTIVE | IF_UNPAUSED);
    source_check(&arg.source);
    storage_charge(version_bytes(&arg.source), 0, &here.by, "Insufficient storage deposit");
    k = version_add();
    if (arg.flag) activate(&k);
}

void method_set_active_version(void)
{
    struct version v;

    project_begin(MINE | ARG_VERSION_KEY);
    must(&v);
    activate(&v.key);
}

void method_remove_version(void)
{
    struct version v;

    project_begin(MINE | ARG_VERSION_KEY);
    must(&v);
    near_refuse_with(is_active(&v.key), "Cannot remove the active version: ", &arg.version);
    table_remove(&v.key, list_of(&pcall.project.kept.number), v.position);
    storage_release(v.deposit, &here.by);
}

/* ---- Views ---- */

static const struct near_field version_fields[] = {
    NEAR_FIELD("wasm_hash", struct version, name, near_read_string, NEAR_MUST),
    NEAR_FIELD("source", struct version, source, read_source, NEAR_MUST),
    NEAR_FIELD("added_at", struct version, added, near_read_u64, NEAR_MUST),
    NEAR_FIELD("is_active", struct version, active, near_read_bool, NEAR_MUST),
};

static void say_version(struct version *v)
{
    v->active = is_active(&v->key);
    SAY_OBJECT(v, version_fields);
}

static void row(const struct table_key *k)
{
    struct version v;

    if (!version_load(&v, k)) corrupt();
    say_version(&v);
}

void method_get_version(void)
{
    struct version v;

    project_begin(FIND | ARG_VERSION_KEY);
    if (pcall.found && find(&v))
        say_version(&v);
    else
        say("null");
    give();
}

void method_list_versions(void)
{
    project_begin(FIND | ARG_PAGE);
    if (!pcall.found) pcall.project.kept.number = 0; /* which has none */
    say_list('V', list_of(&pcall.project.kept.number), 50, 100, row);
}

void method_get_version_count(void)
{
    struct table_key first;

    project_begin(FIND);
    say_u64("", pcall.found ? table_count(&first, 'V', list_of(&pcall.project.kept.number)) : 0);
    give();
}
