#include "tests/contract/compute_secrets.h"

const char *store_args(const char *access)
{
    return fmt("{\"accessor\":" REPO ",\"profile\":\"p\",\"encrypted_secrets_base64\":\"AAAA\","
               "\"access\":%s}",
               access);
}

int64_t kept_bytes(near_u128 attached, const char *account)
{
    near_u128 back = 0;
    __int128_t kept;

    if (fake_receipts() > 0) {
        assert_int_equal(fake_receipts(), 1);
        assert_string_equal(fake_receipt(0)->receiver, account);
        assert_string_equal(fake_receipt(0)->method, "");
        back = fake_receipt(0)->amount;
        assert_true(back > 0);
    }
    kept = (__int128_t)attached - (__int128_t)back;
    assert_true(kept % (__int128_t)BYTE == 0);
    return (int64_t)(kept / (__int128_t)BYTE);
}

int64_t store_secret(const char *accessor, const char *profile, const char *data,
                     const char *access, const char *more)
{
    const near_u128 attached = 1000 * MILLI;

    as("charlie");
    fake_env.deposit = attached;
    ok("store_secrets", fmt("{\"accessor\":%s,\"profile\":\"%s\",\"encrypted_secrets_base64\":"
                            "\"%s\",\"access\":%s%s}",
                            accessor, profile, data, access, more));
    fake_env.deposit = 0;
    return kept_bytes(attached, "charlie");
}

void too_much(const char *phrase, const char *access)
{
    const char *args = store_args(access);

    as("charlie");
    panics(phrase, "store_secrets", args);
    panics(phrase, "estimate_storage_cost",
           fmt("%.*s,\"owner\":\"charlie\"}", (int)strlen(args) - 1, args));
    if (!call("secrets_exist", ALC_LIT("{\"accessor\":" REPO ",\"profile\":\"p\",\"owner\":"
                                       "\"charlie\"}")))
        fail_msg("secrets_exist panicked");
    if (fake_returned().n == 5) store_secret(REPO, "p", "AAAA", "\"AllowAll\"", "");
    panics(phrase, "update_access",
           fmt("{\"accessor\":" REPO ",\"profile\":\"p\",\"new_access\":%s}", access));
}
