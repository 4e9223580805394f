/* tests/contract/test_vm_gas.c — what the main contract burns in NEAR's VM stays within limits, and
 * nothing goes unmeasured. */
#include "tests/contract/gas.h"

#include "methods.h"

#include "contract/near.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include <cmocka.h>

#define CODE_MAX_BYTES 72000u
#define ROWS_MAX 256u

static struct gas_row rows[ROWS_MAX]; /* of all days */
static size_t rows_n;

static int measure(void **state)
{
    (void)state;
    for (size_t i = 0; gas_of_compute[i] != NULL; i++) {
        if (rows_n + GAS_ROWS_MAX > ROWS_MAX) return -1;
        rows_n += gas_of_compute[i](rows + rows_n);
    }
    return 0;
}

static const struct {
    const char *name;
    enum near_kind kind;
} methods[] = {
#define ROW(name, kind) {#name, NEAR_##kind},
    COMPUTE_METHODS(ROW)
#undef ROW
};
#define METHODS (sizeof methods / sizeof *methods)

/* A row is called like its method, with what is special of the call behind a comma. */
static bool is_of(const struct gas_row *r, const char *method)
{
    const size_t n = strlen(method);
    return strncmp(r->name, method, n) == 0 && (r->name[n] == 0 || r->name[n] == ',');
}

static void every_call_stays_within_its_limit(void **state)
{
    unsigned over = 0;
    (void)state;
    for (size_t i = 0; i < rows_n; i++) {
        const struct gas_row *r = &rows[i];
        const bool within = r->limit == 0 || r->bare <= r->limit;

        print_message("%-44s %6.3f Tgas, %6.3f with trie nodes%s\n", r->name,
                      (double)r->bare / 1e12, (double)r->nodes / 1e12, within ? "" : " TOO MUCH");
        over += !within;
    }
    assert_int_equal(over, 0);
}

static void every_method_is_measured(void **state)
{
    (void)state;
    for (size_t i = 0; i < METHODS; i++) {
        /* Always panics. */
        bool found = strcmp(methods[i].name, "top_up_payment_key_with_token") == 0;

        for (size_t k = 0; k < rows_n && !found; k++)
            found = is_of(&rows[k], methods[i].name);
        if (!found) fail_msg("%s is not measured", methods[i].name);
    }
}

/* Of what OutLayer burns, where that is known, without the yields' own price on either side. */
static void calls_burn_at_most_60_percent_of_outlayers(void **state)
{
    size_t known = 0;
    (void)state;
    for (size_t i = 0; i < rows_n; i++) {
        const double ratio = gas_ratio(&rows[i]);

        if (ratio == 0) continue;
        known++;
        print_message("%-44s %.2f\n", rows[i].name, ratio);
        if (ratio > GAS_RATIO_MAX) fail_msg("%s burns %.2f of OutLayer's", rows[i].name, ratio);
    }
    assert_int_equal(known, 5); /* new, request, resolve, callback, get_stats */
}

/* A row with more behind its method's name is of a list, or of a record with another. */
static void views_of_small_records_burn_less_than_0_3_tgas(void **state)
{
    unsigned over = 0;
    (void)state;
    for (size_t i = 0; i < METHODS; i++)
        for (size_t k = 0; k < rows_n; k++) {
            if (methods[i].kind != NEAR_VIEW || strcmp(rows[k].name, methods[i].name) != 0 ||
                rows[k].bare < GAS_VIEW_LIMIT * UINT64_C(1000000000))
                continue;
            print_message("%s burns %.3f Tgas\n", rows[k].name, (double)rows[k].bare / 1e12);
            over++;
        }
    assert_int_equal(over, 0);
}

static void a_record_locks_no_more_than_it_pays_for(void **state)
{
    struct gas_size sizes[GAS_ROWS_MAX];
    const size_t n = gas_sizes(sizes);
    (void)state;
    for (size_t i = 0; i < n; i++) {
        print_message("%-44s %4d bytes, %4d paid\n", sizes[i].name, (int)sizes[i].bytes,
                      (int)sizes[i].paid);
        assert_in_range(sizes[i].bytes, 1, sizes[i].paid > 0 ? sizes[i].paid : 512);
    }
}

static void the_code_is_small(void **state)
{
    (void)state;
    print_message("compute.wasm: %zu bytes\n", gas_code_bytes());
    assert_in_range(gas_code_bytes(), 1, CODE_MAX_BYTES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_call_stays_within_its_limit),
        cmocka_unit_test(every_method_is_measured),
        cmocka_unit_test(calls_burn_at_most_60_percent_of_outlayers),
        cmocka_unit_test(views_of_small_records_burn_less_than_0_3_tgas),
        cmocka_unit_test(a_record_locks_no_more_than_it_pays_for),
        cmocka_unit_test(the_code_is_small),
    };
    return cmocka_run_group_tests(tests, measure, NULL);
}
