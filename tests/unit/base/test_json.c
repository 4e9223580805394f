#include "base/json.h"
#include "fail_alloc.h"

static struct alc_json *parse(const char *text)
{
    struct alc_json *doc = NULL;
    struct alc_err err = {0};
    if (alc_json_open(&doc, alc_cstr(text), MIB, &err) != ALC_OK)
        fail_msg("%s: %s", text, err.text);
    return doc;
}

static void assert_dumps(const char *text, const char *want)
{
    struct alc_json *doc = parse(text);
    struct alc_buf out = ALC_BUF(MIB);
    alc_json_dump(doc, &out);
    assert_text(alc_buf_bytes(&out), want);
    alc_buf_fini(&out);
    alc_json_close(doc);
}

static void a_path_is_walked_in_one_expression(void **state)
{
    struct alc_json *doc = parse("{\"a\":[{\"b\":7},true,null],\"s\":\"x\"}");
    uint64_t n;
    bool b;
    (void)state;
    assert_true(alc_json_u64(alc_json_get(alc_json_at(alc_json_get(doc, "a"), 0), "b"), &n));
    assert_int_equal(n, 7);
    assert_true(alc_json_bool(alc_json_at(alc_json_get(doc, "a"), 1), &b) && b);
    assert_int_equal(alc_json_count(doc), 2);
    assert_int_equal(alc_json_count(alc_json_get(doc, "a")), 3);
    assert_int_equal(alc_json_count(alc_json_get(doc, "s")), 0);
    assert_null(alc_json_at(alc_json_get(doc, "a"), 3));
    assert_null(alc_json_at(doc, 0));
    assert_null(alc_json_get(alc_json_get(doc, "a"), "b"));
    assert_null(alc_json_get(alc_json_get(alc_json_get(doc, "no"), "such"), "path"));
    alc_json_close(doc);
}

static void absent_is_null_and_nothing_else(void **state)
{
    struct alc_bytes s = {0};
    const char *t = NULL, *key;
    uint64_t u = 1;
    int64_t i = 1;
    double d = 1;
    bool b = true;
    (void)state;
    assert_int_equal(alc_json_kind(NULL), ALC_JSON_NULL);
    assert_null(alc_json_get(NULL, "a"));
    assert_null(alc_json_at(NULL, 0));
    assert_null(alc_json_member(NULL, 0, &key));
    assert_int_equal(alc_json_count(NULL), 0);
    assert_false(alc_json_str(NULL, &s) || alc_json_text(NULL, &t) || alc_json_u64(NULL, &u) ||
                 alc_json_i64(NULL, &i) || alc_json_real(NULL, &d) || alc_json_bool(NULL, &b));
    alc_json_close(NULL);
}

static void readers_take_only_their_kind(void **state)
{
    struct alc_json *doc = parse("[1,-1,1.0,\"1\",true,null,[],{}]");
    static const enum alc_json_kind kinds[] = {ALC_JSON_INT,    ALC_JSON_INT,   ALC_JSON_REAL,
                                               ALC_JSON_STRING, ALC_JSON_BOOL,  ALC_JSON_NULL,
                                               ALC_JSON_ARRAY,  ALC_JSON_OBJECT};
    (void)state;
    for (size_t k = 0; k < 8; k++) {
        const struct alc_json *v = alc_json_at(doc, k);
        struct alc_bytes s;
        const char *t;
        uint64_t u;
        int64_t i;
        double d;
        bool b;
        assert_int_equal(alc_json_kind(v), kinds[k]);
        assert_int_equal(alc_json_u64(v, &u), k == 0);
        assert_int_equal(alc_json_i64(v, &i), k <= 1);
        assert_int_equal(alc_json_real(v, &d), k <= 2);
        assert_int_equal(alc_json_str(v, &s), k == 3);
        assert_int_equal(alc_json_text(v, &t), k == 3);
        assert_int_equal(alc_json_bool(v, &b), k == 4);
    }
    alc_json_close(doc);
}

static void members_come_in_the_order_of_the_text(void **state)
{
    struct alc_json *doc = parse("{\"z\":0,\"a\":1,\"m\":2,\"\":3}");
    static const char *const keys[] = {"z", "a", "m", ""};
    const char *key = "untouched";
    uint64_t v;
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        assert_true(alc_json_u64(alc_json_member(doc, i, &key), &v));
        assert_int_equal(v, i);
        assert_string_equal(key, keys[i]);
    }
    key = "untouched";
    assert_null(alc_json_member(doc, 4, &key));
    assert_null(alc_json_member(alc_json_get(doc, "z"), 0, &key));
    assert_string_equal(key, "untouched");
    for (size_t i = 4; i-- > 0;) { /* backwards too */
        assert_non_null(alc_json_member(doc, i, &key));
        assert_string_equal(key, keys[i]);
    }
    alc_json_close(doc);
}

static void loops_over_members_may_nest(void **state)
{
    struct alc_json *doc = parse("{\"a\":{\"x\":1,\"y\":2},\"b\":{\"z\":3}}");
    char seen[16] = "";
    const char *key, *inner;
    (void)state;
    for (size_t i = 0; i < alc_json_count(doc); i++) {
        const struct alc_json *v = alc_json_member(doc, i, &key);
        strcat(seen, key);
        for (size_t k = 0; k < alc_json_count(v); k++) {
            assert_non_null(alc_json_member(v, k, &inner));
            strcat(seen, inner);
        }
    }
    assert_string_equal(seen, "axybz");
    alc_json_close(doc);
}

/* A place that was remembered in a document that is gone must not be used: the next document often
 * lies at the same address. */
static void a_new_document_is_walked_anew(void **state)
{
    const char *key;
    (void)state;
    for (int i = 0; i < 20; i++) {
        struct alc_json *doc = parse(i % 2 ? "{\"a\":1,\"b\":2}" : "{\"c\":1,\"d\":2}");
        assert_non_null(alc_json_member(doc, 1, &key));
        assert_string_equal(key, i % 2 ? "b" : "d");
        assert_non_null(alc_json_member(doc, 0, &key));
        alc_json_close(doc);
    }
}

static void a_large_object_is_walked_in_one_pass(void **state)
{
    struct alc_buf text = ALC_BUF(16 * MIB);
    struct alc_json *doc;
    const char *key;
    uint64_t v;
    (void)state;
    for (int i = 0; i < 200000; i++)
        alc_buf_printf(&text, "%s\"k%d\":%d", i == 0 ? "{" : ",", i, i);
    alc_buf_put_text(&text, "}");
    assert_int_equal(alc_json_open(&doc, alc_buf_bytes(&text), 16 * MIB, NULL), ALC_OK);
    for (size_t i = 0; i < 200000; i++) { /* from the front each time, it would take minutes */
        assert_true(alc_json_u64(alc_json_member(doc, i, &key), &v));
        assert_int_equal(v, i);
    }
    alc_json_close(doc);
    alc_buf_fini(&text);
}

static void integers_are_exact_to_64_signed_bits(void **state)
{
    struct alc_json *doc =
        parse("[9223372036854775807,-9223372036854775808,9007199254740993,0,-0]");
    int64_t i;
    uint64_t u;
    (void)state;
    assert_true(alc_json_u64(alc_json_at(doc, 0), &u) && u == INT64_MAX);
    assert_true(alc_json_i64(alc_json_at(doc, 1), &i) && i == INT64_MIN);
    assert_true(alc_json_u64(alc_json_at(doc, 2), &u) && u == 9007199254740993);
    assert_true(alc_json_u64(alc_json_at(doc, 3), &u) && u == 0);
    assert_true(alc_json_i64(alc_json_at(doc, 4), &i) && i == 0);
    alc_json_close(doc);
}

static void a_bigger_integer_is_a_double_and_its_neighbours_stay_exact(void **state)
{
    struct alc_json *doc =
        parse("{\"payment\":100000000000000000000000,\"id\":9007199254740993,"
              "\"s\":\"100000000000000000000000\",\"q\\\"9223372036854775808\":1,"
              "\"edge\":[9223372036854775808,-9223372036854775809]}");
    struct alc_bytes s;
    double d;
    uint64_t u;
    (void)state;
    assert_false(alc_json_u64(alc_json_get(doc, "payment"), &u));
    assert_true(alc_json_real(alc_json_get(doc, "payment"), &d) && d == 1e23);
    assert_true(alc_json_u64(alc_json_get(doc, "id"), &u) && u == 9007199254740993);
    assert_true(alc_json_str(alc_json_get(doc, "s"), &s));
    assert_text(s, "100000000000000000000000");
    assert_true(alc_json_u64(alc_json_get(doc, "q\"9223372036854775808"), &u));
    assert_true(alc_json_real(alc_json_at(alc_json_get(doc, "edge"), 0), &d) && d == 0x1p63);
    assert_true(alc_json_real(alc_json_at(alc_json_get(doc, "edge"), 1), &d) && d == -0x1p63);
    alc_json_close(doc);
}

static void what_is_not_json_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        " ",
        "{",
        "}",
        "[",
        "[1",
        "[1,]",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{a:1}",
        "{'a':1}",
        "[1] 2",
        "[1]x",
        "nul",
        "NULL",
        "True",
        "01",
        "+1",
        "1.",
        ".5",
        "1e",
        "-",
        "--1",
        "0x1",
        "NaN",
        "Infinity",
        "1e999",
        "\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\ud800\"",
        "\"\\udc00\"",
        "\"\x01\"",
        "\"\n\"",
        "\"\xff\"",
        "\"\xc0\xaf\"",
        "\"\xed\xa0\x80\"",
        "\"\xf5\x80\x80\x80\"",
        "\xef\xbb\xbf{}",
        "/**/1",
        "[1 2]",
        "{\"a\":1 \"b\":2}",
        "{\"a\\u0000\":1}",
        "00000000000000000000001",
        "-012345678901234567890",
        "1234567890123456789012.",
        "12345678901234567890-1",
    };
    struct alc_json *doc = NULL;
    struct alc_err err;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (alc_json_open(&doc, alc_cstr(bad[i]), MIB, &err) != ALC_BAD_INPUT)
            fail_msg("'%s' was taken", bad[i]);
        assert_null(doc);
    }
}

static void a_key_that_comes_twice_is_refused(void **state)
{
    struct alc_json *doc;
    struct alc_err err;
    (void)state;
    assert_int_equal(alc_json_open(&doc, ALC_LIT("{\"a\":1,\"a\":1}"), MIB, &err), ALC_BAD_INPUT);
    assert_int_equal(alc_json_open(&doc, ALC_LIT("{\"a\":1,\"\\u0061\":1}"), MIB, &err),
                     ALC_BAD_INPUT);
    assert_int_equal(alc_json_open(&doc, ALC_LIT("[{\"b\":{\"a\":1,\"a\":2}}]"), MIB, &err),
                     ALC_BAD_INPUT);
    alc_json_close(parse("[{\"a\":1},{\"a\":1}]"));
}

static void the_sentence_names_the_place_and_not_the_content(void **state)
{
    struct alc_json *doc;
    struct alc_err err;
    (void)state;
    assert_int_equal(alc_json_open(&doc, ALC_LIT("{\n \"a\": hunter2}"), MIB, &err), ALC_BAD_INPUT);
    assert_says(&err, "line 2");
    assert_says(&err, "column");
    assert_null(strstr(err.text, "hunter2"));
}

static void nested(struct alc_buf *b, size_t deep)
{
    alc_buf_reset(b);
    for (size_t i = 0; i < deep; i++)
        alc_buf_put_text(b, i % 2 ? "[" : "{\"k\":");
    alc_buf_put_text(b, "1");
    for (size_t i = deep; i-- > 0;)
        alc_buf_put_text(b, i % 2 ? "]" : "}");
}

static void nesting_has_a_limit(void **state)
{
    struct alc_buf b = ALC_BUF(8 * MIB);
    struct alc_buf out = ALC_BUF(8 * MIB);
    struct alc_json *doc = NULL;
    struct alc_err err;
    (void)state;
    nested(&b, ALC_JSON_MAX_DEPTH);
    assert_int_equal(alc_json_open(&doc, alc_buf_bytes(&b), MIB, &err), ALC_OK);
    alc_json_dump(doc, &out);
    assert_text(alc_buf_bytes(&out), alc_buf_text(&b));
    alc_json_close(doc);
    doc = NULL;
    nested(&b, ALC_JSON_MAX_DEPTH + 1);
    assert_int_equal(alc_json_open(&doc, alc_buf_bytes(&b), MIB, &err), ALC_LIMIT);
    nested(&b, MIB);
    assert_int_equal(alc_json_open(&doc, alc_buf_bytes(&b), 8 * MIB, &err), ALC_LIMIT);
    assert_null(doc);
    alc_json_close(parse("[\"[[[[\",\"\\\"{{{\"]")); /* within strings nothing nests */
    alc_buf_fini(&out);
    alc_buf_fini(&b);
}

static void size_has_a_limit(void **state)
{
    struct alc_json *doc;
    struct alc_err err;
    (void)state;
    assert_int_equal(alc_json_open(&doc, ALC_LIT("[1,2]"), 5, &err), ALC_OK);
    alc_json_close(doc);
    assert_int_equal(alc_json_open(&doc, ALC_LIT("[1,2]"), 4, &err), ALC_LIMIT);
    assert_says(&err, "5 bytes", "at most 4");
    assert_int_equal(alc_json_open(&doc, (struct alc_bytes){NULL, 0}, 0, &err), ALC_BAD_INPUT);
}

static void the_number_of_values_has_a_limit(void **state)
{
    struct alc_buf b = ALC_BUF(8 * MIB);
    struct alc_json *doc;
    struct alc_err err;
    (void)state;
    alc_buf_put_text(&b, "[");
    for (unsigned i = 0; i <= ALC_JSON_MAX_VALUES; i++)
        alc_buf_put_text(&b, "{},");
    alc_buf_put_text(&b, "1]");
    assert_int_equal(alc_json_open(&doc, alc_buf_bytes(&b), 8 * MIB, &err), ALC_LIMIT);
    assert_says(&err, "values");
    alc_buf_fini(&b);
}

static void strings_may_hold_nuls_but_texts_may_not(void **state)
{
    struct alc_json *doc = parse("[\"a\\u0000b\",\"ab\"]");
    const char *t = NULL;
    struct alc_bytes s;
    (void)state;
    assert_true(alc_json_str(alc_json_at(doc, 0), &s));
    assert_int_equal(s.n, 3);
    assert_memory_equal(s.p, "a\0b", 4);
    assert_false(alc_json_text(alc_json_at(doc, 0), &t));
    assert_null(t);
    assert_true(alc_json_text(alc_json_at(doc, 1), &t));
    assert_string_equal(t, "ab");
    alc_json_close(doc);
}

static void any_value_is_a_document(void **state)
{
    (void)state;
    assert_dumps("null", "null");
    assert_dumps(" \"x\" ", "\"x\"");
    assert_dumps("-5", "-5");
    assert_dumps("true", "true");
}

static void a_part_can_be_kept(void **state)
{
    struct alc_json *doc = parse("{\"result\":{\"v\":[1,2]},\"id\":1}");
    struct alc_json *part = alc_json_keep(alc_json_get(doc, "result"));
    uint64_t v;
    (void)state;
    alc_json_close(doc);
    assert_true(alc_json_u64(alc_json_at(alc_json_get(part, "v"), 1), &v));
    assert_int_equal(v, 2);
    alc_json_close(part);
    assert_null(alc_json_keep(NULL));
}

static void a_dump_is_compact_and_in_order(void **state)
{
    (void)state;
    assert_dumps(
        "{ \"z\" : [ 1 , -2 , true , false , null , { } , [ ] ] , \"a\" : \"\\u00e9\\/\" }",
        "{\"z\":[1,-2,true,false,null,{},[]],\"a\":\"\xc3\xa9/\"}");
    assert_dumps("[0.1,1.0,-0.0,1e24,100000000000000000000000,1e-7,123456.789,5e-324,"
                 "1.7976931348623157e308,0.30000000000000004]",
                 "[0.1,1.0,-0.0,1e24,1e23,1e-7,123456.789,5e-324,"
                 "1.7976931348623157e308,0.30000000000000004]");
}

static void a_dump_reads_back_equal(void **state)
{
    static const double values[] = {1.0 / 3,
                                    2.0 / 3,
                                    1e15,
                                    1e16,
                                    123456789012345680.0,
                                    0x1p-1074,
                                    0x1.fffffffffffffp1023,
                                    4.35,
                                    9007199254740991.0};
    struct alc_buf out = ALC_BUF(1000);
    char text[64];
    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        struct alc_json *doc;
        double back;
        snprintf(text, sizeof text, "%.17e", values[i]);
        doc = parse(text);
        alc_buf_reset(&out);
        alc_json_dump(doc, &out);
        alc_json_close(doc);
        doc = parse(alc_buf_text(&out));
        assert_int_equal(alc_json_kind(doc), ALC_JSON_REAL);
        assert_true(alc_json_real(doc, &back) && back == values[i]);
        alc_json_close(doc);
    }
    alc_buf_fini(&out);
}

/* ---- writer ---- */

static void the_writer_puts_commas_by_itself(void **state)
{
    struct alc_buf b = ALC_BUF(1000);
    struct alc_jw w = {.out = &b};
    (void)state;
    alc_jw_obj(&w);
    alc_jw_key(&w, "n");
    alc_jw_u64(&w, UINT64_MAX);
    alc_jw_key(&w, "i");
    alc_jw_i64(&w, INT64_MIN);
    alc_jw_key_bytes(&w, ALC_LIT("a"));
    alc_jw_arr(&w);
    alc_jw_arr(&w);
    alc_jw_end(&w);
    alc_jw_obj(&w);
    alc_jw_end(&w);
    alc_jw_bool(&w, true);
    alc_jw_bool(&w, false);
    alc_jw_null(&w);
    alc_jw_text(&w, "t");
    alc_jw_textf(&w, "%d\"%s", 1, "x");
    alc_jw_raw(&w, ALC_LIT("{\"raw\":1}"));
    alc_jw_end(&w);
    alc_jw_key(&w, "u");
    alc_jw_u128_str(&w, ~(__uint128_t)0);
    alc_jw_end(&w);
    assert_false(b.failed);
    assert_text(alc_buf_bytes(&b), "{\"n\":18446744073709551615,\"i\":-9223372036854775808,"
                                   "\"a\":[[],{},true,false,null,\"t\",\"1\\\"x\",{\"raw\":1}],"
                                   "\"u\":\"340282366920938463463374607431768211455\"}");
    alc_buf_fini(&b);
}

static void bytes_are_written_in_three_encodings(void **state)
{
    struct alc_buf b = ALC_BUF(1000);
    struct alc_jw w = {.out = &b};
    (void)state;
    alc_jw_arr(&w);
    alc_jw_hex(&w, ALC_LIT("\x01\xff"));
    alc_jw_base64(&w, ALC_LIT("fo"));
    alc_jw_base58(&w, ALC_LIT("bbb"));
    alc_jw_hex(&w, ALC_LIT(""));
    alc_jw_base64(&w, ALC_LIT(""));
    alc_jw_base58(&w, ALC_LIT(""));
    alc_jw_end(&w);
    assert_text(alc_buf_bytes(&b), "[\"01ff\",\"Zm8=\",\"a3gV\",\"\",\"\",\"\"]");
    alc_buf_fini(&b);
}

static void base58_of_much_fails(void **state)
{
    static const uint8_t many[4096];
    struct alc_buf b = ALC_BUF(1u << 16);
    struct alc_jw w = {.out = &b};
    (void)state;
    alc_jw_base58(&w, (struct alc_bytes){many, sizeof many});
    assert_true(b.failed);
    alc_buf_fini(&b);
}

static void assert_written(struct alc_bytes s, const char *want)
{
    struct alc_buf b = ALC_BUF(1000);
    struct alc_jw w = {.out = &b};
    alc_jw_str(&w, s);
    assert_text(alc_buf_bytes(&b), want);
    alc_buf_fini(&b);
}

static void strings_are_escaped_as_serde_does(void **state)
{
    (void)state;
    assert_written(ALC_LIT("a\"b\\c/d"), "\"a\\\"b\\\\c/d\"");
    assert_written(ALC_LIT("\b\f\n\r\t"), "\"\\b\\f\\n\\r\\t\"");
    assert_written(ALC_LIT("\0\x01\x1f\x7f"), "\"\\u0000\\u0001\\u001f\x7f\"");
    assert_written(ALC_LIT("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"),
                   "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"");
    assert_written((struct alc_bytes){NULL, 0}, "\"\"");
}

#define FFFD "\xef\xbf\xbd"

/* The samples of the Unicode Standard, chapter 3, tables 3-8 to 3-11. */
static void broken_utf8_becomes_replacement_characters(void **state)
{
    (void)state;
    assert_written(ALC_LIT("\xc0\xaf\xe0\x80\xbf\xf0\x81\x82\x41"),
                   "\"" FFFD FFFD FFFD FFFD FFFD FFFD FFFD FFFD "A\"");
    assert_written(ALC_LIT("\xed\xa0\x80\xed\xbf\xbf\xed\xaf\x41"),
                   "\"" FFFD FFFD FFFD FFFD FFFD FFFD FFFD FFFD "A\"");
    assert_written(ALC_LIT("\xf4\x91\x92\x93\xff\x41\x80\xbf\x42"),
                   "\"" FFFD FFFD FFFD FFFD FFFD "A" FFFD FFFD "B\"");
    assert_written(ALC_LIT("\xe1\x80\xe2\xf0\x91\x92\xf1\xbf\x41"), "\"" FFFD FFFD FFFD FFFD "A\"");
    assert_written(ALC_LIT("cut \xf0\x9f\x98"), "\"cut " FFFD "\"");
}

static void what_is_written_reads_back(void **state)
{
    struct alc_buf b = ALC_BUF(10000);
    struct alc_jw w = {.out = &b};
    struct alc_json *doc;
    struct alc_bytes back;
    uint8_t all[128];
    (void)state;
    for (unsigned i = 0; i < sizeof all; i++)
        all[i] = (uint8_t)i;
    alc_jw_str(&w, (struct alc_bytes){all, sizeof all});
    assert_int_equal(alc_json_open(&doc, alc_buf_bytes(&b), MIB, NULL), ALC_OK);
    assert_true(alc_json_str(doc, &back));
    assert_int_equal(back.n, sizeof all);
    assert_memory_equal(back.p, all, sizeof all);
    alc_json_close(doc);
    alc_buf_fini(&b);
}

static void the_writer_fails_over_its_limits(void **state)
{
    struct alc_buf b = ALC_BUF(1000);
    struct alc_jw w = {.out = &b};
    (void)state;
    for (int i = 0; i < 64; i++)
        alc_jw_arr(&w);
    assert_false(b.failed);
    alc_jw_obj(&w);
    assert_true(b.failed);
    alc_buf_reset(&b);
    w = (struct alc_jw){.out = &b};
    alc_jw_end(&w); /* of nothing */
    assert_true(b.failed);
    alc_buf_fini(&b);

    b = ALC_BUF(4);
    w = (struct alc_jw){.out = &b};
    alc_jw_text(&w, "abc");
    assert_true(b.failed);
    alc_buf_fini(&b);
    b = ALC_BUF(4);
    w = (struct alc_jw){.out = &b};
    alc_jw_base64(&w, ALC_LIT("abcd"));
    assert_true(b.failed);
    alc_buf_fini(&b);
}

static enum alc_rc read_and_write(void)
{
    struct alc_json *doc = NULL;
    struct alc_buf b = ALC_BUF(1000);
    struct alc_jw w = {.out = &b};
    enum alc_rc rc = alc_json_open(
        &doc, ALC_LIT("{\"a\":[1,2.5,\"s\",null],\"big\":99999999999999999999}"), MIB, NULL);
    if (rc == ALC_OK) {
        alc_jw_textf(&w, "%d", 5);
        alc_json_dump(doc, &b);
        if (b.failed) rc = ALC_NOMEM;
    }
    alc_buf_fini(&b);
    alc_json_close(doc);
    return rc;
}

static void no_memory_is_told(void **state)
{
    (void)state;
    each_allocation_failing(read_and_write);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_is_walked_in_one_expression),
        cmocka_unit_test(absent_is_null_and_nothing_else),
        cmocka_unit_test(readers_take_only_their_kind),
        cmocka_unit_test(members_come_in_the_order_of_the_text),
        cmocka_unit_test(loops_over_members_may_nest),
        cmocka_unit_test(a_new_document_is_walked_anew),
        cmocka_unit_test(a_large_object_is_walked_in_one_pass),
        cmocka_unit_test(integers_are_exact_to_64_signed_bits),
        cmocka_unit_test(a_bigger_integer_is_a_double_and_its_neighbours_stay_exact),
        cmocka_unit_test(what_is_not_json_is_refused),
        cmocka_unit_test(a_key_that_comes_twice_is_refused),
        cmocka_unit_test(the_sentence_names_the_place_and_not_the_content),
        cmocka_unit_test(nesting_has_a_limit),
        cmocka_unit_test(size_has_a_limit),
        cmocka_unit_test(the_number_of_values_has_a_limit),
        cmocka_unit_test(strings_may_hold_nuls_but_texts_may_not),
        cmocka_unit_test(any_value_is_a_document),
        cmocka_unit_test(a_part_can_be_kept),
        cmocka_unit_test(a_dump_is_compact_and_in_order),
        cmocka_unit_test(a_dump_reads_back_equal),
        cmocka_unit_test(the_writer_puts_commas_by_itself),
        cmocka_unit_test(bytes_are_written_in_three_encodings),
        cmocka_unit_test(base58_of_much_fails),
        cmocka_unit_test(strings_are_escaped_as_serde_does),
        cmocka_unit_test(broken_utf8_becomes_replacement_characters),
        cmocka_unit_test(what_is_written_reads_back),
        cmocka_unit_test(the_writer_fails_over_its_limits),
        cmocka_unit_test(no_memory_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
