/* tests/unit/verify/events_test.h — event logs, written as dstack writes them. */
#ifndef EVENTS_TEST_H
#define EVENTS_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "attest/attest.h"
#include "base/enc.h"

/* One member list of an event, as text: `event("app-id", "258b")`. */
#define RUNTIME(name, payload)                                                                     \
    "{\"imr\":3,\"event_type\":134217729,\"digest\":\"\",\"event\":\"" name                        \
    "\",\"event_payload\":\"" payload "\"}"
#define RUNTIME_V2(name, payload)                                                                  \
    "{\"imr\":3,\"event_type\":134217729,\"digest\":\"\",\"event\":\"" name                        \
    "\",\"event_payload\":\"" payload "\",\"version\":2}"

#define APP_ID "258bbd49ae0fd84652c84c4c834055b1d8bcdc44"
#define COMPOSE_HASH "258bbd49ae0fd84652c84c4c834055b1d8bcdc443cd8e172578f320b46304505"

/* The log behind NEAR MPC's published attestation asset, and the RTMR3 that its quote shows. */
#define MPC_BOOT                                                                                   \
    RUNTIME("system-preparing", "")                                                                \
    "," RUNTIME("app-id", APP_ID) "," RUNTIME("compose-hash", COMPOSE_HASH) "," RUNTIME(           \
        "instance-id", "") "," RUNTIME("boot-mr-done", "")
#define MPC_PROVIDER_HEX                                                                           \
    "7b226e616d65223a226c6f63616c2d736778222c226964223a223162376134393337383430333234396236393836" \
    "61"                                                                                           \
    "39303738343463616230393231656361333264643437653635376633633130333131636361656363663862227d"
#define MPC_LOG                                                                                    \
    "[" MPC_BOOT                                                                                   \
    "," RUNTIME("key-provider", MPC_PROVIDER_HEX) "," RUNTIME("system-ready", "") "," RUNTIME(     \
        "mpc-image-digest",                                                                        \
        "dd4f9adb9645f44a6c369ff4a6b4a42d8a64bae134b30842784e86de47d37e85") "]"
#define MPC_RTMR3                                                                                  \
    "aaa62420cfd484a796d2905e518e0ea5f9b7da087a437faa81aa3f08e5288fed1bc47f4926c626525061944f30ab" \
    "b6"                                                                                           \
    "ee"

static uint8_t events_work[256u << 10];

static inline enum alc_refusal replay(struct alc_events *out, const char *log)
{
    struct alc_verify_work work = ALC_VERIFY_WORK(events_work);
    return alc_events_replay(out, alc_cstr(log), &work, &alc_verify_native);
}

static inline void assert_hex(const uint8_t *p, size_t n, const char *want)
{
    char text[2 * 64 + 1];
    size_t m = 0;
    assert_true(n <= 64 && alc_hex_encode(text, sizeof text - 1, &m, (struct alc_bytes){p, n}));
    text[m] = 0;
    assert_string_equal(text, want);
}

#endif
