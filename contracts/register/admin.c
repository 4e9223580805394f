/* contracts/register/admin.c — setting up, the owner, and what other files share. */
#include "register.h"

#include "base/enc.h"

struct near_out log_begin(bool simulated)
{
    static uint8_t buf[1024];
    struct near_out o = NEAR_OUT(buf);
    if (simulated) near_out_lit(&o, "SIMULATED: ");
    return o;
}

void log_end(struct near_out *o)
{
    near_log(near_out_bytes(o, "a log line is too long"));
}

void refuse(const char *what, enum alc_refusal refusal)
{
    uint8_t buf[512];
    struct near_out o = NEAR_OUT(buf);

    near_out_raw(&o, alc_cstr(what));
    near_out_raw(&o, alc_cstr(alc_refusal_word(refusal)));
    near_out_lit(&o, ": ");
    near_out_raw(&o, alc_cstr(alc_refusal_text(refusal)));
    near_panic_bytes(near_out_bytes(&o, what));
}

/* ---- new ---- */

struct new_args {
    struct alc_bytes owner, init_worker, outlayer, chain_id, simulated_root;
};

static const struct near_field new_fields[] = {
    NEAR_FIELD("owner_id", struct new_args, owner, near_read_account, NEAR_MUST),
    NEAR_FIELD("init_worker_account", struct new_args, init_worker, near_read_account, NEAR_MUST),
    NEAR_FIELD("outlayer_contract_id", struct new_args, outlayer, near_read_account, NEAR_MUST),
    NEAR_FIELD("chain_id", struct new_args, chain_id, near_read_string, NEAR_MAY),
    NEAR_FIELD("simulated_root", struct new_args, simulated_root, near_read_string, NEAR_MAY),
};

static void save_simulated_root(const struct new_args *a)
{
    static uint8_t root[SIMULATED_ROOT_MAX_BYTES];
    struct near_out o;
    size_t n;

    if (a->chain_id.n == 0)
        near_panic("simulated_root needs chain_id"); /* which says that it is not mainnet */
    if (alc_bytes_is(a->chain_id, "mainnet")) near_panic("simulated_root is refused on mainnet");
    /* A certificate is a SEQUENCE with a length of two bytes. */
    if (!alc_base64_decode(root, sizeof root, &n, a->simulated_root) || n < 4 || root[0] != 0x30 ||
        root[1] != 0x82 || 4 + ((size_t)root[2] << 8 | root[3]) != n)
        near_panic("simulated_root is not a certificate: base64 of DER, at most 2048 bytes");
    near_put(ALC_LIT("r"), (struct alc_bytes){root, n});
    o = log_begin(true);
    near_out_lit(&o, "quotes without hardware behind them are accepted by this contract");
    log_end(&o);
}

void method_new(void)
{
    struct new_args a = {.chain_id = {NULL, 0}};
    struct state s;

    NEAR_ARGS(&a, new_fields);
    if (state_exists()) near_panic("The contract has already been initialized");
    if (a.chain_id.n > CHAIN_ID_MAX_BYTES) near_panic("chain_id is at most 64 bytes");
    if (a.simulated_root.p != NULL) save_simulated_root(&a);
    s = (struct state){
        .owner = a.owner,
        .init_worker = a.init_worker,
        .outlayer = a.outlayer,
        .chain_id = a.chain_id,
        .simulated = a.simulated_root.p != NULL,
        .policy = {.statuses = 1u << ALC_TCB_UP_TO_DATE,
                   .key_lifetime_s = LIFETIME_S,
                   .any_platform = true},
    };
    state_save(&s);
}

/* ---- the owner ---- */

struct owner_args {
    struct alc_bytes owner;
};

static const struct near_field owner_fields[] = {
    NEAR_FIELD("new_owner", struct owner_args, owner, near_read_account, NEAR_MUST),
};

void method_transfer_ownership(void)
{
    struct owner_args a;
    struct state s;

    NEAR_ARGS(&a, owner_fields);
    state_load(&s);
    only_owner(&s);
    s.owner = a.owner;
    state_save(&s);
}

/* OutLayer's tooling calls it behind each deployment.  There is one form of the state so far. */
void method_migrate(void)
{
    struct state s;
    state_load(&s);
}

void method_get_init_worker_account(void)
{
    uint8_t buf[NEAR_ACCOUNT_MAX_BYTES + 2];
    struct near_out o = NEAR_OUT(buf);
    struct state s;

    state_load(&s);
    near_out_str(&o, s.init_worker);
    near_return(near_out_bytes(&o, "result too long"));
}
