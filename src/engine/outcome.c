/* What a failed run says.  guest-abi §1.4 and §1.5 give the texts that callers know; where the
 * reference shows only the outermost layer of a trap, the cause stands first here. */
#include "engine/room.h"

#include "base/buf.h"
#include "base/utf8.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SHOWN_INPUT_CHARS 200u

/* put_lossy writes at most max characters; what is no text, NUL included, becomes U+FFFD.  Returns
 * whether all of b was written. */
static bool put_lossy(struct alc_buf *out, struct alc_bytes b, size_t max)
{
    for (; b.n > 0 && max > 0; max--) {
        bool ok;
        size_t n = alc_utf8_next(b, &ok);

        if (ok && b.p[0] != 0)
            alc_buf_put(out, b.p, n);
        else
            alc_buf_put_text(out, "\xef\xbf\xbd");
        b.p += n;
        b.n -= n;
    }
    return b.n == 0;
}

static void put_trap(struct alc_buf *out, const struct alcw_result *raw)
{
    alc_buf_put_text(out, raw->cause); /* of an exit: "Exited with i32 exit status 3" */
    if (raw->end != ALCW_END_EXIT && raw->trace[0] != 0) alc_buf_printf(out, "\n%s", raw->trace);
}

static void p2_failed(struct alc_buf *out, const struct ended *x)
{
    const bool returned = x->raw->end == ALCW_END_ERR;

    put_lossy(out, x->errors, SIZE_MAX);
    if (returned && x->errors.n == 0)
        alc_buf_put_text(out, "Component exited with error (no details in stderr)");
    if (returned) return;
    alc_buf_put_text(out, x->errors.n > 0 ? "\nTrap: " : "Component execution failed: ");
    put_trap(out, x->raw);
}

static void p1_failed(struct alc_buf *out, const struct ended *x)
{
    if (x->raw->end != ALCW_END_EXIT) {
        alc_buf_put_text(out, "WASM execution failed: ");
        put_trap(out, x->raw);
    } else if (x->errors.n > 0) {
        put_lossy(out, x->errors, SIZE_MAX);
    } else {
        alc_buf_put_text(out, "WASM program exited with error status. This usually means invalid "
                              "input_data or panic in code. Input received: ");
        if (!put_lossy(out, x->run->input, SHOWN_INPUT_CHARS)) alc_buf_put_text(out, "...");
        alc_buf_put_text(out, ". Original error: ");
        put_trap(out, x->raw);
    }
}

static void failed(struct alc_buf *out, const struct ended *x)
{
    if (x->kind == ALC_MODULE_P1)
        p1_failed(out, x);
    else
        p2_failed(out, x);
}

static void out_of_time(struct alc_buf *out, const struct alc_run_limits *limits)
{
    const uint32_t rest = limits->max_ms % 1000;

    alc_buf_printf(out, "WASM execution timed out after %" PRIu32, limits->max_ms / 1000);
    if (rest != 0) alc_buf_printf(out, ".%03" PRIu32, rest);
    alc_buf_printf(out,
                   " seconds (penalty). Full execution cost is charged with no refund (consumed "
                   "%" PRIu64 " instructions)",
                   limits->max_instructions);
}

static void refused(struct alc_buf *out, const struct ended *x)
{
    if (x->raw->end == ALCW_END_NO_ENTRY)
        alc_buf_put_text(out, "Failed to find _start function. Make sure you're using [[bin]] "
                              "format with fn main(), not [lib] with cdylib");
    else if (x->kind == ALC_MODULE_P1)
        alc_buf_put_text(out, "Failed to instantiate WASI P1 module");
    else
        alc_buf_put_text(out, "Failed to instantiate component");
}

const char *alc_engine_outcome_text(const struct ended *x, struct alc_arena *arena)
{
    /* every byte of stderr may become a U+FFFD */
    struct alc_buf out = ALC_BUF(3 * (size_t)ALC_ENGINE_STDERR_MAX_BYTES + 16384);
    const struct alc_run_limits *limits = &x->run->limits;
    struct alc_bytes text = {0};

    switch (x->end) {
    case ALC_RUN_OK:
        break;
    case ALC_RUN_EXIT:
    case ALC_RUN_TRAP:
    case ALC_RUN_INSTRUCTIONS:
        failed(&out, x);
        break;
    case ALC_RUN_TIME:
        out_of_time(&out, limits);
        break;
    case ALC_RUN_MEMORY:
        alc_buf_printf(&out, "Out of memory: the guest asked for more than %" PRIu32 " MB and ",
                       limits->max_memory_mb);
        if (x->raw->end == ALCW_END_START) {
            alc_buf_put_text(&out, "could not start");
            break;
        }
        alc_buf_put_text(&out, "failed when it was refused. ");
        failed(&out, x);
        break;
    case ALC_RUN_OUTPUT:
        alc_buf_printf(&out, "The output is over %zu bytes", limits->max_output_bytes);
        break;
    case ALC_RUN_MODULE:
        refused(&out, x);
        break;
    case ALC_RUN_HOST:
        alc_buf_printf(&out, "The run failed in the host: %s", x->raw->cause);
        break;
    case ALC_RUN_CANCELLED:
        alc_buf_put_text(&out, "The run was cancelled");
        break;
    }
    if (out.failed || !alc_arena_copy(arena, alc_buf_bytes(&out), &text)) text.p = NULL;
    alc_buf_fini(&out);
    return (const char *)text.p;
}
