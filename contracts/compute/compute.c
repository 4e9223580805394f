#include "compute.h"

COMPUTE_METHODS(NEAR_METHOD)

/* Until it stands in the list of sources. */
#include "policy.c"
