/* bench/gas.c — what the contracts' calls burn in NEAR's VM, in Tgas, without and with trie nodes
 * (10 for each write and removal), beside OutLayer's binary for the same call; and what records
 * lock.  The ratio leaves out what yield_create and yield_resume themselves cost. */
#include "tests/contract/gas_register.h"

#include <stdio.h>

static void print(const struct gas_row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        printf("%-44s %8.3f %8.3f", rows[i].name, (double)rows[i].bare / 1e12,
               (double)rows[i].nodes / 1e12);
        if (rows[i].limit != 0)
            printf(" %8.3f", (double)rows[i].limit / 1e12);
        else
            printf(" %8s", "-");
        if (rows[i].outlayer > 0)
            printf(" %8.3f %6.2f\n", rows[i].outlayer, gas_ratio(&rows[i]));
        else
            printf(" %8s %6s\n", "-", "-");
    }
}

static void print_sizes(void)
{
    struct gas_size sizes[GAS_ROWS_MAX];
    const size_t n = gas_sizes(sizes);

    printf("%-44s %8s %8s\n", "record", "bytes", "paid");
    for (size_t i = 0; i < n; i++)
        if (sizes[i].paid > 0)
            printf("%-44s %8llu %8llu\n", sizes[i].name, (unsigned long long)sizes[i].bytes,
                   (unsigned long long)sizes[i].paid);
        else
            printf("%-44s %8llu %8s\n", sizes[i].name, (unsigned long long)sizes[i].bytes, "-");
}

int main(void)
{
    struct gas_row rows[GAS_ROWS_MAX];
    bool real;

    printf("%-44s %8s %8s %8s %8s %6s\n", "call", "Tgas", "nodes", "limit", "OutLayer", "ratio");
    for (size_t i = 0; gas_of_compute[i] != NULL; i++)
        print(rows, gas_of_compute[i](rows));
    printf("%-44s %8zu bytes (OutLayer 729 kB)\n\n", "compute.wasm", gas_code_bytes());
    print_sizes();
    puts("");
    print(rows, gas_register_measure(rows, &real));
    if (!real) puts("(the rows of the sample quote are left out: it is not here)");
    printf("%-44s %8zu bytes (OutLayer 528 kB)\n", "register.wasm", gas_register_code_bytes());
    printf("%-44s %8zu bytes\n", "register-software.wasm", gas_register_software_code_bytes());
    return 0;
}
