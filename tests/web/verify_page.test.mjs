// The verifier's page in a real browser, on real quotes: verdicts as a person sees them.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, describe, it } from "node:test";

import { address, open } from "./page.mjs";

const vector = (name) => readFile(join(process.env.VECTORS, name));
const quote = await vector("tdx_quote");
const collateral = await vector("tdx_quote_collateral.json");
const IN_ITS_WINDOW = "1751000000";

const web = await open();
after(() => web.close());
const { accept, drop, fresh, shown } = web;

describe("the verifier in a browser", () => {
  it("accepts a quote of real hardware at both edges of its window, and not beyond", async () => {
    for (const [at, verdict, reason] of [
      ["1750329146", "UNPROVEN", /QE_FUTURE/], ["1750329147", "ACCEPTED", /Genuine hardware/],
      ["1752919234", "ACCEPTED", /Genuine hardware/], ["1752919235", "UNPROVEN", /CRL_EXPIRED/],
    ]) {
      await fresh(at);
      await drop({ quote, "set.json": collateral });
      assert.equal(await shown("verdict"), verdict);
      assert.match(await shown("reason"), reason);
    }
  });

  it("shows what the quote says", async () => {
    await fresh(IN_ITS_WINDOW);
    await drop({ quote, "set.json": collateral });
    const v = JSON.parse(await shown("json"));
    assert.equal(v.attestation, "hardware");
    assert.equal(v.status, "UpToDate");
    assert.equal(v.ppid, "811dca2a26b952e85bb6448b097ba4fd");
    assert.equal(v.fmspc, "b0c06f000000");
    assert.equal(v.valid_from, 1750329147);
    assert.equal(v.valid_until, 1752919234);
  });

  it("takes a quote as hex text too", async () => {
    await fresh(IN_ITS_WINDOW);
    await drop({ "quote.txt": `0x${quote.toString("hex")}\n`, "set.json": collateral });
    assert.equal(await shown("verdict"), "ACCEPTED");
  });

  it("rejects an altered quote with the reason", async () => {
    await fresh(IN_ITS_WINDOW);
    const altered = Buffer.from(quote);
    altered[200] ^= 1;
    await drop({ altered, "set.json": collateral });
    assert.equal(await shown("verdict"), "REJECTED");
    assert.match(await shown("reason"), /QUOTE_SIGNATURE/);
  });

  it("calls a quote unproven without collateral", async () => {
    await fresh();
    await drop({ quote });
    assert.equal(await shown("verdict"), "UNPROVEN");
  });

  it("rejects a measurement that is not among those named", async () => {
    await fresh(IN_ITS_WINDOW);
    const zero = "00".repeat(48);
    await accept({ measurements: JSON.stringify([{ mrtd: zero, rtmr0: zero, rtmr1: zero,
      rtmr2: zero, rtmr3: zero }]) });
    await drop({ quote, "set.json": collateral });
    assert.equal(await shown("verdict"), "REJECTED");
    assert.match(await shown("reason"), /MEASUREMENT/);
  });

  it("shows foreign text as text", async () => {
    await fresh();
    await web.page().setInputFiles("#files", { name: "<img src=x onerror=alert(1)>.json",
      mimeType: "text/plain", buffer: Buffer.from("{}") });
    await web.page().waitForSelector("#given li");
    assert.equal(await web.page().locator("#given img").count(), 0);
    assert.match(await shown("given"), /<img src=x/);
  });

  it("asked for nothing but itself", () => {
    assert.ok(web.asked.length > 0);
    for (const url of web.asked) assert.equal(url, address);
  });
});
