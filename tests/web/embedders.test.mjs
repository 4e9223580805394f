// The verifier in a browser gives the bytes that it gives natively, and that NEAR's VM gave: every
// question of test_embedders.c again.  Then the command line, on what a person would give it.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";

import { blob, blobs, bundles, cases } from "./asked.mjs";
import { open } from "./page.mjs";

const web = await open();
const dir = await mkdtemp(join(tmpdir(), "alcove-embedders-"));
after(async () => {
  await web.close();
  await rm(dir, { recursive: true });
});

describe("the verifier in a browser", () => {
  it("gives the native bytes for every quote and every statement", async (t) => {
    const refusals = new Set();
    let accepted = 0;
    await web.fresh();
    await web.page().evaluate((all) => {
      globalThis.blobs = all.map((b) => Uint8Array.from(atob(b), (c) => c.charCodeAt(0)));
    }, blobs);
    const verdicts = await web.page().evaluate(async (all) => {
      const verifier = await globalThis.alcove.verifier;
      return all.map(({ kind, inputs, now, policy }) => {
        const given = Object.entries(inputs).map(([name, i]) => [name, globalThis.blobs[i]]);
        return verifier[kind](Object.fromEntries(given), now, policy);
      });
    }, cases.map(({ verdict, ...asked }) => asked));
    assert.equal(verdicts.length, cases.length);
    for (const [i, verdict] of verdicts.entries()) {
      assert.equal(verdict, cases[i].verdict, `${cases[i].kind} ${i}, ${cases[i].name}`);
      const { accepted: yes, refusal } = JSON.parse(verdict);
      accepted += yes ? 1 : 0;
      refusals.add(refusal);
    }
    refusals.delete(null);
    t.diagnostic(`${verdicts.length} verdicts: ${accepted} accepted, the others refused for ` +
      `${refusals.size} reasons`);
    assert.ok(accepted >= 8 && refusals.size >= 30 && verdicts.length >= 300);
  });

  it("says SIMULATED, and passes no simulated quote whose root was not named", () => {
    const simulated = cases.filter(({ verdict }) => verdict.includes('"attestation":"SIMULATED"'));
    assert.ok(simulated.length > 20);
    for (const { name, inputs, verdict } of simulated) {
      const v = JSON.parse(verdict);
      if (v.accepted && v.quote !== null)
        assert.notEqual(inputs.simulatedRoot, undefined, name);
      assert.ok(!v.hardware, name);
    }
  });
});

// ---- the command line ----

// alcove verify --json puts three members of its own in front of the verdict.
function alcove(args) {
  return new Promise((resolve, reject) => {
    execFile(process.env.ALCOVE, ["verify", "--json", ...args], { encoding: "utf8" },
      (error, stdout, stderr) => {
        const own = /^\{"verdict":"[a-z]+","judged_at":\d+,"judged_at_is":"[^"]*",/.exec(stdout);
        if (own === null) reject(new Error(`${args.join(" ")}: ${stdout}${stderr}`));
        else resolve({ code: error?.code ?? 0, verdict: `{${stdout.slice(own[0].length).trim()}` });
      });
  });
}

let files = 0;
async function file(bytes) {
  const path = join(dir, String(files++));
  await writeFile(path, bytes);
  return path;
}

async function flags({ inputs, now, policy }) {
  const out = [await file(blob(inputs.quote)), "--at", String(now)];
  if (inputs.collateral !== undefined)
    out.push("--collateral", await file(blob(inputs.collateral)));
  if (inputs.simulatedRoot !== undefined)
    out.push("--simulated-root", await file(blob(inputs.simulatedRoot)));
  if (inputs.reportData !== undefined)
    out.push("--report-data", blob(inputs.reportData).toString("hex"));
  for (const status of policy.statuses) out.push("--accept-status", status);
  for (const advisory of policy.advisories) out.push("--accept-advisory", advisory);
  for (const ppid of policy.ppids ?? []) out.push("--ppid", ppid);
  if (policy.measurements !== undefined)
    out.push("--measurement", await file(JSON.stringify(policy.measurements)));
  if (policy.graceSeconds !== undefined) out.push("--grace-days", policy.graceSeconds / 86400);
  out.push("--min-evaluation", policy.minEvaluation);
  return out.map(String);
}

// The flag adds to UpToDate: where that is not accepted, there is no flag for it.
const sayable = ({ kind, name, policy }) =>
  kind === "quote" && !/altered|cut off|half a set|empty object/.test(name) &&
  policy.statuses.includes("UpToDate");

describe("alcove verify --json", () => {
  it("gives the same bytes for quotes", async (t) => {
    const asked = cases.filter(sayable);
    for (const one of asked) {
      const { code, verdict } = await alcove(await flags(one));
      assert.equal(verdict, one.verdict, one.name);
      assert.equal(code === 0, JSON.parse(verdict).accepted, one.name);
    }
    t.diagnostic(`${asked.length} quotes`);
    assert.ok(asked.length >= 20);
  });

  it("gives the same bytes for statement files", async () => {
    assert.ok(bundles.length > 3);
    for (const { name, file: text, root, alone, withRoot } of bundles) {
      const path = await file(text);
      assert.equal((await alcove([path])).verdict, alone, name);
      assert.equal((await alcove([path, "--simulated-root", await file(blob(root))])).verdict,
        withRoot, name);
    }
  });
});
