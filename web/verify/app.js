// web/verify/app.js — the page: files in, a verdict out.  State → DOM; text is set as text.
import { read } from "./files.js";
import { load } from "./verify.js";
import wasm from "alcove-verify-wasm";

const $ = (id) => document.getElementById(id);
const kinds = {
  statement: "statement file", collateral: "collateral", record: "attestation record",
  quote: "quote", code: "module", root: "root certificate for SIMULATED quotes",
  unknown: "unknown; left aside",
};

const verifier = load(wasm);
const state = { files: [], inputs: {}, at: undefined };

const list = (id) => $(id).value.split(",").map((s) => s.trim()).filter((s) => s !== "");

function policy() {
  const out = { statuses: list("statuses"), advisories: list("advisories") };
  if ($("evaluation").value !== "") out.minEvaluation = Number($("evaluation").value);
  if ($("measurements").value.trim() !== "")
    out.measurements = [JSON.parse($("measurements").value)].flat();
  return out;
}

function asked() {
  const given = $("at").value.trim();
  if (given === "") return undefined;
  const seconds = /^\d+$/.test(given) ? Number(given) : Date.parse(given) / 1000;
  if (!Number.isFinite(seconds)) throw new Error(`${given} is no time`);
  return Math.floor(seconds);
}

const now = () => Math.floor(Date.now() / 1000);

// judge gives {kind, at, json} for what was dropped, or null while there is nothing to judge.
function judge(v) {
  const { inputs } = state;
  const rules = policy();
  if (inputs.statement !== undefined) {
    const { statement, input, output, code, request } = inputs;
    // As `alcove verify`: when the statement says the run ended, else when its file was judged.
    const finished = Number(JSON.parse(v.proof({ statement }, 0)).finished_ms ?? 0);
    const at = asked() ?? (finished > 0 ? Math.floor(finished / 1000) : (state.at ?? now()));
    const { evidence, eventLog, collateral, simulatedRoot, sourceCode } = inputs;
    const all = { statement, input, output, code, request, evidence, eventLog, collateral,
      simulatedRoot, sourceCode };
    for (const name of Object.keys(all)) if (all[name] === undefined) delete all[name];
    return { kind: "statement", at, json: v.proof(all, at, rules) };
  }
  for (const kind of ["record", "quote"]) {
    if (inputs[kind] === undefined) continue;
    const at = asked() ?? state.at ?? now();
    const all = { [kind]: inputs[kind] };
    if (inputs.collateral === undefined) return { kind, at, missing: "collateral" };
    all.collateral = inputs.collateral;
    if (inputs.simulatedRoot !== undefined) all.simulatedRoot = inputs.simulatedRoot;
    return { kind, at, json: v[kind](all, at, rules) };
  }
  return null;
}

const element = (name, text) => {
  const e = document.createElement(name);
  e.textContent = text;
  return e;
};

function claims(kind, verdict) {
  const quote = kind === "statement" ? verdict.quote : verdict;
  const rows = [];
  const s = kind === "statement" && verdict.statement_hash !== undefined ? verdict : null;
  if (s) {
    rows.push(["request", `${s.contract_id} ${s.request_id} on ${s.chain_id}`]);
    rows.push(["module", s.code_hash], ["input", s.input_hash], ["output", s.output_hash]);
    rows.push(["worker key", s.worker_key]);
  }
  rows.push(["attestation", verdict.attestation]);
  if (quote) {
    rows.push(["platform", quote.ppid ?? "unknown"]);
    rows.push(["TCB status", [quote.status ?? "none", ...(quote.advisory_ids ?? [])].join(" ")]);
    rows.push(["measurement", quote.measurement ?? "none"]);
  }
  const dl = document.createElement("dl");
  for (const [name, value] of rows) dl.append(element("dt", name), element("dd", String(value)));
  return dl;
}

const unproven = new Set(["TCB_FUTURE", "TCB_EXPIRED", "QE_FUTURE", "QE_EXPIRED", "CRL_FUTURE",
  "CRL_EXPIRED", "NO_COLLATERAL"]);

const other_root = " If it was made for development, its root is named SIMULATED: drop the file of that " +
  "root (root.der) as well, to accept such quotes as SIMULATED.";

function words(found) {
  if (found.missing) return ["unproven", "UNPROVEN", "Drop the collateral of that day as well."];
  const v = JSON.parse(found.json);
  const quote = found.kind === "statement" ? v.quote : v;
  const simulated = v.attestation === "SIMULATED";
  if (!v.accepted)
    return [unproven.has(v.refusal) ? "unproven" : "fail",
      `${unproven.has(v.refusal) ? "UNPROVEN" : "REJECTED"}${simulated ? " (SIMULATED)" : ""}`,
      `${v.refusal}: ${v.reason}.${v.refusal === "ROOT" ? other_root : ""}`];
  if (!quote)
    return ["unproven", simulated ? "SIGNED, SIMULATED" : "SIGNED",
      "The signature is good. No quote came with it, so nothing shows that hardware holds the key."];
  if (simulated)
    return ["simulated", "ACCEPTED, SIMULATED", "Everything holds, but no hardware made this quote."];
  return ["pass", "ACCEPTED", "Genuine hardware vouches for it."];
}

function show(found) {
  $("given").replaceChildren(...state.files.map((f) => element("li", `${f.name}: ${kinds[f.kind]}`)));
  $("result").hidden = found === null;
  if (found === null) return;
  const [verdict, title, reason] = words(found);
  $("verdict").dataset.verdict = verdict;
  $("verdict").textContent = title;
  const at = new Date(found.at * 1000).toISOString().replace(".000", "");
  $("reason").textContent = `${reason} Judged at ${at}.`;
  $("json").textContent = found.json ?? "";
  $("claims").replaceChildren(...(found.json ? [claims(found.kind, JSON.parse(found.json))] : []));
}

async function refresh() {
  try {
    show(judge(await verifier));
  } catch (e) {
    $("result").hidden = false;
    $("verdict").dataset.verdict = "fail";
    $("verdict").textContent = "UNREADABLE";
    $("reason").textContent = e.message;
    $("json").textContent = "";
    $("claims").replaceChildren();
  }
}

async function take(files) {
  for (const file of files) {
    let found;
    try {
      found = read(new Uint8Array(await file.arrayBuffer()));
    } catch {
      found = { kind: "unknown", inputs: {} };
    }
    state.files.push({ name: file.name, kind: found.kind });
    Object.assign(state.inputs, found.inputs);
    if (found.at !== undefined) state.at = found.at;
  }
  await refresh();
}

$("files").addEventListener("change", (e) => take([...e.target.files]));
const drop = $("drop");
for (const [event, over] of [["dragover", true], ["dragleave", false], ["drop", false]])
  drop.addEventListener(event, (e) => {
    e.preventDefault();
    drop.classList.toggle("over", over);
  });
drop.addEventListener("drop", (e) => take([...e.dataTransfer.files]));
for (const id of ["at", "statuses", "advisories", "evaluation", "measurements"])
  $(id).addEventListener("change", refresh);
// For scripts and tests: the verifier by itself.
globalThis.alcove = { verifier };
