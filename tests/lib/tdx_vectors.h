/* tests/lib/tdx_vectors.h — the sample quotes and collaterals that ship with the dcap-qvl crate.
 *
 * They lie in $ALCOVE_VECTORS/tdx, or in <build>/vectors/tdx where the target qvl_vectors puts
 * them (DEPENDS qvl_vectors).  A test that needs one and does not find it skips itself visibly. */
#ifndef ALC_TEST_TDX_VECTORS_H
#define ALC_TEST_TDX_VECTORS_H

#include "base/bytes.h"

/* tdx_vector gives the file's bytes, kept until the program ends; a name with ".hex" is decoded.
 * n 0: it is not there. */
struct alc_bytes tdx_vector(const char *name);

#endif
