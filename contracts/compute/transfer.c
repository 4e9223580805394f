/* contracts/compute/transfer.c — a project goes to another account, which has accepted it before.
 *
 * An acceptance says who takes which name from whom; it pins no code.  Its record is empty: what
 * was paid for it follows from the three names, arg.new_owner, arg.from and arg.name. */
#include "price.h"
#include "project.h"
#include "purse.h"

NEAR_APART static uint64_t acceptance_bytes(void)
{
    return 69 + (uint64_t)arg.new_owner.n + arg.from.n + arg.name.n;
}

/* A name too long to be one gets the key of the empty name, which nobody can accept. */
static struct alc_bytes acceptance_key(void)
{
    static struct table_key k;
    struct alc_bytes parts[] = {arg.new_owner, arg.from, arg.name};

    if (arg.name.n > PROJECT_NAME_MAX_BYTES) parts[2].n = 0;
    k = table_key('a', parts, 3);
    return (struct alc_bytes){k.b, sizeof k.b};
}

/* new_owner, from, name */
static void log_acceptance(const char *event)
{
    system_event(event, &arg, arg_fields + ARG_ROW_NEW_OWNER, 3);
}

struct transferred {
    struct alc_bytes old_id, new_id, uuid, old_owner, new_owner;
};

#define ROW(name, member) NEAR_FIELD(name, struct transferred, member, near_read_string, NEAR_MUST)

static const struct near_field transferred_fields[] = {
    ROW("old_project_id", old_id), ROW("new_project_id", new_id), ROW("project_uuid", uuid),
    ROW("old_owner", old_owner),   ROW("new_owner", new_owner),
};

/* ---- Methods ---- */

void method_accept_project_transfer(void)
{
    struct project *p = &pcall.project;

    begin(ARG_FROM | ARG_NAME | BY | IF_UNPAUSED);
    project_name_check();
    arg.new_owner = here.by;
    near_refuse_with(
        !project_name_it(p, &here.by, &arg.name) || project_exists(&p->id),
        "The project already exists; a transfer onto that name would fail: ", &arg.name);
    near_refuse_with(near_has(acceptance_key()), "The caller has already accepted project ",
                     &arg.name);
    storage_charge(acceptance_bytes(), 0, &here.by,
                   "Insufficient storage deposit for the acceptance record");
    near_put(acceptance_key(), (struct alc_bytes){NULL, 0});
    log_acceptance("ProjectTransferAccepted");
}

void method_revoke_project_transfer(void)
{
    begin(ARG_FROM | ARG_NAME | BY);
    arg.new_owner = here.by;
    near_refuse_with(!near_remove(acceptance_key()), "The caller has no acceptance for project ",
                     &arg.name);
    storage_release(acceptance_bytes(), &here.by);
    log_acceptance("ProjectTransferRevoked");
}

void method_transfer_project(void)
{
    static struct project to;
    struct transferred t;
    struct project *p = &pcall.project;

    begin(ARG_PROJECT_NAME | ARG_NEW_OWNER | BY);
    arg.from = here.by;
    near_refuse_with(project_name_it(p, &here.by, &arg.name) && priced(&p->id),
                     "The project is priced, and a priced project does not move: ", &p->id);
    near_refuse_with(!near_remove(acceptance_key()), "The new owner has not accepted project ",
                     &arg.name);
    near_refuse_with(!project_load(p, &p->id), "Project not found: ", &arg.name);
    if (!project_name_it(&to, &arg.new_owner, &arg.name)) corrupt();
    to.kept = p->kept;
    storage_release(acceptance_bytes(), &arg.new_owner);
    if (!alc_bytes_eq(p->id, to.id)) { /* to oneself, nothing changes */
        near_refuse_with(project_exists(&to.id), "The project already exists: ", &to.id);
        project_remove(p);
        project_add(&to);
    }
    t = (struct transferred){p->id, to.id, project_uuid(to.kept.number), p->owner, to.owner};
    SYSTEM_EVENT("ProjectTransferred", &t, transferred_fields);
}

/* ---- Views ---- */

static void give_deposit(bool held)
{
    begin(ARG_NEW_OWNER | ARG_FROM | ARG_NAME);
    if (held && !near_has(acceptance_key()))
        say("null");
    else
        say_price("", acceptance_bytes());
    give();
}

void method_get_project_transfer_acceptance(void)
{
    give_deposit(true);
}

void method_estimate_transfer_acceptance_cost(void)
{
    give_deposit(false);
}
