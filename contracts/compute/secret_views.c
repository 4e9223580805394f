/* contracts/compute/secret_views.c — what anybody may read of secrets; ciphertexts are public. */
#include "payment_key.h"
#include "project.h"
#include "purse.h"
#include "secret.h"

#define PAGE 100u
#define PAGE_MAX 500u

/* A contract with secrets in it is initialised: the state is loaded only where there are none. */

/* ---- A secret as JSON ---- */

/* Accessor and condition are JSON already. */
struct row {
    struct alc_bytes data, access, accessor, profile;
    uint64_t created, updated;
    near_u128 deposit;
};

#define ROW(name, member, read) NEAR_FIELD(name, struct row, member, read, NEAR_MUST)
#define TIMES                                                                                      \
    ROW("created_at", created, near_read_u64), ROW("updated_at", updated, near_read_u64),          \
        ROW("storage_deposit", deposit, near_read_u128)
#define ACCESSOR ROW("accessor", accessor, near_read_json)
#define ACCESS ROW("access", access, near_read_json)
static const struct near_field got_fields[] = {
    ROW("encrypted_secrets", data, near_read_string),
    ACCESS,
    TIMES,
    ACCESSOR,
};
static const struct near_field listed_fields[] = {
    ACCESSOR,
    ROW("profile", profile, near_read_string),
    TIMES,
    ACCESS,
};

static void say_secret(const struct secret *s, const struct near_field *fields)
{
    static uint8_t buf[6 * 2048 + 256]; /* a name at its longest, escaped at its worst */
    struct near_out accessor = NEAR_OUT(buf);
    struct row r = {
        .data = s->ciphertext,
        .access = s->access,
        .profile = s->id.profile,
        .created = s->created,
        .updated = s->updated,
        .deposit = storage_price(s->deposit),
    };

    out_accessor(&accessor, &s->id.accessor);
    r.accessor = near_out_bytes(&accessor, "result too long");
    say_object(&r, fields, 6);
}

/* ---- One secret ---- */

enum show { EXISTS, SECRET, VAULT, BOTH };

/* A secret of a branch is, where both are asked of it, or else that of its repository. */
static void view(enum show show)
{
    struct secret_id *id = &secret_named(secret_view_fields, SECRET_KEY_FIELDS)->s.id;
    struct secret s;
    bool some = secret_load(&s, id);

    if (!some && (show == SECRET || show == BOTH) && id->accessor.branch.p != NULL) {
        id->accessor.branch = (struct alc_bytes){NULL, 0};
        some = secret_load(&s, id);
    }
    if (!some) {
        s.vault = (struct alc_bytes){NULL, 0};
        state_load();
    }
    say_anew();
    if (show == EXISTS) near_out_bool(&here.out, some);
    if (show == BOTH) say("{\"profile\":");
    if (show == SECRET || show == BOTH) {
        if (some)
            say_secret(&s, got_fields);
        else
            say("null");
    }
    if (show == BOTH) say(",\"vault_id\":");
    if (show == VAULT || show == BOTH) say_str("", &s.vault);
    if (show == BOTH) say("}");
    give();
}

void method_get_secrets(void)
{
    view(SECRET);
}

void method_get_secret_vault(void)
{
    view(VAULT);
}

void method_get_secret_with_vault(void)
{
    view(BOTH);
}

void method_secrets_exist(void)
{
    view(EXISTS);
}

void method_estimate_storage_cost(void)
{
    struct secret_call *c = secret_named(secret_view_fields, SECRET_VIEW_FIELDS);
    uint64_t bytes;
    struct secret old;
    bool exists;

    condition_check(&c->access);
    exists = secret_load(&old, &c->s.id);
    if (!exists) state_load();
    if (exists && c->s.vault.p == NULL) c->s.vault = old.vault;
    c->s.access = c->access.text;
    bytes = secret_bytes(&c->s);
    if (c->s.id.accessor.kind == ACCESSOR_PAYMENT_KEY && !exists)
        bytes += nonce_floor(&c->s.id.owner) == 0 ? NONCE_FLOOR_BYTES(c->s.id.owner.n) : 0;
    say_anew();
    say_price("", bytes);
    give();
}

/* ---- Lists ---- */

static void row(const struct table_key *k)
{
    struct secret s;

    if (!secret_under(&s, k, arg.account)) corrupt();
    say_secret(&s, listed_fields);
}

void method_list_user_secrets(void)
{
    begin_list(ARG_ACCOUNT_ID | ARG_PAGE);
    say_list(SECRETS_TABLE, arg.account, PAGE, PAGE_MAX, row);
}

/* A view of before there were accessors: it has named nothing since. */
static const struct near_field profiles_fields[] = {
    NEAR_FIELD("_repo", struct accessor, what, near_read_string, NEAR_MUST),
    NEAR_FIELD("_branch", struct accessor, branch, near_read_string, NEAR_MAY),
};

void method_list_profiles(void)
{
    struct accessor ignored;

    NEAR_ARGS(&ignored, profiles_fields);
    state_load();
    near_return(ALC_LIT("[]"));
}
