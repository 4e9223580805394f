// web/verify/verify.js — loads src/verify (verify.wasm) and lends it hashes and signatures from noble.
// Runs in a browser and in Node; talks to nobody.
import { ed25519 } from "@noble/curves/ed25519.js";
import { p256 } from "@noble/curves/nist.js";
import { sha256, sha384 } from "@noble/hashes/sha2.js";

// The numbers of enum input in main.c.
const INPUTS = [
  "statement", "evidence", "eventLog", "collateral", "quote", "record",
  "simulatedRoot", "input", "output", "code", "request", "reportData",
  "sourceCode",
];
const STATUSES = [
  "UpToDate", "SWHardeningNeeded", "ConfigurationNeeded", "ConfigurationAndSWHardeningNeeded",
  "OutOfDate", "OutOfDateConfigurationNeeded", "Revoked",
];

export function hexToBytes(text) {
  const digits = text.trim().replace(/^0x/, "");
  if (digits.length % 2 !== 0 || /[^0-9a-fA-F]/.test(digits)) throw new Error("this is not hex");
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

const bytesOf = (value) => (typeof value === "string" ? new TextEncoder().encode(value) : value);

// noble throws where a key or signature has no meaning; here that is a refusal like any other.
function holds(check) {
  try {
    return check() ? 1 : 0;
  } catch {
    return 0;
  }
}

// load instantiates the module; the answer judges one thing after the other:
//   proof(inputs, nowSeconds, policy)   inputs: statement, evidence, eventLog, collateral, ...
//   quote(inputs, nowSeconds, policy)   inputs: quote, collateral, reportData, simulatedRoot
//   record(inputs, nowSeconds, policy)  inputs: record (JSON text), collateral, simulatedRoot
// Each input is a Uint8Array or a string; each answer is the verdict's JSON text.
export async function load(wasm) {
  let memory;
  const view = (p, n) => new Uint8Array(memory.buffer, p, n);
  const env = {
    sha256: (p, n, out) => view(out, 32).set(sha256(view(p, n))),
    sha384: (p, n, out) => view(out, 48).set(sha384(view(p, n))),
    ed25519: (sig, key, p, n) =>
      holds(() => ed25519.verify(view(sig, 64).slice(), view(p, n).slice(), view(key, 32).slice(),
        { zip215: false })),
    p256: (sig, key, digest) =>
      holds(() => {
        const point = new Uint8Array(65);
        point[0] = 4;
        point.set(view(key, 64), 1);
        return p256.verify(view(sig, 64).slice(), view(digest, 32).slice(), point,
          { prehash: false, lowS: false, format: "compact" });
      }),
  };
  const { instance } = await WebAssembly.instantiate(wasm, { env });
  const api = instance.exports;
  memory = api.memory;

  const put = (pointer, bytes) => {
    if (pointer === 0) throw new Error("the files are larger than this page can hold");
    view(pointer, bytes.length).set(bytes);
  };

  function run(verb, inputs, now, policy = {}) {
    api.begin();
    for (const [name, value] of Object.entries(inputs)) {
      const which = INPUTS.indexOf(name);
      if (which < 0) throw new Error(`there is no input ${name}`);
      const bytes = bytesOf(value);
      put(api.input(which, bytes.length), bytes);
    }
    let statuses = 0;
    for (const name of policy.statuses ?? []) {
      const bit = STATUSES.indexOf(name);
      if (bit < 0) throw new Error(`there is no TCB status ${name}`);
      statuses |= 1 << bit;
    }
    api.accept_statuses(statuses);
    for (const name of policy.advisories ?? []) {
      const bytes = bytesOf(name);
      put(api.accept_advisory(bytes.length), bytes);
    }
    for (const m of policy.measurements ?? [])
      put(api.accept_measurement(), hexToBytes(m.mrtd + m.rtmr0 + m.rtmr1 + m.rtmr2 + m.rtmr3));
    for (const ppid of policy.ppids ?? []) put(api.accept_ppid(), hexToBytes(ppid));
    if (policy.graceSeconds !== undefined) api.accept_grace(policy.graceSeconds);
    if (policy.minEvaluation !== undefined) api.require_evaluation(policy.minEvaluation);
    const pointer = api[verb](now);
    return new TextDecoder().decode(view(pointer, api.answer_length()));
  }

  return {
    proof: (inputs, now, policy) => run("verify_proof", inputs, now, policy),
    quote: (inputs, now, policy) => run("verify_quote", inputs, now, policy),
    record: (inputs, now, policy) => run("verify_record", inputs, now, policy),
  };
}
