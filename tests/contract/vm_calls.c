#include "tests/contract/vm_calls.h"

struct vmhost *h;

void open_compute(const char *args)
{
    vmhost_close(h);
    h = vmhost_open("c.test", vmhost_file(COMPUTE_WASM));
    must(vmhost_do(h, "new", args), "new");
}

int open_contract(void **state)
{
    (void)state;
    open_compute("{\"owner_id\":\"" VMHOST_SIGNER "\"}");
    return 0;
}

int close_contract(void **state)
{
    (void)state;
    vmhost_close(h);
    h = NULL;
    return 0;
}

const struct nearvm_outcome *must(const struct nearvm_outcome *o, const char *what)
{
    if (!vmhost_ok(o)) fail_msg("%s", what);
    return o;
}

void refused(const struct nearvm_outcome *o, const char *part)
{
    assert_int_equal(o->end, NEARVM_ABORTED);
    if (!holds(o->error, part))
        fail_msg("%.*s, wanted: %s", (int)o->error.n, (const char *)o->error.p, part);
}

bool holds(struct alc_bytes in, const char *part)
{
    return memmem(in.p, in.n, part, strlen(part)) != NULL;
}

double tgas(uint64_t gas)
{
    return (double)gas / 1e12;
}
