/* sdk/contract/near.h — C for NEAR contracts: the host, storage, logs, promises, panics.
 *
 * Freestanding: no libc, no heap; every buffer is static and has a named limit.  A contract is one
 * instance per call, so static buffers are born zero and die with the call; code must not rely on
 * the zeroes, since native tests keep one instance for many calls.
 *
 * The same source builds natively: the host functions are then ordinary functions that a fake
 * host supplies (tests/contract/fake_near.c), and near_panic does not return there either.
 * No host function newer than protocol 83 is declared, because one missing import makes every
 * method of a contract uncallable; near_p256.h has one that is newer.  JSON is in contract/json.h.
 */
#ifndef NEAR_H
#define NEAR_H

#include "base/borsh.h"

/* What the protocol allows; a static buffer of this size takes whatever can be sent. */
#define NEAR_ARGS_MAX_BYTES 4194304u
#define NEAR_VALUE_MAX_BYTES 4194304u
#define NEAR_LOG_MAX_BYTES 16384u /* of all logs of one call together */
#define NEAR_ACCOUNT_MAX_BYTES 64u
#define NEAR_RESUME_MAX_BYTES 1024u /* payload of near_yield_resume */
#define NEAR_TGAS 1000000000000u
#define NEAR_STORAGE_RECORD_BYTES 40u /* what a record costs besides its key and value */

typedef __uint128_t near_u128;

#define NEAR_NORETURN __attribute__((noreturn))
/* Before a definition: clang would write the body at each call, which is longer. */
#define NEAR_APART __attribute__((noinline))

/* The host functions as the VM exports them; pointers and lengths are u64 there. */
#ifdef __wasm__
#define NEAR_HOST(ret, name, ...)                                                                  \
    __attribute__((import_module("env"), import_name(#name))) ret near_host_##name(__VA_ARGS__)
#define NEAR_ENTRY(name) __attribute__((export_name(#name))) void near_entry_##name(void)
#else
#define NEAR_HOST(ret, name, ...) ret near_host_##name(__VA_ARGS__)
#define NEAR_ENTRY(name) void near_entry_##name(void)
#endif

NEAR_HOST(void, read_register, uint64_t reg, uint64_t p);
NEAR_HOST(uint64_t, register_len, uint64_t reg);
NEAR_HOST(void, current_account_id, uint64_t reg);
NEAR_HOST(void, signer_account_id, uint64_t reg);
NEAR_HOST(void, signer_account_pk, uint64_t reg);
NEAR_HOST(void, predecessor_account_id, uint64_t reg);
NEAR_HOST(void, input, uint64_t reg);
NEAR_HOST(uint64_t, block_index, void);
NEAR_HOST(uint64_t, block_timestamp, void);
NEAR_HOST(void, attached_deposit, uint64_t balance);
NEAR_HOST(void, random_seed, uint64_t reg);
NEAR_HOST(void, sha256, uint64_t n, uint64_t p, uint64_t reg);
NEAR_HOST(uint64_t, ed25519_verify, uint64_t sig_n, uint64_t sig, uint64_t message_n,
          uint64_t message, uint64_t key_n, uint64_t key);
NEAR_HOST(void, value_return, uint64_t n, uint64_t p);
NEAR_HOST(NEAR_NORETURN void, panic_utf8, uint64_t n, uint64_t p);
NEAR_HOST(void, log_utf8, uint64_t n, uint64_t p);
NEAR_HOST(uint64_t, promise_batch_create, uint64_t account_n, uint64_t account);
NEAR_HOST(void, promise_batch_action_transfer, uint64_t promise, uint64_t amount);
NEAR_HOST(void, promise_batch_action_function_call_weight, uint64_t promise, uint64_t method_n,
          uint64_t method, uint64_t args_n, uint64_t args, uint64_t amount, uint64_t gas,
          uint64_t weight);
NEAR_HOST(void, promise_batch_action_add_key_with_function_call, uint64_t promise, uint64_t key_n,
          uint64_t key, uint64_t nonce, uint64_t allowance, uint64_t receiver_n, uint64_t receiver,
          uint64_t methods_n, uint64_t methods);
NEAR_HOST(void, promise_batch_action_delete_key, uint64_t promise, uint64_t key_n, uint64_t key);
NEAR_HOST(uint64_t, promise_batch_then, uint64_t promise, uint64_t account_n, uint64_t account);
NEAR_HOST(uint64_t, promise_yield_create, uint64_t method_n, uint64_t method, uint64_t args_n,
          uint64_t args, uint64_t gas, uint64_t weight, uint64_t reg);
NEAR_HOST(uint32_t, promise_yield_resume, uint64_t id_n, uint64_t id, uint64_t payload_n,
          uint64_t payload);
NEAR_HOST(uint64_t, promise_results_count, void);
NEAR_HOST(uint64_t, promise_result, uint64_t index, uint64_t reg);
NEAR_HOST(void, promise_return, uint64_t promise);
NEAR_HOST(uint64_t, storage_write, uint64_t key_n, uint64_t key, uint64_t value_n, uint64_t value,
          uint64_t reg);
NEAR_HOST(uint64_t, storage_read, uint64_t key_n, uint64_t key, uint64_t reg);
NEAR_HOST(uint64_t, storage_remove, uint64_t key_n, uint64_t key, uint64_t reg);
NEAR_HOST(uint64_t, storage_has_key, uint64_t key_n, uint64_t key);

/* near_panic ends the call: nothing it did is kept and the deposit goes back.  near_panic_with puts
 * `detail` behind the text, near_panic_parts between two; at most 256 bytes in all: a part that
 * does not fit is left out whole, and what follows it too. */
NEAR_NORETURN void near_panic(const char *text);
NEAR_NORETURN void near_panic_with(const char *text, struct alc_bytes detail);
NEAR_NORETURN void near_panic_parts(const char *before, struct alc_bytes detail, const char *after);
NEAR_NORETURN void near_panic_bytes(struct alc_bytes text);
/* near_refuse panics if `bad`; a check written so is 4 bytes shorter than one with `if`. */
void near_refuse(bool bad, const char *text);
void near_refuse_with(bool bad, const char *text, const struct alc_bytes *detail);

/* How a method may be called.  A contract lists its methods once with their kinds,
 *
 *     #define METHODS(X) X(new, CALL) X(ask, PAYABLE) X(on_answer, PRIVATE) X(get_answer, VIEW)
 *     METHODS(NEAR_METHOD)
 *
 * and defines `static void method_ask(void)` (or `void`, elsewhere) for each. */
enum near_kind {
    NEAR_CALL,    /* changes state; refuses a deposit */
    NEAR_PAYABLE, /* changes state; takes a deposit */
    NEAR_PRIVATE, /* a callback: only the contract itself may call it; refuses a deposit */
    NEAR_VIEW,    /* reads */
};

/* near_enter makes the checks that come before a method's arguments are looked at. */
void near_enter(const char *method, enum near_kind kind);
/* The same for the two kinds that have something to check; of the others the name need not be in
 * the code. */
void near_enter_call(const char *method);
void near_enter_private(const char *method);

#define NEAR_METHOD(name, kind)                                                                    \
    NEAR_ENTRY(name);                                                                              \
    NEAR_ENTRY(name)                                                                               \
    {                                                                                              \
        if (NEAR_##kind == NEAR_CALL) near_enter_call(#name);                                      \
        if (NEAR_##kind == NEAR_PRIVATE) near_enter_private(#name);                                \
        method_##name();                                                                           \
    }

/* An account id with its own bytes, since the host hands out copies. */
struct near_account {
    uint8_t b[NEAR_ACCOUNT_MAX_BYTES];
    size_t n;
};

static inline struct alc_bytes near_account_bytes(const struct near_account *a)
{
    return (struct alc_bytes){a->b, a->n};
}

void near_current(struct near_account *out);
void near_predecessor(struct near_account *out);
void near_signer(struct near_account *out);
bool near_account_valid(struct alc_bytes id); /* NEAR's rules for the form of an account id */

/* near_signer_key sets *out to the Ed25519 key that signed the transaction; false: it was signed
 * by a key of another kind. */
ALC_MUST bool near_signer_key(struct alc_hash *out);

near_u128 near_deposit(void); /* yoctoNEAR */
void near_sha256(struct alc_hash *out, struct alc_bytes in);
/* near_ed25519: `sig` is the signature of `message` under the key.  0.2 Tgas. */
ALC_MUST bool near_ed25519(const uint8_t sig[64], const struct alc_hash *key,
                           struct alc_bytes message);
void near_random(struct alc_hash *out); /* the block's seed: the same for all who ask in it */

/* near_input copies the call's arguments into buf; panics when they are longer than `cap`. */
struct alc_bytes near_input(uint8_t *buf, size_t cap);

void near_return(struct alc_bytes value);
void near_log(struct alc_bytes line);

/* Storage.  near_get and near_take copy the value into buf and set *n; false: no such record.  A
 * value longer than `cap` panics.  near_take also removes the record. */
void near_put(struct alc_bytes key, struct alc_bytes value);
ALC_MUST bool near_get(struct alc_bytes key, uint8_t *buf, size_t cap, size_t *n);
ALC_MUST bool near_take(struct alc_bytes key, uint8_t *buf, size_t cap, size_t *n);
bool near_has(struct alc_bytes key);
bool near_remove(struct alc_bytes key); /* whether there was such a record */

/* near_transfer sends `yocto` to `account` in a receipt of its own, whose failure is not seen. */
void near_transfer(struct alc_bytes account, near_u128 yocto);

/* near_call makes a receipt that calls `method` of `account` with at least `gas`, and of the gas
 * that this call leaves over a share by `weight`; it runs after `after` unless that is NEAR_NOW.
 * Returns the promise, for `after` of another one or for near_return_promise. */
#define NEAR_NOW UINT64_MAX
struct near_call {
    struct alc_bytes account;
    const char *method;
    struct alc_bytes args;
    near_u128 deposit;
    uint64_t gas;
    uint64_t weight;
};
uint64_t near_call(uint64_t after, const struct near_call *call);
void near_return_promise(uint64_t promise);

/* near_batch makes an empty receipt for `account`, to which actions are added; it can be waited for
 * like a call.  Keys are borsh: tag of the curve, then the bytes.
 * near_batch_add_key: the key may call `methods` (names with commas between) of `receiver`, for at
 * most `allowance` yoctoNEAR of gas.  The receipt fails when the account has such a key already.
 * near_batch_delete_key: the receipt fails when there is no such key. */
uint64_t near_batch(struct alc_bytes account);
/* near_batch_call: one of several calls that succeed or fail together; call->account is not read.
 */
void near_batch_call(uint64_t promise, const struct near_call *call);
void near_batch_add_key(uint64_t promise, struct alc_bytes key, near_u128 allowance,
                        struct alc_bytes receiver, struct alc_bytes methods);
void near_batch_delete_key(uint64_t promise, struct alc_bytes key);

/* near_result copies the result of the one promise that this callback waited for; false: the
 * promise failed, or a yield was not resumed in time.  Panics when there is not exactly one. */
ALC_MUST bool near_result(uint8_t *buf, size_t cap, size_t *n);

/* near_yield makes the promise that calls `method` of this contract once somebody resumes it with
 * *data_id, or after 200 blocks.  near_yield_resume: false when no such yield waits. */
uint64_t near_yield(const char *method, struct alc_bytes args, uint64_t gas, uint64_t weight,
                    struct alc_hash *data_id);
ALC_MUST bool near_yield_resume(const struct alc_hash *data_id, struct alc_bytes payload);

/* Amounts: overflow panics. */
near_u128 near_add(near_u128 a, near_u128 b);
near_u128 near_mul(near_u128 a, uint64_t b);

#endif
