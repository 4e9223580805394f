/* localnet/rpc_params_sandbox.c — parameters of what only a development chain does. */
#include <string.h>

#include "base/json.h"
#include "localnet/chain.h"
#include "localnet/rpc_params.h"

enum alc_rc lnet_params_delta(uint64_t *out, const struct alc_json *params, struct alc_err *err)
{
    const struct alc_json *v = alc_json_get(params, "delta_height");
    uint64_t delta;

    if (v == NULL) return alc_fail(err, ALC_BAD_INPUT, "missing field `delta_height`");
    if (!alc_json_u64(v, &delta))
        return alc_fail(err, ALC_BAD_INPUT, "delta_height: a number is expected");
    if (delta == 0 || delta > LNET_FAST_FORWARD_MAX)
        return alc_fail(err, ALC_BAD_INPUT, "delta_height: 1 to %u is expected",
                        LNET_FAST_FORWARD_MAX);
    *out = delta;
    return ALC_OK;
}

enum alc_rc lnet_params_snapshot(uint64_t *out, const struct alc_json *params, struct alc_err *err)
{
    const struct alc_json *v = alc_json_get(params, "id");
    uint64_t id;

    if (v == NULL) return alc_fail(err, ALC_BAD_INPUT, "missing field `id`, a number");
    if (!alc_json_u64(v, &id)) return alc_fail(err, ALC_BAD_INPUT, "id: a number is expected");
    *out = id;
    return ALC_OK;
}

/* Nothing but {"account_ids"}: under another name the list would be passed over, and all dumped. */
static enum alc_rc check_members(const struct alc_json *params, struct alc_err *err)
{
    const char *name;

    if (alc_json_kind(params) == ALC_JSON_ARRAY && alc_json_count(params) > 0)
        return alc_fail(err, ALC_BAD_INPUT, "{\"account_ids\": [...]} is expected, no array");
    for (size_t i = 0; alc_json_member(params, i, &name) != NULL; i++)
        if (strcmp(name, "account_ids") != 0)
            return alc_fail(err, ALC_BAD_INPUT, "`%.64s` is not known here, only `account_ids`",
                            name);
    return ALC_OK;
}

enum alc_rc lnet_params_accounts(const char ***out, size_t *count, const struct alc_json *params,
                                 struct alc_arena *arena, struct alc_err *err)
{
    const struct alc_json *list = alc_json_get(params, "account_ids");
    size_t n = alc_json_count(list), kept = 0;
    const char **ids = alc_arena_array(arena, n, sizeof *ids);
    enum alc_rc rc = check_members(params, err);

    if (rc != ALC_OK) return rc;
    if (list != NULL && alc_json_kind(list) != ALC_JSON_ARRAY &&
        alc_json_kind(list) != ALC_JSON_NULL)
        return alc_fail(err, ALC_BAD_INPUT, "account_ids: an array is expected");
    if (n > LNET_DUMP_IDS_MAX)
        return alc_fail(err, ALC_BAD_INPUT, "account_ids: at most %u", LNET_DUMP_IDS_MAX);
    if (ids == NULL) return alc_fail(err, ALC_NOMEM, "no memory");
    for (size_t i = 0; i < n; i++) {
        const char *id;
        size_t same = 0;
        if (!alc_json_text(alc_json_at(list, i), &id) || !alc_near_id_valid(alc_cstr(id)))
            return alc_fail(err, ALC_BAD_INPUT, "account_ids: entry %zu is no account", i);
        while (same < kept && strcmp(ids[same], id) != 0)
            same++;
        if (same == kept) ids[kept++] = id; /* borrowed of the request */
    }
    *out = ids;
    *count = kept;
    return ALC_OK;
}
