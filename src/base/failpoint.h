/* src/base/failpoint.h — named points where a test may kill the program, as a power cut would.
 *
 * With -DALC_FAILPOINTS and ALC_FAILPOINT=<name> in the environment, the process ends itself by
 * SIGKILL when it reaches the point.  In a release the call is nothing. */
#ifndef ALC_FAILPOINT_H
#define ALC_FAILPOINT_H

#ifdef ALC_FAILPOINTS
void alc_failpoint(const char *name);
#else
#define alc_failpoint(name) ((void)0)
#endif

#endif
