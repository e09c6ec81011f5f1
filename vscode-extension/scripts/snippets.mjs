// Writes snippets/python.json from the skeletons in src/skeleton.ts.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

const root = join(import.meta.dirname, "..");
const { outputFiles } = await build({
  entryPoints: [join(root, "src/skeleton.ts")],
  bundle: true,
  format: "esm",
  write: false,
});
const source = Buffer.from(outputFiles[0].contents).toString("base64");
const { skeleton } = await import(`data:text/javascript;base64,${source}`);
const snippet = (style, description) => ({
  prefix: [`fusewright-pair${style === "closed" ? "" : "-open"}`],
  body: skeleton(style).split("\n"),
  description,
});
const snippets = {
  "PyTorch to Triton pair": snippet("closed", "A pair file with closed blocks"),
  "PyTorch to Triton pair, open blocks": snippet("open", "A pair file with open blocks"),
};
writeFileSync(join(root, "snippets/python.json"), `${JSON.stringify(snippets, null, 2)}\n`);
