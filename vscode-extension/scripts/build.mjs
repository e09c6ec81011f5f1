// Bundles the extension into out/extension.js; with --tests, its unit tests into out/test/.
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

const root = join(import.meta.dirname, "..");
const tests = process.argv.includes("--tests");
const shared = { bundle: true, platform: "node", target: "node20", logLevel: "warning", absWorkingDir: root };

if (tests) {
  rmSync(join(root, "out/test"), { recursive: true, force: true });
  await build({
    ...shared,
    entryPoints: readdirSync(join(root, "src/test")).map((name) => `src/test/${name}`),
    outdir: "out/test",
    format: "cjs",
  });
} else {
  await build({
    ...shared,
    entryPoints: ["src/extension.ts"],
    outfile: "out/extension.js",
    format: "cjs",
    external: ["vscode"],
    minify: true,
    sourcemap: false,
  });
}
