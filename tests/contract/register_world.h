/* tests/contract/register_world.h — quotes and collateral sets for tests of the register contract:
 * those of a simulated PKI, and Intel's where they are found.  Texts live until world_close; what
 * cannot go on prints a sentence and aborts. */
#ifndef REGISTER_WORLD_H
#define REGISTER_WORLD_H

#include "attest/sim.h"

#define WORLD_S UINT64_C(1751000000) /* inside the window of the sample tdx_quote's collateral */
#define WORLD_DAY_S UINT64_C(86400)
#define SIM_FMSPC "53494d000000"
#define SIM_INFO "{\"fmspc\":\"" SIM_FMSPC "\",\"ca\":\"platform\"}"
#define REAL_INFO "{\"fmspc\":\"b0c06f000000\",\"ca\":\"platform\"}"
/* SHA-256 of the sample's MRTD and RTMRs comes from it; its report data begins with this key. */
#define REAL_KEY_HEX "9a9d48e7f6799642d3d1b34e1e5e1742d4bb02dd6ddd551862c1211d35c304f9"

void world_open(void);
void world_close(void);
/* The same for a group of cmocka's tests. */
int world_setup(void **state);
int world_teardown(void **state);

const char *world_text(const char *format, ...) ALC_PRINTF(1, 2);
const char *world_hex(struct alc_bytes b);
const char *world_base64(struct alc_bytes b);
const char *world_key(const uint8_t key[32]); /* "ed25519:..." */
const char *world_key_of(uint8_t byte);       /* a key of 32 such bytes */

const char *world_root(void); /* base64 */
struct alc_bytes world_root_der(void);
/* The usual TD's quote with this report data, after `change` (may be NULL). */
struct alc_bytes world_quote(enum alc_tee tee, const uint8_t report_data[64],
                             void (*change)(struct alc_sim_quote *q));
/* A key of bytes `byte` in the first half; the second zeros, or *half. */
struct alc_bytes world_quote_of(uint8_t byte, const struct alc_hash *half);
/* A set of the usual texts, made at now_s; JSON. */
struct alc_bytes world_set(enum alc_tee tee, uint64_t now_s);
struct alc_bytes world_set_of(const struct alc_sim_set *set);
/* The same with one member of TCB info or QE identity replaced before it is signed. */
struct alc_bytes world_set_changed(uint64_t now_s, const char *from, const char *to);
/* {"collateral":"..."<more>} */
struct alc_bytes world_put(struct alc_bytes set, const char *more);
/* {"mrtd":...}: what the usual TD measures; and the sample's. */
const char *world_measurement(void);
const char *world_measurement_of(struct alc_bytes quote);
const char *world_measurement_hash(struct alc_bytes quote); /* hex */

/* The sample and its set; false: they are not here. */
bool world_real(struct alc_bytes *quote, struct alc_bytes *set);

#endif
