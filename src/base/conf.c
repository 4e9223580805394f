#include "base/conf.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define ENV_PREFIX "ALCOVE_"
#define ENV_FILE "ALCOVE_CONF"
#define NAME_MAX_CHARS 128u /* of a setting, however it is spelt */

/* Where a value comes from, in the order in which they are read. */
enum source { PRESET, FILE_LINE, ENVIRONMENT, FLAG };

struct reading {
    void *out;
    const struct alc_conf_table *table;
    struct alc_arena *arena;
    struct alc_err *err;
    enum source *last; /* of each item: who set it */

    /* of the file */
    const char *path;
    FILE *stream;
    unsigned line;
    enum alc_rc rc; /* of the first line that was refused */
};

static enum alc_rc no_memory(struct reading *r)
{
    return alc_fail(r->err, ALC_NOMEM, "the settings do not fit in memory");
}

/* ---- names ---- */

/* "worker.slots" is --worker-slots and ALCOVE_WORKER_SLOTS. */
static void flag_name(char out[NAME_MAX_CHARS], const char *name)
{
    size_t n = 0;
    for (; name[n] != 0 && n + 1 < NAME_MAX_CHARS; n++)
        out[n] = name[n] == '.' || name[n] == '_' ? '-' : name[n];
    out[n] = 0;
}

static void env_name(char out[NAME_MAX_CHARS], const char *name)
{
    size_t n = 0;
    for (; name[n] != 0 && n + 1 < NAME_MAX_CHARS; n++)
        out[n] = isalnum((unsigned char)name[n]) ? (char)toupper((unsigned char)name[n]) : '_';
    out[n] = 0;
}

typedef void (*speller)(char out[NAME_MAX_CHARS], const char *name);

static void as_written(char out[NAME_MAX_CHARS], const char *name)
{
    snprintf(out, NAME_MAX_CHARS, "%s", name);
}

static const struct alc_conf_item *find(const struct alc_conf_table *t, const char *name, size_t n,
                                        speller spell)
{
    char spelt[NAME_MAX_CHARS];
    for (size_t i = 0; i < t->count; i++) {
        spell(spelt, t->items[i].name);
        if (strlen(spelt) == n && memcmp(spelt, name, n) == 0) return &t->items[i];
    }
    return NULL;
}

static bool is_of_others(const struct alc_conf_table *t, const char *name, size_t n, speller spell)
{
    char spelt[NAME_MAX_CHARS];
    for (size_t i = 0; t->others != NULL && t->others[i] != NULL; i++) {
        size_t k = strlen(t->others[i]);
        bool section = k > 0 && t->others[i][k - 1] == '.';
        spell(spelt, t->others[i]);
        if (section ? n > k && memcmp(spelt, name, k) == 0 : n == k && memcmp(spelt, name, k) == 0)
            return true;
    }
    return false;
}

/* ---- values ---- */

/* What may be written, for people: "a number from 1 to 64". */
static void allowed(char out[160], const struct alc_conf_item *item)
{
    const char *what =
        item->kind == ALC_CONF_U32 || item->kind == ALC_CONF_U64 ? "a number" : "a text";
    const char *unit = item->kind == ALC_CONF_STR || item->kind == ALC_CONF_LIST ? " bytes" : "";
    uint64_t most = item->most;

    if (item->kind == ALC_CONF_U32 && (most == 0 || most > UINT32_MAX)) most = UINT32_MAX;
    if (item->kind == ALC_CONF_U64 && most == 0) most = UINT64_MAX;
    if (item->kind == ALC_CONF_BOOL)
        snprintf(out, 160, "true, yes, on, 1, false, no, off or 0");
    else if (most == 0)
        snprintf(out, 160, "%s of at least %" PRIu64 "%s", what, item->least, unit);
    else
        snprintf(out, 160, "%s %s %" PRIu64 " to %" PRIu64 "%s", what, *unit != 0 ? "of" : "from",
                 item->least, most, unit);
}

static bool within(const struct alc_conf_item *item, uint64_t v)
{
    return v >= item->least && (item->most == 0 || v <= item->most);
}

static bool read_number(uint64_t *out, const char *s)
{
    uint64_t v = 0;
    if (*s == 0) return false;
    for (; *s != 0; s++) {
        if (*s < '0' || *s > '9') return false;
        if (__builtin_mul_overflow(v, 10u, &v) ||
            __builtin_add_overflow(v, (uint64_t)(*s - '0'), &v))
            return false;
    }
    *out = v;
    return true;
}

static bool read_bool(bool *out, const char *s)
{
    static const char *const words[2][4] = {{"false", "no", "off", "0"},
                                            {"true", "yes", "on", "1"}};
    for (size_t v = 0; v < 2; v++)
        for (size_t i = 0; i < 4; i++)
            if (strcasecmp(s, words[v][i]) == 0) {
                *out = v == 1;
                return true;
            }
    return false;
}

/* add_to_list makes the list anew: settings are few and read once. */
static bool add_to_list(const char *const **list, const char *v, bool first,
                        struct alc_arena *arena)
{
    const char **longer;
    size_t n = 0;

    while (!first && (*list)[n] != NULL)
        n++;
    longer = alc_arena_array(arena, n + 2, sizeof *longer);
    if (longer == NULL) return false;
    for (size_t i = 0; i < n; i++)
        longer[i] = (*list)[i];
    longer[n] = v;
    *list = longer;
    return true;
}

/* set checks a value and writes it into its field; `where` is for the sentence. */
static enum alc_rc set(struct reading *r, const struct alc_conf_item *item, const char *text,
                       enum source source, const char *where)
{
    void *field = (char *)r->out + item->offset;
    size_t i = (size_t)(item - r->table->items);
    struct alc_bytes copy;
    const char *const *list;
    char want[160];
    uint64_t v;
    uint32_t v32;
    bool b, good = false;

    switch (item->kind) {
    case ALC_CONF_U64:
        good = read_number(&v, text) && within(item, v);
        if (good) memcpy(field, &v, sizeof v);
        break;
    case ALC_CONF_U32:
        good = read_number(&v, text) && within(item, v) && v <= UINT32_MAX;
        v32 = good ? (uint32_t)v : 0;
        if (good) memcpy(field, &v32, sizeof v32);
        break;
    case ALC_CONF_BOOL:
        good = read_bool(&b, text);
        if (good) memcpy(field, &b, sizeof b);
        break;
    case ALC_CONF_STR:
    case ALC_CONF_LIST:
        good = within(item, strlen(text));
        if (!good) break;
        if (!alc_arena_copy(r->arena, alc_cstr(text), &copy)) return no_memory(r);
        text = (const char *)copy.p;
        if (item->kind == ALC_CONF_STR) {
            memcpy(field, &text, sizeof text);
            break;
        }
        memcpy(&list, field, sizeof list);
        if (!add_to_list(&list, text, r->last[i] != source, r->arena)) return no_memory(r);
        memcpy(field, &list, sizeof list);
        break;
    }
    if (!good) {
        allowed(want, item);
        return alc_fail(r->err, ALC_BAD_INPUT, "%s: '%s' (%s) is not %s", item->name, text, where,
                        want);
    }
    r->last[i] = source;
    return ALC_OK;
}

/* A field that nobody sets holds its preset; without one a text is "", a list empty, the rest 0. */
static enum alc_rc set_presets(struct reading *r)
{
    static const char *const empty[] = {NULL};

    for (size_t i = 0; i < r->table->count; i++) {
        const struct alc_conf_item *item = &r->table->items[i];
        void *field = (char *)r->out + item->offset;
        const char *const *list = empty;
        const char *text = "";
        enum alc_rc rc;

        switch (item->kind) {
        case ALC_CONF_STR:
            memcpy(field, &text, sizeof text);
            break;
        case ALC_CONF_LIST:
            memcpy(field, &list, sizeof list);
            break;
        case ALC_CONF_U32:
            memset(field, 0, sizeof(uint32_t));
            break;
        case ALC_CONF_U64:
            memset(field, 0, sizeof(uint64_t));
            break;
        case ALC_CONF_BOOL:
            memset(field, 0, sizeof(bool));
            break;
        }
        if (item->preset == NULL || item->preset[0] == 0) continue;
        rc = set(r, item, item->preset, PRESET, "the default");
        if (rc != ALC_OK) return rc;
    }
    return ALC_OK;
}

/* ---- file ---- */

/* libinih's reader: it cuts a long line in two without a word, so that is refused here. */
static char *next_line(char *out, int cap, void *ctx)
{
    struct reading *r = ctx;
    size_t n;

    if (r->rc != ALC_OK || fgets(out, cap, r->stream) == NULL) return NULL;
    r->line++;
    n = strlen(out);
    if (n + 1 == (size_t)cap && out[n - 1] != '\n') {
        r->rc = alc_fail(r->err, ALC_BAD_INPUT, "%s:%u: a line of over %u bytes", r->path, r->line,
                         ALC_CONF_LINE_MAX_BYTES);
        return NULL;
    }
    return out;
}

/* libinih's handler: 0 stops it. */
static int on_line(void *ctx, const char *section, const char *key, const char *text)
{
    struct reading *r = ctx;
    const struct alc_conf_item *item;
    char name[NAME_MAX_CHARS], where[300];

    snprintf(name, sizeof name, "%s%s%s", section, section[0] == 0 ? "" : ".", key);
    snprintf(where, sizeof where, "%s:%u", r->path, r->line);
    item = find(r->table, name, strlen(name), as_written);
    if (item != NULL && item->kind != ALC_CONF_LIST && r->last[item - r->table->items] == FILE_LINE)
        r->rc = alc_fail(r->err, ALC_BAD_INPUT, "%s: '%s' is set a second time", where, name);
    else if (item != NULL)
        r->rc = set(r, item, text, FILE_LINE, where);
    else if (!is_of_others(r->table, name, strlen(name), as_written))
        r->rc = alc_fail(r->err, ALC_BAD_INPUT, "%s: there is no setting '%s'", where, name);
    return r->rc == ALC_OK;
}

static enum alc_rc read_file(struct reading *r, const char *path)
{
    int refused;

    r->path = path;
    r->stream = fopen(path, "re");
    if (r->stream == NULL)
        return alc_fail(r->err, errno == ENOENT ? ALC_NOT_FOUND : ALC_IO,
                        "cannot read the settings in %s: %s", path, strerror(errno));
    ini_use_stack = false;
    ini_max_line = (int)ALC_CONF_LINE_MAX_BYTES + 3;
    ini_initial_alloc = ini_max_line;
    ini_allow_multiline = false;
    ini_stop_on_first_error = true;
    refused = ini_parse_stream(next_line, r, on_line, r);
    if (r->rc == ALC_OK && ferror(r->stream))
        r->rc =
            alc_fail(r->err, ALC_IO, "cannot read the settings in %s: %s", path, strerror(errno));
    if (r->rc == ALC_OK && refused > 0)
        r->rc =
            alc_fail(r->err, ALC_BAD_INPUT,
                     "%s:%d: neither [section], nor name = value, nor a comment", path, refused);
    if (r->rc == ALC_OK && refused < 0) r->rc = no_memory(r);
    fclose(r->stream);
    return r->rc;
}

/* ---- environment ---- */

static enum alc_rc read_environment(struct reading *r)
{
    const size_t prefix = sizeof ENV_PREFIX - 1;

    for (char **e = environ; e != NULL && *e != NULL; e++) {
        const char *equals = strchr(*e, '=');
        const struct alc_conf_item *item;
        char where[NAME_MAX_CHARS];
        const char *name = *e + prefix;
        enum alc_rc rc = ALC_OK;
        size_t n;

        if (equals == NULL || strncmp(*e, ENV_PREFIX, prefix) != 0) continue;
        n = (size_t)(equals - name);
        snprintf(where, sizeof where, "%.*s", (int)(equals - *e), *e);
        if (strcmp(where, ENV_FILE) == 0) continue;
        item = find(r->table, name, n, env_name);
        if (item != NULL)
            rc = set(r, item, equals + 1, ENVIRONMENT, where);
        else if (!is_of_others(r->table, name, n, env_name))
            rc = alc_fail(
                r->err, ALC_BAD_INPUT,
                "%s is in the environment, but there is no such setting; --help lists all", where);
        if (rc != ALC_OK) return rc;
    }
    return ALC_OK;
}

/* ---- command line ---- */

struct args {
    int argc;
    char *const *argv;
};

/* A flag's value: behind its `=`, or else the next word, which is then consumed. */
static enum alc_rc flag_value(const char **out, const struct args *a, int *i, struct alc_err *err)
{
    const char *equals = strchr(a->argv[*i], '=');
    if (equals == NULL && *i + 1 >= a->argc)
        return alc_fail(err, ALC_BAD_INPUT, "%s wants a value behind it", a->argv[*i]);
    *out = equals != NULL ? equals + 1 : a->argv[++*i];
    return ALC_OK;
}

static bool is_flag(const char *word)
{
    return word[0] == '-' && word[1] != 0; /* "-" is a word: standard input, by custom */
}

/* The name in "--name" and "--name=value". */
static struct alc_bytes flag_of(const char *word)
{
    size_t n = strcspn(word, "=");
    return n < 2 || word[1] != '-' ? (struct alc_bytes){0}
                                   : (struct alc_bytes){(const uint8_t *)word + 2, n - 2};
}

static bool is_switch(const struct alc_conf_item *item, const char *word)
{
    return item != NULL && item->kind == ALC_CONF_BOOL && strchr(word, '=') == NULL;
}

/* look_ahead finds what matters before all else: --help, and the file's name. */
static enum alc_rc look_ahead(struct reading *r, const struct args *a, bool *help,
                              const char **file)
{
    *help = false;
    for (int i = 0; i < a->argc && strcmp(a->argv[i], "--") != 0; i++)
        if (strcmp(a->argv[i], "--help") == 0 || strcmp(a->argv[i], "-h") == 0) *help = true;
    if (*help) return ALC_OK;
    for (int i = 0; i < a->argc && strcmp(a->argv[i], "--") != 0; i++) {
        struct alc_bytes flag = flag_of(a->argv[i]);
        const struct alc_conf_item *item = find(r->table, (const char *)flag.p, flag.n, flag_name);
        const char *value = NULL;
        enum alc_rc rc;
        if (!is_flag(a->argv[i]) || is_switch(item, a->argv[i])) continue;
        if (!alc_bytes_is(flag, "conf") && item == NULL) continue; /* refused in its turn */
        rc = flag_value(&value, a, &i, r->err);
        if (rc != ALC_OK) return rc;
        if (alc_bytes_is(flag, "conf")) *file = value;
    }
    return ALC_OK;
}

static enum alc_rc read_flag(struct reading *r, const struct args *a, int *i)
{
    const char *word = a->argv[*i], *value = "true";
    struct alc_bytes flag = flag_of(word);
    const struct alc_conf_item *item = find(r->table, (const char *)flag.p, flag.n, flag_name);
    char where[NAME_MAX_CHARS];
    enum alc_rc rc = ALC_OK;

    snprintf(where, sizeof where, "%.*s", (int)strcspn(word, "="), word);
    if (item == NULL && !alc_bytes_is(flag, "conf"))
        return alc_fail(r->err, ALC_BAD_INPUT, "there is no flag %s; --help lists all", where);
    if (!is_switch(item, word)) rc = flag_value(&value, a, i, r->err);
    if (rc != ALC_OK || item == NULL) return rc;
    return set(r, item, value, FLAG, where);
}

static enum alc_rc read_arguments(struct reading *r, const struct args *a,
                                  struct alc_conf_rest *rest)
{
    bool all_words = false;

    for (int i = 0; i < a->argc; i++) {
        enum alc_rc rc = ALC_OK;
        if (!all_words && strcmp(a->argv[i], "--") == 0)
            all_words = true;
        else if (!all_words && is_flag(a->argv[i]))
            rc = read_flag(r, a, &i);
        else
            rest->words[rest->count++] = a->argv[i];
        if (rc != ALC_OK) return rc;
    }
    return ALC_OK;
}

static enum alc_rc note_given(const struct reading *r, struct alc_conf_rest *rest)
{
    bool *given = alc_arena_array(r->arena, r->table->count, sizeof *given);

    if (given == NULL) return alc_fail(r->err, ALC_NOMEM, "the settings do not fit in memory");
    for (size_t i = 0; i < r->table->count; i++)
        given[i] = r->last[i] != PRESET;
    rest->given = given;
    return ALC_OK;
}

bool alc_conf_given(const struct alc_conf_table *table, const struct alc_conf_rest *rest,
                    const char *name)
{
    const struct alc_conf_item *item = find(table, name, strlen(name), as_written);

    assert(item != NULL);
    return rest->given != NULL && rest->given[item - table->items];
}

enum alc_rc alc_conf_read(void *out, struct alc_conf_rest *rest, const struct alc_conf_table *table,
                          const char *file, int argc, char *const *argv, struct alc_arena *arena,
                          struct alc_err *err)
{
    struct reading r = {.out = out, .table = table, .arena = arena, .err = err};
    const struct args a = {argc, argv};
    const char *env_file = getenv(ENV_FILE);
    enum alc_rc rc;

    *rest = (struct alc_conf_rest){0};
    if (env_file != NULL && env_file[0] != 0) file = env_file;
    r.last = alc_arena_array(arena, table->count, sizeof *r.last);
    rest->words = alc_arena_array(arena, (size_t)argc + 1, sizeof *rest->words);
    if (r.last == NULL || rest->words == NULL) return no_memory(&r);

    rc = set_presets(&r);
    if (rc == ALC_OK) rc = look_ahead(&r, &a, &rest->help, &file);
    if (rc != ALC_OK || rest->help) return rc;
    if (file != NULL) rc = read_file(&r, file);
    if (rc == ALC_OK) rc = read_environment(&r);
    if (rc == ALC_OK) rc = read_arguments(&r, &a, rest);
    return rc == ALC_OK ? note_given(&r, rest) : rc;
}

/* ---- help ---- */

static const char *placeholder(enum alc_conf_kind kind)
{
    switch (kind) {
    case ALC_CONF_STR:
    case ALC_CONF_LIST:
        return " TEXT";
    case ALC_CONF_U32:
    case ALC_CONF_U64:
        return " N";
    case ALC_CONF_BOOL:
        break;
    }
    return "";
}

static size_t help_width(const struct alc_conf_item *item)
{
    return strlen(item->name) + strlen(placeholder(item->kind));
}

void alc_conf_help(const struct alc_conf_table *table)
{
    size_t width = sizeof "conf TEXT" - 1;
    char flag[NAME_MAX_CHARS];

    for (size_t i = 0; i < table->count; i++)
        if (help_width(&table->items[i]) > width) width = help_width(&table->items[i]);
    for (size_t i = 0; i < table->count; i++) {
        const struct alc_conf_item *item = &table->items[i];
        flag_name(flag, item->name);
        printf("  --%s%-*s  %s", flag, (int)(width - strlen(flag)), placeholder(item->kind),
               item->help);
        if (item->preset != NULL && item->preset[0] != 0 && item->kind != ALC_CONF_BOOL)
            printf(" [%s]", item->preset);
        putchar('\n');
    }
    printf("  --conf%-*s  file with settings, sections as in --section-name\n",
           (int)(width - strlen("conf")), " TEXT");
}
