/* sdk/contract/json_text.h — what the files of the reader share; contracts use json.h. */
#ifndef NEAR_JSON_TEXT_H
#define NEAR_JSON_TEXT_H

#include "contract/json.h"

bool json_take(struct near_json *j, uint8_t c);   /* the next token, if it begins so */
bool json_expect(struct near_json *j, uint8_t c); /* it must; false only of a soft reading */
void json_word(struct near_json *j, struct alc_bytes text);
void json_enter(struct near_json *j);              /* one level deeper; the way out is j->depth-- */
struct alc_bytes json_string(struct near_json *j); /* from after its quote on, unescaped in place */
void json_skim(struct near_json *j);               /* over any value */

#endif
