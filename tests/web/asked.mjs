// tests/web/asked.mjs — what test_embedders.c asked natively and heard, and NEAR's VM with it.
import { readFileSync } from "node:fs";

const file = JSON.parse(readFileSync(process.env.EMBEDDERS, "utf8"));

export const blobs = file.blobs; // base64; inputs name them by their place
export const blob = (i) => Buffer.from(blobs[i], "base64");
export const cases = file.cases; // {kind, name, now, inputs, policy, verdict}
export const bundles = file.bundles; // {name, file, root, alone, withRoot}: two verdicts
