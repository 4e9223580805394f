#include "project.h"

#include "purse.h"

struct project_call pcall;

NEAR_NORETURN void project_corrupt(void)
{
    near_panic("a stored record contradicts itself");
}

/* ---- Arguments ---- */

static const struct near_field arguments[] = {
    NEAR_FIELD("project_name", struct project_call, name, near_read_string, NEAR_MUST),
    NEAR_FIELD("project_id", struct project_call, project_id, near_read_string, NEAR_MUST),
    NEAR_FIELD("account_id", struct project_call, from, near_read_account, NEAR_MUST),
    NEAR_FIELD("project_uuid", struct project_call, name, near_read_string, NEAR_MUST),
    NEAR_FIELD("new_owner", struct project_call, new_owner, near_read_account, NEAR_MUST),
    NEAR_FIELD("from", struct project_call, from, near_read_account, NEAR_MUST),
    NEAR_FIELD("name", struct project_call, name, near_read_string, NEAR_MUST),
    NEAR_FIELD("version_key", struct project_call, version, near_read_string, NEAR_MUST),
    NEAR_FIELD("source", struct project_call, source, read_code_source, NEAR_MUST),
    NEAR_FIELD("set_active", struct project_call, set_active, near_read_bool, NEAR_MUST),
    NEAR_FIELD("from_index", struct project_call, skip, near_read_opt_u64, NEAR_MAY),
    NEAR_FIELD("limit", struct project_call, limit, near_read_opt_u64, NEAR_MAY),
};
#define ARGUMENTS (sizeof arguments / sizeof arguments[0])

void project_begin(uint32_t mask)
{
    struct near_field fields[ARGUMENTS];
    size_t n = 0;

    pcall.source.build_target = (struct alc_bytes){NULL, 0};
    pcall.skip.v = pcall.limit.some = 0;
    pcall.out = view_out();
    for (size_t i = 0; i < ARGUMENTS; i++)
        if ((mask >> i & 1) != 0) fields[n++] = arguments[i];
    if (n > 0) near_args(&pcall, fields, n);
    pcall.found =
        (mask & CALL_PROJECT) == CALL_PROJECT && project_load(&pcall.project, pcall.project_id);
    if (!pcall.found) state_load(&pcall.state);
    if ((mask & CALL_UNPAUSED) != 0) not_paused(&pcall.state);
    if ((mask & CALL_BY) == 0) return;
    near_predecessor(&pcall.by_account);
    pcall.by = near_account_bytes(&pcall.by_account);
    if ((mask & CALL_MINE) == CALL_MINE &&
        (!project_name_it(&pcall.project, pcall.by, pcall.name) ||
         !project_load(&pcall.project, pcall.project.id)))
        near_panic_with("Project not found: ", pcall.name);
}

/* ---- Writing ---- */

void say(const char *text)
{
    near_out_raw(&pcall.out, alc_cstr(text));
}

void say_str(const char *before, const struct alc_bytes *value)
{
    say(before);
    near_out_str(&pcall.out, *value);
}

void say_u64(const char *before, uint64_t value)
{
    say(before);
    near_out_u64(&pcall.out, value);
}

void say_price(const char *before, uint64_t bytes)
{
    say(before);
    near_out_u128_str(&pcall.out, storage_price(bytes));
}

void say_return(void)
{
    view_give(&pcall.out);
}

void say_list(char tag, struct alc_bytes owner, uint64_t limit, uint64_t cap,
              void (*row)(const struct table_key *k))
{
    const uint32_t n = table_count(tag, owner);
    struct table_key k;

    if (pcall.limit.some != 0) limit = pcall.limit.v < cap ? pcall.limit.v : cap;
    say("[");
    for (uint64_t i = pcall.skip.v; i < n && limit > 0; i++, limit--) {
        if (i > pcall.skip.v) say(",");
        if (!table_at(&k, tag, owner, (uint32_t)i)) project_corrupt();
        row(&k);
    }
    say("]");
    say_return();
}

/* ---- Names ---- */

struct uuid {
    uint8_t b[PROJECT_UUID_BYTES];
};

static struct uuid uuid_of(uint64_t number)
{
    struct uuid u = {{'p'}};
    for (size_t i = PROJECT_UUID_BYTES - 1; i > 0; i--, number >>= 4)
        u.b[i] = (uint8_t)"0123456789abcdef"[number & 15];
    return u;
}

static struct alc_bytes uuid_bytes(const struct uuid *u)
{
    return (struct alc_bytes){u->b, sizeof u->b};
}

void out_project_uuid(struct near_out *o, uint64_t number)
{
    const struct uuid u = uuid_of(number);
    near_out_str(o, uuid_bytes(&u));
}

void say_uuid(const char *before)
{
    say(before);
    out_project_uuid(&pcall.out, pcall.project.kept.number);
}

/* split sets what lies in id_b: n bytes, of which the owner takes those before the first slash. */
static void split(struct project *p, size_t n)
{
    size_t i = 0;

    while (i < n && p->id_b[i] != '/')
        i++;
    p->id = (struct alc_bytes){p->id_b, n};
    p->owner = (struct alc_bytes){p->id_b, i};
    if (i < n) i++;
    p->name = (struct alc_bytes){p->id_b + i, n - i};
}

bool project_name_it(struct project *p, struct alc_bytes owner, struct alc_bytes name)
{
    struct alc_borsh w = alc_borsh(p->id_b, sizeof p->id_b);

    alc_borsh_put(&w, owner.p, owner.n);
    alc_borsh_put_u8(&w, '/');
    alc_borsh_put(&w, name.p, name.n);
    split(p, w.n);
    return name.n <= PROJECT_NAME_MAX_BYTES;
}

void project_name_check(void)
{
    if (pcall.name.n == 0) near_panic("A project's name cannot be empty");
    if (pcall.name.n > PROJECT_NAME_MAX_BYTES) near_panic("A project's name is too long");
    if (!made_of(pcall.name, PROJECT_NAME_MAX_BYTES, "-_"))
        near_panic("A project's name has only ASCII letters, digits, '-' and '_'");
}

/* ---- Records ---- */

static struct table_key key_of(struct alc_bytes id)
{
    return table_key('P', &id, 1);
}

bool project_exists(struct alc_bytes id)
{
    struct table_key k;

    if (id.n > PROJECT_ID_MAX_BYTES) return false;
    k = key_of(id);
    return table_has(&k);
}

static bool load(struct project *p, const struct table_key *k)
{
    struct alc_bytes record;
    return table_get(&record, k, (uint8_t *)&p->kept, sizeof p->kept);
}

bool project_load(struct project *p, struct alc_bytes id)
{
    struct table_key k;

    if (id.n > PROJECT_ID_MAX_BYTES) return false;
    k = key_of(id);
    if (!load(p, &k)) return false;
    if (id.n > 0) __builtin_memmove(p->id_b, id.p, id.n);
    split(p, id.n);
    return true;
}

static bool id_of(struct project *p, uint64_t number)
{
    const struct uuid u = uuid_of(number);
    size_t n;

    if (!near_get(uuid_bytes(&u), p->id_b, sizeof p->id_b, &n)) return false;
    split(p, n);
    return true;
}

bool project_numbered(struct project *p, uint64_t number)
{
    return id_of(p, number) && project_load(p, p->id);
}

void project_save(struct project *p)
{
    const struct table_key k = key_of(p->id);

    table_change(&k, p->kept.position, (uint8_t *)&p->kept, sizeof p->kept);
}

void project_add(struct project *p)
{
    const struct table_key k = key_of(p->id);
    const struct uuid u = uuid_of(p->kept.number);

    table_add(&k, p->owner, (uint8_t *)&p->kept, sizeof p->kept);
    near_put(uuid_bytes(&u), p->id);
}

void project_remove(struct project *p)
{
    const struct table_key k = key_of(p->id);

    table_remove(&k, p->owner, p->kept.position);
}

uint64_t project_resolve(struct source *code, const struct source *asked)
{
    struct project *p = &pcall.project;
    struct table_key k;
    struct version v;

    if (!project_load(p, asked->where)) near_panic_with("Project not found: ", asked->where);
    k = asked->what.p != NULL ? version_key(p->kept.number, asked->what) : p->kept.active;
    if (!version_load(&v, &k)) near_panic_with("Version not found: ", asked->what);
    *code = v.source;
    return p->kept.number;
}

/* ---- Methods ---- */

void method_create_project(void)
{
    struct project *p = &pcall.project;

    project_begin(CALL_NAME | CALL_SOURCE | CALL_BY | CALL_UNPAUSED);
    project_name_check();
    if (!project_name_it(p, pcall.by, pcall.name) || project_exists(p->id))
        near_panic_with("Project already exists: ", pcall.name);
    source_check(&pcall.source);
    p->kept.deposit = (uint32_t)(200 + p->id.n + PROJECT_UUID_BYTES + 8 + 16);
    storage_charge(p->kept.deposit + (uint64_t)version_bytes(&pcall.source), 0, pcall.by,
                   "Insufficient storage deposit");
    p->kept.number = ++pcall.state.projects;
    p->kept.created = near_host_block_timestamp();
    p->kept.active = version_add();
    project_add(p);
    state_save(&pcall.state);
}

void method_delete_project(void)
{
    struct project *p = &pcall.project;
    struct uuid u;

    project_begin(CALL_MINE);
    u = uuid_of(p->kept.number);
    storage_release(p->kept.deposit + versions_remove(), pcall.by);
    project_remove(p);
    (void)near_remove(uuid_bytes(&u));
    system_event_begin(&pcall.out, &pcall.state, "ProjectStorageCleanup");
    say_str("\"project_id\":", &p->id);
    say_uuid(",\"project_uuid\":");
    say_u64(",\"timestamp\":", near_host_block_timestamp());
    system_event_end(&pcall.out);
}

static void say_project(void)
{
    struct project *p = &pcall.project;
    struct version v;

    if (!version_load(&v, &p->kept.active)) project_corrupt();
    say_uuid("{\"uuid\":");
    say_str(",\"owner\":", &p->owner);
    say_str(",\"name\":", &p->name);
    say_str(",\"project_id\":", &p->id);
    say_str(",\"active_version\":", &v.name);
    say_u64(",\"created_at\":", p->kept.created);
    say_price(",\"storage_deposit\":", p->kept.deposit);
    say("}");
}

void method_get_project(void)
{
    project_begin(CALL_PROJECT);
    if (pcall.found)
        say_project();
    else
        say("null");
    say_return();
}

static void row(const struct table_key *k)
{
    if (!load(&pcall.project, k) || !id_of(&pcall.project, pcall.project.kept.number))
        project_corrupt();
    say_project();
}

void method_list_user_projects(void)
{
    project_begin(CALL_ACCOUNT);
    say_list('P', pcall.from, UINT64_MAX, 0, row);
}

void method_has_project_uuid(void)
{
    project_begin(CALL_UUID);
    near_out_bool(&pcall.out, pcall.name.n == PROJECT_UUID_BYTES && pcall.name.p[0] == 'p' &&
                                  near_has(pcall.name));
    say_return();
}
