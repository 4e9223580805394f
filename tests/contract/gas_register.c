#include "tests/contract/gas_register.h"

#include "base/enc.h"
#include "tests/contract/register_world.h"
#include "tests/lib/vmhost.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WASM ALC_BUILD_DIR "/contracts/register.wasm"
#define SOFTWARE_WASM ALC_BUILD_DIR "/contracts/register-software.wasm"
#define NS 1000000000u
#define OWNER VMHOST_SIGNER
#define INIT "init.test"
#define MGAS 1000000u
#define LARGEST_LEVELS 49u

struct day {
    struct vmhost *h;
    struct gas_row *rows;
    size_t n;
    bool nodes, real;
};

static void need(bool holds, const char *what)
{
    if (holds) return;
    fprintf(stderr, "gas_register: %s\n", what);
    abort();
}

static void note_gas(struct day *d, const char *name, uint64_t gas, uint64_t limit_mgas,
                     double outlayer)
{
    struct gas_row *r = &d->rows[d->n++];

    need(d->n <= GAS_ROWS_MAX, "too many rows");
    if (d->nodes) {
        r->nodes = gas;
        return;
    }
    *r = (struct gas_row){name, gas, 0, limit_mgas * MGAS, outlayer};
}

static uint64_t note(struct day *d, const char *name, const struct nearvm_outcome *o,
                     uint64_t limit_mgas, double outlayer)
{
    need(vmhost_ok(o), name);
    note_gas(d, name, o->burnt_gas, limit_mgas, outlayer);
    return o->burnt_gas;
}

static const struct nearvm_outcome *by(struct day *d, const char *who, const char *method,
                                       struct alc_bytes args)
{
    return vmhost_call(d->h, &(struct vmhost_call){.method = method, .args = args, .signer = who});
}

static struct alc_bytes registration(const char *key, struct alc_bytes quote)
{
    return alc_cstr(
        world_text("{\"public_key\":\"%s\",\"tdx_quote_hex\":\"%s\"}", key, world_hex(quote)));
}

static void open_day(struct day *d, const char *wasm)
{
    d->h = vmhost_open("op.test", vmhost_file(wasm));
    vmhost_env(d->h)->trie_nodes = d->nodes ? GAS_TRIE_NODES : 0;
    vmhost_env(d->h)->time_ns = WORLD_S * NS;
}

static struct alc_bytes new_args(void)
{
    return alc_cstr(world_text("{\"owner_id\":\"" OWNER "\",\"init_worker_account\":\"" INIT
                               "\",\"outlayer_contract_id\":\"c.test\",\"chain_id\":\"localnet\","
                               "\"simulated_root\":\"%s\"}",
                               world_root()));
}

static struct alc_bytes approve_args(struct alc_bytes quote)
{
    return alc_cstr(world_text("{\"measurements\":%s}", world_measurement_of(quote)));
}

/* About as many levels and advisories as a set of 64 kB holds, each new name before the others. */
static struct alc_bytes largest_set(void)
{
    struct alc_buf b = ALC_BUF(1u << 20);
    struct alc_bytes set;

    alc_buf_put_text(&b, "\"tcbLevels\":[");
    for (unsigned level = 0; level < LARGEST_LEVELS; level++) {
        for (unsigned tdx = 0; tdx < 2; tdx++) {
            alc_buf_put_text(&b, tdx == 0 ? "{\"tcb\":{\"sgxtcbcomponents\":["
                                          : "],\"pcesvn\":9,\"tdxtcbcomponents\":[");
            for (unsigned i = 0; i < 16; i++)
                alc_buf_printf(&b, "%s{\"svn\":%u}", i > 0 ? "," : "", level + 100);
        }
        alc_buf_put_text(&b, "]},\"tcbDate\":\"2024-01-01T00:00:00Z\",\"tcbStatus\":\"OutOfDate\","
                             "\"advisoryIDs\":[");
        for (unsigned i = 0; i < 60; i++)
            alc_buf_printf(&b, "%s\"%u\"", i > 0 ? "," : "",
                           299 - (level == 0   ? i
                                  : level == 1 ? 60 + i
                                               : 2 * i));
        alc_buf_put_text(&b, "]},");
    }
    alc_buf_put_text(&b, "{\"tcb\":{\"sgx");
    need(alc_buf_text(&b) != NULL, "memory");
    set = world_set_changed(WORLD_S + 1, "\"tcbLevels\":[{\"tcb\":{\"sgx", alc_buf_text(&b));
    alc_buf_fini(&b);
    need(set.n > 62000 && set.n <= 65536, "the largest set is about 64 kB");
    return set;
}

/* The sample was made for nobody: its report data begins with a key, and ends in bytes that answer
 * to no challenge, so its registration is refused after all its checks.  What a registration burns
 * behind them is seen on a simulated quote, once accepted and once refused at the same place. */
static void real_registration(struct day *d, struct alc_bytes quote, uint64_t accepted)
{
    struct alc_hash elsewhere = {{1}};
    const struct nearvm_outcome *o;
    uint64_t real, refused;
    uint8_t key[32];
    size_t n;

    o = by(d, INIT, "register_worker_key",
           registration(world_key_of(0x33), world_quote_of(0x33, &elsewhere)));
    need(o->end == NEARVM_ABORTED && memmem(o->error.p, o->error.n, "no challenge", 12) != NULL,
         "the quote is bound to a challenge");
    refused = o->burnt_gas;
    need(alc_hex_decode(key, sizeof key, &n, ALC_LIT(REAL_KEY_HEX)), "key");
    o = by(d, INIT, "register_worker_key", registration(world_key(key), quote));
    need(o->end == NEARVM_ABORTED && memmem(o->error.p, o->error.n, "no challenge", 12) != NULL,
         "the sample passes all but the last check");
    real = o->burnt_gas;
    note_gas(d, "register_worker_key, tdx_quote", real + accepted - refused, 8000000, 181.1);
}

static size_t run_day(struct day *d)
{
    struct alc_bytes sim_quote = world_quote_of(0x33, NULL), quote, set;
    uint64_t accepted;

    d->real = world_real(&quote, &set);
    open_day(d, WASM);
    note(d, "register: new", by(d, OWNER, "new", new_args()), 0, 0);
    note(d, "add_approved_measurements",
         by(d, OWNER, "add_approved_measurements", approve_args(sim_quote)), 0, 0);
    note(d, "put_collateral, SIMULATED",
         by(d, OWNER, "put_collateral", world_put(world_set(ALC_TEE_TDX, WORLD_S), "")), 25000000,
         0);
    if (d->real) {
        need(vmhost_ok(by(d, OWNER, "add_approved_measurements", approve_args(quote))), "approve");
        note(d, "put_collateral", by(d, OWNER, "put_collateral", world_put(set, "")), 25000000, 0);
        note(d, "update_collateral, equal",
             by(d, OWNER, "update_collateral", world_put(set, ",\"index\":0")), 25000000, 1.950);
    }
    note(d, "new_challenge", by(d, INIT, "new_challenge", ALC_LIT("{}")), 0, 0);
    accepted = note(d, "register_worker_key, SIMULATED",
                    by(d, INIT, "register_worker_key", registration(world_key_of(0x33), sim_quote)),
                    8000000, 0);
    if (d->real) {
        /* again the same key: a record less to write than the first time, so the first one counts
         */
        real_registration(d, quote, accepted);
        note(d, "verify_quote, tdx_quote",
             by(d, "any.test", "verify_quote",
                alc_cstr(world_text("{\"quote\":\"%s\"}", world_base64(quote)))),
             8000000, 0);
    }
    note(d, "put_collateral, the largest",
         by(d, OWNER, "put_collateral", world_put(largest_set(), "")), 40000000, 0);
    note(d, "register_worker_key, the largest",
         by(d, INIT, "register_worker_key", registration(world_key_of(0x33), sim_quote)), 12000000,
         0);
    note(d, "get_worker_key",
         vmhost_view(d->h, "get_worker_key",
                     world_text("{\"public_key\":\"%s\"}", world_key_of(0x33))),
         0, 0);
    note(d, "clear_all_approved_measurements",
         by(d, OWNER, "clear_all_approved_measurements", ALC_LIT("")), 0, 0);
    vmhost_close(d->h);

    open_day(d, SOFTWARE_WASM);
    need(vmhost_ok(by(d, OWNER, "new", new_args())), "new");
    need(vmhost_ok(by(d, OWNER, "add_approved_measurements", approve_args(sim_quote))), "approve");
    note(d, "put_collateral, software P-256",
         by(d, OWNER, "put_collateral", world_put(world_set(ALC_TEE_TDX, WORLD_S), "")), 0, 0);
    note(d, "register_worker_key, software",
         by(d, INIT, "register_worker_key", registration(world_key_of(0x33), sim_quote)), 0, 181.1);
    vmhost_close(d->h);
    return d->n;
}

size_t gas_register_measure(struct gas_row rows[GAS_ROWS_MAX], bool *real)
{
    struct day bare = {.rows = rows}, nodes = {.rows = rows, .nodes = true};
    size_t n;

    world_open();
    n = run_day(&bare);
    need(run_day(&nodes) == n, "the two days differ");
    *real = bare.real;
    world_close();
    return n;
}

size_t gas_register_code_bytes(void)
{
    return vmhost_file(WASM).n;
}

size_t gas_register_software_code_bytes(void)
{
    return vmhost_file(SOFTWARE_WASM).n;
}
