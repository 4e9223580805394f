/* tests/contract/fake_near.h — NEAR's host functions over plain memory, for contracts built
 * natively under sanitizers.
 *
 * One contract on one account.  A call that panics leaves state and promises as they were.  Nothing
 * travels: receipts are recorded, yields wait until the test runs the callback.  The fake is
 * stricter than the VM: a view that writes, a log that is not UTF-8 and whatever breaks a protocol
 * limit stop the program.  Out of memory does too. */
#ifndef FAKE_NEAR_H
#define FAKE_NEAR_H

#include "contract/near.h"

#define FAKE_RECEIPTS_MAX 2048u
#define FAKE_LOGS_MAX 100u

/* What the contract sees of the world; set before a call. */
struct fake_env {
    const char *current;
    const char *predecessor;
    const char *signer;
    uint8_t signer_key[33]; /* borsh: curve, key */
    near_u128 deposit;
    uint64_t height;
    uint64_t time_ns;
};

/* A receipt that the last call made: a transfer, a function call, or a key added or deleted. */
struct fake_receipt {
    char receiver[65];
    char method[257];      /* empty: none is called */
    struct alc_bytes args; /* owned by the fake until the next call */
    near_u128 amount;
    uint64_t gas;
    uint64_t weight;
    uint64_t after; /* index of another one, or NEAR_NOW */
    /* A second and later call of one receipt stands in an entry of its own: of which one it is a
     * part, or NEAR_NOW. */
    uint64_t part_of;
    /* keys as borsh, owned like args; p NULL: not that action */
    struct alc_bytes add_key, delete_key;
    near_u128 allowance;
    char key_receiver[65];
    char key_methods[257];
};

extern struct fake_env fake_env;

void fake_reset(void); /* empty state, default environment */

/* fake_call runs an entry; false: it panicked.  fake_view is the same without leave to write. */
bool fake_call(void (*entry)(void), struct alc_bytes args);
bool fake_view(void (*entry)(void), struct alc_bytes args);
/* fake_callback gives the call the result of one promise; result.p NULL: it failed. */
bool fake_callback(void (*entry)(void), struct alc_bytes args, struct alc_bytes result);

/* What the last call left.  Texts end with a NUL that does not count. */
struct alc_bytes fake_panic(void);
struct alc_bytes fake_returned(void); /* p NULL: nothing */
size_t fake_logs(void);
struct alc_bytes fake_log(size_t i);
size_t fake_receipts(void);
const struct fake_receipt *fake_receipt(size_t i);
size_t fake_promise_returned(void); /* index of a receipt; FAKE_RECEIPTS_MAX: none, or a yield */
bool fake_yielded(struct alc_hash *data_id, struct alc_bytes *args); /* by the last call */
/* fake_yielded_to is the callback of that yield, with the gas reserved for it and its weight of
 * what is left; NULL: the last call did not yield. */
const char *fake_yielded_to(uint64_t *gas, uint64_t *weight);
bool fake_resumed(struct alc_hash *data_id, struct alc_bytes *payload);
/* Whether promise_yield_resume finds the yield: true until told otherwise. */
void fake_yields_wait(bool wait);

/* What host functions in files of their own leave behind. */
void fake_register(uint64_t reg, struct alc_bytes value);
extern size_t fake_ecrecovers; /* calls of ecrecover so far */

/* The state. */
size_t fake_records(void);
void fake_record(size_t i, struct alc_bytes *key, struct alc_bytes *value);
uint64_t fake_state_bytes(void); /* keys, values and 40 for each record */
bool fake_get(struct alc_bytes key, struct alc_bytes *value);
void fake_put(struct alc_bytes key, struct alc_bytes value);

#endif
