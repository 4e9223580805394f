// web/build.mjs VERIFY.wasm OUT.html — makes one file of the page: style, script, and the module
// inside it, so that it can be saved and opened without a server.
import { build } from "esbuild";
import { readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const [wasm, out] = process.argv.slice(2);
const here = join(dirname(fileURLToPath(import.meta.url)), "verify");
const module = {
  name: "alcove-verify-wasm",
  setup(b) {
    b.onResolve({ filter: /^alcove-verify-wasm$/ }, () => ({ path: wasm, namespace: "wasm" }));
    b.onLoad({ filter: /.*/, namespace: "wasm" }, async (args) => ({
      contents: await readFile(args.path),
      loader: "binary",
    }));
  },
};
const bundled = await build({
  entryPoints: [join(here, "app.js")],
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  legalComments: "inline",
  write: false,
  plugins: [module],
});
const script = bundled.outputFiles[0].text.replaceAll("</script", "<\\/script");
const style = await readFile(join(here, "style.css"), "utf8");
const page = (await readFile(join(here, "index.html"), "utf8"))
  .replace("/*STYLE*/", () => style)
  .replace("/*SCRIPT*/", () => script);
await writeFile(`${out}.part`, page);
await rename(`${out}.part`, out);
