#include "cli/settings.h"

const char *const cli_others[] = {"state", "json",   "log",       "near.",    "watcher.", "worker.",
                                  "dev.",  "store.", "localnet.", "gateway.", "attest.",  NULL};
