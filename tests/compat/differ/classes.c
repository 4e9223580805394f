/* The differences that are meant, each with a rule that sees both answers and the case. */
#include "classes.h"

#include <string.h>

/* ---- what rules ask ---- */

static bool ours_refuses(const struct difference *d, enum alc_refusal refusal)
{
    return !d->ours->accepted && d->theirs->accepted && d->ours->refusal == refusal;
}

static bool theirs_refuses(const struct difference *d, const char *error)
{
    return d->ours->accepted && !d->theirs->accepted && strstr(d->theirs->why, error) != NULL;
}

static bool has_form(const struct difference *d, enum form form)
{
    return (d->k->forms >> form & 1) != 0;
}

/* A part is not the one that the case began with. */
static bool changed(const struct difference *d, enum part part)
{
    const struct kase *k = d->k;

    if (k->base == NULL) return has_form(d, FORM_PEM);
    return !alc_bytes_eq(alc_buf_bytes(&k->part[part]), alc_buf_bytes(&k->base->part[part]));
}

static uint32_t u16_at(const struct difference *d, size_t at)
{
    return (uint32_t)(d->k->quote.p[at] | d->k->quote.p[at + 1] << 8);
}

/* A text that is signed was refused by our reader. */
static bool text_refused(const struct difference *d, enum form form)
{
    return has_form(d, form) &&
           (ours_refuses(d, ALC_REFUSAL_TCB_FORMAT) || ours_refuses(d, ALC_REFUSAL_QE_FORMAT));
}

static bool td15(const struct difference *d)
{
    return d->ours->verdict.read && d->ours->verdict.quote.td.v15;
}

/* ---- the quote ---- */

static bool body_type_4(const struct difference *d)
{
    return d->layout.version == 5 && d->layout.body_type == 4 &&
           ours_refuses(d, ALC_REFUSAL_QUOTE_TEE);
}

static bool outer_type(const struct difference *d)
{
    return d->layout.ok && d->layout.outer != 0 && u16_at(d, d->layout.outer) != 6 &&
           ours_refuses(d, ALC_REFUSAL_CERTIFICATION);
}

static bool inner_type(const struct difference *d)
{
    return d->layout.ok && u16_at(d, d->layout.inner) != 5 && d->k->present[PART_PCK_CHAIN] &&
           ours_refuses(d, ALC_REFUSAL_CERTIFICATION);
}

static bool rest(const struct difference *d)
{
    return d->layout.ok && (d->layout.nested_rest || d->layout.section_rest) &&
           ours_refuses(d, ALC_REFUSAL_QUOTE_FORMAT);
}

static bool auth_length(const struct difference *d)
{
    return d->layout.ok && d->layout.auth_n != 32 &&
           theirs_refuses(d, "Invalid QE auth data length");
}

static bool sgx_body(const struct difference *d)
{
    return d->layout.ok && d->layout.version > 3 && d->layout.tee == 0 &&
           theirs_refuses(d, "SGX TEE quote must have version 3");
}

static bool attributes(const struct difference *d)
{
    /* ICSSD, five that are being defined, LASS and TPA; what their reader lets pass */
    const uint64_t theirs =
        UINT64_C(1) << 16 | UINT64_C(31) << 18 | UINT64_C(1) << 27 | UINT64_C(1) << 62;

    return (d->ours->verdict.quote.td.td_attributes & theirs) != 0 &&
           ours_refuses(d, ALC_REFUSAL_ATTRIBUTES);
}

static bool xfam(const struct difference *d)
{
    return (d->ours->verdict.quote.td.xfam & 3) != 3 && ours_refuses(d, ALC_REFUSAL_ATTRIBUTES);
}

/* ---- chains ---- */

static bool crl_chain(const struct difference *d)
{
    static const enum alc_refusal refusals[] = {
        ALC_REFUSAL_PEM,    ALC_REFUSAL_CERTIFICATE, ALC_REFUSAL_CERTIFICATE_ALGORITHM,
        ALC_REFUSAL_ROLE,   ALC_REFUSAL_ROOT,        ALC_REFUSAL_CHAIN_SIGNATURE,
        ALC_REFUSAL_PCK_CA, ALC_REFUSAL_CRL_ISSUER,  ALC_REFUSAL_CRL_SIGNATURE};

    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++)
        if (changed(d, PART_PCK_CRL_CHAIN) && ours_refuses(d, refusals[i])) return true;
    return false;
}

static bool pck_chain_order(const struct difference *d)
{
    return has_form(d, FORM_PEM) &&
           (ours_refuses(d, ALC_REFUSAL_ROOT) || ours_refuses(d, ALC_REFUSAL_PCK_CA) ||
            ours_refuses(d, ALC_REFUSAL_PEM));
}

/* We read a chain's first certificate, the root being pinned; they read all of it. */
static bool pem_text(const struct difference *d)
{
    /* A block behind "-----" is none to them: the next one comes first. */
    static const char *const errors[] = {"Failed to parse certs",
                                         "Too many intermediate certificates", "CaUsedAsEndEntity",
                                         "Certificate chain is too short", "UnknownIssuer"};
    const bool touched =
        has_form(d, FORM_PEM) || changed(d, PART_TCB_CHAIN) || changed(d, PART_QE_CHAIN);

    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        if (touched && theirs_refuses(d, errors[i])) return true;
    return false;
}

static bool empty_chain(const struct difference *d)
{
    return d->k->present[PART_PCK_CHAIN] && d->k->part[PART_PCK_CHAIN].n == 0 &&
           theirs_refuses(d, "Certificate chain is too short in quote");
}

static bool crl_future(const struct difference *d)
{
    return ours_refuses(d, ALC_REFUSAL_CRL_FUTURE);
}

static bool pceid(const struct difference *d)
{
    return ours_refuses(d, ALC_REFUSAL_PCEID);
}

/* ---- levels ---- */

static bool module_attributes(const struct difference *d)
{
    static const uint8_t zero[48];
    const struct alc_td_report *td = &d->ours->verdict.quote.td;

    return memcmp(td->mrsignerseam, zero, 48) == 0 && memcmp(td->seamattributes, zero, 8) != 0 &&
           ours_refuses(d, ALC_REFUSAL_MODULE_IDENTITY);
}

static bool current_tcb(const struct difference *d)
{
    return td15(d) && (theirs_refuses(d, "Failed to evaluate the current TDX TCB") ||
                       theirs_refuses(d, "TCB status is invalid: Revoked"));
}

static bool relaunch(const struct difference *d)
{
    return td15(d) && d->fields == 1u << FIELD_STATUS &&
           d->ours->verdict.status >= ALC_TCB_OUT_OF_DATE &&
           strncmp(alc_buf_text(&d->theirs->field[FIELD_STATUS]), "TDRelaunchAdvised", 17) == 0;
}

/* Intel's rule counts what is none of UpToDate, OutOfDate and Revoked as OutOfDate. */
static bool other_qe_status(const struct difference *d)
{
    const uint8_t qe = d->ours->verdict.qe_status;

    return d->fields == 1u << FIELD_STATUS && qe != ALC_TCB_UP_TO_DATE && qe != ALC_TCB_OUT_OF_DATE;
}

static bool other_status(const struct difference *d)
{
    return theirs_refuses(d, "Unrecognized TCB status") &&
           d->ours->verdict.status >= ALC_TCB_OUT_OF_DATE;
}

/* ---- forms ---- */

static bool outer_number(const struct difference *d)
{
    return has_form(d, FORM_OUTER_NUMBER) && ours_refuses(d, ALC_REFUSAL_COLLATERAL_FORMAT);
}

static bool outer_depth(const struct difference *d)
{
    return has_form(d, FORM_OUTER_DEPTH) && ours_refuses(d, ALC_REFUSAL_COLLATERAL_FORMAT);
}

static bool outer_size(const struct difference *d)
{
    return d->k->json.n > ALC_COLLATERAL_MAX_BYTES &&
           ours_refuses(d, ALC_REFUSAL_COLLATERAL_FORMAT);
}

static bool outer_text(const struct difference *d)
{
    return has_form(d, FORM_OUTER_TEXT) && ours_refuses(d, ALC_REFUSAL_COLLATERAL_FORMAT);
}

static bool der_form(const struct difference *d)
{
    return has_form(d, FORM_DER) && (ours_refuses(d, ALC_REFUSAL_CERTIFICATE) ||
                                     ours_refuses(d, ALC_REFUSAL_CERTIFICATE_ALGORITHM));
}

static bool der_role(const struct difference *d)
{
    return has_form(d, FORM_DER) && ours_refuses(d, ALC_REFUSAL_ROLE);
}

static bool der_extension(const struct difference *d)
{
    return has_form(d, FORM_DER) && ours_refuses(d, ALC_REFUSAL_PCK_EXTENSION);
}

/* What decides nothing (names' further parts, extensions that we do not know and that are not
 * critical, the SGX extension's type, instance and configuration, a list's number) we pass over. */
static bool der_unread(const struct difference *d)
{
    static const char *const errors[] = {"Failed to decode certificate:",
                                         "Failed to load sequence",
                                         "Failed to load nested sequence",
                                         "Failed to get subobject",
                                         "InvalidCrlNumber",
                                         "TrailingData",
                                         "BadDer"};

    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        if (has_form(d, FORM_DER) && theirs_refuses(d, errors[i])) return true;
    return false;
}

static bool der_list(const struct difference *d)
{
    return has_form(d, FORM_DER) && ours_refuses(d, ALC_REFUSAL_CRL);
}

#define TEXT_RULE(name, form)                                                                      \
    static bool name(const struct difference *d)                                                   \
    {                                                                                              \
        return text_refused(d, form);                                                              \
    }
TEXT_RULE(number, FORM_NUMBER)
TEXT_RULE(depth, FORM_DEPTH)
TEXT_RULE(escape, FORM_ESCAPE)
TEXT_RULE(time_form, FORM_TIME)
TEXT_RULE(level_time, FORM_LEVEL_TIME)
TEXT_RULE(tcb_type, FORM_TCB_TYPE)
TEXT_RULE(version, FORM_VERSION)
TEXT_RULE(computed_status, FORM_STATUS)
TEXT_RULE(equal_levels, FORM_EQUAL_LEVELS)
TEXT_RULE(many, FORM_MANY)
TEXT_RULE(advisory, FORM_ADVISORY)
TEXT_RULE(module_id, FORM_MODULE_ID)
TEXT_RULE(module_hex, FORM_MODULE_HEX)
TEXT_RULE(pceid_form, FORM_PCEID)
TEXT_RULE(component_count, FORM_COMPONENTS)
TEXT_RULE(kind, FORM_KIND)

static bool null_part(const struct difference *d)
{
    return has_form(d, FORM_NULL) && (theirs_refuses(d, "Failed to decode TcbInfo") ||
                                      theirs_refuses(d, "Failed to decode QeIdentity"));
}

static bool module_svn(const struct difference *d)
{
    return has_form(d, FORM_MODULE_SVN) && theirs_refuses(d, "Failed to decode TcbInfo");
}

/* dcap-qvl takes the first level of a module or QE that fits; we, the highest. */
static bool levels_order(const struct difference *d)
{
    return has_form(d, FORM_LEVELS_ORDER) &&
           (d->fields != 0 || !d->theirs->accepted || d->ours->refusal == ALC_REFUSAL_TCB_REVOKED);
}

const struct difference_class difference_classes[] = {
    {"quote: body type 4 is refused until Intel's document is stable", body_type_4},
    {"quote: the outer certification record must be of type 6", outer_type},
    {"quote: the chain must be in the quote, even if collateral brings one", inner_type},
    {"quote: nested data must fill its container", rest},
    {"quote: auth data of other lengths than 32 (dcap-qvl refuses)", auth_length},
    {"quote: SGX bodies in versions 4 and 5 (dcap-qvl refuses)", sgx_body},
    {"quote: TD attributes that are reserved or newer", attributes},
    {"quote: XFAM without x87 and SSE", xfam},
    {"chain: pck_crl_issuer_chain is checked", crl_chain},
    {"chain: a PCK chain is leaf, CA, root, in this order", pck_chain_order},
    {"chain: text around PEM, and behind the first block (dcap-qvl refuses)", pem_text},
    {"chain: an empty pck_certificate_chain stands for none (dcap-qvl refuses)", empty_chain},
    {"list: thisUpdate is checked", crl_future},
    {"list: only forms that Intel issues", der_list},
    {"certificate: only forms that Intel issues", der_form},
    {"certificate: names and key usage fit the place in the chain", der_role},
    {"certificate: the SGX extension is whole, its components equal to CPUSVN", der_extension},
    {"certificate: parts that decide nothing are passed over (dcap-qvl refuses)", der_unread},
    {"module: one that Intel signed has no attributes", module_attributes},
    {"platform: PCEID is compared", pceid},
    {"status: TEE_TCB_SVN_2 is not judged (dcap-qvl refuses)", current_tcb},
    {"status: relaunch is not computed; OutOfDate stays", relaunch},
    {"status: a QE's other status counts as OutOfDate", other_qe_status},
    {"status: a part's other status counts as OutOfDate (dcap-qvl refuses)", other_status},
    {"status: levels of module and QE are sorted", levels_order},
    {"JSON: numbers are integers", outer_number},
    {"JSON: nesting is at most eight", outer_depth},
    {"JSON: text is Unicode", outer_text},
    {"JSON: a set is at most 64 kB", outer_size},
    {"signed text: numbers are integers", number},
    {"signed text: nesting is at most eight", depth},
    {"signed text: no escapes", escape},
    {"signed text: times end with Z", time_form},
    {"signed text: tcbDate is a time", level_time},
    {"signed text: tcbType is 0", tcb_type},
    {"signed text: version 3 of TCB info, 2 of QE identity", version},
    {"signed text: only statuses that Intel issues", computed_status},
    {"signed text: no two equal levels", equal_levels},
    {"signed text: limits on levels, modules, advisories", many},
    {"signed text: advisories are names", advisory},
    {"signed text: ids of modules", module_id},
    {"signed text: hex of modules that are not this one", module_hex},
    {"signed text: pceId is two bytes", pceid_form},
    {"signed text: 16 components on every level", component_count},
    {"signed text: parts of TDX in a set of SGX", kind},
    {"signed text: null for an absent part (dcap-qvl refuses)", null_part},
    {"signed text: a module's isvsvn above 255 (dcap-qvl refuses)", module_svn},
};
const size_t difference_classes_count = sizeof difference_classes / sizeof *difference_classes;

int difference_class_of(const struct difference *d)
{
    for (size_t i = 0; i < difference_classes_count; i++)
        if (difference_classes[i].explains(d)) return (int)i;
    return -1;
}
