/* tests/contract/gas_register.h — the register contract's ordinary day in NEAR's VM, and what each
 * call burns; shared by the test that holds the limits and the bench that prints the table. */
#ifndef GAS_REGISTER_H
#define GAS_REGISTER_H

#include "tests/contract/gas.h"

#include <stdbool.h>

/* gas_register_measure runs the day twice and fills rows[0..n); returns n.  *real: the sample quote
 * was there, and its rows are too.  What cannot go on aborts. */
size_t gas_register_measure(struct gas_row rows[GAS_ROWS_MAX], bool *real);
size_t gas_register_code_bytes(void);          /* of register.wasm */
size_t gas_register_software_code_bytes(void); /* of register-software.wasm */

#endif
