#include "cli/cli.h"

#include "crypto/crypto.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help;
} commands[] = {
    {"demo", alc_cli_demo, "watch a contract ask, pause and resume with answer and proof"},
    {"up", alc_cli_up, "all roles in one process, with a development chain if none is configured"},
    {"request", alc_cli_request, "ask through the chain and wait for the answer"},
    {"run", alc_cli_run, "run a WebAssembly module here, no chain"},
    {"attest", alc_cli_attest, "ask this enclave for a quote, and say what it measures"},
    {"doctor", alc_cli_doctor, "look at what the roles need here, and say what is missing"},
    {"verify", alc_cli_verify, "check a statement and say what is proven and what is not"},
};

static void print_help(FILE *f)
{
    fprintf(f, "alcove %s: verifiable off-chain compute for NEAR\n\nusage: alcove COMMAND ...\n\n",
            ALC_VERSION);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        fprintf(f, "  %-8s %s\n", commands[i].name, commands[i].help);
    fprintf(f, "\n`alcove COMMAND --help` says more.\n");
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    alc_crypto_init();
    if (argc < 2) {
        print_help(stderr);
        return alc_rc_exit(ALC_BAD_INPUT);
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        print_help(stdout);
        return 0;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("alcove %s\n", ALC_VERSION);
        return 0;
    }
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strcmp(argv[1], commands[i].name) == 0) return commands[i].run(argc - 2, argv + 2);
    fprintf(stderr, "alcove: there is no command `%s`; `alcove --help` lists them\n", argv[1]);
    return alc_rc_exit(ALC_BAD_INPUT);
}
