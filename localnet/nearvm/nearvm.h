/* localnet/nearvm/nearvm.h — NEAR's own VM (crate near-vm-runner) behind a C ABI.
 *
 * Runs one function call of one contract and says what it did.  Knows nothing of blocks, receipts
 * in flight, balances of others or storage fees: that is the chain's, in C.  All numbers (fees,
 * limits) come from near-parameters at the protocol version given to nearvm_open.
 *
 * Amounts are yoctoNEAR; gas is in gas units.  A struct nearvm may be used by several threads at
 * once.  Nothing here ends the process: a panic in the VM is returned as ALC_CORRUPT. */
#ifndef NEARVM_H
#define NEARVM_H

#include "base/bytes.h"
#include "base/err.h"

#define NEARVM_PROTOCOL 88u

struct nearvm; /* opaque */

/* nearvm_open makes a VM for `protocol_version` and sets *out.  Compiled contracts stay loaded, and
 * lie as files in `cache_dir` (made when absent; trusted: what is there is run) for the next start;
 * NULL: in a temporary folder that nearvm_close removes.  The first open takes SIGSEGV, SIGILL,
 * SIGFPE and SIGBUS, by which traps of contracts are found, and passes on those that are not its
 * own; whoever replaces these handlers later turns a trap into a crash.
 * ALC_BAD_INPUT: the version is not known.  ALC_IO: the folder. */
ALC_MUST enum alc_rc nearvm_open(struct nearvm **out, uint32_t protocol_version,
                                 const char *cache_dir, struct alc_err *err);

/* nearvm_close frees `vm`, which may be NULL.  No run may be under way. */
void nearvm_close(struct nearvm *vm);

/* nearvm_config_json is the runtime config as nodes show it (RuntimeConfigView), a JSON object;
 * borrowed until the VM is closed. */
struct alc_bytes nearvm_config_json(const struct nearvm *vm);

/* ---- what the chain computes with ---- */

/* near-parameters' ActionCosts, same numbers. */
enum nearvm_cost {
    NEARVM_CREATE_ACCOUNT = 0,
    NEARVM_DELETE_ACCOUNT = 1,
    NEARVM_DEPLOY_BASE = 2,
    NEARVM_DEPLOY_BYTE = 3,
    NEARVM_CALL_BASE = 4,
    NEARVM_CALL_BYTE = 5, /* of method name and arguments */
    NEARVM_TRANSFER = 6,
    NEARVM_STAKE = 7,
    NEARVM_ADD_FULL_KEY = 8,
    NEARVM_ADD_CALL_KEY_BASE = 9,
    NEARVM_ADD_CALL_KEY_BYTE = 10, /* of each method name and one more per name */
    NEARVM_DELETE_KEY = 11,
    NEARVM_ACTION_RECEIPT = 12,
    NEARVM_DATA_RECEIPT_BASE = 13,
    NEARVM_DATA_RECEIPT_BYTE = 14,
    NEARVM_DELEGATE = 15,
    NEARVM_DEPLOY_GLOBAL_BASE = 16,
    NEARVM_DEPLOY_GLOBAL_BYTE = 17,
    NEARVM_USE_GLOBAL_BASE = 18,
    NEARVM_USE_GLOBAL_BYTE = 19, /* of the identifier */
    NEARVM_STATE_INIT_BASE = 20,
    NEARVM_STATE_INIT_BYTE = 21,
    NEARVM_STATE_INIT_ENTRY = 22,
    NEARVM_GAS_KEY_TRANSFER_BASE = 23,
    NEARVM_GAS_KEY_BYTE = 24,
    NEARVM_GAS_KEY_NONCE_WRITE = 25,
    NEARVM_UNIVERSAL_INIT_BASE = 26,
    NEARVM_UNIVERSAL_INIT_BYTE = 27,
    NEARVM_UNIVERSAL_INIT_ENTRY = 28,
    NEARVM_COSTS = 29
};

struct nearvm_fee {
    uint64_t send_sir;     /* sending when sender is receiver, burnt when the thing is made */
    uint64_t send_not_sir; /* sending otherwise */
    uint64_t exec;         /* burnt when it is applied */
};

struct nearvm_ratio {
    int32_t num, den;
};

struct nearvm_fees {
    __uint128_t storage_price_per_byte;
    __uint128_t global_price_per_byte; /* burnt per byte of a global contract */
    __uint128_t min_gas_purchase_price;
    __uint128_t account_creation_charge;
    struct nearvm_fee action[NEARVM_COSTS]; /* by enum nearvm_cost */
    uint64_t ml_dsa_verify;                 /* gas on top for such a signature, on conversion */
    uint64_t account_bytes;                 /* storage of an account record: 100 */
    uint64_t record_bytes;                  /* extra storage of each record: 40 */
    uint64_t min_gas_refund_penalty;
    struct nearvm_ratio gas_refund_penalty;
    struct nearvm_ratio contract_reward; /* share of burnt gas that the contract gets */
    struct nearvm_ratio pessimistic_inflation;
    /* limits */
    uint64_t max_gas_burnt; /* of one function call, and of a view */
    uint64_t max_total_prepaid_gas;
    uint64_t max_actions_per_receipt;
    uint64_t max_deploys_per_receipt;
    uint64_t max_method_name_bytes;
    uint64_t max_key_method_names_bytes; /* all names of one key together */
    uint64_t max_arguments_bytes;
    uint64_t max_return_bytes;
    uint64_t max_contract_bytes;
    uint64_t max_transaction_bytes;
    uint64_t max_receipt_bytes;
    uint64_t max_storage_key_bytes;
    uint64_t max_storage_value_bytes;
    uint64_t max_promises_per_call;
    uint64_t max_input_data;
    uint64_t max_state_init_entries;
    uint64_t max_yield_payload_bytes;
    uint64_t yield_timeout_blocks;
    uint64_t min_top_level_name_bytes; /* shorter ones are made by the registrar alone */
    char registrar[65];                /* NUL-terminated */
};

void nearvm_fees(const struct nearvm *vm, struct nearvm_fees *out);

/* ---- ML-DSA-65 keys (FIPS 204), by near-crypto; from any thread, without a VM ---- */

/* nearvm_ml_dsa_65_ok checks a signature of 3309 bytes over `hash` with a key of 1952. */
bool nearvm_ml_dsa_65_ok(struct alc_bytes key, struct alc_bytes sig, const struct alc_hash *hash);
/* nearvm_ml_dsa_65_handle is the hash that stands for a key in the state; false: not 1952 bytes. */
ALC_MUST bool nearvm_ml_dsa_65_handle(struct alc_bytes key, struct alc_hash *out);

/* ---- a call ---- */

enum nearvm_result_kind { NEARVM_RESULT_FAILED = 0, NEARVM_RESULT_DATA = 1 };

struct nearvm_result {
    enum nearvm_result_kind kind;
    struct alc_bytes data;
};

enum nearvm_contract {
    NEARVM_CONTRACT_NONE = 0,
    NEARVM_CONTRACT_LOCAL = 1,
    NEARVM_CONTRACT_GLOBAL = 2,
    NEARVM_CONTRACT_GLOBAL_BY_ACCOUNT = 3
};

/* Everything is borrowed for the time of nearvm_run. */
struct nearvm_call {
    __uint128_t account_balance; /* without the deposit */
    __uint128_t account_locked;
    __uint128_t deposit;
    struct alc_bytes code;     /* p == NULL: the account has none */
    struct alc_hash code_hash; /* SHA-256 of code */
    struct alc_bytes method;   /* UTF-8 */
    struct alc_bytes args;
    struct alc_bytes current_id;
    struct alc_bytes signer_id;
    struct alc_bytes signer_key; /* borsh: curve byte, then the key */
    struct alc_bytes predecessor_id;
    struct alc_bytes refund_to_id; /* empty: the predecessor */
    struct alc_bytes chain_id;
    struct alc_bytes random_seed;        /* 32 bytes */
    const struct nearvm_result *results; /* of the promises this call is a callback of */
    size_t results_count;
    const struct alc_bytes *receivers; /* account ids that get the returned value as data */
    size_t receivers_count;
    uint64_t prepaid_gas;
    uint64_t block_height;
    uint64_t block_time_ns;
    uint64_t epoch_height;
    uint64_t storage_usage_bytes;
    enum nearvm_contract contract;     /* what the account's contract field says */
    struct alc_hash contract_hash;     /* LOCAL, GLOBAL */
    struct alc_bytes contract_account; /* GLOBAL_BY_ACCOUNT */
    bool view;                         /* read-only; prohibited host functions abort the call */
    uint64_t view_max_gas; /* of a view, instead of prepaid_gas; 0: the config's max_gas_burnt */
    /* trie nodes charged for each write and each removal, as the walk on a real node is; 0: none */
    uint64_t trie_nodes_per_write;
};

/* The state of the called account, as the run sees it: sets and removals made before are visible,
 * also those of earlier actions of the same receipt.  Functions are called on the thread of
 * nearvm_run, never after it returned.  Bytes given out stay valid until the next callback.
 * Where the result is an int: 1 yes, 0 no, -1 the state failed (the run ends with ALC_IO).
 * The caller discards all changes when the call does not end with NEARVM_OK. */
struct nearvm_state {
    void *ctx;
    int (*get)(void *ctx, struct alc_bytes key, struct alc_bytes *value);
    int (*set)(void *ctx, struct alc_bytes key, struct alc_bytes value, struct alc_bytes *old);
    int (*remove)(void *ctx, struct alc_bytes key, struct alc_bytes *old);
    int (*has)(void *ctx, struct alc_bytes key);
    /* the id of the k-th data that this call makes; one counter for `then` edges and yields */
    void (*data_id)(void *ctx, uint64_t k, struct alc_hash *out);
    /* whether the called account has a yield waiting for data_id, made before this call */
    int (*yield_waits)(void *ctx, const struct alc_hash *data_id);
    /* whether it has one with this id of its own choice; sets *data_id.  NULL: none */
    int (*yield_id_pending)(void *ctx, const struct alc_hash *yield_id, struct alc_hash *data_id);
    int (*validator_stake)(void *ctx, struct alc_bytes id, __uint128_t *out); /* NULL: nobody */
    int (*validator_total)(void *ctx, __uint128_t *out);                      /* NULL: 0 */
};

/* ---- its outcome ---- */

enum nearvm_end {
    NEARVM_OK = 0,
    NEARVM_ABORTED = 1,   /* the contract failed; burnt gas and logs count */
    NEARVM_NO_CODE = 2,   /* nothing to run; no gas burnt in the VM */
    NEARVM_UNLOADABLE = 3 /* the compiled code would not load; no gas burnt in the VM */
};

/* Which FunctionCallError. */
enum nearvm_abort {
    NEARVM_ABORT_NONE = 0,
    NEARVM_ABORT_COMPILATION = 1,
    NEARVM_ABORT_LINK = 2,
    NEARVM_ABORT_METHOD = 3, /* no such method, empty name, bad signature */
    NEARVM_ABORT_TRAP = 4,
    NEARVM_ABORT_HOST = 5, /* panics, gas, limits, prohibited in a view */
    NEARVM_ABORT_LOAD = 6
};

enum nearvm_return { NEARVM_RETURN_NONE = 0, NEARVM_RETURN_VALUE = 1, NEARVM_RETURN_PROMISE = 2 };

enum nearvm_receipt_kind {
    NEARVM_RECEIPT_ACTION = 0,
    NEARVM_RECEIPT_YIELD = 1,
    NEARVM_RECEIPT_YIELD_WITH_ID = 2
};

/* This receipt waits for the result of receipts[receipt], which arrives under data_id. */
struct nearvm_dep {
    uint64_t receipt;
    struct alc_hash data_id;
};

struct nearvm_receipt {
    enum nearvm_receipt_kind kind;
    struct alc_bytes receiver_id;
    struct alc_bytes refund_to_id; /* empty: not set */
    const struct nearvm_dep *deps; /* ACTION: in the order of the callback's results */
    size_t deps_count;
    struct alc_hash data_id;         /* yields: the data that resumes it */
    struct alc_hash yield_id;        /* YIELD_WITH_ID */
    const struct alc_bytes *actions; /* borsh of each; gas includes what weights gave */
    size_t actions_count;
};

struct nearvm_resume {
    struct alc_hash data_id;
    struct alc_bytes payload;
};

/* All bytes belong to the outcome and live until nearvm_outcome_free.  When the call did not end
 * with NEARVM_OK, balance, usage, value, receipts and resumes say nothing. */
struct nearvm_outcome {
    __uint128_t balance;    /* of the account, deposit included, promises' deposits taken off */
    __uint128_t subsidized; /* minted by the 1-yocto exemption */
    enum nearvm_end end;
    enum nearvm_abort abort;
    struct alc_bytes error;       /* as people read it: "Smart contract panicked: no luck" */
    struct alc_bytes error_debug; /* as views show it: HostError(GuestPanic { panic_msg: ".." }) */
    struct alc_bytes error_json;  /* the value under "FunctionCallError" in an action error */
    uint64_t storage_usage_bytes;
    uint64_t burnt_gas;
    uint64_t used_gas; /* burnt, plus what promises were given, weights included */
    enum nearvm_return returned;
    struct alc_bytes value; /* NEARVM_RETURN_VALUE */
    uint64_t promise;       /* NEARVM_RETURN_PROMISE: index into receipts */
    const struct alc_bytes *logs;
    size_t logs_count;
    struct alc_bytes gas_profile; /* JSON array of {"cost_category","cost","gas_used"}, sorted */
    const struct nearvm_receipt *receipts; /* in the order of creation */
    size_t receipts_count;
    const struct nearvm_resume *resumes; /* likewise */
    size_t resumes_count;
    void *owner;
};

/* nearvm_run runs `call` and fills *out, which the caller frees on ALC_OK: a contract that fails
 * is an outcome, not an error.  ALC_BAD_INPUT: an account id or name in `call` has no valid form.
 * ALC_IO: the state or the cache failed.  ALC_CORRUPT: the VM contradicts itself; stop. */
ALC_MUST enum alc_rc nearvm_run(struct nearvm *vm, const struct nearvm_call *call,
                                const struct nearvm_state *state, struct nearvm_outcome *out,
                                struct alc_err *err);

/* nearvm_outcome_free frees what `o` owns and zeroes it; a zeroed one is fine. */
void nearvm_outcome_free(struct nearvm_outcome *o);

/* src/abi.rs states the same sizes and values. */
_Static_assert(ALC_BAD_INPUT == 1 && ALC_CORRUPT == 8 && ALC_IO == 9, "abi.rs: results");
_Static_assert(sizeof(struct alc_err) == 604, "abi.rs: Err");
_Static_assert(sizeof(struct nearvm_fees) == 1040, "abi.rs: Fees");
_Static_assert(sizeof(struct nearvm_call) == 400, "abi.rs: Call");
_Static_assert(sizeof(struct nearvm_state) == 80, "abi.rs: State");
_Static_assert(sizeof(struct nearvm_receipt) == 136, "abi.rs: Receipt");
_Static_assert(sizeof(struct nearvm_outcome) == 224, "abi.rs: Outcome");

#endif
