/* TCB info and QE identity of the simulated platform: compact JSON in Intel's order of keys, since
 * what is signed is the text. */
#include "attest/sim_parts.h"
#include "base/json.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define EVALUATION 17u
#define ZEROS_48                                                                                   \
    "00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000" \
    "0000"

/* A module of version 1 and SVN 5; a loader of SVN 2. */
const uint8_t sim_tee_tcb_svn[16] = {5, 1, 2};

uint16_t sim_qe_product(enum alc_tee tee)
{
    return tee == ALC_TEE_TDX ? 2 : 1;
}

void sim_signer(uint8_t out[32])
{
    struct alc_hash h;
    alc_sha256(&h, ALC_LIT("SIMULATED quoting enclave's signer"));
    memcpy(out, h.b, 32);
}

static void put_time(struct alc_jw *w, const char *key, uint64_t unix_s)
{
    const time_t t = (time_t)unix_s;
    struct tm tm;
    char text[40];

    if (gmtime_r(&t, &tm) == NULL || tm.tm_year > 8099 ||
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0) {
        w->out->failed = true;
        return;
    }
    alc_jw_key(w, key);
    alc_jw_text(w, text);
}

static void put_text(struct alc_jw *w, const char *key, const char *text)
{
    alc_jw_key(w, key);
    alc_jw_text(w, text);
}

static void put_u64(struct alc_jw *w, const char *key, uint64_t v)
{
    alc_jw_key(w, key);
    alc_jw_u64(w, v);
}

static void put_hex(struct alc_jw *w, const char *key, struct alc_bytes b)
{
    alc_jw_key(w, key);
    alc_jw_hex(w, b);
}

/* Ends a level: its date (a midnight, `days` before now), status and advisory. */
static void put_level_end(struct alc_jw *w, uint64_t now_s, uint64_t days, const char *status,
                          const char *advisory)
{
    uint64_t today_s = now_s / SIM_DAY_S * SIM_DAY_S;
    uint64_t back_s = days * SIM_DAY_S;

    put_time(w, "tcbDate", today_s > back_s ? today_s - back_s : 0);
    put_text(w, "tcbStatus", status);
    if (advisory != NULL) {
        alc_jw_key(w, "advisoryIDs");
        alc_jw_arr(w);
        alc_jw_text(w, advisory);
        alc_jw_end(w);
    }
    alc_jw_end(w);
}

static void put_components(struct alc_jw *w, const char *key, const uint8_t svn[16])
{
    alc_jw_key(w, key);
    alc_jw_arr(w);
    for (size_t i = 0; i < 16; i++) {
        alc_jw_obj(w);
        put_u64(w, "svn", svn[i]);
        alc_jw_end(w);
    }
    alc_jw_end(w);
}

static void put_platform_level(struct alc_jw *w, enum alc_tee tee, const uint8_t sgx[16],
                               const uint8_t tdx[16], uint64_t pcesvn)
{
    alc_jw_obj(w);
    alc_jw_key(w, "tcb");
    alc_jw_obj(w);
    put_components(w, "sgxtcbcomponents", sgx);
    put_u64(w, "pcesvn", pcesvn);
    if (tee == ALC_TEE_TDX) put_components(w, "tdxtcbcomponents", tdx);
    alc_jw_end(w);
}

static void put_isvsvn_level(struct alc_jw *w, uint64_t isvsvn)
{
    alc_jw_obj(w);
    alc_jw_key(w, "tcb");
    alc_jw_obj(w);
    put_u64(w, "isvsvn", isvsvn);
    alc_jw_end(w);
}

static void put_module(struct alc_jw *w)
{
    put_text(w, "mrsigner", ZEROS_48);
    put_text(w, "attributes", "0000000000000000");
    put_text(w, "attributesMask", "ffffffffffffffff");
}

static void put_modules(struct alc_jw *w, uint64_t now_s)
{
    alc_jw_key(w, "tdxModule");
    alc_jw_obj(w);
    put_module(w);
    alc_jw_end(w);
    alc_jw_key(w, "tdxModuleIdentities");
    alc_jw_arr(w);
    alc_jw_obj(w);
    put_text(w, "id", "TDX_01");
    put_module(w);
    alc_jw_key(w, "tcbLevels");
    alc_jw_arr(w);
    put_isvsvn_level(w, sim_tee_tcb_svn[0]);
    put_level_end(w, now_s, 90, "UpToDate", NULL);
    put_isvsvn_level(w, 3);
    put_level_end(w, now_s, 500, "OutOfDate", "SIMULATED-SA-00003");
    alc_jw_end(w);
    alc_jw_end(w);
    alc_jw_end(w);
}

enum alc_rc alc_sim_tcb_info(struct alc_sim *s, enum alc_tee tee, uint64_t now_s,
                             struct alc_buf *out, struct alc_err *err)
{
    /* The module's own bytes: by Intel's rule of 0 and 1 the module's identity decides where its
     * version is not 0; a verifier that compares them here too finds them satisfied. */
    uint8_t tdx[16] = {sim_tee_tcb_svn[0], 0, sim_tee_tcb_svn[2]}, sgx[16];
    static const uint8_t none[16];
    struct alc_jw w = {.out = out};

    (void)s;
    memcpy(sgx, sim_components, sizeof sgx);
    alc_jw_obj(&w);
    put_text(&w, "id", tee == ALC_TEE_TDX ? "TDX" : "SGX");
    put_u64(&w, "version", 3);
    put_time(&w, "issueDate", now_s);
    put_time(&w, "nextUpdate", now_s + SIM_FRESH_S);
    put_hex(&w, "fmspc", (struct alc_bytes){sim_fmspc, sizeof sim_fmspc});
    put_text(&w, "pceId", "0000");
    put_u64(&w, "tcbType", 0);
    put_u64(&w, "tcbEvaluationDataNumber", EVALUATION);
    if (tee == ALC_TEE_TDX) put_modules(&w, now_s);
    alc_jw_key(&w, "tcbLevels");
    alc_jw_arr(&w);
    put_platform_level(&w, tee, sgx, tdx, SIM_PCESVN);
    put_level_end(&w, now_s, 90, "UpToDate", NULL);
    sgx[0]--;
    tdx[2]--;
    put_platform_level(&w, tee, sgx, tdx, SIM_PCESVN);
    put_level_end(&w, now_s, 90, "SWHardeningNeeded", "SIMULATED-SA-00001");
    put_platform_level(&w, tee, none, none, 5);
    put_level_end(&w, now_s, 500, "OutOfDate", "SIMULATED-SA-00002");
    alc_jw_end(&w);
    alc_jw_end(&w);
    return out->failed ? alc_fail(err, ALC_NOMEM, "no memory for a simulated TCB info") : ALC_OK;
}

enum alc_rc alc_sim_qe_identity(struct alc_sim *s, enum alc_tee tee, uint64_t now_s,
                                struct alc_buf *out, struct alc_err *err)
{
    struct alc_jw w = {.out = out};
    uint8_t signer[32];

    (void)s;
    sim_signer(signer);
    alc_jw_obj(&w);
    put_text(&w, "id", tee == ALC_TEE_TDX ? "TD_QE" : "QE");
    put_u64(&w, "version", 2);
    put_time(&w, "issueDate", now_s);
    put_time(&w, "nextUpdate", now_s + SIM_FRESH_S);
    put_u64(&w, "tcbEvaluationDataNumber", EVALUATION);
    put_text(&w, "miscselect", "00000000");
    put_text(&w, "miscselectMask", "ffffffff");
    put_text(&w, "attributes", "11000000000000000000000000000000");
    put_text(&w, "attributesMask", "fbffffffffffffff0000000000000000");
    put_hex(&w, "mrsigner", (struct alc_bytes){signer, sizeof signer});
    put_u64(&w, "isvprodid", sim_qe_product(tee));
    alc_jw_key(&w, "tcbLevels");
    alc_jw_arr(&w);
    put_isvsvn_level(&w, SIM_QE_ISVSVN);
    put_level_end(&w, now_s, 90, "UpToDate", NULL);
    put_isvsvn_level(&w, 4);
    put_level_end(&w, now_s, 500, "OutOfDate", "SIMULATED-SA-00004");
    alc_jw_end(&w);
    alc_jw_end(&w);
    return out->failed ? alc_fail(err, ALC_NOMEM, "no memory for a simulated QE identity") : ALC_OK;
}
