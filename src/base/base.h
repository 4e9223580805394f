/* src/base/base.h — what nearly every file needs of this room: bytes, results, arenas, the log.
 * The rest is included by name: json.h, http.h, httpd.h, conf.h, enc.h, cur.h, borsh.h, buf.h,
 * file.h. */
#ifndef ALC_BASE_H
#define ALC_BASE_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/rc.h"

#endif
