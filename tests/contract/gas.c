#include "tests/contract/gas.h"

#include "tests/contract/vm_proofs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WASM ALC_BUILD_DIR "/contracts/compute.wasm"
#define CODE_HASH "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
#define QUOTE_BYTES 5006u /* of a real one */
#define MGAS 1000000u

static struct alc_bytes text(const char *s)
{
    return alc_cstr(s);
}

/* 500 bytes of arguments, whatever else they say. */
static void request_args(char out[501], const char *params)
{
    char head[512];
    int n =
        snprintf(head, sizeof head,
                 "{\"source\":{\"WasmUrl\":{\"url\":\"https://example.org/guest.wasm\",\"hash\":"
                 "\"" CODE_HASH "\",\"build_target\":\"wasm32-wasip1\"}},\"resource_limits\":{"
                 "\"max_instructions\":1000000000,\"max_memory_mb\":128,"
                 "\"max_execution_seconds\":60},\"response_format\":\"Json\","
                 "\"payer_account_id\":\"payer.test\"%s,\"input_data\":\"",
                 params);
    need(n > 0 && n < 498, "the arguments leave no room for input");
    memset(out, 'x', 500);
    memcpy(out, head, (size_t)n);
    memcpy(out + 498, "\"}", 3);
}

void gas_note(struct gas_day *d, const char *name, const struct nearvm_outcome *o, uint64_t limit,
              double outlayer)
{
    struct gas_row *r = &d->rows[d->n++];

    need(vmhost_ok(o), name);
    need(d->n <= GAS_ROWS_MAX, "too many rows");
    if (d->nodes) {
        r->nodes = o->burnt_gas;
        return;
    }
    *r = (struct gas_row){name, o->burnt_gas, 0, limit * 1000 * MGAS, outlayer};
}

const struct nearvm_outcome *gas_pay(struct gas_day *d, const char *who, const char *method,
                                     const char *args)
{
    return vmhost_call(
        d->h, &(struct vmhost_call){.method = method,
                                    .signer = who,
                                    .args = alc_cstr(args),
                                    .deposit = (__uint128_t)ALC_NEAR_TGAS * 1000000000000u});
}

/* What the protocol takes, in Tgas: the yield with its receipt, and the resume of one. */
#define YIELD_CREATE 0.56
#define YIELD_RESUME 1.196

static bool begins(const char *name, const char *with)
{
    return strncmp(name, with, strlen(with)) == 0;
}

double gas_ratio(const struct gas_row *r)
{
    double apart = 0;

    if (r->outlayer <= 0) return 0;
    if (begins(r->name, "request_execution")) apart = YIELD_CREATE;
    if (begins(r->name, "resolve_execution")) apart = YIELD_RESUME;
    return ((double)r->bare / 1e12 - apart) / (r->outlayer - apart);
}

gas_measure_fn *const gas_of_compute[] = {
    gas_measure,          gas_owner_measure, gas_projects_measure, gas_secrets_measure,
    gas_policies_measure, gas_money_measure, gas_rest_measure,     NULL};

size_t gas_days(struct gas_row rows[GAS_ROWS_MAX], void (*day)(struct gas_day *d))
{
    size_t n = 0;

    for (unsigned turn = 0; turn < 2; turn++) {
        struct gas_day d = {.rows = rows, .nodes = turn == 1};

        d.h = vmhost_open("c.test", vmhost_file(WASM));
        vmhost_env(d.h)->trie_nodes = d.nodes ? GAS_TRIE_NODES : 0;
        day(&d);
        vmhost_close(d.h);
        need(turn == 0 || d.n == n, "the two days differ");
        n = d.n;
    }
    return n;
}

const struct nearvm_outcome *gas_new(struct gas_day *d)
{
    return vmhost_do(d->h, "new",
                     "{\"owner_id\":\"" VMHOST_SIGNER "\",\"operator_id\":\"" VM_OPERATOR
                     "\",\"chain_id\":\"localnet\"}");
}

static const struct nearvm_outcome *request(struct gas_day *d, const char *params)
{
    static char args[501];
    request_args(args, params);
    return vmhost_call(
        d->h, &(struct vmhost_call){.method = "request_execution",
                                    .args = text(args),
                                    .deposit = (__uint128_t)ALC_NEAR_TGAS * 100000000000u});
}

static const struct alc_hash enclave = {{0x11}};

/* The answer with its evidence, and what the verdict brings; what the register burns between the
 * two is not the main contract's. */
static void run_onchain(struct gas_day *d, uint64_t id)
{
    static char args[40960];
    static uint8_t quote[QUOTE_BYTES];
    static struct vm_proof proof;
    struct vm_asked asked;

    for (size_t i = 0; i < sizeof quote; i++)
        quote[i] = (uint8_t)(i * i);
    vm_statement(&proof, d->h, id, ALC_OUTPUT_JSON, text(VM_OUTPUT), &enclave);
    vm_evidence(&proof, (struct alc_bytes){quote, sizeof quote});
    snprintf(args, sizeof args,
             "{\"request_id\":%u," VM_ANSWER ",\"statement\":\"%s\",\"evidence\":\"%s\"}",
             (unsigned)id, proof.statement64, proof.evidence64);
    gas_note(d, "resolve_execution, onchain", vm_by_operator(d->h, "resolve_execution", args), 2200,
             0);
    asked = vm_asked(d->h);
    gas_note(d, "on_quote_verified", vm_verdict(d->h, &asked, text(vm_accepting(&asked, &enclave))),
             1700, 0);
    gas_note(d, "on_execution_response, onchain", vmhost_wake(d->h, 0), 950, 0);
    vm_asked_fini(&asked);
}

static void run_day(struct gas_day *d)
{
    static char args[8192];
    static struct vm_proof proof;
    char *big;
    size_t n;

    gas_note(d, "new", gas_new(d), 0, 0.970);
    gas_note(d, "add_worker_key", vm_vouched(d->h, &enclave), 5000, 0);

    gas_note(d, "request_execution, 500 B", request(d, ""), 1450, 2.320);
    gas_note(d, "resolve_execution",
             vm_by_operator(d->h, "resolve_execution", "{\"request_id\":0," VM_ANSWER "}"), 1600,
             2.429);
    gas_note(d, "on_execution_response", vmhost_wake(d->h, 0), 900, 1.817);

    gas_note(d, "request_execution, 500 B, key",
             request(d, ",\"params\":{\"with_proof\":true,\"proof\":\"key\"}"), 1450, 0);
    vm_statement(&proof, d->h, 1, ALC_OUTPUT_JSON, text(VM_OUTPUT), &enclave);
    snprintf(args, sizeof args, "{\"request_id\":1," VM_ANSWER ",\"statement\":\"%s\"}",
             proof.statement64);
    gas_note(d, "resolve_execution, key", vm_by_operator(d->h, "resolve_execution", args), 1750, 0);
    gas_note(d, "on_execution_response, key", vmhost_wake(d->h, 0), 950, 0);

    gas_note(d, "request_execution, 500 B, onchain",
             request(d, ",\"params\":{\"with_proof\":true,\"proof\":\"onchain\"}"), 1500, 0);
    run_onchain(d, 2);

    gas_note(d, "request_execution, timeout", request(d, ""), 1450, 0);
    gas_note(d, "on_execution_response, timeout", vmhost_wake(d->h, 0), 900, 0);
    (void)request(d, "");
    big = malloc(262144 + 512);
    need(big != NULL, "memory");
    n = (size_t)sprintf(big, "{\"request_id\":4,\"output\":{\"Text\":\"");
    memset(big + n, 'y', 262144);
    strcpy(big + n + 262144, "\"},\"success\":true,\"error\":null,\"resources_used\":{"
                             "\"instructions\":5500000,\"time_ms\":120}}");
    gas_note(d, "submit_execution_output_and_resolve, 256 KiB",
             vm_by_operator(d->h, "submit_execution_output_and_resolve", big), 0, 0);
    free(big);
    gas_note(d, "on_execution_response, 256 KiB", vmhost_wake(d->h, 0), 0, 0);
    gas_note(d, "get_stats", vmhost_view(d->h, "get_stats", ""), 170, 0.898);
}

size_t gas_measure(struct gas_row rows[GAS_ROWS_MAX])
{
    return gas_days(rows, run_day);
}

size_t gas_code_bytes(void)
{
    return vmhost_file(WASM).n;
}
