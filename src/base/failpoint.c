#include "base/failpoint.h"

#ifdef ALC_FAILPOINTS
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void alc_failpoint(const char *name)
{
    const char *armed = getenv("ALC_FAILPOINT");
    if (armed != NULL && strcmp(armed, name) == 0) kill(getpid(), SIGKILL);
}
#else
typedef int alc_failpoint_is_off; /* ISO C wants a declaration in a file */
#endif
