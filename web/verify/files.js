// web/verify/files.js — what a dropped file is, told by its content, and taken apart for verify.js.
import { base58, base64 } from "@scure/base";

import { hexToBytes } from "./verify.js";

const text = (bytes) => new TextDecoder("utf-8", { fatal: true }).decode(bytes);

function json(bytes) {
  try {
    const value = JSON.parse(text(bytes));
    return value !== null && typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}

function isQuote(bytes) {
  const vendor = "939a7233f79c4ca9940a0db3957f0607"; // Intel's quoting enclave, at byte 12
  if (bytes.length < 632) return false;
  return [...bytes.subarray(12, 28)].map((b) => b.toString(16).padStart(2, "0")).join("") === vendor;
}

function hexText(bytes) {
  try {
    return hexToBytes(text(bytes));
  } catch {
    return null;
  }
}

const asText = (value) => (typeof value === "string" ? value : JSON.stringify(value));

// A statement file of `alcove` (docs/statement.md).
function bundle(value) {
  const body = base64.decode(value.statement);
  const signature = base58.decode(value.signature.replace(/^ed25519:/, ""));
  const statement = new Uint8Array(body.length + signature.length);
  statement.set(body);
  statement.set(signature, body.length);
  const out = { statement };
  if (value.request !== undefined) out.request = value.request;
  if (value.input !== undefined) out.input = base64.decode(value.input);
  if (value.output !== undefined) out.output = base64.decode(value.output);
  if (value.source !== undefined) out.sourceCode = hexToBytes(value.source.code_hash);
  if (value.evidence !== undefined) out.evidence = base64.decode(value.evidence);
  if (value.collateral !== undefined) out.collateral = asText(value.collateral);
  if (value.event_log !== undefined) out.eventLog = asText(value.event_log);
  return out;
}

// read names a file's kind and what it gives; a kind of "unknown" is for the reader to name.
//   {kind: "statement" | "collateral" | "record" | "quote" | "code" | "root" | "unknown", inputs}
export function read(bytes) {
  const value = json(bytes);
  if (value?.format?.startsWith?.("alcove-statement/"))
    return { kind: "statement", inputs: bundle(value), at: value.judged_at };
  if (value?.tcb_info !== undefined && value.qe_identity !== undefined)
    return { kind: "collateral", inputs: { collateral: text(bytes) } };
  if (value?.collateral?.tcb_info !== undefined) // as OutLayer's gateway wraps it
    return { kind: "collateral", inputs: { collateral: JSON.stringify(value.collateral) } };
  if (value?.task_id !== undefined && value.task_type !== undefined)
    return { kind: "record", inputs: { record: text(bytes) }, at: value.timestamp };
  if (isQuote(bytes)) return { kind: "quote", inputs: { quote: bytes } };
  if (bytes[0] === 0 && bytes[1] === 0x61 && bytes[2] === 0x73 && bytes[3] === 0x6d)
    return { kind: "code", inputs: { code: bytes } };
  if (bytes[0] === 0x30 && bytes[1] === 0x82 && bytes.length < 4096)
    return { kind: "root", inputs: { simulatedRoot: bytes } };
  const decoded = hexText(bytes);
  if (decoded !== null && isQuote(decoded)) return { kind: "quote", inputs: { quote: decoded } };
  return { kind: "unknown", inputs: {} };
}
