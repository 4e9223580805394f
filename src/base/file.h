/* src/base/file.h — a file written whole or not at all. */
#ifndef ALC_FILE_H
#define ALC_FILE_H

#include "base/bytes.h"
#include "base/err.h"

/* alc_file_write makes `path` a regular file of these bytes, readable and writable by its owner
 * alone (0600), whatever stood there before; a symbolic link is replaced, not followed.
 *
 * The bytes go into a new file beside it, `<path>.XXXXXX`, and are on the disk before it takes the
 * name: who opens `path` finds the old file or all of the new one, at any time, after a power cut
 * too, and of several writers one wins.  A process that is killed may leave the file beside it
 * behind.  Nothing of `bytes` is copied into other memory.  For any thread.
 *
 * The last name in `path` has at most 248 bytes (NAME_MAX, less the ending).  ALC_IO, with the
 * system's reason: nothing has changed, unless the disk refused only the folder: then `path` is the
 * new file, which a power cut may still take back.  ALC_NOMEM. */
ALC_MUST enum alc_rc alc_file_write(const char *path, struct alc_bytes bytes, struct alc_err *err);

#endif
