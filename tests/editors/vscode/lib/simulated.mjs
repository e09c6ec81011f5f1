// The simulated counterparts under simulated/, made ready for a test.

import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const simulated = join(import.meta.dirname, "../simulated");
const vsce = join(import.meta.dirname, "../../../../vscode-extension/node_modules/@vscode/vsce/vsce");

/** Packages the simulated Python extension into a folder and names the .vsix. */
export function pythonExtension(folder) {
  const vsix = join(folder, "python.vsix");
  execFileSync(
    process.execPath,
    [vsce, "package", "--no-dependencies", "--allow-missing-repository", "--skip-license", "--out", vsix],
    { cwd: join(simulated, "python-extension"), stdio: ["ignore", "ignore", "inherit"] },
  );
  return vsix;
}

/** Writes a program that runs a line of shell, and names it. */
export function program(folder, name, line) {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${line}\n`);
  chmodSync(path, 0o755);
  return path;
}

/** A simulated server: its program, and what it was sent. */
export class SimulatedServer {
  constructor(folder, name) {
    this.record = join(folder, `${name}.jsonl`);
    this.program = program(
      folder,
      name,
      `SIMULATED_SERVER_RECORD='${this.record}' exec '${process.execPath}' '${join(simulated, "server.mjs")}'`,
    );
  }

  /** The messages of a method so far: `{ pid, params }`, oldest first. */
  received(method) {
    if (!existsSync(this.record)) {
      return [];
    }
    return readFileSync(this.record, "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line))
      .filter((message) => message.method === method);
  }
}
