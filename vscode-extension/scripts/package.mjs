// Packages the extension, the server inside, as fusewright.vsix for this platform. The server is
// $FUSEWRIGHT_BINARY, else target/release/fusewright of the repository.
import { execFileSync } from "node:child_process";
import { accessSync, chmodSync, constants, copyFileSync, mkdirSync } from "node:fs";
import { join, resolve } from "node:path";

const root = join(import.meta.dirname, "..");
const repository = join(root, "..");
const binary = resolve(process.env.FUSEWRIGHT_BINARY ?? join(repository, "target/release/fusewright"));

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
for (const licence of ["LICENSE-MIT", "LICENSE-APACHE"]) {
  copyFileSync(join(repository, licence), join(root, licence));
}

const run = (program, ...args) =>
  execFileSync(program, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
run(process.execPath, "scripts/build.mjs");
const target = `${process.platform}-${process.arch}`;
run(
  process.execPath,
  "node_modules/@vscode/vsce/vsce",
  "package",
  "--no-dependencies",
  "--allow-missing-repository",
  "--skip-license",
  "--target",
  target,
  "--out",
  "fusewright.vsix",
);
