// What the page shows of a statement file whose quote no hardware made.
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";

import { blob, bundles } from "./asked.mjs";
import { open } from "./page.mjs";

const web = await open();
after(() => web.close());
const { drop, fresh, shown } = web;

const bundle = (name) => bundles.find((b) => b.name === name);
const kind = () => web.page().getAttribute("#verdict", "data-verdict");

describe("a simulated proof on the page", () => {
  it("passes only when its root was dropped too, and is called SIMULATED then", async () => {
    const whole = bundle("whole");
    await fresh();
    await drop({ "statement.json": whole.file });
    assert.equal(await shown("verdict"), "REJECTED (SIMULATED)");
    assert.equal(await kind(), "fail");
    assert.match(await shown("reason"), /^ROOT: .*SIMULATED.*root/s);
    assert.equal(await shown("json"), whole.alone);
    assert.match(await shown("claims"), /SIMULATED/);

    await drop({ "root.der": blob(whole.root) });
    assert.equal(await shown("verdict"), "ACCEPTED, SIMULATED");
    assert.equal(await kind(), "simulated");
    assert.match(await shown("reason"), /no hardware made this quote/);
    assert.match(await shown("given"), /root certificate for SIMULATED quotes/);
    assert.equal(await shown("json"), whole.withRoot);
    assert.match(await shown("claims"), /SIMULATED/);
  });

  it("is judged at the time that its statement names", async () => {
    const whole = bundle("whole");
    const finished = Number(JSON.parse(whole.alone).finished_ms);
    await fresh();
    await drop({ "statement.json": whole.file, "root.der": blob(whole.root) });
    const at = new Date(Math.floor(finished / 1000) * 1000).toISOString().replace(".000", "");
    assert.ok((await shown("reason")).endsWith(`Judged at ${at}.`));
  });

  it("is called SIMULATED even where only its signature is there", async () => {
    const signed = bundle("no quote");
    await fresh();
    await drop({ "statement.json": signed.file });
    assert.equal(await shown("verdict"), "SIGNED, SIMULATED");
    assert.equal(await kind(), "unproven");
    assert.equal(await shown("json"), signed.alone);
  });

  it("is rejected when a bit of it was altered, root or not", async () => {
    const altered = bundle("altered output");
    await fresh();
    await drop({ "statement.json": altered.file, "root.der": blob(altered.root) });
    assert.equal(await shown("verdict"), "REJECTED (SIMULATED)");
    assert.match(await shown("reason"), /^OUTPUT: /);
    assert.equal(await shown("json"), altered.withRoot);
  });

  it("is rejected when its note on the source is about another module", async () => {
    for (const [name, verdict] of [["its source noted", "ACCEPTED, SIMULATED"],
      ["a note on another source", "REJECTED (SIMULATED)"]]) {
      const { file, root, withRoot } = bundle(name);
      await fresh();
      await drop({ "statement.json": file, "root.der": blob(root) });
      assert.equal(await shown("verdict"), verdict);
      assert.equal(await shown("json"), withRoot);
    }
  });

  it("is unproven without its collateral, and rejected with one that is broken", async () => {
    for (const [name, verdict] of [["no collateral", "UNPROVEN (SIMULATED)"],
      ["broken collateral", "REJECTED (SIMULATED)"]]) {
      const { file, root, withRoot } = bundle(name);
      await fresh();
      await drop({ "statement.json": file, "root.der": blob(root) });
      assert.equal(await shown("verdict"), verdict);
      assert.equal(await shown("json"), withRoot);
    }
  });
});
