/* contracts/compute/transfer.c — a project goes to another account, which has accepted it before.
 *
 * An acceptance says who takes which name from whom; it pins no code.  Its record is empty: what
 * was paid for it follows from the three names, pcall.new_owner, pcall.from and pcall.name. */
#include "price.h"
#include "project.h"
#include "purse.h"

static uint64_t acceptance_bytes(void)
{
    return 69 + (uint64_t)pcall.new_owner.n + pcall.from.n + pcall.name.n;
}

/* A name too long to be one gets the key of the empty name, which nobody can accept. */
static struct alc_bytes acceptance_key(void)
{
    static struct table_key k;
    struct alc_bytes parts[] = {pcall.new_owner, pcall.from, pcall.name};

    if (pcall.name.n > PROJECT_NAME_MAX_BYTES) parts[2].n = 0;
    k = table_key('a', parts, 3);
    return (struct alc_bytes){k.b, sizeof k.b};
}

static void log_acceptance(const char *event)
{
    system_event_begin(&pcall.out, &pcall.state, event);
    say_str("\"new_owner\":", &pcall.new_owner);
    say_str(",\"from\":", &pcall.from);
    say_str(",\"name\":", &pcall.name);
    system_event_end(&pcall.out);
}

/* ---- Methods ---- */

void method_accept_project_transfer(void)
{
    struct project *p = &pcall.project;

    project_begin(CALL_FROM | CALL_NAME | CALL_BY | CALL_UNPAUSED);
    project_name_check();
    pcall.new_owner = pcall.by;
    if (!project_name_it(p, pcall.by, pcall.name) || project_exists(p->id))
        near_panic_with("The project already exists; a transfer onto that name would fail: ",
                        pcall.name);
    if (near_has(acceptance_key()))
        near_panic_with("The caller has already accepted project ", pcall.name);
    storage_charge(acceptance_bytes(), 0, pcall.by,
                   "Insufficient storage deposit for the acceptance record");
    near_put(acceptance_key(), (struct alc_bytes){NULL, 0});
    log_acceptance("ProjectTransferAccepted");
}

void method_revoke_project_transfer(void)
{
    project_begin(CALL_FROM | CALL_NAME | CALL_BY);
    pcall.new_owner = pcall.by;
    if (!near_remove(acceptance_key()))
        near_panic_with("The caller has no acceptance for project ", pcall.name);
    storage_release(acceptance_bytes(), pcall.by);
    log_acceptance("ProjectTransferRevoked");
}

void method_transfer_project(void)
{
    static struct project to;
    struct project *p = &pcall.project;

    project_begin(CALL_NAME_OF_MINE | CALL_NEW_OWNER | CALL_BY);
    pcall.from = pcall.by;
    if (project_name_it(p, pcall.by, pcall.name) && priced(p->id))
        near_panic_with("The project is priced, and a priced project does not move: ", p->id);
    if (!near_remove(acceptance_key()))
        near_panic_with("The new owner has not accepted project ", pcall.name);
    if (!project_load(p, p->id)) near_panic_with("Project not found: ", pcall.name);
    if (!project_name_it(&to, pcall.new_owner, pcall.name)) project_corrupt();
    to.kept = p->kept;
    storage_release(acceptance_bytes(), pcall.new_owner);
    if (!alc_bytes_eq(p->id, to.id)) { /* to oneself, nothing changes */
        if (project_exists(to.id)) near_panic_with("The project already exists: ", to.id);
        project_remove(p);
        project_add(&to);
    }
    system_event_begin(&pcall.out, &pcall.state, "ProjectTransferred");
    say_str("\"old_project_id\":", &p->id);
    say_str(",\"new_project_id\":", &to.id);
    say_uuid(",\"project_uuid\":");
    say_str(",\"old_owner\":", &p->owner);
    say_str(",\"new_owner\":", &to.owner);
    system_event_end(&pcall.out);
}

/* ---- Views ---- */

static void give_deposit(bool held)
{
    project_begin(CALL_NEW_OWNER | CALL_FROM | CALL_NAME);
    if (held && !near_has(acceptance_key()))
        say("null");
    else
        say_price("", acceptance_bytes());
    say_return();
}

void method_get_project_transfer_acceptance(void)
{
    give_deposit(true);
}

void method_estimate_transfer_acceptance_cost(void)
{
    give_deposit(false);
}
