#include "room.h"

uint8_t room_said[NEAR_VALUE_MAX_BYTES];
uint8_t room_event[NEAR_LOG_MAX_BYTES];
uint8_t room_output[1 + OUTPUT_TEXT_MAX_BYTES];
uint8_t room_input[NEAR_ARGS_MAX_BYTES];
uint8_t room_message[NEAR_ARGS_MAX_BYTES];
uint8_t room_moved[NEAR_VALUE_MAX_BYTES];
uint8_t room_secret[NEAR_VALUE_MAX_BYTES];
uint8_t room_access[NEAR_VALUE_MAX_BYTES];
