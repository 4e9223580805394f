/* bench/gas.c — what the contracts' calls burn in NEAR's VM, in Tgas, without and with trie nodes
 * (10 for each write and removal), beside OutLayer's binary for the same call. */
#include "tests/contract/gas_register.h"

#include <stdio.h>

static void print(const struct gas_row *rows, size_t n)
{
    printf("%-32s %8s %8s %8s %8s %6s\n", "call", "Tgas", "nodes", "limit", "OutLayer", "ratio");
    for (size_t i = 0; i < n; i++) {
        double bare = (double)rows[i].bare / 1e12;
        printf("%-32s %8.3f %8.3f", rows[i].name, bare, (double)rows[i].nodes / 1e12);
        if (rows[i].limit != 0)
            printf(" %8.3f", (double)rows[i].limit / 1e12);
        else
            printf(" %8s", "-");
        if (rows[i].outlayer > 0)
            printf(" %8.3f %6.2f\n", rows[i].outlayer, bare / rows[i].outlayer);
        else
            printf(" %8s %6s\n", "-", "-");
    }
}

int main(void)
{
    struct gas_row rows[GAS_ROWS_MAX];
    bool real;

    print(rows, gas_measure(rows));
    print(rows, gas_projects_measure(rows));
    print(rows, gas_secrets_measure(rows));
    print(rows, gas_money_measure(rows));
    printf("%-32s %8zu bytes (OutLayer 729 kB)\n\n", "compute.wasm", gas_code_bytes());
    print(rows, gas_register_measure(rows, &real));
    if (!real) puts("(the rows of the sample quote are left out: it is not here)");
    printf("%-32s %8zu bytes (OutLayer 528 kB)\n", "register.wasm", gas_register_code_bytes());
    printf("%-32s %8zu bytes\n", "register-software.wasm", gas_register_software_code_bytes());
    return 0;
}
