// The extension's own conduct, seen from the other end of the wire: against a simulated server that records
// what it is sent, and a simulated Python extension. No pair is judged here.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { eventually } from "./lib/eventually.mjs";
import { extension, program, SimulatedServer } from "./lib/simulated.mjs";
import { Workbench } from "./lib/workbench.mjs";

const scratch = mkdtempSync(join(tmpdir(), "fusewright-conduct-"));
const server = new SimulatedServer(scratch, "first");
const another = new SimulatedServer(scratch, "second");
// All that the extension asks an interpreter is whether it has torch and triton: its exit status says so.
const able = program(scratch, "able", "exit 0");
const unable = program(scratch, "unable", "exit 1");
let bench;
let editor;

before(async () => {
  bench = await Workbench.start({
    fixture: "pair",
    settings: { "fusewright.server.path": server.program, "fusewright.verify.timeoutS": 7 },
    extensions: [extension("python-extension", scratch)],
    env: { SIMULATED_PYTHON: `${able}:${unable}` },
  });
  editor = await bench.open("softmax.py");
});

after(async () => {
  await bench?.stop();
  rmSync(scratch, { recursive: true, force: true });
});

const initialOptions = () => server.received("initialize")[0].params.initializationOptions;

/** The configuration that the server was last told. */
const told = () => server.received("workspace/didChangeConfiguration").at(-1)?.params.settings;

test("the server is told the user's settings and the trust", async () => {
  const [initialize] = await eventually("initialize", () => {
    const messages = server.received("initialize");
    return messages.length > 0 && messages;
  });
  const { settings, status, trusted } = initialize.params.initializationOptions;
  assert.deepEqual(
    { settings, status, trusted },
    { settings: { verify: { timeout_s: 7 } }, status: true, trusted: true },
  );
});

test("the environment of the Python extension is told once it is known to have torch and triton", async () => {
  await eventually("the environment", () => told() ?? initialOptions().defaults.python);
  assert.deepEqual((told() ?? initialOptions()).defaults, { python: { interpreter: able } });
});

test("the status bar follows the pair: not verified, verifying, verified, stale", async () => {
  await editor.status.filter({ hasText: "Fusewright" }).waitFor();
  await editor.command("Fusewright: Verify");
  await editor.status.filter({ hasText: "verifying" }).waitFor();
  await editor.status.locator(".codicon-loading").waitFor();
  await editor.status.filter({ hasText: "2.31x" }).waitFor();
  await editor.goToLine(1);
  await editor.page.keyboard.type("#");
  await editor.status.filter({ hasText: "stale" }).waitFor();
});

test("a Python file that is no pair has no status and no Verify", async () => {
  await editor.openFile("plain.py");
  await editor.status.waitFor({ state: "detached" });
  const titles = await editor.offered("Fusewright: ");
  assert.ok(titles.includes("Fusewright: Doctor"), titles.join());
  assert.ok(!titles.includes("Fusewright: Verify"), titles.join());
  await editor.openFile("softmax.py");
  await editor.status.waitFor();
});

test("the palette's Verify means the active document", () => {
  const [verify] = server.received("workspace/executeCommand");
  assert.equal(verify.params.command, "fusewright.verify");
  assert.match(verify.params.arguments[0], /^file:\/\/.*\/softmax\.py$/);
});

test("a refusal is shown once, in the server's words", async () => {
  await editor.command("Fusewright: Verify");
  await editor.status.filter({ hasText: "2.31x" }).waitFor();
  await editor.command("Fusewright: Archive");
  await editor.toast("The dataset cannot be written.").waitFor();
  assert.equal(await editor.toasts.filter({ hasText: "The dataset" }).count(), 1);
});

test("another environment in the Python extension is told, and left out where it lacks torch", async () => {
  await editor.command("Simulated Python: Choose Other Environment");
  await eventually("the other environment", () => told() && told().defaults.python === undefined);
});

test("a changed setting is told to the running server", async () => {
  bench.configure({
    "fusewright.verify.device": "interpreter",
    "fusewright.dataset.allowUntimed": true,
  });
  await eventually("the new settings", () => told().settings.verify.device === "interpreter");
  assert.deepEqual(told().settings, {
    verify: { device: "interpreter", timeout_s: 7 },
    dataset: { allow_untimed: true },
  });
  assert.equal(server.received("initialize").length, 1, "the server was not restarted");
});

test("another server path ends this server and starts that one", async () => {
  bench.configure({ "fusewright.server.path": another.program });
  await eventually("the other server", () => another.received("textDocument/didOpen").length > 0);
  assert.equal(server.received("shutdown").length, 1);
  const { pid } = server.received("initialize")[0];
  await eventually("the end of the first server", () => !alive(pid));
});

test("a server that crashes is started again", async () => {
  const { pid } = another.received("initialize")[0];
  process.kill(pid, "SIGKILL");
  await eventually("a second start", () => another.received("initialize").length === 2);
});

test("a server that is not there is said in the status bar, and Restart Server takes it up again", async () => {
  bench.configure({ "fusewright.server.path": "/nowhere/fusewright" });
  await editor.status.locator(".codicon-error").waitFor();
  await editor.hover(editor.status, "names /nowhere/fusewright");
  bench.configure({});
  await eventually("the first server again", () => server.received("initialize").length === 2);
  await editor.command("Fusewright: Restart Server");
  await eventually("a restart", () => server.received("initialize").length === 3);
});

test("New Pair File opens the next numbered file, filled in", async () => {
  await editor.command("Fusewright: New Pair File");
  await editor.pick("Closed blocks");
  await editor.page.locator(".tab").filter({ hasText: "001_fused_kernels.py" }).waitFor();
  await editor.line("# <PYTHON>").waitFor();
});

function alive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
