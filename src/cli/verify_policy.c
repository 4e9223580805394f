#include "cli/node.h"
#include "cli/verify.h"

#include "base/enc.h"
#include "base/json.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define LIST_MAX 256u
#define MEASUREMENTS_MAX_BYTES (1u << 20)
#define DAY_S 86400u

static size_t length(const char *const *list)
{
    size_t n = 0;
    while (list != NULL && list[n] != NULL)
        n++;
    return n;
}

/* hex_list decodes a list of hex texts of `size` bytes each. */
static enum alc_rc hex_list(void *out, size_t *count, size_t size, const char *flag,
                            const char *const *texts, struct alc_arena *arena, struct alc_err *err)
{
    size_t n = length(texts), decoded;
    uint8_t *p = alc_arena_array(arena, n + 1, size);

    if (p == NULL) return alc_fail(err, ALC_NOMEM, "no memory for the policy");
    for (size_t i = 0; i < n; i++)
        if (!alc_hex_decode(p + i * size, size, &decoded, alc_cstr(texts[i])) || decoded != size)
            return alc_fail(err, ALC_BAD_INPUT, "%s: `%.80s` is not %zu bytes in hex", flag,
                            texts[i], size);
    memcpy(out, &p, sizeof p);
    *count = n;
    return ALC_OK;
}

static enum alc_rc statuses(struct alc_quote_policy *p, const char *const *names,
                            struct alc_err *err)
{
    uint8_t status;

    for (size_t i = 0; names != NULL && names[i] != NULL; i++) {
        if (!alc_tcb_read(&status, alc_cstr(names[i])) || status == ALC_TCB_REVOKED)
            return alc_fail(err, ALC_BAD_INPUT,
                            "accept-status: `%.80s` is no status that can be accepted: %s, %s, %s, "
                            "%s, %s or %s",
                            names[i], alc_tcb_name(0), alc_tcb_name(1), alc_tcb_name(2),
                            alc_tcb_name(3), alc_tcb_name(4), alc_tcb_name(5));
        p->statuses |= 1u << status | 1u << ALC_TCB_UP_TO_DATE;
    }
    return ALC_OK;
}

static bool register_of(uint8_t out[48], const struct alc_json *v, const char *key)
{
    struct alc_bytes text;
    size_t n;
    return alc_json_str(alc_json_get(v, key), &text) && alc_hex_decode(out, 48, &n, text) &&
           n == 48;
}

static bool measurement(struct alc_measurement *out, const struct alc_json *v)
{
    return register_of(out->mrtd, v, "mrtd") && register_of(out->rtmr[0], v, "rtmr0") &&
           register_of(out->rtmr[1], v, "rtmr1") && register_of(out->rtmr[2], v, "rtmr2") &&
           register_of(out->rtmr[3], v, "rtmr3");
}

/* A file holds one object in the register contract's form, or a list of them. */
static enum alc_rc measurement_file(struct alc_measurement *out, size_t *count, const char *path,
                                    struct alc_arena *arena, struct alc_err *err)
{
    struct alc_json *doc = NULL;
    struct alc_bytes text;
    bool list, ok = true;
    size_t n;
    enum alc_rc rc = cli_read_file(&text, path, MEASUREMENTS_MAX_BYTES, arena, err);

    if (rc == ALC_OK) rc = alc_json_open(&doc, text, MEASUREMENTS_MAX_BYTES, err);
    if (rc != ALC_OK) return rc;
    list = alc_json_kind(doc) == ALC_JSON_ARRAY;
    n = list ? alc_json_count(doc) : 1;
    if (n == 0 || n > LIST_MAX - *count)
        rc = alc_fail(err, ALC_BAD_INPUT, "measurement: %s names %zu of them; 1 to %u in all", path,
                      n, LIST_MAX);
    for (size_t i = 0; rc == ALC_OK && ok && i < n; i++)
        ok = measurement(&out[(*count)++], list ? alc_json_at(doc, i) : doc);
    if (rc == ALC_OK && !ok)
        rc = alc_fail(err, ALC_BAD_INPUT,
                      "measurement: %s is no list of {\"mrtd\",\"rtmr0\",\"rtmr1\",\"rtmr2\","
                      "\"rtmr3\"}, each of 96 hex digits",
                      path);
    alc_json_close(doc);
    return rc;
}

enum alc_rc verify_policy(struct alc_quote_policy *out, const struct verify_settings *set,
                          struct alc_arena *arena, struct alc_err *err)
{
    struct alc_measurement *measurements = alc_arena_array(arena, LIST_MAX, sizeof *measurements);
    size_t n = length(set->advisories), report_bytes;
    struct alc_bytes *advisories = alc_arena_array(arena, n + 1, sizeof *advisories);
    uint8_t *report_data = alc_arena_alloc(arena, 64);
    enum alc_rc rc;

    if (measurements == NULL || advisories == NULL || report_data == NULL)
        return alc_fail(err, ALC_NOMEM, "no memory for the policy");
    *out = (struct alc_quote_policy){.grace = set->grace_days > 0,
                                     .grace_s = (uint64_t)set->grace_days * DAY_S,
                                     .min_evaluation = set->min_evaluation,
                                     .allow_debug = set->allow_debug,
                                     .allow_simulated = set->simulated_root[0] != 0};
    rc = statuses(out, set->statuses, err);
    for (size_t i = 0; i < n; i++)
        advisories[i] = alc_cstr(set->advisories[i]);
    out->advisories = advisories;
    out->advisories_count = n;
    n = 0;
    for (size_t i = 0; rc == ALC_OK && i < length(set->measurements); i++)
        rc = measurement_file(measurements, &n, set->measurements[i], arena, err);
    out->measurements = measurements;
    out->measurements_count = n;
    if (rc == ALC_OK)
        rc = hex_list(&out->mrenclaves, &out->mrenclaves_count, 32, "mrenclave", set->mrenclaves,
                      arena, err);
    if (rc == ALC_OK)
        rc = hex_list(&out->mrsigners, &out->mrsigners_count, 32, "mrsigner", set->mrsigners, arena,
                      err);
    if (rc == ALC_OK)
        rc = hex_list(&out->ppids, &out->ppids_count, 16, "ppid", set->ppids, arena, err);
    if (rc != ALC_OK || set->report_data[0] == 0) return rc;
    if (!alc_hex_decode(report_data, 64, &report_bytes, alc_cstr(set->report_data)))
        return alc_fail(err, ALC_BAD_INPUT, "report-data: it is not hex of at most 64 bytes");
    out->report_data = (struct alc_bytes){report_data, report_bytes};
    return ALC_OK;
}

bool verify_time(uint64_t *unix_s, const char *text)
{
    static const char form[] = "dddd-dd-ddTdd:dd:ddZ";
    struct tm tm = {0};
    time_t t;
    __uint128_t v;
    char back[32];

    if (text[0] != 0 && strspn(text, "0123456789") == strlen(text)) {
        if (strlen(text) > 12 || !alc_u128_decode(&v, alc_cstr(text))) return false;
        *unix_s = (uint64_t)v;
        return true;
    }
    if (strlen(text) != sizeof form - 1) return false;
    for (size_t i = 0; i < sizeof form - 1; i++)
        if (form[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != form[i]) return false;
    if (strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm) == NULL) return false;
    t = timegm(&tm);
    if (t < 0) return false;
    *unix_s = (uint64_t)t;
    return strcmp(verify_time_text(back, *unix_s), text) == 0; /* 30 February is no day */
}

const char *verify_time_text(char out[32], uint64_t unix_s)
{
    time_t t = (time_t)unix_s;
    struct tm tm;

    if (unix_s > 253402300799u || gmtime_r(&t, &tm) == NULL) /* the year 9999 ends there */
        snprintf(out, 32, "%llu", (unsigned long long)unix_s);
    else
        strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm);
    return out;
}
