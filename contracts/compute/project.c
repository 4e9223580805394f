#include "project.h"

#include "purse.h"

struct project_call pcall;

void project_begin(uint32_t mask)
{
    struct project *p = &pcall.project;

    if ((mask & FIND) == FIND) {
        read_args(mask);
        say_anew();
        pcall.found = project_load(p, &arg.project_id);
        if (!pcall.found) state_load();
        return;
    }
    begin(mask);
    near_refuse_with((mask & MINE) == MINE &&
                         (!project_name_it(p, &here.by, &arg.name) || !project_load(p, &p->id)),
                     "Project not found: ", &arg.name);
}

void say_list(char tag, struct alc_bytes owner, uint64_t limit, uint64_t cap,
              void (*row)(const struct table_key *k))
{
    struct table_key k;
    const uint32_t n = table_count(&k, tag, owner);

    if (n == 0) state_load();
    if (arg.limit.some != 0) limit = arg.limit.v < cap ? arg.limit.v : cap;
    say("[");
    for (uint64_t i = arg.skip.v; i < n && limit > 0; i++, limit--) {
        if (i > arg.skip.v) say(",");
        if (i > 0 && !table_at(&k, tag, owner, (uint32_t)i)) corrupt();
        row(&k);
    }
    say("]");
    give();
}

/* ---- Names ---- */

struct alc_bytes project_uuid(uint64_t number)
{
    static uint8_t b[PROJECT_UUID_BYTES] = {'p'};

    for (size_t i = PROJECT_UUID_BYTES - 1; i > 0; i--, number >>= 4)
        b[i] = (uint8_t)"0123456789abcdef"[number & 15];
    return (struct alc_bytes){b, sizeof b};
}

void say_uuid(const char *before)
{
    const struct alc_bytes uuid = project_uuid(pcall.project.kept.number);

    say_str(before, &uuid);
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

bool project_name_it(struct project *p, const struct alc_bytes *owner, const struct alc_bytes *name)
{
    split(p, joined(p->id_b, sizeof p->id_b, owner, '/', name).n);
    return name->n <= PROJECT_NAME_MAX_BYTES;
}

void project_name_check(void)
{
    near_refuse(arg.name.n == 0, "A project's name cannot be empty");
    near_refuse(arg.name.n > PROJECT_NAME_MAX_BYTES, "A project's name is too long");
    near_refuse(!made_of(arg.name, PROJECT_NAME_MAX_BYTES, "-_"),
                "A project's name has only ASCII letters, digits, '-' and '_'");
}

/* ---- Records ---- */

static struct table_key key_of(const struct alc_bytes *id)
{
    return table_key('P', id, 1);
}

bool project_exists(const struct alc_bytes *id)
{
    struct table_key k;

    if (id->n > PROJECT_ID_MAX_BYTES) return false;
    k = key_of(id);
    return table_has(&k);
}

static bool load(struct project *p, const struct table_key *k)
{
    struct alc_bytes record;
    return table_get(&record, k, (uint8_t *)&p->kept, sizeof p->kept);
}

bool project_load(struct project *p, const struct alc_bytes *id)
{
    struct table_key k;

    if (id->n > PROJECT_ID_MAX_BYTES) return false;
    k = key_of(id);
    if (!load(p, &k)) return false;
    if (id->n > 0) __builtin_memmove(p->id_b, id->p, id->n);
    split(p, id->n);
    return true;
}

static bool id_of(struct project *p, uint64_t number)
{
    size_t n;

    if (!near_get(project_uuid(number), p->id_b, sizeof p->id_b, &n)) return false;
    split(p, n);
    return true;
}

bool project_numbered(struct project *p, uint64_t number)
{
    return id_of(p, number) && project_load(p, &p->id);
}

void project_save(struct project *p)
{
    const struct table_key k = key_of(&p->id);

    table_change(&k, p->kept.position, (uint8_t *)&p->kept, sizeof p->kept);
}

void project_add(struct project *p)
{
    const struct table_key k = key_of(&p->id);

    table_add(&k, p->owner, (uint8_t *)&p->kept, sizeof p->kept);
    near_put(project_uuid(p->kept.number), p->id);
}

void project_remove(struct project *p)
{
    const struct table_key k = key_of(&p->id);

    table_remove(&k, p->owner, p->kept.position);
}

uint64_t project_resolve(struct source *code, const struct source *asked)
{
    struct project *p = &pcall.project;
    struct table_key k;
    struct version v;

    near_refuse_with(!project_load(p, &asked->where), "Project not found: ", &asked->where);
    k = asked->what.p != NULL ? version_key(p->kept.number, asked->what) : p->kept.active;
    near_refuse_with(!version_load(&v, &k), "Version not found: ", &asked->what);
    *code = v.source;
    return p->kept.number;
}

/* ---- Methods ---- */

void method_create_project(void)
{
    struct project *p = &pcall.project;

    begin(ARG_NAME | ARG_SOURCE | BY | IF_UNPAUSED);
    project_name_check();
    near_refuse_with(!project_name_it(p, &here.by, &arg.name) || project_exists(&p->id),
                     "Project already exists: ", &arg.name);
    source_check(&arg.source);
    p->kept.deposit = (uint32_t)(200 + p->id.n + PROJECT_UUID_BYTES + 8 + 16);
    storage_charge(p->kept.deposit + (uint64_t)version_bytes(&arg.source), 0, &here.by,
                   "Insufficient storage deposit");
    p->kept.number = ++here.state.projects;
    p->kept.created = near_host_block_timestamp();
    p->kept.active = version_add();
    project_add(p);
    state_save();
}

/* What views and events show. */
struct shown_project {
    struct alc_bytes uuid, owner, name, id, version;
    uint64_t created;
    near_u128 deposit;
};

#define ROW(name, member, read) NEAR_FIELD(name, struct shown_project, member, read, NEAR_MUST)

static const struct near_field project_fields[] = {
    ROW("uuid", uuid, near_read_string),
    ROW("owner", owner, near_read_account),
    ROW("name", name, near_read_string),
    ROW("project_id", id, near_read_string),
    ROW("active_version", version, near_read_string),
    ROW("created_at", created, near_read_u64),
    ROW("storage_deposit", deposit, near_read_u128),
};

static const struct near_field deleted_fields[] = {
    ROW("project_id", id, near_read_string),
    ROW("project_uuid", uuid, near_read_string),
    ROW("timestamp", created, near_read_u64),
};

void method_delete_project(void)
{
    struct project *p = &pcall.project;
    struct shown_project d;

    project_begin(MINE);
    storage_release(p->kept.deposit + versions_remove(), &here.by);
    project_remove(p);
    (void)near_remove(project_uuid(p->kept.number));
    d = (struct shown_project){
        .id = p->id, .uuid = project_uuid(p->kept.number), .created = near_host_block_timestamp()};
    SYSTEM_EVENT("ProjectStorageCleanup", &d, deleted_fields);
}

static void say_project(void)
{
    const struct project *p = &pcall.project;
    struct shown_project d;
    struct version v;

    if (!version_load(&v, &p->kept.active)) corrupt();
    d = (struct shown_project){.uuid = project_uuid(p->kept.number),
                               .owner = p->owner,
                               .name = p->name,
                               .id = p->id,
                               .version = v.name,
                               .created = p->kept.created,
                               .deposit = storage_price(p->kept.deposit)};
    SAY_OBJECT(&d, project_fields);
}

void method_get_project(void)
{
    project_begin(FIND);
    if (pcall.found)
        say_project();
    else
        say("null");
    give();
}

static void row(const struct table_key *k)
{
    if (!load(&pcall.project, k) || !id_of(&pcall.project, pcall.project.kept.number)) corrupt();
    say_project();
}

void method_list_user_projects(void)
{
    begin_list(ARG_ACCOUNT_ID);
    say_list('P', arg.account, UINT64_MAX, 0, row);
}

void method_has_project_uuid(void)
{
    begin(ARG_PROJECT_UUID);
    give_bool(arg.name.n == PROJECT_UUID_BYTES && arg.name.p[0] == 'p' && near_has(arg.name));
}
