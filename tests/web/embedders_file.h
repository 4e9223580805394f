/* tests/web/embedders_file.h — the file of questions and native verdicts, for embedders.c alone:
 *   {"blobs":["<base64>"],"bundles":[{..}],"cases":[{kind,name,now,inputs,policy,verdict}]} */
#ifndef EMBEDDERS_FILE_H
#define EMBEDDERS_FILE_H

#include "base/json.h"

extern struct alc_jw case_w, bundle_w;

/* put_input names bytes by their place among the blobs, since most come more than once; n 0: not
 * at all. */
void put_input(struct alc_jw *w, const char *key, struct alc_bytes b);
/* put_case begins a case and leaves its inputs open; put_verdict ends it. */
void put_case(const char *kind, const char *name, uint64_t now_s);
void put_verdict(struct alc_bytes verdict);

#endif
