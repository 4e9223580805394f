/* tests/contract/gas_owner.c — a day of the owner: settings, worker keys, requests that end
 * otherwise, and views of all that is small. */
#include "tests/contract/gas.h"

#include "tests/contract/vm_proofs.h"

#include <stdio.h>
#include <string.h>

#define HASH "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
#define SOURCE "{\"WasmUrl\":{\"url\":\"https://example.org/guest.wasm\",\"hash\":\"" HASH "\"}}"
#define KEY "{\"public_key\":\"ed25519:11111111111111111111111111111111\"}"
#define PROJECT "{\"project_id\":\"" VMHOST_SIGNER "/my-app\"}"
#define ACCOUNT "{\"account_id\":\"" VMHOST_SIGNER "\"}"
#define SECRET                                                                                     \
    "\"accessor\":{\"Repo\":{\"repo\":\"github.com/alice/project\",\"branch\":\"main\"}},"         \
    "\"profile\":\"default\""
#define SECRET_OF "{" SECRET ",\"owner\":\"" VMHOST_SIGNER "\"}"
#define ACCEPTANCE "{\"new_owner\":\"bob.test\",\"from\":\"" VMHOST_SIGNER "\",\"name\":\"my-app\"}"

static void set(struct gas_day *d, const char *method, const char *args, uint64_t limit)
{
    gas_note(d, method, vmhost_do(d->h, method, args), limit, 0);
}

static void view(struct gas_day *d, const char *method, const char *args)
{
    gas_note(d, method, vmhost_view(d->h, method, args), GAS_VIEW_LIMIT, 0);
}

/* A view of a list with one element, or of more than a small record. */
static void view_of_more(struct gas_day *d, const char *name, const char *method, const char *args,
                         uint64_t limit)
{
    gas_note(d, name, vmhost_view(d->h, method, args), limit, 0);
}

static void ask(struct gas_day *d)
{
    need(vmhost_ok(gas_pay(d, VMHOST_SIGNER, "request_execution",
                           "{\"source\":" SOURCE ",\"resource_limits\":{},\"input_data\":\"{}\"}")),
         "a request");
}

static void settings(struct gas_day *d)
{
    set(d, "set_pricing",
        "{\"base_fee\":\"1000000000000000000000\",\"per_million_instructions_fee\":"
        "\"100000000000000\",\"per_ms_fee\":\"100000000000000000\",\"per_compile_ms_fee\":"
        "\"100000000000000000\",\"base_fee_usd\":\"1000\",\"per_million_instructions_fee_usd\":"
        "\"1\",\"per_sec_fee_usd\":\"1\",\"per_compile_ms_fee_usd\":\"10\"}",
        900);
    set(d, "set_event_metadata", "{\"standard\":\"near-outlayer\",\"version\":\"1.0.0\"}", 600);
    set(d, "set_paused", "{\"paused\":false}", 600);
    set(d, "set_owner", "{\"new_owner_id\":\"" VMHOST_SIGNER "\"}", 600);
    set(d, "set_operator", "{\"new_operator_id\":\"" VM_OPERATOR "\"}", 600);
    set(d, "set_pending_bytes_cap", "{\"max_bytes\":8388608}", 600);
    set(d, "set_near_top_up", "{\"intents_account_id\":\"" VMHOST_SIGNER "\"}", 600);
    gas_note(d, "migrate",
             vmhost_call(d->h, &(struct vmhost_call){.method = "migrate",
                                                     .signer = "c.test",
                                                     .args = ALC_LIT("{}")}),
             700, 0);
    gas_note(d, "add_worker_key, by the owner", vmhost_do(d->h, "add_worker_key", KEY), 900, 0);
    view_of_more(d, "get_worker_keys, one", "get_worker_keys", "{}", 300);
    view(d, "get_worker_key", KEY);
    set(d, "remove_worker_key", KEY, 900);
    need(vmhost_ok(vmhost_do(d->h, "add_worker_key", KEY)), "a worker key");
    set(d, "set_register", "{\"register_id\":\"" VM_OPERATOR "\"}", 600);
    view(d, "get_register", "{}");
    gas_note(d, "retain_worker_keys, one",
             vm_by_operator(d->h, "retain_worker_keys", "{\"measurements\":[\"" HASH "\"]}"), 900,
             0);
}

static void requests(struct gas_day *d)
{
    static const char id[] = "{\"request_id\":0}";

    ask(d);
    view(d, "get_request", id);
    view(d, "get_request_context", id);
    view(d, "has_pending_output", id);
    gas_note(d, "submit_execution_output",
             vm_by_operator(d->h, "submit_execution_output",
                            "{\"request_id\":0,\"output\":{\"Json\":" VM_OUTPUT "}}"),
             800, 0);
    view(d, "get_pending_output", id);
    view_of_more(d, "get_request, with an output", "get_request", id, 400);
    view(d, "get_pending_request_ids", "{}");
    view(d, "get_pending_bytes", "{}");
    set(d, "emergency_cancel_execution", "{\"request_id\":0}", 900);
    ask(d);
    set(d, "cancel_pending_requests", "{\"request_ids\":[1]}", 900);
    ask(d);
    set(d, "clear_all_pending_requests", "{}", 900);
    ask(d);
    vmhost_env(d->h)->time_ns += UINT64_C(601000000000);
    set(d, "cancel_stale_execution", "{\"request_id\":3}", 900);
}

static void callbacks(struct gas_day *d)
{
    const struct nearvm_result sent = {.kind = NEARVM_RESULT_DATA, .data = ALC_LIT("")};
    const struct nearvm_result failed = {.kind = NEARVM_RESULT_FAILED};

    gas_note(
        d, "on_near_wrapped",
        vmhost_call(
            d->h, &(struct vmhost_call){.method = "on_near_wrapped",
                                        .args = ALC_LIT("{\"owner\":\"" VMHOST_SIGNER
                                                        "\",\"nonce\":1,\"token_id\":\"wrap.near\","
                                                        "\"amount\":\"1\",\"swap_contract_id\":"
                                                        "\"swap.test\"}"),
                                        .signer = "c.test",
                                        .results = &sent,
                                        .results_count = 1}),
        1200, 0);
    gas_note(
        d, "on_withdraw_developer_earnings",
        vmhost_call(d->h, &(struct vmhost_call){.method = "on_withdraw_developer_earnings",
                                                .args = ALC_LIT("{\"developer\":\"" VMHOST_SIGNER
                                                                "\",\"amount\":\"1000000\"}"),
                                                .signer = "c.test",
                                                .results = &failed,
                                                .results_count = 1}),
        600, 0);
}

/* What the other days leave out. */
static void rest(struct gas_day *d)
{
    need(vmhost_ok(gas_pay(d, VMHOST_SIGNER, "store_secrets",
                           "{" SECRET
                           ",\"encrypted_secrets_base64\":\"AAAA\",\"access\":\"AllowAll\","
                           "\"vault_id\":\"vault.test\"}")),
         "a secret");
    view(d, "get_secret_vault", SECRET_OF);
    view(d, "list_profiles", "{\"_repo\":\"github.com/alice/project\"}");
    set(d, "unbind_secret_vault", "{" SECRET "}", 800);
    need(vmhost_ok(gas_pay(d, VMHOST_SIGNER, "create_project",
                           "{\"name\":\"my-app\",\"source\":" SOURCE "}")),
         "a project");
    view_of_more(d, "list_user_projects, one", "list_user_projects", ACCOUNT, 400);
    view_of_more(d, "list_versions, one", "list_versions", PROJECT, 350);
    need(vmhost_ok(gas_pay(d, "bob.test", "accept_project_transfer",
                           "{\"from\":\"" VMHOST_SIGNER "\",\"name\":\"my-app\"}")),
         "an acceptance");
    view(d, "get_project_transfer_acceptance", ACCEPTANCE);
    view(d, "estimate_transfer_acceptance_cost", ACCEPTANCE);
    gas_note(d, "revoke_project_transfer",
             vmhost_call(d->h, &(struct vmhost_call){.method = "revoke_project_transfer",
                                                     .signer = "bob.test",
                                                     .args = ALC_LIT("{\"from\":\"" VMHOST_SIGNER
                                                                     "\",\"name\":\"my-app\"}")}),
             900, 0);
    need(vmhost_ok(vmhost_do(d->h, "set_project_pricing",
                             "{\"project_id\":\"" VMHOST_SIGNER
                             "/my-app\",\"pricing\":{\"author_account_id\":\"author.test\","
                             "\"operations\":[{\"operation\":\"send\",\"price_usd\":\"12345\","
                             "\"developer_share_bp\":2500}]}}")),
         "a price");
    view_of_more(d, "get_priced_projects, one", "get_priced_projects", "{}", 300);
    view(d, "get_priced_project_count", "{}");
}

static void settings_views(struct gas_day *d)
{
    static const char *const names[] = {
        "get_pricing",        "get_pricing_full",    "estimate_execution_cost",
        "get_max_limits",     "is_paused",           "get_config",
        "get_event_metadata", "get_storage_version", "contract_source_metadata"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        view(d, names[i], "{}");
}

static void day(struct gas_day *d)
{
    need(vmhost_ok(gas_new(d)), "new");
    settings(d);
    requests(d);
    callbacks(d);
}

static void other_day(struct gas_day *d)
{
    need(vmhost_ok(gas_new(d)), "new");
    rest(d);
    settings_views(d);
}

size_t gas_owner_measure(struct gas_row rows[GAS_ROWS_MAX])
{
    return gas_days(rows, day);
}

size_t gas_rest_measure(struct gas_row rows[GAS_ROWS_MAX])
{
    return gas_days(rows, other_day);
}
