#include "watcher/watcher.h"

#include <string.h>
#include <time.h>

#define BLOCK_ARENA_BYTES (64u << 20)
#define EVENT_MAX_BYTES (64u << 10) /* NEAR allows 16 KiB of logs a call */
#define PAUSE_MAX_MS 5000u
#define BLOCK_REQUESTS_MAX 4096u /* 10^15 gas of a block pay for some 700 */

static const char prefix[] = "EVENT_JSON:";
static const char no_memory[] = "no memory"; /* the one reason that is ours, not the event's */

/* data_id comes as 32 integers. */
static bool read_data_id(const struct alc_json *v, struct alc_hash *out)
{
    if (alc_json_count(v) != sizeof out->b) return false;
    for (size_t i = 0; i < sizeof out->b; i++) {
        uint64_t n;
        if (!alc_json_u64(alc_json_at(v, i), &n) || n > 255) return false;
        out->b[i] = (uint8_t)n;
    }
    return true;
}

static bool read_event(struct alc_request *out, const struct alc_json *event, const char **odd,
                       struct alc_arena *arena)
{
    const struct alc_json *data = alc_json_at(alc_json_get(event, "data"), 0);
    struct alc_json *request = NULL;
    struct alc_bytes text;
    bool ok = false;

    *odd = "its data holds no request_data text";
    if (!alc_json_str(alc_json_get(data, "request_data"), &text)) return false;
    *odd = "its data_id is not 32 bytes";
    if (!read_data_id(alc_json_get(data, "data_id"), &out->data_id)) return false;
    *odd = "its request_data is not a JSON object with a request_id";
    if (alc_json_open(&request, text, EVENT_MAX_BYTES, NULL) != ALC_OK) return false;
    if (alc_json_u64(alc_json_get(request, "request_id"), &out->request_id)) {
        ok = alc_arena_copy(arena, text, &out->data);
        *odd = ok ? NULL : no_memory;
    }
    alc_json_close(request);
    return ok;
}

/* From 1.0.0 on: what the interface's events begin with ("major.minor.patch"). */
static bool version_is_known(const struct alc_json *v)
{
    struct alc_bytes text;
    return alc_json_str(v, &text) && text.n > 0 && text.p[0] >= '1' && text.p[0] <= '9';
}

bool alc_watcher_read(struct alc_request *out, struct alc_bytes line, const char *standard,
                      const char **odd, struct alc_arena *arena)
{
    struct alc_json *event = NULL;
    struct alc_bytes name;
    bool ok = false;

    *odd = NULL;
    *out = (struct alc_request){0};
    if (line.n < sizeof prefix - 1 || memcmp(line.p, prefix, sizeof prefix - 1) != 0) return false;
    line.p += sizeof prefix - 1;
    line.n -= sizeof prefix - 1;
    if (alc_json_open(&event, line, EVENT_MAX_BYTES, NULL) != ALC_OK) {
        *odd = "it is not JSON";
        return false;
    }
    if (alc_json_str(alc_json_get(event, "standard"), &name) && alc_bytes_is(name, standard) &&
        alc_json_str(alc_json_get(event, "event"), &name) &&
        alc_bytes_is(name, "execution_requested")) {
        *odd = "its version is before 1.0.0";
        if (version_is_known(alc_json_get(event, "version")))
            ok = read_event(out, event, odd, arena);
    }
    alc_json_close(event);
    return ok;
}

/* collect turns the logs of a block into requests. */
static enum alc_rc collect(const struct alc_watcher_conf *conf,
                           const struct alc_near_stream_block *block, struct alc_request **out,
                           size_t *count, struct alc_arena *arena, struct alc_err *err)
{
    size_t lines = 0;

    *count = 0;
    *out = NULL;
    for (size_t i = 0; i < block->receipts_count; i++)
        lines += block->receipts[i].logs_count;
    if (lines == 0) return ALC_OK;
    *out = alc_arena_array(arena, lines, sizeof **out);
    if (*out == NULL) return alc_fail(err, ALC_NOMEM, "no memory for a block's requests");
    for (size_t i = 0; i < block->receipts_count; i++) {
        const struct alc_near_logs *r = &block->receipts[i];
        for (size_t j = 0; j < r->logs_count; j++) {
            struct alc_request *q = &(*out)[*count];
            const char *odd;
            if (!alc_watcher_read(q, r->logs[j], conf->standard, &odd, arena)) {
                if (odd == no_memory) return alc_fail(err, ALC_NOMEM, "no memory for a request");
                if (odd != NULL)
                    alc_log(ALC_WARN, "watcher.odd_event", "height=%llu receipt=%.*s why=\"%s\"",
                            (unsigned long long)block->height, (int)r->receipt_id.n,
                            (const char *)r->receipt_id.p, odd);
                continue;
            }
            q->contract_id = alc_cstr(conf->contract_id);
            q->block_height = block->height;
            q->block_timestamp_ns = block->timestamp_ns;
            q->receipt_id = r->receipt_id;
            q->tx_hash = r->tx_hash;
            q->signer_key = r->signer_key;
            q->gas_burnt = r->gas_burnt;
            if (++*count > BLOCK_REQUESTS_MAX)
                return alc_fail(err, ALC_LIMIT, "block %llu announces over %u requests",
                                (unsigned long long)block->height, BLOCK_REQUESTS_MAX);
        }
    }
    return ALC_OK;
}

/* take fetches one block and stores its requests with the cursor. */
static enum alc_rc take(const struct alc_watcher_conf *conf, struct alc_near_stream *stream,
                        struct alc_queue *queue, uint64_t height, struct alc_err *err)
{
    struct alc_arena arena = ALC_ARENA(BLOCK_ARENA_BYTES);
    struct alc_near_stream_block block;
    struct alc_request *requests = NULL;
    size_t count = 0, fresh = 0;
    enum alc_rc rc;

    rc = alc_near_stream_get(stream, &block, height, conf->contract_id, &arena, err);
    if (rc == ALC_OK && !block.skipped) rc = collect(conf, &block, &requests, &count, &arena, err);
    if (rc == ALC_OK)
        rc = alc_queue_take_block(queue, &fresh, conf->chain, height, requests, count, err);
    if (rc == ALC_OK && fresh > 0) {
        alc_log(ALC_INFO, "watcher.block", "height=%llu requests=%zu", (unsigned long long)height,
                fresh);
        if (conf->fresh != NULL) conf->fresh(conf->ctx, fresh);
    }
    alc_arena_fini(&arena);
    return rc;
}

/* first_height: behind the cursor; a new cursor is kept at once, or a death before its first block
 * would begin anew at a later one. */
static enum alc_rc first_height(const struct alc_watcher_conf *conf, struct alc_near_stream *stream,
                                struct alc_queue *queue, uint64_t *height, struct alc_err *err)
{
    size_t fresh;
    enum alc_rc rc = alc_queue_cursor(queue, height, conf->chain, err);

    if (rc == ALC_OK) {
        ++*height;
        return ALC_OK;
    }
    if (rc != ALC_NOT_FOUND) return rc;
    *height = conf->start_height;
    rc = *height > 0 ? ALC_OK : alc_near_stream_last(stream, height, err);
    if (rc == ALC_OK && *height > 0)
        rc = alc_queue_take_block(queue, &fresh, conf->chain, *height - 1, NULL, 0, err);
    return rc;
}

enum alc_rc alc_watcher_place(const struct alc_watcher_conf *conf, struct alc_near_stream *stream,
                              struct alc_queue *queue, struct alc_err *err)
{
    uint64_t height;
    return first_height(conf, stream, queue, &height, err);
}

/* tell_if_ahead: a chain that ends before the cursor began anew, or is another one; its requests
 * stay unseen until it comes to that height, and nobody would know why. */
static void tell_if_ahead(const struct alc_watcher_conf *conf, struct alc_near_stream *stream,
                          uint64_t height)
{
    uint64_t last;
    struct alc_err err = {0};

    if (alc_near_stream_last(stream, &last, &err) != ALC_OK || last + 1 >= height) return;
    alc_log(ALC_WARN, "watcher.ahead",
            "chain=%s taken=%llu last=%llu next=\"waits; if the chain began anew, start with "
            "another state folder\"",
            conf->chain, (unsigned long long)height - 1, (unsigned long long)last);
}

static void rest(uint32_t ms, const volatile bool *stop)
{
    for (; ms > 0 && !*stop; ms -= ms < 50 ? ms : 50) {
        struct timespec t = {0, 50000000};
        nanosleep(&t, NULL);
    }
}

enum alc_rc alc_watcher_run(const struct alc_watcher_conf *conf, struct alc_near_stream *stream,
                            struct alc_queue *queue, struct alc_err *err)
{
    uint64_t height = 0;
    uint32_t pause_ms = 0;
    bool placed = false;

    while (!*conf->stop) {
        enum alc_rc rc = placed ? take(conf, stream, queue, height, err)
                                : first_height(conf, stream, queue, &height, err);
        if (rc == ALC_OK) {
            if (placed)
                height++;
            else
                alc_log(ALC_INFO, "watcher.start", "chain=%s contract=%s height=%llu", conf->chain,
                        conf->contract_id, (unsigned long long)height);
            placed = true;
            pause_ms = 0;
            continue;
        }
        if (rc == ALC_TIMEOUT && placed) { /* the next block is not there yet */
            if (!*conf->stop) tell_if_ahead(conf, stream, height);
            continue;
        }
        if (*conf->stop) break;
        if (!alc_rc_again(rc)) return rc;
        pause_ms = pause_ms == 0 ? 100 : pause_ms * 2;
        if (pause_ms > PAUSE_MAX_MS) pause_ms = PAUSE_MAX_MS;
        alc_log(ALC_WARN, "watcher.retry", "height=%llu pause_ms=%u why=\"%s\"",
                (unsigned long long)height, pause_ms, alc_err_text(err, rc));
        rest(pause_ms, conf->stop);
    }
    return ALC_OK;
}
