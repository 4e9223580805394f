#include "register.h"

REGISTER_METHODS(NEAR_METHOD)
