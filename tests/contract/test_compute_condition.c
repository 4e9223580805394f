/* tests/contract/test_compute_condition.c — conditions of access: every form, in whatever order and
 * white space it came, and the bounds of what is judged. */
#include "tests/contract/compute_secrets.h"

#define HASH_64 "abababababababababababababababababababababababababababababababab"

/* The condition `in` is kept as `out`. */
static void kept_as(const char *out, const char *in)
{
    store_secret(REPO, "p", "AAAA", in, "");
    ok("get_secrets", "{\"accessor\":" REPO ",\"profile\":\"p\",\"owner\":\"charlie\"}");
    if (strstr((const char *)fake_returned().p, fmt(",\"access\":%s,\"created_at\"", out)) == NULL)
        fail_msg("%s was kept in %s", in, (const char *)fake_returned().p);
}

static void same(const char *text)
{
    kept_as(text, text);
}

static void every_form_is_kept_in_the_order_of_the_interface(void **state)
{
    (void)state;
    same("\"AllowAll\"");
    same("{\"Whitelist\":{\"accounts\":[]}}");
    same("{\"Whitelist\":{\"accounts\":[\"a.test\",\"b.test\"]}}");
    same("{\"AccountPattern\":{\"pattern\":\"^a\\\\.test$\"}}");
    same("{\"NearBalance\":{\"operator\":\"Gte\",\"value\":\"0\"}}");
    same("{\"FtBalance\":{\"contract\":\"ft.test\",\"operator\":\"Lt\",\"value\":"
         "\"340282366920938463463374607431768211455\"}}");
    same("{\"NftOwned\":{\"contract\":\"nft.test\",\"token_id\":\"7\"}}");
    same("{\"NftOwned\":{\"contract\":\"nft.test\",\"token_id\":null}}");
    same("{\"DaoMember\":{\"dao_contract\":\"dao.test\",\"role\":\"council\"}}");
    same("{\"Logic\":{\"operator\":\"And\",\"conditions\":[\"AllowAll\"]}}");
    same("{\"Logic\":{\"operator\":\"Or\",\"conditions\":[\"AllowAll\",\"AllowAll\"]}}");
    same("{\"Not\":{\"condition\":\"AllowAll\"}}");
    same("{\"ValidUntil\":{\"until_ns\":\"18446744073709551615\"}}");
    same("{\"WasmHash\":{\"hash\":\"" HASH_64 "\"}}");
    same("{\"Predecessor\":{\"condition\":\"AllowAll\"}}");
    for (unsigned i = 0; i < 6; i++) {
        static const char *const ops[] = {"Gte", "Lte", "Gt", "Lt", "Eq", "Ne"};
        same(fmt("{\"NearBalance\":{\"operator\":\"%s\",\"value\":\"1\"}}", ops[i]));
    }
}

static void keys_come_in_any_order_and_with_white_space(void **state)
{
    (void)state;
    kept_as("\"AllowAll\"", " { \"AllowAll\" :\tnull } ");
    kept_as("{\"Whitelist\":{\"accounts\":[\"a.test\",\"b.test\"]}}",
            "{ \"Whitelist\" : { \"accounts\" : [ \"a.test\" ,\n\"b.test\" ] } }");
    kept_as("{\"FtBalance\":{\"contract\":\"ft.test\",\"operator\":\"Ne\",\"value\":\"12\"}}",
            "{\"FtBalance\":{\"value\":\"+0012\",\"operator\":{\"Ne\":null},\"x\":[1e999],"
            "\"contract\":\"ft.test\"}}");
    kept_as("{\"NftOwned\":{\"contract\":\"nft.test\",\"token_id\":null}}",
            "{\"NftOwned\":{\"contract\":\"nft.test\"}}");
    kept_as("{\"DaoMember\":{\"dao_contract\":\"dao.test\",\"role\":\"\"}}",
            "{\"DaoMember\":{\"role\":\"\",\"dao_contract\":\"dao.test\"}}");
    kept_as("{\"ValidUntil\":{\"until_ns\":\"7\"}}", "{\"ValidUntil\":{\"until_ns\":\"+007\"}}");
    kept_as("{\"AccountPattern\":{\"pattern\":\"a\\n\\u001f/\xc3\xa9\\\"\"}}",
            "{\"AccountPattern\":{\"pattern\":\"\\u0061\\u000a\\u001F\\/\\u00e9\\u0022\"}}");
    kept_as("{\"Logic\":{\"operator\":\"Or\",\"conditions\":[{\"Logic\":{\"operator\":\"And\","
            "\"conditions\":[{\"Logic\":{\"operator\":\"Or\",\"conditions\":[\"AllowAll\"]}},"
            "{\"Not\":{\"condition\":\"AllowAll\"}}]}},\"AllowAll\"]}}",
            "{\"Logic\":{\"conditions\":[{\"Logic\":{\"conditions\":[{\"Logic\":{\"conditions\":["
            "\"AllowAll\"],\"operator\":\"Or\"}},{\"Not\":{\"condition\":\"AllowAll\"}}],"
            "\"operator\":\"And\"}},\"AllowAll\"] , \"operator\":\"Or\"}}");
}

/* As serde reads them: an object is also the array of its values. */
static void objects_may_be_arrays(void **state)
{
    (void)state;
    kept_as("{\"Logic\":{\"operator\":\"Or\",\"conditions\":[\"AllowAll\"]}}",
            "{\"Logic\":[\"Or\",[\"AllowAll\"]]}");
    kept_as("{\"NftOwned\":{\"contract\":\"nft.test\",\"token_id\":null}}",
            "{\"NftOwned\":[\"nft.test\"]}");
    kept_as("{\"Not\":{\"condition\":{\"Whitelist\":{\"accounts\":[]}}}}",
            "{\"Not\":[{\"Whitelist\":[[]]}]}");
}

static void refuses(const char *access)
{
    panics("Failed to deserialize input from JSON", "store_secrets", store_args(access));
}

static void what_is_no_condition_is_refused(void **state)
{
    (void)state;
    as("charlie");
    refuses("null");
    refuses("\"Nobody\"");
    refuses("\"Not\"");
    refuses("\"Logic\"");
    refuses("{}");
    refuses("[]");
    refuses("{\"AllowAll\":{}}");
    refuses("{\"AllowAll\":null,\"Not\":{\"condition\":\"AllowAll\"}}");
    refuses("{\"Not\":{\"condition\":\"AllowAll\"},\"AllowAll\":null}");
    refuses("{\"Not\":\"AllowAll\"}");
    refuses("{\"Not\":{}}");
    refuses("{\"Not\":{\"condition\":\"AllowAll\",\"condition\":\"AllowAll\"}}");
    refuses("{\"Not\":[\"AllowAll\",\"AllowAll\"]}");
    refuses("{\"Logic\":{\"operator\":\"Xor\",\"conditions\":[\"AllowAll\"]}}");
    refuses("{\"Logic\":{\"operator\":\"or\",\"conditions\":[\"AllowAll\"]}}");
    refuses("{\"Logic\":{\"conditions\":[\"AllowAll\"]}}");
    refuses("{\"Logic\":{\"operator\":\"Or\"}}");
    refuses("{\"Logic\":{\"operator\":\"Or\",\"conditions\":[\"AllowAll\",]}}");
    refuses("{\"Logic\":{\"operator\":\"Or\",\"conditions\":[],\"conditions\":[]}}");
    refuses("{\"Whitelist\":{\"accounts\":[\"A.test\"]}}");
    refuses("{\"Whitelist\":{\"accounts\":\"a.test\"}}");
    refuses("{\"NearBalance\":{\"operator\":\"Gte\",\"value\":1}}");
    refuses("{\"NearBalance\":{\"operator\":\"Gte\",\"value\":\"\"}}");
    refuses("{\"NearBalance\":{\"operator\":\"Gte\",\"value\":\"-1\"}}");
    refuses("{\"NearBalance\":{\"operator\":\"Gte\","
            "\"value\":\"340282366920938463463374607431768211456\"}}");
    refuses("{\"NearBalance\":{\"operator\":\"==\",\"value\":\"1\"}}");
    refuses("{\"FtBalance\":{\"contract\":\"x\",\"operator\":\"Gte\",\"value\":\"1\"}}");
    refuses("{\"DaoMember\":{\"dao_contract\":\"dao.test\",\"role\":null}}");
    refuses("{\"ValidUntil\":{\"until_ns\":\"18446744073709551616\"}}");
    refuses("{\"ValidUntil\":{\"until_ns\":18}}");
    refuses("{\"WasmHash\":{\"hash\":7}}");
    assert_int_equal(fake_receipts(), 0);
}

/* `n` times `before` and `behind` around "AllowAll". */
static const char *nested(const char *before, const char *behind, unsigned n)
{
    static char text[1 << 15];
    size_t at = 0;

    for (unsigned i = 0; i < n; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "%s", before);
    at += (size_t)snprintf(text + at, sizeof text - at, "\"AllowAll\"");
    for (unsigned i = 0; i < n; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "%s", behind);
    return text;
}

static void conditions_nest_as_deep_as_json_may(void **state)
{
    (void)state;
    same(nested("{\"Not\":{\"condition\":", "}}", 63));
    refuses(nested("{\"Not\":{\"condition\":", "}}", 64));
    same(nested("{\"Predecessor\":{\"condition\":", "}}", 63));
    refuses(nested("{\"Predecessor\":{\"condition\":", "}}", 64));
    same(nested("{\"Logic\":{\"operator\":\"Or\",\"conditions\":[", "]}}", 42));
    refuses(nested("{\"Logic\":{\"operator\":\"Or\",\"conditions\":[", "]}}", 43));
    refuses(nested("{\"Logic\":{\"operator\":\"Or\",\"conditions\":[", "]}}", 400));
}

/* ---- Bounds ---- */

#define ASK "{\"NearBalance\":{\"operator\":\"Gt\",\"value\":\"1\"}}"
#define NO_HASH "{\"WasmHash\":{\"hash\":\"AB\"}}"
#define EMPTY "{\"Logic\":{\"operator\":\"And\",\"conditions\":[]}}"

/* A tree with n patterns of `each` bytes, through every kind of node, and `more` (",..."). */
static const char *patterns(unsigned n, unsigned each, const char *more)
{
    static char text[1 << 15];
    size_t at = (size_t)snprintf(text, sizeof text,
                                 "{\"Predecessor\":{\"condition\":{\"Logic\":{\"conditions\":["
                                 "\"AllowAll\"");

    for (unsigned i = 0; i < n; i++)
        at += (size_t)snprintf(text + at, sizeof text - at,
                               ",{\"Not\":{\"condition\":{\"AccountPattern\":{\"pattern\":\"%0*d\""
                               "}}}}",
                               (int)each, 1);
    snprintf(text + at, sizeof text - at, "%s],\"operator\":\"Or\"}}}}", more);
    return text;
}

static void bounds_are_those_that_the_keystore_judges_by(void **state)
{
    (void)state;
    store_secret(REPO, "p", "AAAA", patterns(16, 256, "," ASK "," ASK "," ASK "," ASK "," ASK), "");
    too_much("AccountPattern text is 4097 bytes in all; at most 4096 are judged",
             patterns(1, 4097, ""));
    store_secret(REPO, "p", "AAAA", patterns(1, 4096, ""), "");
    too_much("holds 17 AccountPattern leaves; at most 16 are judged", patterns(17, 1, ""));
    too_much("asks the chain 6 times; at most 5 such leaves are judged",
             patterns(0, 0,
                      "," ASK "," ASK ",{\"NftOwned\":[\"aa\"]},{\"DaoMember\":[\"aa\",\"b\"]},"
                      "{\"FtBalance\":[\"aa\",\"Eq\",\"1\"]}," ASK));
    too_much("a WasmHash condition must be the SHA-256", patterns(1, 1, "," NO_HASH));
    too_much(
        "a WasmHash condition must be the SHA-256",
        "{\"WasmHash\":{\"hash\":\"ABABababababababababababababababababababababababababababababa"
        "bab\"}}");
    too_much("must hold at least one condition", EMPTY);
    too_much("must hold at least one condition", "{\"Logic\":{\"conditions\":[ ],\"operator\":"
                                                 "\"Or\"}}");
    /* what is counted are bytes of the pattern, not of its escapes */
    store_secret(REPO, "p", "AAAA",
                 fmt("{\"AccountPattern\":{\"pattern\":\"%04080d\\u0061\\u0061\\u0061\\u0061"
                     "\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\"}}",
                     1),
                 "");
}

static void the_first_bound_in_order_is_the_one_that_is_named(void **state)
{
#define REST "," ASK "," ASK "," ASK "," ASK "," ASK "," ASK "," NO_HASH "," EMPTY
    (void)state;
    too_much("holds 17 AccountPattern leaves", patterns(17, 256, REST));
    too_much("AccountPattern text is 4112 bytes", patterns(16, 257, REST));
    too_much("asks the chain 6 times", patterns(16, 256, REST));
    too_much("must be the SHA-256", patterns(16, 256, "," EMPTY "," NO_HASH));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_form_is_kept_in_the_order_of_the_interface),
        TEST(keys_come_in_any_order_and_with_white_space),
        TEST(objects_may_be_arrays),
        TEST(what_is_no_condition_is_refused),
        TEST(conditions_nest_as_deep_as_json_may),
        TEST(bounds_are_those_that_the_keystore_judges_by),
        TEST(the_first_bound_in_order_is_the_one_that_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
