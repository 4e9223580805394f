/* tests/contract/test_vm_gas.c — what the main contract burns in NEAR's VM stays within limits. */
#include "tests/contract/gas.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>

#include <cmocka.h>

static void within_limits(size_t (*measure)(struct gas_row rows[GAS_ROWS_MAX]))
{
    struct gas_row rows[GAS_ROWS_MAX];
    size_t n = measure(rows);

    for (size_t i = 0; i < n; i++) {
        print_message("%-36s %6.3f Tgas, %6.3f with trie nodes\n", rows[i].name,
                      (double)rows[i].bare / 1e12, (double)rows[i].nodes / 1e12);
        if (rows[i].limit != 0) assert_in_range(rows[i].bare, 1, rows[i].limit);
    }
}

static void every_call_of_an_execution_stays_within_its_limit(void **state)
{
    (void)state;
    within_limits(gas_measure);
}

static void every_call_for_projects_stays_within_its_limit(void **state)
{
    (void)state;
    within_limits(gas_projects_measure);
}

static void every_call_for_secrets_stays_within_its_limit(void **state)
{
    (void)state;
    within_limits(gas_secrets_measure);
}

static void every_call_for_money_stays_within_its_limit(void **state)
{
    (void)state;
    within_limits(gas_money_measure);
}

static void the_code_is_small(void **state)
{
    (void)state;
    assert_in_range(gas_code_bytes(), 1, 48 * 1024);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_call_of_an_execution_stays_within_its_limit),
        cmocka_unit_test(every_call_for_projects_stays_within_its_limit),
        cmocka_unit_test(every_call_for_secrets_stays_within_its_limit),
        cmocka_unit_test(every_call_for_money_stays_within_its_limit),
        cmocka_unit_test(the_code_is_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
