// Packages the extension, the server inside, for this platform: as fusewright.vsix, or as `--out FILE` says.
// The server is $FUSEWRIGHT_BINARY, else the repository's own release build.
import { execFileSync } from "node:child_process";
import { accessSync, chmodSync, constants, copyFileSync, cpSync, mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";

const root = join(import.meta.dirname, "..");
const repository = join(root, "..");
const target = process.env.CARGO_TARGET_DIR ?? join(repository, "target");
const binary = resolve(process.env.FUSEWRIGHT_BINARY ?? join(target, "release/fusewright"));
const { values } = parseArgs({
  options: { out: { type: "string", default: join(root, "fusewright.vsix") } },
});

try {
  accessSync(binary, constants.X_OK);
} catch {
  console.error(
    `No server at ${binary}: run "cargo build --release" first, or name one in FUSEWRIGHT_BINARY.`,
  );
  process.exit(1);
}
mkdirSync(join(root, "server"), { recursive: true });
copyFileSync(binary, join(root, "server/fusewright"));
chmodSync(join(root, "server/fusewright"), 0o755);
// The server shows a rule's page from the folder beside it.
cpSync(join(repository, "docs/rules"), join(root, "server/docs/rules"), { recursive: true });
for (const licence of ["LICENSE-MIT", "LICENSE-APACHE"]) {
  copyFileSync(join(repository, licence), join(root, licence));
}

const run = (program, ...args) =>
  execFileSync(program, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
run(process.execPath, "scripts/build.mjs");
run(
  process.execPath,
  "node_modules/@vscode/vsce/vsce",
  "package",
  "--no-dependencies",
  "--allow-missing-repository",
  "--skip-license",
  "--target",
  `${process.platform}-${process.arch}`,
  "--out",
  resolve(values.out),
);
