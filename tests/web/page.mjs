// tests/web/page.mjs — the verifier's page in a headless Chromium, as a person uses it.
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

export const address = pathToFileURL(process.env.VERIFY_HTML).href;

export async function open() {
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox"] });
  const context = await browser.newContext();
  const asked = []; // every address that the page asked for
  await context.route("**/*", (route) => {
    asked.push(route.request().url());
    return route.continue();
  });
  let page;

  async function accept(fields) {
    await page.evaluate(() => (document.querySelector("details").open = true));
    for (const [id, value] of Object.entries(fields)) {
      await page.fill(`#${id}`, value);
      await page.dispatchEvent(`#${id}`, "change");
    }
  }

  return {
    asked,
    accept,
    page: () => page,
    close: () => browser.close(),
    // fresh opens the page anew, judging at a time if one is given.
    async fresh(at) {
      await page?.close();
      page = await context.newPage();
      await page.goto(address);
      if (at !== undefined) await accept({ at });
    },
    // drop gives it files ({name: bytes or text}) and waits for what it says.
    async drop(files) {
      await page.setInputFiles("#files", Object.entries(files).map(([name, buffer]) =>
        ({ name, mimeType: "application/octet-stream", buffer: Buffer.from(buffer) })));
      await page.waitForSelector("#result:not([hidden])");
    },
    shown: (id) => page.textContent(`#${id}`),
  };
}
