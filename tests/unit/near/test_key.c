/* tests/unit/near/test_key.c — keys as text, key files, signatures. */
#include "near_test.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECP_PUBLIC                                                                                \
    "secp256k1:"                                                                                   \
    "u4EJfgsPMjYVDRoN1onHiSc6aWsABAQhUjBEZeg1EFxqaNcJYcXScyxHzFy3AbzozFSYJuTrPXW1jkTxCF5"          \
    "Jd9e"

static void public_keys_round_trip(void **state)
{
    static const char *const keys[] = {KEY_2_PUBLIC, SECP_PUBLIC,
                                       "ed25519:11111111111111111111111111111111"};
    char text[ALC_NEAR_KEY_TEXT_MAX];
    struct alc_near_key k;
    (void)state;

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        assert_true(alc_near_key_read(&k, alc_cstr(keys[i])));
        alc_near_key_text(text, &k);
        assert_string_equal(text, keys[i]);
    }
}

static void the_longest_key_fits_its_text(void **state)
{
    struct alc_near_key k = {.curve = ALC_NEAR_SECP256K1}, back;
    char text[ALC_NEAR_KEY_TEXT_MAX];
    (void)state;

    memset(k.b, 0xff, sizeof k.b);
    alc_near_key_text(text, &k);
    assert_true(strlen(text) < sizeof text);
    assert_true(alc_near_key_read(&back, alc_cstr(text)));
    assert_true(alc_near_key_eq(&k, &back));
}

static void curve_names_come_in_any_case_or_not_at_all(void **state)
{
    struct alc_near_key plain, upper, bare;
    (void)state;

    assert_true(alc_near_key_read(&plain, ALC_LIT(KEY_2_PUBLIC)));
    assert_true(
        alc_near_key_read(&upper, ALC_LIT("ED25519:5BGSaf6YjVm7565VzWQHNxoyEjwr3jUpRJSGjREvU9dB")));
    assert_true(alc_near_key_read(&bare, ALC_LIT("5BGSaf6YjVm7565VzWQHNxoyEjwr3jUpRJSGjREvU9dB")));
    assert_true(alc_near_key_eq(&plain, &upper));
    assert_true(alc_near_key_eq(&plain, &bare));
}

static void post_quantum_keys_need_room_and_their_handles_none(void **state)
{
    static uint8_t raw[ALC_NEAR_ML_DSA_65_KEY_BYTES];
    static char text[ALC_NEAR_KEY_TEXT_MAX], again[ALC_NEAR_KEY_TEXT_MAX];
    struct alc_arena arena = ALC_ARENA(1u << 16), small = ALC_ARENA(100);
    struct alc_near_key k = {.curve = ALC_NEAR_ML_DSA_65, .full = raw}, back, other;
    uint8_t more[ALC_NEAR_ML_DSA_65_KEY_BYTES] = {1};
    (void)state;

    memset(raw, 0xff, sizeof raw); /* the longest text */
    assert_int_equal(alc_near_key_bytes(&k), sizeof raw);
    alc_near_key_text(text, &k);
    assert_memory_equal(text, "ml-dsa-65:", 10);
    assert_true(alc_near_key_read_in(&back, alc_cstr(text), &arena));
    assert_true(back.full != raw && alc_near_key_eq(&k, &back));
    assert_false(alc_near_key_read(&back, alc_cstr(text)));
    assert_false(alc_near_key_read_in(&back, alc_cstr(text), &small));
    text[strlen(text) - 2] = 0; /* 1951 bytes */
    assert_false(alc_near_key_read_in(&back, alc_cstr(text), &arena));
    other = (struct alc_near_key){.curve = ALC_NEAR_ML_DSA_65, .full = more};
    assert_false(alc_near_key_eq(&k, &other));

    k = (struct alc_near_key){.curve = ALC_NEAR_ML_DSA_65_HANDLE, .b = {9}};
    alc_near_key_text(text, &k);
    assert_memory_equal(text, "ml-dsa-65-hash:", 15);
    assert_true(alc_near_key_read(&back, alc_cstr(text)));
    assert_true(alc_near_key_eq(&k, &back));
    alc_near_key_text(again, &back);
    assert_string_equal(text, again);
    alc_arena_fini(&arena);
    alc_arena_fini(&small);
}

static void malformed_keys_are_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "ed25519:",
        ":5BGSaf6YjVm7565VzWQHNxoyEjwr3jUpRJSGjREvU9dB",
        "ed25519:5BGSaf6YjVm7565VzWQHNxoyEjwr3jUpRJSGjREv",
        "ed25519:5BGSaf6YjVm7565VzWQHNxoyEjwr3jUpRJSGjREvU9dBB",
        "ed25519:0BGSaf6YjVm7565VzWQHNxoyEjwr3jUpRJSGjREvU9dB",
        "ed25519:5BGSaf6YjVm7565VzWQHNxoyEjwr3jUpRJSGjREvU9dB ",
        "secp256k1:5BGSaf6YjVm7565VzWQHNxoyEjwr3jUpRJSGjREvU9dB",
        "ml-dsa-65:5BGSaf6YjVm7565VzWQHNxoyEjwr3jUpRJSGjREvU9dB",
        "ed25519:ed25519:5BGSaf6YjVm7565VzWQHNxoyEjwr3jUpRJSGjREvU9dB",
    };
    struct alc_near_key k;
    (void)state;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (alc_near_key_read(&k, alc_cstr(bad[i]))) fail_msg("%s should be refused", bad[i]);
}

static void secret_keys_round_trip(void **state)
{
    char text[ALC_NEAR_SECRET_TEXT_MAX], public_text[ALC_NEAR_KEY_TEXT_MAX];
    struct alc_ed25519 k = {0};
    struct alc_near_key public_key;
    (void)state;

    assert_int_equal(alc_near_secret_read(&k, ALC_LIT(KEY_2_SECRET)), ALC_OK);
    alc_near_secret_text(text, &k);
    assert_string_equal(text, KEY_2_SECRET);
    public_key = alc_near_key_of(&k);
    alc_near_key_text(public_text, &public_key);
    assert_string_equal(public_text, KEY_2_PUBLIC);
    alc_ed25519_fini(&k);
}

static void a_secret_key_must_carry_its_own_public_key(void **state)
{
    uint8_t pair[64];
    char text[128] = "ed25519:";
    struct alc_ed25519 k = {0};
    size_t n;
    (void)state;

    assert_true(alc_base58_decode(pair, sizeof pair, &n, alc_cstr(&KEY_2_SECRET[8])));
    pair[40] ^= 1;
    assert_true(alc_base58_encode(text + 8, sizeof text - 9, &n, (struct alc_bytes){pair, 64}));
    text[8 + n] = 0;
    assert_int_equal(alc_near_secret_read(&k, alc_cstr(text)), ALC_BAD_INPUT);
    assert_int_equal(alc_near_secret_read(&k, ALC_LIT(KEY_2_PUBLIC)), ALC_BAD_INPUT);
    assert_int_equal(alc_near_secret_read(&k, ALC_LIT("")), ALC_BAD_INPUT);
}

static void signatures_are_checked_with_their_own_curve(void **state)
{
    struct alc_near_sig sig = {.curve = ALC_NEAR_ED25519};
    struct alc_ed25519 k = {0};
    struct alc_near_key key;
    struct alc_hash hash = {{1, 2, 3}};
    (void)state;

    assert_int_equal(alc_near_secret_read(&k, ALC_LIT(KEY_2_SECRET)), ALC_OK);
    key = alc_near_key_of(&k);
    alc_ed25519_sign(sig.b, &k, alc_hash_bytes(&hash));
    assert_true(alc_near_sig_ok(&sig, &key, &hash));
    sig.curve = ALC_NEAR_SECP256K1;
    assert_false(alc_near_sig_ok(&sig, &key, &hash));
    sig.curve = ALC_NEAR_ED25519;
    sig.b[0] ^= 1;
    assert_false(alc_near_sig_ok(&sig, &key, &hash));
    sig.b[0] ^= 1;
    hash.b[31] ^= 1;
    assert_false(alc_near_sig_ok(&sig, &key, &hash));
    alc_ed25519_fini(&k);
}

/* ---- key files ---- */

struct folder {
    char path[64];
    char file[80];
};

static int make_folder(void **state)
{
    struct folder *f = calloc(1, sizeof *f);

    strcpy(f->path, "/tmp/alc-near-key-XXXXXX");
    if (mkdtemp(f->path) == NULL) return -1;
    snprintf(f->file, sizeof f->file, "%s/key.json", f->path);
    *state = f;
    return 0;
}

static int drop_folder(void **state)
{
    struct folder *f = *state;
    int rc;

    unlink(f->file);
    rc = rmdir(f->path); /* fails when a draft was left behind */
    free(f);
    return rc;
}

static void put_file(const struct folder *f, const char *text, mode_t mode)
{
    FILE *out = fopen(f->file, "w");

    assert_non_null(out);
    assert_true(fputs(text, out) >= 0);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(chmod(f->file, mode), 0);
}

static void a_key_file_round_trips_and_is_private(void **state)
{
    struct folder *f = *state;
    struct alc_ed25519 k = {0}, back = {0};
    struct alc_near_id id, found;
    struct alc_err err;
    struct stat st;

    assert_int_equal(alc_ed25519_make(&k), ALC_OK);
    assert_true(alc_near_id_set(&id, ALC_LIT("worker.near")));
    put_file(f, "older", 0644);
    assert_int_equal(alc_near_key_file_write(f->file, &k, &id, &err), ALC_OK);
    assert_int_equal(stat(f->file, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(alc_near_key_file(&back, &found, f->file, &err), ALC_OK);
    assert_string_equal(found.s, "worker.near");
    assert_true(alc_hash_eq(&back.public_key, &k.public_key));
    alc_ed25519_fini(&back);
    assert_int_equal(alc_near_key_file_write(f->file, &k, NULL, &err), ALC_OK);
    assert_int_equal(alc_near_key_file(&back, &found, f->file, &err), ALC_OK);
    assert_string_equal(found.s, "");
    alc_ed25519_fini(&back);
    alc_ed25519_fini(&k);
}

static void files_of_near_cli_and_of_nodes_are_read(void **state)
{
    struct folder *f = *state;
    struct alc_ed25519 k = {0};
    struct alc_near_id id;
    struct alc_err err;

    put_file(f,
             "{\"account_id\":\"sandbox\",\"public_key\":\"" KEY_2_PUBLIC
             "\",\"private_key\":\"" KEY_2_SECRET "\"}",
             0600);
    assert_int_equal(alc_near_key_file(&k, &id, f->file, &err), ALC_OK);
    assert_string_equal(id.s, "sandbox");
    alc_ed25519_fini(&k);
    put_file(f,
             "{\"account_id\":\"test.near\",\"public_key\":\"" KEY_2_PUBLIC
             "\",\"secret_key\":\"" KEY_2_SECRET "\"}",
             0400);
    assert_int_equal(alc_near_key_file(&k, NULL, f->file, &err), ALC_OK);
    alc_ed25519_fini(&k);
}

static void a_key_file_that_others_can_read_is_denied(void **state)
{
    struct folder *f = *state;
    struct alc_ed25519 k = {0};
    struct alc_err err;

    put_file(f, "{\"private_key\":\"" KEY_2_SECRET "\"}", 0640);
    assert_int_equal(alc_near_key_file(&k, NULL, f->file, &err), ALC_DENIED);
    put_file(f, "{\"private_key\":\"" KEY_2_SECRET "\"}", 0604);
    assert_int_equal(alc_near_key_file(&k, NULL, f->file, &err), ALC_DENIED);
    assert_int_equal(alc_near_key_file(&k, NULL, f->path, &err), ALC_BAD_INPUT); /* a folder */
    unlink(f->file);
    assert_int_equal(alc_near_key_file(&k, NULL, f->file, &err), ALC_NOT_FOUND);
}

static void wrong_key_files_are_refused_without_quoting_them(void **state)
{
    static const char *const bad[] = {
        "",
        "{}",
        "[1]",
        "{\"private_key\":7}",
        "{\"private_key\":\"" KEY_2_PUBLIC "\"}",
        "{\"private_key\":\"" KEY_2_SECRET "\",\"account_id\":\"Not Valid\"}",
        "{\"private_key\":\"" KEY_2_SECRET
        "\",\"public_key\":\"ed25519:11111111111111111111111111111111\"}",
        "{\"private_key\":\"" KEY_2_SECRET "\"",
    };
    static char big[8192];
    struct folder *f = *state;
    struct alc_ed25519 k = {0};
    struct alc_err err;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        put_file(f, bad[i], 0600);
        assert_int_equal(alc_near_key_file(&k, NULL, f->file, &err), ALC_BAD_INPUT);
        assert_null(strstr(err.text, "3tgdk2"));
    }
    memset(big, ' ', sizeof big - 1);
    put_file(f, big, 0600);
    assert_int_equal(alc_near_key_file(&k, NULL, f->file, &err), ALC_BAD_INPUT);
}

static void writing_where_nothing_can_be_written_says_so(void **state)
{
    struct alc_ed25519 k = {0};
    struct alc_err err;
    (void)state;

    assert_int_equal(alc_ed25519_make(&k), ALC_OK);
    assert_int_equal(alc_near_key_file_write("/nonexistent/key.json", &k, NULL, &err), ALC_IO);
    alc_ed25519_fini(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(public_keys_round_trip),
        cmocka_unit_test(the_longest_key_fits_its_text),
        cmocka_unit_test(curve_names_come_in_any_case_or_not_at_all),
        cmocka_unit_test(post_quantum_keys_need_room_and_their_handles_none),
        cmocka_unit_test(malformed_keys_are_refused),
        cmocka_unit_test(secret_keys_round_trip),
        cmocka_unit_test(a_secret_key_must_carry_its_own_public_key),
        cmocka_unit_test(signatures_are_checked_with_their_own_curve),
        cmocka_unit_test_setup_teardown(a_key_file_round_trips_and_is_private, make_folder,
                                        drop_folder),
        cmocka_unit_test_setup_teardown(files_of_near_cli_and_of_nodes_are_read, make_folder,
                                        drop_folder),
        cmocka_unit_test_setup_teardown(a_key_file_that_others_can_read_is_denied, make_folder,
                                        drop_folder),
        cmocka_unit_test_setup_teardown(wrong_key_files_are_refused_without_quoting_them,
                                        make_folder, drop_folder),
        cmocka_unit_test(writing_where_nothing_can_be_written_says_so),
    };
    alc_crypto_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
