/* tests/contract/gas_project.c — a day of projects: published, priced, asked, moved. */
#include "tests/contract/gas.h"

#include "tests/contract/vm_proofs.h"

#include <stdio.h>

#define HASH(last) "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b98" last
#define WASM(last)                                                                                 \
    "{\"WasmUrl\":{\"url\":\"https://example.org/guest.wasm\",\"hash\":\"" HASH(                   \
        last) "\",\"build_target\":\"wasm32-wasip1\"}}"
#define ID "{\"project_id\":\"" VMHOST_SIGNER "/my-app\"}"
#define ONE(last) "{\"project_name\":\"my-app\",\"version_key\":\"" HASH(last) "\"}"

static const struct nearvm_outcome *ask(struct gas_day *d, const char *usd)
{
    static char args[1024];

    snprintf(args, sizeof args,
             "{\"source\":{\"Project\":{\"project_id\":\"" VMHOST_SIGNER "/my-app\"}},"
             "\"resource_limits\":{\"max_instructions\":1000000000,\"max_memory_mb\":128,"
             "\"max_execution_seconds\":60},\"response_format\":\"Json\",\"params\":{"
             "\"attached_usd\":\"%s\"},\"input_data\":\"{\\\"operation\\\":\\\"send\\\"}\"}",
             usd);
    return gas_pay(d, VMHOST_SIGNER, "request_execution", args);
}

/* Stablecoin comes from its contract. */
static void give_usd(struct gas_day *d)
{
    need(vmhost_ok(
             vmhost_do(d->h, "set_payment_token_contract", "{\"token_contract\":\"usd.test\"}")),
         "a token");
    need(vmhost_ok(vmhost_call(
             d->h, &(struct vmhost_call){.method = "ft_on_transfer",
                                         .signer = "usd.test",
                                         .args = ALC_LIT(
                                             "{\"sender_id\":\"" VMHOST_SIGNER
                                             "\",\"amount\":\"1000000\",\"msg\":\"{\\\"action\\\":"
                                             "\\\"deposit_balance\\\"}\"}")})),
         "stablecoin");
}

static void answer(struct gas_day *d, unsigned id)
{
    char args[256];

    snprintf(args, sizeof args, "{\"request_id\":%u," VM_ANSWER "}", id);
    need(vmhost_ok(vm_by_operator(d->h, "resolve_execution", args)), "an answer");
}

static const struct nearvm_outcome *delete_it(struct gas_day *d, const char *who)
{
    return vmhost_call(d->h,
                       &(struct vmhost_call){.method = "delete_project",
                                             .signer = who,
                                             .args = ALC_LIT("{\"project_name\":\"my-app\"}")});
}

static void day(struct gas_day *d)
{
    need(vmhost_ok(gas_new(d)), "new");
    gas_note(d, "create_project",
             gas_pay(d, VMHOST_SIGNER, "create_project",
                     "{\"name\":\"my-app\",\"source\":" WASM("24") "}"),
             1300, 0);
    gas_note(d, "add_version",
             gas_pay(d, VMHOST_SIGNER, "add_version",
                     "{\"project_name\":\"my-app\",\"source\":" WASM("25") ",\"set_active\":true}"),
             1100, 0);
    gas_note(d, "set_active_version", vmhost_do(d->h, "set_active_version", ONE("24")), 550, 0);
    gas_note(d, "remove_version", vmhost_do(d->h, "remove_version", ONE("25")), 1000, 0);
    gas_note(d, "get_project", vmhost_view(d->h, "get_project", ID), 300, 0);
    gas_note(d, "get_version",
             vmhost_view(d->h, "get_version",
                         "{\"project_id\":\"" VMHOST_SIGNER
                         "/my-app\",\"version_key\":\"" HASH("24") "\"}"),
             300, 0);
    gas_note(d, "get_version_count", vmhost_view(d->h, "get_version_count", ID), 300, 0);
    gas_note(d, "has_project_uuid",
             vmhost_view(d->h, "has_project_uuid", "{\"project_uuid\":\"p0000000000000001\"}"), 300,
             0);
    gas_note(d, "request_execution, project", ask(d, "0"), 1750, 0);
    answer(d, 0);
    gas_note(d, "on_execution_response, project", vmhost_wake(d->h, 0), 1000, 0);
    gas_note(d, "set_project_pricing",
             vmhost_do(d->h, "set_project_pricing",
                       "{\"project_id\":\"" VMHOST_SIGNER
                       "/my-app\",\"pricing\":{\"author_account_id\":\"author.test\","
                       "\"operations\":[{\"operation\":\"send\",\"price_usd\":\"12345\","
                       "\"developer_share_bp\":2500}]}}"),
             650, 0);
    gas_note(d, "get_project_pricing", vmhost_view(d->h, "get_project_pricing", ID), 300, 0);
    gas_note(d, "get_project_max_price", vmhost_view(d->h, "get_project_max_price", ID), 300, 0);
    give_usd(d);
    gas_note(d, "request_execution, priced", ask(d, "20000"), 1950, 0);
    answer(d, 1);
    gas_note(d, "on_execution_response, settled", vmhost_wake(d->h, 0), 1700, 0);
    gas_note(d, "remove_project_pricing", vmhost_do(d->h, "remove_project_pricing", ID), 550, 0);
    gas_note(d, "accept_project_transfer",
             gas_pay(d, "bob.test", "accept_project_transfer",
                     "{\"from\":\"" VMHOST_SIGNER "\",\"name\":\"my-app\"}"),
             850, 0);
    gas_note(d, "transfer_project",
             vmhost_do(d->h, "transfer_project",
                       "{\"project_name\":\"my-app\",\"new_owner\":\"bob.test\"}"),
             1500, 0);
    for (unsigned i = 0; i < 20; i++) {
        char args[256];
        snprintf(args, sizeof args,
                 "{\"project_name\":\"my-app\",\"source\":{\"GitHub\":{\"repo\":"
                 "\"github.com/alice/app\",\"commit\":\"c%u\"}},\"set_active\":false}",
                 i);
        need(vmhost_ok(gas_pay(d, "bob.test", "add_version", args)), "a version");
    }
    gas_note(d, "delete_project, 21 versions", delete_it(d, "bob.test"), 13000, 0);
    need(vmhost_ok(gas_pay(d, VMHOST_SIGNER, "create_project",
                           "{\"name\":\"my-app\",\"source\":" WASM("24") "}")),
         "a project");
    gas_note(d, "delete_project", delete_it(d, VMHOST_SIGNER), 1450, 0);
}

size_t gas_projects_measure(struct gas_row rows[GAS_ROWS_MAX])
{
    return gas_days(rows, day);
}
