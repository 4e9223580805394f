/* guests/rain/rain.c — what a rain insurance pays: a policy on stdin, the payout on stdout.
 *
 * The weather is in the module, so the module's hash vouches for it.  JSON is read and written with
 * the contracts' own reader, which serves a guest as well. */
#include "contract/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_MAX_BYTES 16384u
#define PAYOUTS_MAX 16u
#define REASONS_MAX 6u

#pragma clang diagnostic ignored "-Wc23-extensions" /* #embed */
static const char weather[] = {
#embed "seattle-weather.csv"
};

/* What the reader calls when the text is not what was asked for. */
void near_panic_parts(const char *what, struct alc_bytes more, const char *after)
{
    fprintf(stderr, "rain: %s%.*s%s\n", what, (int)more.n, (const char *)more.p, after);
    exit(1);
}

void near_panic(const char *what)
{
    near_panic_parts(what, ALC_LIT(""), "");
}

struct payout {
    uint64_t rainy_days;
    near_u128 yocto;
};

struct policy {
    struct alc_bytes place, from, to; /* days as 2014-03-01 */
    uint64_t threshold;               /* tenths of a millimetre */
    struct payout payouts[PAYOUTS_MAX];
    size_t payouts_count;
};

#define RAIN_VALUES(X) X(read_payouts, NULL) X(read_policy, NULL)
NEAR_OWN_VALUES(RAIN_VALUES)
NEAR_OWN_VALUES_DEFINED(RAIN_VALUES)

static const struct near_field payout_fields[] = {
    NEAR_FIELD("rainy_days", struct payout, rainy_days, near_read_u64, NEAR_MUST),
    NEAR_FIELD("payout_yocto", struct payout, yocto, near_read_u128, NEAR_MUST),
};

static void read_payout(struct near_json *j, void *to)
{
    struct policy *p = to;
    if (p->payouts_count == PAYOUTS_MAX) near_panic("a policy has at most 16 payouts");
    near_json_object(j, &p->payouts[p->payouts_count++], payout_fields, 2);
}

void read_payouts(struct near_json *j, void *to)
{
    near_json_list(j, read_payout, to);
}

static const struct near_field policy_fields[] = {
    NEAR_FIELD("place", struct policy, place, near_read_string, NEAR_MUST),
    NEAR_FIELD("from", struct policy, from, near_read_string, NEAR_MUST),
    NEAR_FIELD("to", struct policy, to, near_read_string, NEAR_MUST),
    NEAR_FIELD("threshold_tenths_mm", struct policy, threshold, near_read_u64, NEAR_MUST),
    NEAR_FIELD_ALL("payouts", read_payouts, NEAR_MUST),
};

void read_policy(struct near_json *j, void *to)
{
    near_json_object(j, to, policy_fields, sizeof policy_fields / sizeof *policy_fields);
}

struct question {
    struct policy policy;
};

static const struct near_field question_fields[] = {
    NEAR_FIELD("policy", struct question, policy, read_policy, NEAR_MUST),
};

struct day {
    char date[11]; /* 2014-03-01 */
    uint64_t tenths_mm;
};

/* next_day reads the line at *at, "2014/03/01,19.1,...", and moves past it; false at the end. */
static bool next_day(const char **at, struct day *d)
{
    const char *end = weather + sizeof weather, *p = *at;
    if (end - p < 13) return false;
    memcpy(d->date, p, 10);
    d->date[4] = d->date[7] = '-';
    d->date[10] = 0;
    d->tenths_mm = 0;
    for (p += 11; p < end && *p != ','; p++)
        if (*p != '.') d->tenths_mm = d->tenths_mm * 10 + (uint64_t)(*p - '0');
    while (p < end && *p != '\n')
        p++;
    *at = p < end ? p + 1 : end;
    return true;
}

static const char *first_day(void)
{
    return (const char *)memchr(weather, '\n', sizeof weather) + 1; /* behind the heading */
}

static const char *date_of(struct alc_bytes text, const char *which)
{
    static char kept[2][11];
    char *d = which[0] == 'f' ? kept[0] : kept[1];
    if (text.n != 10) near_panic_parts("a day is written as 2014-03-01: ", alc_cstr(which), "");
    memcpy(d, text.p, 10);
    return d;
}

static near_u128 payout_of(const struct policy *p, uint64_t rainy_days)
{
    const struct payout *best = NULL;
    for (size_t i = 0; i < p->payouts_count; i++) {
        const struct payout *row = &p->payouts[i];
        if (row->rainy_days > rainy_days) continue;
        if (best == NULL || row->rainy_days > best->rainy_days) best = row;
    }
    return best == NULL ? 0 : best->yocto;
}

int main(void)
{
    static uint8_t in[INPUT_MAX_BYTES], out_buf[4096], reason_buf[1024];
    struct near_out out = NEAR_OUT(out_buf), reasons = NEAR_OUT(reason_buf);
    struct question q = {0};
    struct near_json j;
    uint64_t days = 0, rainy = 0;
    const char *from, *to, *at = first_day();
    bool first_seen = false, last_seen = false;
    struct day d;

    j = near_json_begin(in, fread(in, 1, sizeof in, stdin));
    near_json_object(&j, &q, question_fields, 1);
    near_json_end(&j);
    if (!alc_bytes_is(q.policy.place, "Seattle")) near_panic("only Seattle's weather is known");
    from = date_of(q.policy.from, "from");
    to = date_of(q.policy.to, "to");
    while (next_day(&at, &d)) {
        char text[40];
        first_seen = first_seen || strcmp(d.date, from) == 0;
        if (strcmp(d.date, from) < 0 || strcmp(d.date, to) > 0) continue;
        last_seen = last_seen || strcmp(d.date, to) == 0;
        days++;
        if (d.tenths_mm < q.policy.threshold) continue;
        if (++rainy > REASONS_MAX) continue;
        snprintf(text, sizeof text, "%s: %llu.%llu mm", d.date,
                 (unsigned long long)(d.tenths_mm / 10), (unsigned long long)(d.tenths_mm % 10));
        if (rainy > 1) near_out_lit(&reasons, ",");
        near_out_str(&reasons, alc_cstr(text));
    }
    if (!first_seen || !last_seen) near_panic("the weather is known from 2012-01-01 to 2015-12-31");

    near_out_lit(&out, "{\"payout_yocto\":");
    near_out_u128_str(&out, payout_of(&q.policy, rainy));
    near_out_lit(&out, ",\"days\":");
    near_out_u64(&out, days);
    near_out_lit(&out, ",\"rainy_days\":");
    near_out_u64(&out, rainy);
    near_out_lit(&out, ",\"reasons\":[");
    near_out_raw(&out, near_out_bytes(&reasons, "too many reasons"));
    near_out_lit(&out, "]}");
    fwrite(out.p, 1, near_out_bytes(&out, "too long").n, stdout);
    return 0;
}
