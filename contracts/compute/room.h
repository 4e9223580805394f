/* contracts/compute/room.h — buffers of the protocol's limits.
 *
 * They are defined in a file that is linked last.  So all else lies below 1 MiB, and each place in
 * the code that names it is a byte shorter: 1.2 kB of the contract. */
#ifndef COMPUTE_ROOM_H
#define COMPUTE_ROOM_H

#include "compute.h"

extern uint8_t room_said[NEAR_VALUE_MAX_BYTES];        /* what here.out writes */
extern uint8_t room_event[NEAR_LOG_MAX_BYTES];         /* an event */
extern uint8_t room_output[1 + OUTPUT_TEXT_MAX_BYTES]; /* an output's record */
extern uint8_t room_input[NEAR_ARGS_MAX_BYTES];        /* an input that lies apart */
extern uint8_t room_message[NEAR_ARGS_MAX_BYTES];      /* of ft_on_transfer, while it is read */
extern uint8_t room_moved[NEAR_VALUE_MAX_BYTES];  /* a record that changes its place in a list */
extern uint8_t room_secret[NEAR_VALUE_MAX_BYTES]; /* a secret's record */
extern uint8_t room_access[NEAR_VALUE_MAX_BYTES]; /* a condition that is read */

#endif
