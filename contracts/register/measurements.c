/* contracts/register/measurements.c — the enclaves that may hold worker keys.
 *
 * Kept as bytes, so that hex digits of either case are the same measurement. */
#include "register.h"

#include "base/enc.h"

/* What the main contract does per key is paid from what the owner attaches beyond this. */
#define RETAIN_GAS (10 * (uint64_t)NEAR_TGAS)

void read_register(struct near_json *j, void *out)
{
    struct alc_bytes s;
    size_t n;

    near_read_string(j, &s);
    if (!alc_hex_decode(out, 48, &n, s) || n != 48) near_panic("A measurement is 96 hex digits");
}

static const struct near_field measurement_fields[] = {
    NEAR_FIELD("mrtd", struct alc_measurement, mrtd, read_register, NEAR_MUST),
    NEAR_FIELD("rtmr0", struct alc_measurement, rtmr[0], read_register, NEAR_MUST),
    NEAR_FIELD("rtmr1", struct alc_measurement, rtmr[1], read_register, NEAR_MUST),
    NEAR_FIELD("rtmr2", struct alc_measurement, rtmr[2], read_register, NEAR_MUST),
    NEAR_FIELD("rtmr3", struct alc_measurement, rtmr[3], read_register, NEAR_MUST),
};

void read_measurement(struct near_json *j, void *out)
{
    near_json_object(j, out, measurement_fields,
                     sizeof measurement_fields / sizeof measurement_fields[0]);
}

static void out_measurement(struct near_out *o, const struct alc_measurement *m)
{
    static const char *const keys[] = {",\"rtmr0\":", ",\"rtmr1\":", ",\"rtmr2\":", ",\"rtmr3\":"};

    near_out_lit(o, "{\"mrtd\":");
    near_out_hex(o, (struct alc_bytes){m->mrtd, 48});
    for (size_t i = 0; i < 4; i++) {
        near_out_raw(o, alc_cstr(keys[i]));
        near_out_hex(o, (struct alc_bytes){m->rtmr[i], 48});
    }
    near_out_lit(o, "}");
}

static size_t find(const struct alc_measurement *list, size_t n, const struct alc_measurement *m)
{
    size_t i = 0;
    while (i < n && __builtin_memcmp(&list[i], m, sizeof *m) != 0)
        i++;
    return i;
}

/* retain tells the main contract which enclaves are left: keys of others end at once.  Sent also
 * when nothing went, so that a call that ran out of gas there can be repeated. */
static void retain(const struct state *s, const struct alc_measurement *list, size_t n)
{
    static uint8_t buf[64 + MEASUREMENTS_MAX * 67];
    struct near_out o = NEAR_OUT(buf);
    struct near_call call = {
        .account = s->outlayer, .method = "retain_worker_keys", .gas = RETAIN_GAS, .weight = 1};

    near_out_lit(&o, "{\"measurements\":[");
    for (size_t i = 0; i < n; i++) {
        struct alc_hash h;
        alc_measurement_hash(&h, &list[i], &verify_ops);
        if (i > 0) near_out_lit(&o, ",");
        near_out_hex(&o, alc_hash_bytes(&h));
    }
    near_out_lit(&o, "]}");
    call.args = near_out_bytes(&o, "too many measurements");
    (void)near_call(NEAR_NOW, &call);
}

struct add_args {
    struct alc_measurement measurements;
    bool clear_others;
};

static const struct near_field add_fields[] = {
    NEAR_FIELD("measurements", struct add_args, measurements, read_measurement, NEAR_MUST),
    NEAR_FIELD("clear_others", struct add_args, clear_others, near_read_bool, NEAR_MAY),
};

void method_add_approved_measurements(void)
{
    struct add_args a = {.clear_others = false};
    struct alc_measurement *list;
    struct state s;
    size_t n;

    NEAR_ARGS(&a, add_fields);
    state_load(&s);
    only_owner(&s);
    list = measurements_load(&n);
    if (a.clear_others) n = 0;
    if (find(list, n, &a.measurements) == n) {
        if (n == MEASUREMENTS_MAX) near_panic("64 measurements are approved: remove one first");
        list[n++] = a.measurements;
    }
    measurements_save(n);
    if (a.clear_others) retain(&s, list, n);
}

static const struct near_field one_fields[] = {
    NEAR_FIELD("measurements", struct add_args, measurements, read_measurement, NEAR_MUST),
};

void method_remove_approved_measurements(void)
{
    struct alc_measurement *list;
    struct add_args a;
    struct state s;
    size_t n, i;

    NEAR_ARGS(&a, one_fields);
    state_load(&s);
    only_owner(&s);
    list = measurements_load(&n);
    i = find(list, n, &a.measurements);
    if (i < n) {
        n--;
        for (; i < n; i++)
            list[i] = list[i + 1];
        measurements_save(n);
    }
    retain(&s, list, n);
}

void method_clear_all_approved_measurements(void)
{
    struct state s;

    state_load(&s);
    only_owner(&s);
    measurements_save(0);
    retain(&s, NULL, 0);
}

void method_get_approved_measurements(void)
{
    static uint8_t buf[16 + MEASUREMENTS_MAX * 600];
    struct near_out o = NEAR_OUT(buf);
    struct alc_measurement *list;
    struct state s;
    size_t n;

    state_load(&s);
    list = measurements_load(&n);
    near_out_lit(&o, "[");
    for (size_t i = 0; i < n; i++) {
        if (i > 0) near_out_lit(&o, ",");
        out_measurement(&o, &list[i]);
    }
    near_out_lit(&o, "]");
    near_return(near_out_bytes(&o, "result too long"));
}

void method_is_measurements_approved(void)
{
    struct alc_measurement *list;
    struct add_args a;
    struct state s;
    size_t n;
    bool there;

    NEAR_ARGS(&a, one_fields);
    state_load(&s);
    list = measurements_load(&n);
    there = find(list, n, &a.measurements) < n;
    near_return(there ? ALC_LIT("true") : ALC_LIT("false"));
}
