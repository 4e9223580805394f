/* tests/unit/localnet/tool.c — a contract that does one thing per method, for the chain's tests.
 * Compiled for wasm32 without a library. */
#include <stddef.h>
#include <stdint.h>

#define IMPORT(name) __attribute__((import_module("env"), import_name(#name))) extern
#define EXPORT(name) __attribute__((export_name(#name))) void name(void)

IMPORT(input) void input(uint64_t reg);
IMPORT(read_register) void read_register(uint64_t reg, uint64_t ptr);
IMPORT(register_len) uint64_t register_len(uint64_t reg);
IMPORT(log_utf8) void log_utf8(uint64_t len, uint64_t ptr);
IMPORT(panic_utf8) void panic_utf8(uint64_t len, uint64_t ptr);
IMPORT(value_return) void value_return(uint64_t len, uint64_t ptr);
IMPORT(block_index) uint64_t block_index(void);
IMPORT(block_timestamp) uint64_t block_timestamp(void);
IMPORT(random_seed) void random_seed(uint64_t reg);
IMPORT(account_balance) void account_balance(uint64_t ptr);
IMPORT(attached_deposit) void attached_deposit(uint64_t ptr);
IMPORT(predecessor_account_id) void predecessor_account_id(uint64_t reg);
IMPORT(current_account_id) void current_account_id(uint64_t reg);
IMPORT(storage_write)
uint64_t storage_write(uint64_t kl, uint64_t kp, uint64_t vl, uint64_t vp, uint64_t reg);
IMPORT(storage_read) uint64_t storage_read(uint64_t kl, uint64_t kp, uint64_t reg);
IMPORT(storage_remove) uint64_t storage_remove(uint64_t kl, uint64_t kp, uint64_t reg);
IMPORT(promise_create)
uint64_t promise_create(uint64_t al, uint64_t ap, uint64_t ml, uint64_t mp, uint64_t il,
                        uint64_t ip, uint64_t amount, uint64_t gas);
IMPORT(promise_then)
uint64_t promise_then(uint64_t p, uint64_t al, uint64_t ap, uint64_t ml, uint64_t mp, uint64_t il,
                      uint64_t ip, uint64_t amount, uint64_t gas);
IMPORT(promise_and) uint64_t promise_and(uint64_t ptr, uint64_t count);
IMPORT(promise_return) void promise_return(uint64_t p);
IMPORT(promise_results_count) uint64_t promise_results_count(void);
IMPORT(promise_result) uint64_t promise_result(uint64_t i, uint64_t reg);
IMPORT(promise_batch_create) uint64_t promise_batch_create(uint64_t al, uint64_t ap);
IMPORT(promise_batch_action_create_account) void promise_batch_action_create_account(uint64_t p);
IMPORT(promise_batch_action_transfer)
void promise_batch_action_transfer(uint64_t p, uint64_t amount);
IMPORT(promise_batch_action_delete_account)
void promise_batch_action_delete_account(uint64_t p, uint64_t al, uint64_t ap);
IMPORT(promise_batch_action_function_call_weight)
void promise_batch_action_function_call_weight(uint64_t p, uint64_t ml, uint64_t mp, uint64_t il,
                                               uint64_t ip, uint64_t amount, uint64_t gas,
                                               uint64_t weight);
IMPORT(promise_yield_create)
uint64_t promise_yield_create(uint64_t ml, uint64_t mp, uint64_t il, uint64_t ip, uint64_t gas,
                              uint64_t weight, uint64_t reg);
IMPORT(promise_yield_resume)
uint32_t promise_yield_resume(uint64_t dl, uint64_t dp, uint64_t pl, uint64_t pp);

IMPORT(promise_batch_action_transfer_to_gas_key)
void promise_batch_action_transfer_to_gas_key(uint64_t p, uint64_t kl, uint64_t kp,
                                              uint64_t amount);
IMPORT(promise_batch_action_add_gas_key_with_full_access)
void promise_batch_action_add_gas_key_with_full_access(uint64_t p, uint64_t kl, uint64_t kp,
                                                       uint64_t nonces);
IMPORT(promise_batch_action_add_gas_key_with_function_call)
void promise_batch_action_add_gas_key_with_function_call(uint64_t p, uint64_t kl, uint64_t kp,
                                                         uint64_t nonces, uint64_t allowance,
                                                         uint64_t al, uint64_t ap, uint64_t ml,
                                                         uint64_t mp);

#define TGAS 1000000000000ull
#define P(x) ((uint64_t)(uintptr_t)(x))
#define LIT(s) (sizeof(s) - 1), P(s)

static uint8_t arg[4096];
static uint64_t arg_n;
static uint8_t me[64];
static uint64_t me_n;
static uint64_t amount[2];

static void read_input(void)
{
    input(0);
    arg_n = register_len(0);
    read_register(0, P(arg));
}

static void read_me(void)
{
    current_account_id(1);
    me_n = register_len(1);
    read_register(1, P(me));
}

static const uint64_t *near(uint64_t n) /* 10^24 = 0xd3c2_1bcecceda1000000 */
{
    __uint128_t v = ((__uint128_t)0xd3c2 << 64 | 0x1bcecceda1000000ull) * n;
    amount[0] = (uint64_t)v;
    amount[1] = (uint64_t)(v >> 64);
    return amount;
}

static const uint64_t zero[2];

EXPORT(hello)
{
}

EXPORT(set)
{
    read_input();
    storage_write(LIT("k"), arg_n, P(arg), 0);
}

EXPORT(get)
{
    if (storage_read(LIT("k"), 0) == 0) return;
    uint64_t n = register_len(0);
    read_register(0, P(arg));
    value_return(n, P(arg));
}

EXPORT(del)
{
    storage_remove(LIT("k"), 0);
}

/* a big record: storage that must be paid for */
EXPORT(fill)
{
    static uint8_t big[20000];
    storage_write(LIT("big"), sizeof big, P(big), 0);
}

EXPORT(boom)
{
    storage_write(LIT("k"), LIT("lost"), 0);
    log_utf8(LIT("before the end"));
    panic_utf8(LIT("boom"));
}

/* uses all its gas */
EXPORT(spin)
{
    for (volatile uint32_t i = 0;; i++) {
    }
}

EXPORT(echo)
{
    read_input();
    value_return(arg_n, P(arg));
}

EXPORT(where)
{
    static uint64_t out[2];
    out[0] = block_index();
    out[1] = block_timestamp();
    value_return(sizeof out, P(out));
}

EXPORT(dice)
{
    random_seed(0);
    read_register(0, P(arg));
    value_return(32, P(arg));
}

/* what came of the promises before: "1" with data, "2" failed; then the data, with ';' after each
 */
EXPORT(cb)
{
    static uint8_t out[4096];
    uint64_t n = 0, count = promise_results_count();
    for (uint64_t i = 0; i < count; i++) {
        uint64_t status = promise_result(i, 0);
        out[n++] = (uint8_t)('0' + status);
        if (status == 1) {
            read_register(0, P(out + n));
            n += register_len(0);
        }
        out[n++] = ';';
    }
    log_utf8(n, P(out));
    value_return(n, P(out));
}

EXPORT(chain)
{
    read_me();
    uint64_t p = promise_create(me_n, P(me), LIT("echo"), LIT("one"), P(zero), 5 * TGAS);
    p = promise_then(p, me_n, P(me), LIT("cb"), LIT(""), P(zero), 5 * TGAS);
    promise_return(p);
}

EXPORT(chain_fails)
{
    read_me();
    uint64_t p = promise_create(me_n, P(me), LIT("boom"), LIT(""), P(zero), 5 * TGAS);
    p = promise_then(p, me_n, P(me), LIT("cb"), LIT(""), P(zero), 5 * TGAS);
    promise_return(p);
}

EXPORT(join)
{
    uint64_t all[3];
    read_me();
    all[0] = promise_create(me_n, P(me), LIT("echo"), LIT("a"), P(zero), 5 * TGAS);
    all[1] = promise_create(me_n, P(me), LIT("boom"), LIT(""), P(zero), 5 * TGAS);
    all[2] = promise_create(me_n, P(me), LIT("chain"), LIT(""), P(zero), 25 * TGAS);
    uint64_t p = promise_and(P(all), 3);
    p = promise_then(p, me_n, P(me), LIT("cb"), LIT(""), P(zero), 5 * TGAS);
    promise_return(p);
}

EXPORT(side_fails)
{
    read_me();
    promise_create(me_n, P(me), LIT("boom"), LIT(""), P(zero), 5 * TGAS);
    value_return(LIT("fine"));
}

/* pays 1 NEAR to the account named */
EXPORT(pay)
{
    read_input();
    uint64_t p = promise_batch_create(arg_n, P(arg));
    promise_batch_action_transfer(p, P(near(1)));
}

/* pays 1 NEAR to one that cannot take it, and fails itself */
EXPORT(pay_and_boom)
{
    read_input();
    uint64_t p = promise_batch_create(arg_n, P(arg));
    promise_batch_action_transfer(p, P(near(1)));
    panic_utf8(LIT("after all"));
}

EXPORT(make)
{
    read_input();
    uint64_t p = promise_batch_create(arg_n, P(arg));
    promise_batch_action_create_account(p);
    promise_batch_action_transfer(p, P(near(2)));
}

EXPORT(weigh)
{
    read_me();
    uint64_t p = promise_batch_create(me_n, P(me));
    promise_batch_action_function_call_weight(p, LIT("hello"), LIT(""), P(zero), 0, 1);
    promise_batch_action_function_call_weight(p, LIT("hello"), LIT(""), P(zero), 0, 2);
}

EXPORT(end_me)
{
    read_input();
    read_me();
    uint64_t p = promise_batch_create(me_n, P(me));
    promise_batch_action_delete_account(p, arg_n, P(arg));
}

/* ---- gas keys; the input is a key, 33 bytes ---- */

/* one of 3 nonces with 1 NEAR in it */
EXPORT(gas_key)
{
    read_input();
    read_me();
    uint64_t p = promise_batch_create(me_n, P(me));
    promise_batch_action_add_gas_key_with_full_access(p, arg_n, P(arg), 3);
    promise_batch_action_transfer_to_gas_key(p, arg_n, P(arg), P(near(1)));
}

static void add_call_gas_key(const uint64_t *allowance)
{
    read_input();
    read_me();
    uint64_t p = promise_batch_create(me_n, P(me));
    promise_batch_action_add_gas_key_with_function_call(p, arg_n, P(arg), 2, P(allowance), me_n,
                                                        P(me), LIT("set,boom"));
}

EXPORT(gas_call_key)
{
    add_call_gas_key(zero); /* none */
}

/* gas keys have no allowance */
EXPORT(gas_call_key_with_allowance)
{
    add_call_gas_key(near(1));
}

/* ---- yields ---- */

static uint64_t open_yield(void)
{
    uint64_t p = promise_yield_create(LIT("cb"), LIT(""), 10 * TGAS, 0, 0);
    read_register(0, P(arg));
    storage_write(LIT("y"), 32, P(arg), 1);
    return p;
}

EXPORT(ask)
{
    promise_return(open_yield());
}

/* the yield is not returned; who waits for it is a second callback */
EXPORT(ask_then)
{
    read_me();
    uint64_t p = promise_then(open_yield(), me_n, P(me), LIT("cb"), LIT(""), P(zero), 5 * TGAS);
    promise_return(p);
}

static void resume_with(uint64_t n, const void *p)
{
    static uint8_t id[32];
    storage_read(LIT("y"), 0);
    read_register(0, P(id));
    uint8_t done = (uint8_t)('0' + promise_yield_resume(32, P(id), n, P(p)));
    value_return(1, P(&done));
}

EXPORT(resume)
{
    read_input();
    resume_with(arg_n, arg);
}

EXPORT(ask_and_resume)
{
    uint64_t p = open_yield();
    resume_with(3, "now");
    promise_return(p);
}

EXPORT(ask_and_boom)
{
    open_yield();
    panic_utf8(LIT("no question"));
}
