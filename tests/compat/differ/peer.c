#include "peer.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define LINE_MAX_BYTES (1u << 20)

struct peer {
    pid_t pid;
    FILE *to, *from;
    char *line;
    size_t cap;
    bool asked;
};

struct peer *peer_open(const char *program)
{
    struct peer *p = calloc(1, sizeof *p);
    const pid_t parent = getpid();
    int to[2], from[2];

    assert_non_null(p);
    assert_int_equal(pipe(to), 0);
    assert_int_equal(pipe(from), 0);
    signal(SIGPIPE, SIG_IGN); /* a peer that died shows in the answer that does not come */
    p->pid = fork();
    assert_true(p->pid >= 0);
    if (p->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent || dup2(to[0], 0) < 0 || dup2(from[1], 1) < 0) _exit(126);
        close(to[0]);
        close(to[1]);
        close(from[0]);
        close(from[1]);
        execl(program, program, (char *)NULL);
        _exit(127);
    }
    close(to[0]);
    close(from[1]);
    p->to = fdopen(to[1], "wb");
    p->from = fdopen(from[0], "rb");
    assert_non_null(p->to);
    assert_non_null(p->from);
    return p;
}

void peer_close(struct peer *p)
{
    int status = -1;

    if (p == NULL) return;
    fclose(p->to);
    fclose(p->from);
    while (waitpid(p->pid, &status, 0) < 0 && errno == EINTR) {
    }
    free(p->line);
    free(p);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void put_uint(uint8_t *at, size_t width, uint64_t v)
{
    for (size_t i = 0; i < width; i++)
        at[i] = (uint8_t)(v >> (8 * i));
}

static void ask(struct peer *p, char mode, struct alc_bytes quote, struct alc_bytes collateral,
                uint64_t now_s)
{
    uint8_t head[17] = {(uint8_t)mode};

    assert_false(p->asked);
    put_uint(head + 1, 8, now_s);
    put_uint(head + 9, 4, quote.n);
    put_uint(head + 13, 4, collateral.n);
    assert_int_equal(fwrite(head, 1, sizeof head, p->to), sizeof head);
    assert_int_equal(fwrite(quote.p, 1, quote.n, p->to), quote.n);
    assert_int_equal(fwrite(collateral.p, 1, collateral.n, p->to), collateral.n);
    assert_int_equal(fflush(p->to), 0);
    p->asked = true;
}

void peer_ask(struct peer *p, struct alc_bytes quote, struct alc_bytes collateral, uint64_t now_s,
              bool other_root)
{
    ask(p, other_root ? 'o' : 'i', quote, collateral, now_s);
}

struct alc_json *peer_answer(struct peer *p)
{
    struct alc_json *doc = NULL;
    struct alc_err err = {0};
    ssize_t n;

    assert_true(p->asked);
    p->asked = false;
    n = getline(&p->line, &p->cap, p->from);
    if (n <= 0) fail_msg("the peer ended: see its messages above");
    if (alc_json_open(&doc, (struct alc_bytes){(uint8_t *)p->line, (size_t)n}, LINE_MAX_BYTES,
                      &err) != ALC_OK)
        fail_msg("the peer's answer is no JSON: %s: %.200s", err.text, p->line);
    return doc;
}

void peer_root(struct peer *p, struct alc_bytes der)
{
    ask(p, 'r', der, (struct alc_bytes){(const uint8_t *)"", 0}, 0);
    alc_json_close(peer_answer(p));
}
