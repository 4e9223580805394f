/* src/cli/cli.h — the subcommands of `alcove`, one file each; main.c only dispatches.
 *
 * Each gets the words behind its name and returns the program's exit code (base/rc.h). */
#ifndef ALC_CLI_H
#define ALC_CLI_H

int alc_cli_attest(int argc, char **argv);
int alc_cli_demo(int argc, char **argv);
int alc_cli_doctor(int argc, char **argv);
int alc_cli_request(int argc, char **argv);
int alc_cli_run(int argc, char **argv);
int alc_cli_up(int argc, char **argv);
int alc_cli_verify(int argc, char **argv);

#endif
