/* src/cli/bundle.h — a statement and its evidence as a JSON file: what `alcove verify` reads.
 *
 *   {"format":"alcove-statement/1","statement":"<base64>","signature":"ed25519:<base58>",
 *    "request":"<request_data text>","input":"<base64>","output":"<base64>"}
 *
 * Only format, statement and signature must be there; docs/statement.md has the rest. */
#ifndef ALC_CLI_BUNDLE_H
#define ALC_CLI_BUNDLE_H

#include "base/buf.h"
#include "verify/verify.h"
#include "base/base.h"

#define CLI_BUNDLE_MAX_BYTES (4u << 20)

struct cli_bundle {
    struct alc_bytes signed_statement;        /* encoding ‖ signature */
    bool has_request, has_input, has_output;
    struct alc_bytes request, input, output;
};

/* cli_bundle_read: ALC_BAD_INPUT says what is wrong with the text. */
ALC_MUST enum alc_rc cli_bundle_read(struct cli_bundle *out, struct alc_bytes text,
                                     struct alc_arena *arena, struct alc_err *err);
/* cli_bundle_write appends the JSON and a line's end. */
void cli_bundle_write(struct alc_buf *out, const struct cli_bundle *b);

#endif
