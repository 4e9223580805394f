#include "compute.h"

COMPUTE_METHODS(NEAR_METHOD)
