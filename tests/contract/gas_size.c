/* tests/contract/gas_size.c — what records lock of the contract's balance. */
#include "tests/contract/gas.h"

#include "tests/contract/vm_proofs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SOURCE                                                                                     \
    "{\"WasmUrl\":{\"url\":\"https://example.org/guest.wasm\",\"hash\":"                           \
    "\"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824\"}}"
#define REPO "\"accessor\":{\"Repo\":{\"repo\":\"github.com/alice/project\",\"branch\":\"main\"}}"
#define SECRET REPO ",\"profile\":\"default\""
#define KEY "\"accessor\":{\"System\":\"PaymentKey\"},\"profile\":\"1\""
#define OWNED ",\"owner\":\"" VMHOST_SIGNER "\""

/* The bytes that an amount of yoctoNEAR, as a view shows it, pays for. */
static uint64_t bytes_of(const struct nearvm_outcome *o)
{
    char text[64];

    need(vmhost_ok(o) && o->value.n > 21 && o->value.n < sizeof text, "an estimate");
    snprintf(text, sizeof text, "%.*s", (int)o->value.n - 21, (const char *)o->value.p + 1);
    return strtoull(text, NULL, 10);
}

static void stored(struct vmhost *h, struct gas_size *size, const char *method, const char *args)
{
    const uint64_t before = vmhost_env(h)->usage_bytes;

    need(vmhost_ok(vmhost_call(
             h, &(struct vmhost_call){.method = method,
                                      .args = alc_cstr(args),
                                      .deposit = (__uint128_t)ALC_NEAR_TGAS * 100000000000u})),
         method);
    size->bytes = vmhost_env(h)->usage_bytes - before;
}

static void secret(struct vmhost *h, struct gas_size *size, const char *name, size_t bytes)
{
    char data[501], args[1024];

    memset(data, 'A', bytes);
    data[bytes] = 0;
    snprintf(args, sizeof args,
             "{%s,\"encrypted_secrets_base64\":\"%s\",\"access\":\"AllowAll\"" OWNED "}", name,
             data);
    size->paid = bytes_of(vmhost_view(h, "estimate_storage_cost", args));
    stored(h, size, "store_secrets", args);
}

size_t gas_sizes(struct gas_size sizes[GAS_ROWS_MAX])
{
    struct vmhost *h = vmhost_open("c.test", vmhost_file(ALC_BUILD_DIR "/contracts/compute.wasm"));
    static const char limits[] = "\"resource_limits\":{\"max_instructions\":1000000000,"
                                 "\"max_memory_mb\":128,\"max_execution_seconds\":60}";
    char args[1024];
    size_t n = 0;

    need(vmhost_ok(vmhost_do(h, "new", "{\"owner_id\":\"" VMHOST_SIGNER "\"}")), "new");
    sizes[n] = (struct gas_size){"pending request, no input", 0, 0};
    snprintf(args, sizeof args, "{\"source\":" SOURCE ",%s}", limits);
    stored(h, &sizes[n++], "request_execution", args);
    sizes[n] = (struct gas_size){"pending request, 100 B of input", 0, 0};
    snprintf(args, sizeof args, "{\"source\":" SOURCE ",%s,\"input_data\":\"%0100d\"}", limits, 0);
    stored(h, &sizes[n++], "request_execution", args);
    sizes[n] = (struct gas_size){"secret, 4 B of ciphertext", 0, 0};
    secret(h, &sizes[n++], SECRET, 4);
    sizes[n] = (struct gas_size){"secret, 500 B of ciphertext", 0, 0};
    secret(h, &sizes[n++], REPO ",\"profile\":\"another\"", 500);
    sizes[n] = (struct gas_size){"payment key, the account's first", 0, 0};
    secret(h, &sizes[n++], KEY, 4);
    vmhost_close(h);
    return n;
}
