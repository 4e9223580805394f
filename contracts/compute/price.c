#include "price.h"

#include "base/enc.h"

#include "project.h"
#include "purse.h"
#include "table.h"

#define OPERATIONS_MAX 32u
#define SHARE_MAX 10000u
#define RECORD_MAX_BYTES 16384u

struct operation {
    struct alc_bytes name;
    near_u128 price;
    uint32_t share; /* of the author, in 1/10000 */
};

/* There is one price list at a time: the one that was loaded, or is being set. */
static struct pricing {
    struct alc_bytes id;
    struct alc_bytes author;
    struct operation operations[OPERATIONS_MAX];
    size_t n; /* may be more than there is room for, until it is checked */
} list;

static const struct alc_bytes all = {NULL, 0}; /* the table has one list */

/* ---- JSON ---- */

static const struct near_field operation_fields[] = {
    NEAR_FIELD("operation", struct operation, name, near_read_string, NEAR_MUST),
    NEAR_FIELD("price_usd", struct operation, price, near_read_u128, NEAR_MUST),
    NEAR_FIELD("developer_share_bp", struct operation, share, near_read_u32, NEAR_MUST),
};

static void read_operation(struct near_json *j, void *to)
{
    struct operation o;

    (void)to;
    near_json_object(j, &o, operation_fields, 3);
    if (o.share > UINT16_MAX) near_json_fail("integer out of range");
    if (list.n < OPERATIONS_MAX) list.operations[list.n] = o;
    list.n++;
}

void read_operations(struct near_json *j, void *out)
{
    list.n = 0;
    near_json_list(j, read_operation, out);
}

static const struct near_field pricing_fields[] = {
    NEAR_FIELD("author_account_id", struct pricing, author, near_read_account, NEAR_MUST),
    NEAR_FIELD_ALL("operations", read_operations, NEAR_MUST),
};

void read_pricing(struct near_json *j, void *out)
{
    near_json_object(j, out, pricing_fields, 2);
}

/* ---- Records ---- */

static uint8_t record_buf[RECORD_MAX_BYTES];

static struct table_key key_of(const struct alc_bytes *id)
{
    static const struct alc_bytes none;
    return table_key('T', id->n > PROJECT_ID_MAX_BYTES ? &none : id, 1); /* none is called so */
}

bool priced(const struct alc_bytes *id)
{
    const struct table_key k = key_of(id);
    return table_has(&k);
}

/* text_of sets list.id, and gives the price list under a key as it is stored; p NULL: none. */
static struct alc_bytes text_of(const struct table_key *k)
{
    struct alc_bytes record;

    if (!table_get(&record, k, record_buf, sizeof record_buf)) return (struct alc_bytes){NULL, 0};
    walk_read(record);
    walk_bytes(&list.id);
    return (struct alc_bytes){walk.p, walk.left};
}

/* load fills `list`; false: the project is unpriced. */
static bool load(const struct alc_bytes *id)
{
    const struct table_key k = key_of(id);
    const struct alc_bytes text = text_of(&k);
    struct near_json j;

    list.n = 0;
    if (text.p == NULL) return false;
    j = near_json_begin(record_buf + (text.p - record_buf), text.n);
    read_pricing(&j, &list);
    return true;
}

static const struct operation *find(struct alc_bytes name)
{
    for (size_t i = 0; i < list.n; i++)
        if (alc_bytes_eq(list.operations[i].name, name)) return &list.operations[i];
    return NULL;
}

/* ---- Admission and settlement ---- */

/* asked_for finds the operation that an input names; false: it names none. */
static bool asked_for(struct alc_bytes *name, struct alc_bytes input)
{
    static uint8_t body[PRICED_BODY_MAX_BYTES];

    if (input.n == 0 || input.n > sizeof body) return false;
    __builtin_memcpy(body, input.p, input.n);
    if (!near_json_member(name, ALC_LIT("operation"), body, input.n)) return false;
    *name = trimmed(*name);
    return name->n > 0;
}

void price_admit(const struct request *r)
{
    const struct operation *o;
    struct alc_bytes name;

    if (!load(&r->asked.where)) return;
    near_refuse(!asked_for(&name, r->input),
                "input_data of a priced project must be a JSON object of at "
                "most 10000 bytes "
                "with a string \"operation\"");
    o = find(name);
    near_refuse_with(o == NULL, "The project has no price for the operation ", &name);
    near_refuse_with(r->attached_usd < o->price, "attached_usd is below the price of ", &name);
}

void price_return(const struct request *r)
{
    purse_add(PURSE_USER, &r->predecessor, r->attached_usd);
}

void price_settle(const struct request *r, uint64_t refund)
{
    const struct operation *o = NULL;
    struct project *p = &pcall.project;
    near_u128 price = r->attached_usd, author = 0;
    struct alc_bytes name;

    if (price == 0) return;
    if (!project_numbered(p, r->project)) {
        price_return(r);
        return;
    }
    if (load(&p->id) && asked_for(&name, r->input)) o = find(name);
    if (o != NULL && o->price < price) price = o->price;
    price -= refund < price ? refund : price; /* what is left for the developer */
    purse_add(PURSE_USER, &r->predecessor, r->attached_usd - price);
    if (o != NULL) { /* floor of the product, which may not fit */
        uint32_t rest;
        author = price;
        rest = alc_u128_divide(&author, SHARE_MAX);
        author = author * o->share + rest * o->share / SHARE_MAX;
        purse_add(PURSE_EARNINGS, &list.author, author);
    }
    purse_add(PURSE_EARNINGS, &p->owner, price - author);
}

/* ---- The owner's methods ---- */

static const struct near_field set_fields[] = {
    NEAR_FIELD("project_id", struct pricing, id, near_read_string, NEAR_MUST),
    NEAR_FIELD_ALL("pricing", read_pricing, NEAR_MUST),
};

static void check_operations(void)
{
    near_refuse(list.n == 0 || list.n > OPERATIONS_MAX, "A price list has 1 to 32 operations");
    for (size_t i = 0; i < list.n; i++) {
        const struct operation *o = &list.operations[i];
        near_refuse(trimmed(o->name).n == 0, "An operation's name cannot be blank");
        near_refuse_with(find(o->name) != o, "An operation is there twice: ", &o->name);
        near_refuse_with(o->share > SHARE_MAX,
                         "developer_share_bp is over 10000 for the operation ", &o->name);
    }
}

static void say_pricing(void)
{
    say("{");
    near_out_members(&here.out, &list, pricing_fields, 1);
    say(",\"operations\":[");
    for (size_t i = 0; i < list.n; i++) {
        if (i > 0) say(",");
        SAY_OBJECT(&list.operations[i], operation_fields);
    }
    say("]}");
}

void method_set_project_pricing(void)
{
    struct alc_bytes old, text;
    uint32_t position = 0;
    struct table_key k;
    bool there;

    NEAR_ARGS(&list, set_fields);
    begin(BY_OWNER);
    near_refuse_with(!project_exists(&list.id), "Project not found: ", &list.id);
    check_operations();
    say_pricing();
    text = said();
    k = key_of(&list.id);
    there = table_get(&old, &k, record_buf, sizeof record_buf);
    if (there) position = table_position(old);
    walk_write(record_buf, sizeof record_buf, "The price list is longer than 16 kB");
    walk_raw(&position, sizeof position);
    walk_bytes(&list.id);
    walk_raw((uint8_t *)(uintptr_t)text.p, text.n);
    if (there)
        table_change(&k, position, record_buf, walk_written().n);
    else
        table_add(&k, all, record_buf, walk_written().n);
}

void method_remove_project_pricing(void)
{
    struct alc_bytes record;
    struct table_key k;

    begin(ARG_PROJECT_ID | BY_OWNER);
    k = key_of(&arg.project_id);
    if (table_get(&record, &k, record_buf, sizeof record_buf))
        table_remove(&k, all, table_position(record));
}

/* ---- Views ---- */

void method_get_project_pricing(void)
{
    struct alc_bytes text;
    struct table_key k;

    begin(ARG_PROJECT_ID);
    k = key_of(&arg.project_id);
    text = text_of(&k);
    near_return(text.p != NULL ? text : ALC_LIT("null"));
}

void method_get_project_max_price(void)
{
    near_u128 most = 0;

    begin(ARG_PROJECT_ID);
    (void)load(&arg.project_id);
    for (size_t i = 0; i < list.n; i++)
        if (list.operations[i].price > most) most = list.operations[i].price;
    say_amount("", most);
    give();
}

static void row(const struct table_key *k)
{
    (void)text_of(k);
    say_str("", &list.id);
}

void method_get_priced_projects(void)
{
    begin_list(ARG_PAGE);
    say_list('T', all, 100, 500, row);
}

void method_get_priced_project_count(void)
{
    struct table_key first;

    begin(0);
    say_u64("", table_count(&first, 'T', all));
    give();
}
