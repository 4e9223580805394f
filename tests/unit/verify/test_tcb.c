/* tests/unit/verify/test_tcb.c — TCB info and QE identity are read exactly, whatever their order.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "made.h"
#include "verify/parts.h"

static struct alc_collateral c;
static struct alc_buf text;

/* change puts `to` for the only `from` in a text; the result is kept until the next change. */
static struct alc_bytes change(const char *in, const char *from, const char *to)
{
    const char *at = strstr(in, from);

    if (at == NULL || strstr(at + 1, from) != NULL) fail_msg("not there once: %s", from);
    alc_buf_fini(&text);
    text = ALC_BUF(1u << 20);
    alc_buf_put(&text, in, (size_t)(at - in));
    alc_buf_put_text(&text, to);
    alc_buf_put_text(&text, at + strlen(from));
    assert_false(text.failed);
    return alc_buf_bytes(&text);
}

static enum alc_refusal info(struct alc_bytes json)
{
    memset(&c, 0, sizeof c);
    return vf_tcb_info_read(&c, json);
}

static enum alc_refusal qe(struct alc_bytes json)
{
    memset(&c, 0, sizeof c);
    c.tee = ALC_TEE_TDX;
    return vf_qe_identity_read(&c, json);
}

/* ---- TCB info ---- */

static void a_tdx_set_is_read(void **state)
{
    (void)state;

    assert_int_equal(info(alc_cstr(made_tdx_info)), ALC_REFUSAL_NONE);
    assert_int_equal(c.tee, ALC_TEE_TDX);
    assert_memory_equal(c.fmspc, "\x00\xa0\xb0\xc0\xd0\xe0", 6);
    assert_memory_equal(c.pceid, "\x01\x02", 2);
    assert_int_equal(c.tcb_evaluation, 19);
    assert_int_equal(c.tcb.from_s, 1767323045);
    assert_int_equal(c.tcb.until_s, 1769915045);
    assert_int_equal(c.modules_count, 1);
    assert_int_equal(c.modules[0].number, 0);
    assert_int_equal(c.modules[0].mask[7], 0xff);
    assert_int_equal(c.levels_count, 1);
    assert_int_equal(c.levels[0].sgx[0], 2);
    assert_int_equal(c.levels[0].sgx[15], 1);
    assert_int_equal(c.levels[0].tdx[0], 3);
    assert_int_equal(c.levels[0].pcesvn, 11);
    assert_int_equal(c.levels[0].date_s, 1735689600);
    assert_int_equal(c.levels[0].status, ALC_TCB_UP_TO_DATE);
    assert_int_equal(c.advisories_count, 0);
}

static void an_sgx_set_may_say_null_where_tdx_says_more(void **state)
{
    (void)state;

    assert_int_equal(info(alc_cstr(made_sgx_info)), ALC_REFUSAL_NONE);
    assert_int_equal(c.tee, ALC_TEE_SGX);
    assert_int_equal(c.modules_count, 0);
    assert_int_equal(info(change(made_sgx_info, "\"tcbType\":0",
                                 "\"tcbType\":0,\"tdxModule\":null,\"tdxModuleIdentities\":null")),
                     ALC_REFUSAL_NONE);
    assert_int_equal(
        info(change(made_sgx_info, "\"pcesvn\":11", "\"pcesvn\":11,\"tdxtcbcomponents\":null")),
        ALC_REFUSAL_NONE);
    assert_int_equal(c.levels_count, 1);
}

static void kinds_are_not_mixed(void **state)
{
    (void)state;

    /* what a TDX set has, under the name of SGX, and the other way round */
    assert_int_equal(info(change(made_tdx_info, "\"id\":\"TDX\"", "\"id\":\"SGX\"")),
                     ALC_REFUSAL_TCB_FORMAT);
    assert_int_equal(info(change(made_sgx_info, "\"id\":\"SGX\"", "\"id\":\"TDX\"")),
                     ALC_REFUSAL_TCB_FORMAT);
    assert_int_equal(info(change(made_sgx_info, "\"tcbType\":0",
                                 "\"tcbType\":0,\"tdxModuleIdentities\":[{\"id\":\"TDX_01\","
                                 "\"mrsigner\":\"00\",\"attributes\":\"00\"}]")),
                     ALC_REFUSAL_TCB_FORMAT);
    assert_int_equal(info(change(made_tdx_info, "\"id\":\"TDX\"", "\"id\":\"TDY\"")),
                     ALC_REFUSAL_TCB_ID);
    assert_int_equal(info(change(made_tdx_info, "\"id\":\"TDX\"", "\"id\":\"tdx\"")),
                     ALC_REFUSAL_TCB_ID);
}

static void each_member_of_tcb_info_counts(void **state)
{
    static const struct {
        const char *from, *to;
        bool good;
    } rows[] = {
        {"\"version\":3", "\"version\":2", false},
        {"\"version\":3", "\"version\":\"3\"", false},
        {"\"version\":3,", "", false},
        {"\"id\":\"TDX\",", "", false},
        {"\"tcbType\":0", "\"tcbType\":1", false},
        {"\"tcbType\":0,", "", false},
        {"\"tcbType\":0", "\"tcbType\":0,\"tcbType\":0", false},
        {"\"tcbType\":0", "\"tcbType\":0,\"later\":{\"x\":[1]}", true},
        {"\"tcbType\":0", "\"tcbType\":0,\"later\":1.5", false}, /* no floats anywhere */
        {"00A0b0C0d0E0", "00A0b0C0d0", false},
        {"00A0b0C0d0E0", "00A0b0C0d0E0F0", false},
        {"00A0b0C0d0E0", "00A0b0C0d0Eg", false},
        {"\"0102\"", "\"01\"", false},
        {"\"0102\"", "258", false},
        {"\"issueDate\":\"2026-01-02T03:04:05Z\",", "", false},
        {"2026-01-02T03:04:05Z", "2026-01-02", false},
        {"2026-02-01T03:04:05Z", "2026-02-30T03:04:05Z", false},
        {"DataNumber\":19", "DataNumber\":4294967295", true},
        {"DataNumber\":19", "DataNumber\":4294967296", false},
        {"DataNumber\":19", "DataNumber\":-1", false},
        {"\"pcesvn\":11", "\"pcesvn\":65535", true},
        {"\"pcesvn\":11", "\"pcesvn\":65536", false},
        {"\"pcesvn\":11,", "", false},
        {"\"tcbStatus\":\"UpToDate\"", "\"tcbStatus\":\"uptodate\"", false},
        {"\"tcbStatus\":\"UpToDate\"", "\"tcbStatus\":\"UpToDate \"", false},
        {"\"tcbStatus\":\"UpToDate\"", "\"tcbStatus\":\"\"", false},
        {"\"tcbStatus\":\"UpToDate\"", "\"tcbStatus\":\"TDRelaunchAdvised\"", false},
        {",\"tcbStatus\":\"UpToDate\"", "", false},
        {"\"tcbDate\":\"2025-01-01T00:00:00Z\",", "", false},
        {"\"tcbStatus\":\"UpToDate\"", "\"tcbStatus\":\"UpToDate\",\"advisoryIDs\":[]", true},
        {"\"tcbStatus\":\"UpToDate\"", "\"tcbStatus\":\"UpToDate\",\"advisoryIDs\":[1]", false},
        {"\"tcbStatus\":\"UpToDate\"", "\"tcbStatus\":\"UpToDate\",\"advisoryIDs\":[\"\"]", false},
        {"\"tcbStatus\":\"UpToDate\"", "\"tcbStatus\":\"UpToDate\",\"advisoryIDs\":[\"a b\"]",
         false},
        {"\"tcbStatus\":\"UpToDate\"",
         "\"tcbStatus\":\"UpToDate\",\"advisoryIDs\":[\"1234567890123456789012345678901\"]", true},
        {"\"tcbStatus\":\"UpToDate\"",
         "\"tcbStatus\":\"UpToDate\",\"advisoryIDs\":[\"12345678901234567890123456789012\"]",
         false},
        {"[{\"svn\":2}", "[{\"svn\":2,\"category\":\"BIOS\",\"type\":\"uCode\"}", true},
        {"[{\"svn\":2}", "[{\"svn\":255}", true},
        {"[{\"svn\":2}", "[{\"svn\":256}", false},
        {"[{\"svn\":2}", "[{\"svn\":\"2\"}", false},
        {"[{\"svn\":2}", "[{}", false},
        {"[{\"svn\":2}", "[2", false},
        {"[{\"svn\":2},", "[", false},                       /* 15 components */
        {"[{\"svn\":2}", "[{\"svn\":2},{\"svn\":2}", false}, /* 17 */
        {"[{\"svn\":3},", "[", false},
        {"[{\"svn\":3}", "[{\"svn\":3},{\"svn\":2}", false},
        {"\"tdxtcbcomponents\"", "\"tdxtcbcomponents\":null,\"other\"", false},
        {"\"sgxtcbcomponents\"", "\"sgxtcbcomponents\":null,\"other\"", false},
        {"\"tdxModule\":", "\"tdxModule\":null,\"other\":", false},
        {"\"attributesMask\":\"FFFFFFFFFFFFFFFF\"", "\"attributesMask\":\"FFFFFFFFFFFFFF\"", false},
        {",\"attributesMask\":\"FFFFFFFFFFFFFFFF\"", "", false},
        {"\"tcbLevels\"", "\"tcbLevels\":[],\"other\"", true}, /* then no platform reaches one */
        {"\"tcbLevels\"", "\"tcblevels\"", false},
        {"\"tcbLevels\":[", "\"tcbLevels\":[null,", false},
        {"{\"id\"", " {\"id\"", true}, /* whether the text was signed is another question */
        {"{\"id\"", "[{\"id\"", false},
        {"\"UpToDate\"}]}", "\"UpToDate\"}]} ", true},
        {"\"UpToDate\"}]}", "\"UpToDate\"}]}}", false},
    };
    (void)state;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        enum alc_refusal got = info(change(made_tdx_info, rows[i].from, rows[i].to));
        if (got != (rows[i].good ? ALC_REFUSAL_NONE : ALC_REFUSAL_TCB_FORMAT))
            fail_msg("%s -> %s: %s", rows[i].from, rows[i].to, alc_refusal_word(got));
    }
}

/* ---- levels ---- */

static void put_level(struct alc_buf *b, unsigned first, unsigned last, unsigned pcesvn,
                      unsigned tdx, const char *more)
{
    alc_buf_printf(b, "%s{\"tcb\":{\"pcesvn\":%u,\"sgxtcbcomponents\":[{\"svn\":%u}",
                   b->n > 0 ? "," : "", pcesvn, first);
    for (int i = 0; i < 14; i++)
        alc_buf_put_text(b, ",{\"svn\":0}");
    alc_buf_printf(b, ",{\"svn\":%u}],\"tdxtcbcomponents\":[{\"svn\":%u}", last, tdx);
    for (int i = 0; i < 15; i++)
        alc_buf_put_text(b, ",{\"svn\":0}");
    alc_buf_printf(b, "]},\"tcbDate\":\"2025-01-01T00:00:00Z\",\"tcbStatus\":\"OutOfDate\"%s}",
                   more);
}

static enum alc_refusal levels(struct alc_buf *b)
{
    static char last[] = "\"tcbLevels\":[";
    char *head = strdup(made_tdx_info);
    enum alc_refusal r;

    *strstr(head, last) = 0;
    alc_buf_fini(&text);
    text = ALC_BUF(1u << 20);
    alc_buf_printf(&text, "%s%s%s]}", head, last, alc_buf_text(b));
    assert_false(text.failed || b->failed);
    free(head);
    r = info(alc_buf_bytes(&text));
    alc_buf_reset(b);
    return r;
}

static void levels_are_sorted_from_the_highest(void **state)
{
    /* first and last component, PCESVN, TDX component: in the order they must come out */
    static const unsigned sorted[6][4] = {{3, 1, 5, 5},  {2, 5, 0, 9},    {2, 4, 11, 1},
                                          {2, 4, 11, 0}, {2, 4, 10, 200}, {0, 255, 0, 0}};
    static const size_t orders[][6] = {
        {0, 1, 2, 3, 4, 5}, {5, 4, 3, 2, 1, 0}, {3, 0, 5, 1, 4, 2}, {2, 5, 1, 4, 0, 3}};
    struct alc_buf b = ALC_BUF(1u << 20);
    (void)state;

    for (size_t o = 0; o < sizeof orders / sizeof *orders; o++) {
        for (size_t i = 0; i < 6; i++) {
            const unsigned *l = sorted[orders[o][i]];
            put_level(&b, l[0], l[1], l[2], l[3], "");
        }
        assert_int_equal(levels(&b), ALC_REFUSAL_NONE);
        assert_int_equal(c.levels_count, 6);
        for (size_t i = 0; i < 6; i++) {
            assert_int_equal(c.levels[i].sgx[0], sorted[i][0]);
            assert_int_equal(c.levels[i].sgx[15], sorted[i][1]);
            assert_int_equal(c.levels[i].pcesvn, sorted[i][2]);
            assert_int_equal(c.levels[i].tdx[0], sorted[i][3]);
        }
    }
    alc_buf_fini(&b);
}

static void equal_levels_are_refused(void **state)
{
    struct alc_buf b = ALC_BUF(1u << 20);
    (void)state;

    put_level(&b, 3, 1, 5, 5, "");
    put_level(&b, 2, 1, 5, 5, "");
    put_level(&b, 3, 1, 5, 5, "");
    assert_int_equal(levels(&b), ALC_REFUSAL_TCB_FORMAT);
    alc_buf_fini(&b);
}

static void there_are_at_most_64_levels(void **state)
{
    struct alc_buf b = ALC_BUF(1u << 20);
    (void)state;

    for (unsigned n = 64; n <= 65; n++) {
        for (unsigned i = 0; i < n; i++)
            put_level(&b, i, 0, 0, 0, "");
        assert_int_equal(levels(&b), n == 64 ? ALC_REFUSAL_NONE : ALC_REFUSAL_TCB_FORMAT);
        if (n == 64) assert_int_equal(c.levels[0].sgx[0], 63);
        if (n == 64) assert_int_equal(c.levels[63].sgx[0], 0);
    }
    alc_buf_fini(&b);
}

static bool level_has(const struct alc_advisories *a, const char *name)
{
    bool found = false;
    for (size_t i = 0; i < c.advisories_count; i++)
        if ((a->bits[i / 64] >> (i % 64) & 1) != 0 &&
            alc_bytes_is((struct alc_bytes){c.advisories[i].b, c.advisories[i].n}, name))
            found = true;
    return found;
}

static void advisories_are_named_once_and_in_order(void **state)
{
    struct alc_buf b = ALC_BUF(1u << 20);
    (void)state;

    put_level(&b, 9, 0, 0, 0, ",\"advisoryIDs\":[\"M\",\"Z\",\"M\"]");
    put_level(&b, 8, 0, 0, 0, ",\"advisoryIDs\":[]");
    put_level(&b, 7, 0, 0, 0, ",\"advisoryIDs\":[\"AA\",\"Z\"]");
    put_level(&b, 6, 0, 0, 0, ",\"advisoryIDs\":[\"A\",\"N\"]");
    assert_int_equal(levels(&b), ALC_REFUSAL_NONE);
    assert_int_equal(c.advisories_count, 5);
    for (size_t i = 0; i < 5; i++)
        assert_true(alc_bytes_is((struct alc_bytes){c.advisories[i].b, c.advisories[i].n},
                                 ((const char *[]){"A", "AA", "M", "N", "Z"})[i]));
    assert_int_equal(c.levels[0].advisories.bits[0], 0x14);
    assert_int_equal(c.levels[1].advisories.bits[0], 0);
    assert_int_equal(c.levels[2].advisories.bits[0], 0x12);
    assert_int_equal(c.levels[3].advisories.bits[0], 0x09);
    alc_buf_fini(&b);
}

/* 128 names in two levels, each put before all that were there: bits move across both words. */
static void there_are_at_most_128_advisories_and_64_in_a_level(void **state)
{
    struct alc_buf b = ALC_BUF(1u << 20), list = ALC_BUF(1u << 16);
    char name[16];
    (void)state;

    for (unsigned n = 127; n <= 129; n++) {
        unsigned number = n;
        for (unsigned level = 0; level < 3; level++) {
            alc_buf_reset(&list);
            alc_buf_put_text(&list, ",\"advisoryIDs\":[");
            for (unsigned i = 0; i < 64 && number > 0; i++)
                alc_buf_printf(&list, "%s\"SA-%03u\"", i == 0 ? "" : ",", --number);
            alc_buf_put_text(&list, "]");
            put_level(&b, 9 - level, 0, 0, 0, alc_buf_text(&list));
        }
        assert_int_equal(levels(&b), n <= 128 ? ALC_REFUSAL_NONE : ALC_REFUSAL_TCB_FORMAT);
        if (n > 128) continue;
        assert_int_equal(c.advisories_count, n);
        for (unsigned i = 0; i < n; i++) {
            snprintf(name, sizeof name, "SA-%03u", i);
            assert_int_equal(level_has(&c.levels[0].advisories, name), i + 64 >= n);
            assert_int_equal(level_has(&c.levels[1].advisories, name), i + 64 < n);
            assert_false(level_has(&c.levels[2].advisories, name));
        }
    }
    alc_buf_reset(&list);
    alc_buf_put_text(&list, ",\"advisoryIDs\":[\"A\"");
    for (unsigned i = 1; i < 65; i++)
        alc_buf_put_text(&list, ",\"A\"");
    alc_buf_put_text(&list, "]");
    put_level(&b, 9, 0, 0, 0, alc_buf_text(&list));
    assert_int_equal(levels(&b), ALC_REFUSAL_TCB_FORMAT);
    alc_buf_fini(&list);
    alc_buf_fini(&b);
}

/* ---- modules ---- */

static void put_module(struct alc_buf *b, const char *id, const char *levels_text)
{
    alc_buf_printf(b,
                   "%s{\"id\":\"%s\",\"mrsigner\":\"%096d\",\"attributes\":\"0000000000000001\","
                   "\"attributesMask\":\"FFFFFFFFFFFFFFFF\",\"tcbLevels\":[%s]}",
                   b->n > 0 ? "," : "", id, 0, levels_text);
}

#define SVN(n)                                                                                     \
    "{\"tcb\":{\"isvsvn\":" #n                                                                     \
    "},\"tcbDate\":\"2025-01-01T00:00:00Z\",\"tcbStatus\":\"OutOfDate\","                          \
    "\"advisoryIDs\":[\"SA-" #n "\"]}"

static enum alc_refusal modules(struct alc_buf *b)
{
    struct alc_buf to = ALC_BUF(1u << 20);
    enum alc_refusal r;

    alc_buf_printf(&to, "\"tcbType\":0,\"tdxModuleIdentities\":[%s]", alc_buf_text(b));
    r = info(change(made_tdx_info, "\"tcbType\":0", alc_buf_text(&to)));
    alc_buf_fini(&to);
    alc_buf_reset(b);
    return r;
}

static void modules_are_known_by_number_and_have_sorted_levels(void **state)
{
    struct alc_buf b = ALC_BUF(1u << 20);
    (void)state;

    put_module(&b, "TDX_03", SVN(3));
    put_module(&b, "TDX_aB", SVN(2) "," SVN(6) "," SVN(4));
    put_module(&b, "TDX_01", "");
    assert_int_equal(modules(&b), ALC_REFUSAL_NONE);
    assert_int_equal(c.modules_count, 4);
    assert_int_equal(c.modules[0].number, 0);
    assert_int_equal(c.modules[0].levels, 0);
    assert_int_equal(c.modules[1].number, 3);
    assert_int_equal(c.modules[1].first, 0);
    assert_int_equal(c.modules[1].levels, 1);
    assert_int_equal(c.modules[1].attributes[7], 1);
    assert_int_equal(c.modules[2].number, 0xab);
    assert_int_equal(c.modules[2].first, 1);
    assert_int_equal(c.modules[2].levels, 3);
    assert_int_equal(c.modules[3].levels, 0);
    assert_int_equal(c.svn_levels_count, 4);
    assert_int_equal(c.svn_levels[1].isvsvn, 6);
    assert_int_equal(c.svn_levels[2].isvsvn, 4);
    assert_int_equal(c.svn_levels[3].isvsvn, 2);
    assert_true(level_has(&c.svn_levels[2].advisories, "SA-4"));
    assert_false(level_has(&c.svn_levels[2].advisories, "SA-6"));
    alc_buf_fini(&b);
}

static void module_identities_that_contradict_are_refused(void **state)
{
    struct alc_buf b = ALC_BUF(1u << 20);
    static const char *const ids[] = {"TDX_00", "TDX_1",  "TDX_001", "TDX_0g",
                                      "tdx_01", "TDX-01", ""};
    (void)state;

    put_module(&b, "TDX_0a", SVN(3));
    put_module(&b, "TDX_0A", SVN(4)); /* the same number */
    assert_int_equal(modules(&b), ALC_REFUSAL_TCB_FORMAT);
    put_module(&b, "TDX_01", SVN(3) "," SVN(3));
    assert_int_equal(modules(&b), ALC_REFUSAL_TCB_FORMAT);
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        put_module(&b, ids[i], SVN(3));
        assert_int_equal(modules(&b), ALC_REFUSAL_TCB_FORMAT);
    }
    put_module(&b, "TDX_01", SVN(65536));
    assert_int_equal(modules(&b), ALC_REFUSAL_TCB_FORMAT);
    for (unsigned n = 15; n <= 16; n++) { /* with tdxModule 16 */
        for (unsigned i = 1; i <= n; i++) {
            char id[8];
            snprintf(id, sizeof id, "TDX_%02X", i);
            put_module(&b, id, SVN(3));
        }
        assert_int_equal(modules(&b), n == 15 ? ALC_REFUSAL_NONE : ALC_REFUSAL_TCB_FORMAT);
    }
    alc_buf_fini(&b);
}

/* ---- QE identity ---- */

static void a_qe_identity_is_read(void **state)
{
    (void)state;

    assert_int_equal(qe(alc_cstr(made_td_qe)), ALC_REFUSAL_NONE);
    assert_int_equal(c.qe_evaluation, 20);
    assert_int_equal(c.qe.from_s, 1767398400);
    assert_int_equal(c.qe.until_s, 1769990400);
    assert_int_equal(c.qe_miscselect, 0x04030201); /* bytes in memory order */
    assert_int_equal(c.qe_miscselect_mask, 0xffffffff);
    assert_int_equal(c.qe_attributes[0], 0x11);
    assert_int_equal(c.qe_attributes_mask[0], 0xfb);
    assert_int_equal(c.qe_mrsigner[0], 0xdc);
    assert_int_equal(c.qe_mrsigner[31], 0xc5);
    assert_int_equal(c.qe_isvprodid, 2);
    assert_int_equal(c.qe_levels, 1);
    assert_int_equal(c.qe_first, 0);
    assert_int_equal(c.svn_levels[0].isvsvn, 4);
}

static void each_member_of_a_qe_identity_counts(void **state)
{
    static const struct {
        const char *from, *to;
        enum alc_refusal want;
    } rows[] = {
        {"\"id\":\"TD_QE\"", "\"id\":\"QE\"", ALC_REFUSAL_QE_ID},
        {"\"id\":\"TD_QE\"", "\"id\":\"QVE\"", ALC_REFUSAL_QE_ID},
        {"\"id\":\"TD_QE\"", "\"id\":\"td_qe\"", ALC_REFUSAL_QE_ID},
        {"\"id\":\"TD_QE\",", "", ALC_REFUSAL_QE_FORMAT},
        {"\"version\":2", "\"version\":3", ALC_REFUSAL_QE_FORMAT},
        {"\"version\":2,", "", ALC_REFUSAL_QE_FORMAT},
        {"\"01020304\"", "\"010203\"", ALC_REFUSAL_QE_FORMAT},
        {"\"miscselect\":\"01020304\",", "", ALC_REFUSAL_QE_FORMAT},
        {"\"miscselectMask\":\"FFffFFff\",", "", ALC_REFUSAL_QE_FORMAT},
        {"\"attributes\":\"11000000000000000000000000000000\",", "", ALC_REFUSAL_QE_FORMAT},
        {"\"attributesMask\":\"FB", "\"attributesMask\":\"", ALC_REFUSAL_QE_FORMAT},
        {"\"mrsigner\":\"dc", "\"mrsigner\":\"", ALC_REFUSAL_QE_FORMAT},
        {"\"isvprodid\":2", "\"isvprodid\":65536", ALC_REFUSAL_QE_FORMAT},
        {"\"isvprodid\":2,", "", ALC_REFUSAL_QE_FORMAT},
        {"\"tcbLevels\":[", "\"other\":[", ALC_REFUSAL_QE_FORMAT},
        {"\"isvsvn\":4", "\"isvsvn\":65536", ALC_REFUSAL_QE_FORMAT},
        {"\"isvsvn\":4", "\"isvsvn\":null", ALC_REFUSAL_QE_FORMAT},
        {"\"UpToDate\"", "\"Unknown\"", ALC_REFUSAL_QE_FORMAT},
        {"\"UpToDate\"}]", "\"UpToDate\"}," SVN(4) "]", ALC_REFUSAL_QE_FORMAT},
        {"\"UpToDate\"}]", "\"UpToDate\"}," SVN(9) "," SVN(5) "]", ALC_REFUSAL_NONE},
        {"\"isvprodid\":2", "\"isvprodid\":2,\"later\":[null]", ALC_REFUSAL_NONE},
        {"\"isvprodid\":2", "\"isvprodid\":2,\"isvprodid\":2", ALC_REFUSAL_QE_FORMAT},
    };
    (void)state;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        enum alc_refusal got = qe(change(made_td_qe, rows[i].from, rows[i].to));
        if (got != rows[i].want)
            fail_msg("%s -> %s: %s", rows[i].from, rows[i].to, alc_refusal_word(got));
        if (strstr(rows[i].to, "\"isvsvn\":9") == NULL) continue;
        assert_int_equal(c.svn_levels[0].isvsvn, 9);
        assert_int_equal(c.svn_levels[1].isvsvn, 5);
        assert_int_equal(c.svn_levels[2].isvsvn, 4);
    }
}

static void statuses_have_intels_names_alone(void **state)
{
    uint8_t v;
    (void)state;

    for (uint8_t i = 0; i < ALC_TCB_COUNT; i++) {
        assert_true(alc_tcb_read(&v, alc_cstr(alc_tcb_name(i))));
        assert_int_equal(v, i);
    }
    assert_string_equal(alc_tcb_name(ALC_TCB_REVOKED), "Revoked");
    assert_false(alc_tcb_read(&v, alc_cstr(alc_tcb_name(ALC_TCB_COUNT))));
    assert_false(alc_tcb_read(&v, ALC_LIT("UpToDat")));
    assert_false(alc_tcb_read(&v, ALC_LIT("UpToDate\0")));
    assert_false(alc_tcb_read(&v, (struct alc_bytes){0}));
}

static int forget(void **state)
{
    (void)state;
    alc_buf_fini(&text);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tdx_set_is_read),
        cmocka_unit_test(an_sgx_set_may_say_null_where_tdx_says_more),
        cmocka_unit_test(kinds_are_not_mixed),
        cmocka_unit_test(each_member_of_tcb_info_counts),
        cmocka_unit_test(levels_are_sorted_from_the_highest),
        cmocka_unit_test(equal_levels_are_refused),
        cmocka_unit_test(there_are_at_most_64_levels),
        cmocka_unit_test(advisories_are_named_once_and_in_order),
        cmocka_unit_test(there_are_at_most_128_advisories_and_64_in_a_level),
        cmocka_unit_test(modules_are_known_by_number_and_have_sorted_levels),
        cmocka_unit_test(module_identities_that_contradict_are_refused),
        cmocka_unit_test(a_qe_identity_is_read),
        cmocka_unit_test(each_member_of_a_qe_identity_counts),
        cmocka_unit_test(statuses_have_intels_names_alone),
    };
    return cmocka_run_group_tests_name("verify/tcb", tests, NULL, forget);
}
