/* tests/lib/engine_signals.h — Wasmtime and cmocka in one process.
 *
 * A guest's trap may be a signal that Wasmtime turns into an outcome; it installs its handlers
 * once, with the first engine.  cmocka installs its own around every test and fixture and so takes
 * those signals away.  Call engine_signals_save right after the first engine was opened, and
 * engine_signals_restore in each test before a guest runs. */
#ifndef ENGINE_SIGNALS_H
#define ENGINE_SIGNALS_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

static const int engine_signals[] = {SIGSEGV, SIGILL, SIGFPE, SIGBUS};
static struct sigaction engine_actions[sizeof engine_signals / sizeof *engine_signals];
static bool engine_actions_saved;

static inline void engine_signals_save(void)
{
    if (engine_actions_saved) return;
    for (size_t i = 0; i < sizeof engine_signals / sizeof *engine_signals; i++)
        sigaction(engine_signals[i], NULL, &engine_actions[i]);
    engine_actions_saved = true;
}

static inline void engine_signals_restore(void)
{
    for (size_t i = 0; i < sizeof engine_signals / sizeof *engine_signals; i++)
        sigaction(engine_signals[i], &engine_actions[i], NULL);
}

#endif
