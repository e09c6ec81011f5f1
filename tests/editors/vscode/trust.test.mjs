// A stranger's folder: nothing of it runs until the user trusts it, whatever its settings ask for.

import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { eventually } from "./lib/eventually.mjs";
import { program } from "./lib/simulated.mjs";
import { interpreter, Workbench } from "./lib/workbench.mjs";

const scratch = mkdtempSync(join(tmpdir(), "fusewright-trust-"));
const ran = join(scratch, "ran");
let bench;
let editor;

before(async () => {
  bench = await Workbench.start({
    fixture: "pair",
    settings: { "security.workspace.trust.enabled": true, "security.workspace.trust.startupPrompt": "never" },
  });
  // Both programs say that they were started, and are the real thing otherwise.
  const server = program(
    scratch,
    "server",
    `echo server >>'${ran}'; exec '${process.env.FUSEWRIGHT_BINARY}' "$@"`,
  );
  const python = program(scratch, "python", `echo python >>'${ran}'; exec '${interpreter()}' "$@"`);
  bench.configure({ "fusewright.server.path": server, "fusewright.python.interpreter": python });
  bench.write("fusewright.toml", `[python]\ninterpreter = "${python}"\n\n[verify]\ndevice = "interpreter"\n`);
  editor = await bench.open("softmax.py");
});

afterEach((context) => bench?.picture(`trust ${context.name}`));

after(async () => {
  await bench?.stop();
  rmSync(scratch, { recursive: true, force: true });
});

test("an untrusted folder has diagnostics and their fixes, and no lens to run anything", async () => {
  await editor.squiggles("error").first().waitFor();
  await editor.goToLine(11);
  await editor.quickFix("TRITON");
  await eventually("the end of the squiggles", async () => (await editor.squiggles("error").count()) === 0);
  await editor.status.locator(".codicon-shield").waitFor();
  assert.equal(await editor.lenses.count(), 0);
});

test("the palette offers nothing that runs", async () => {
  const titles = await editor.offered("Fusewright");
  assert.ok(
    titles.some((title) => title.includes("New Pair File")),
    titles.join(),
  );
  for (const name of ["Verify", "Archive", "Init Workspace", "Doctor"]) {
    assert.ok(!titles.some((title) => title.includes(name)), titles.join());
  }
});

test("neither the server nor the interpreter that the folder names was started", () => {
  assert.ok(!existsSync(ran), existsSync(ran) ? readFileSync(ran, "utf8") : "");
});

test("trust, once granted, brings the folder's settings and Verify, without a reload", async () => {
  await editor.command("Workspaces: Manage Workspace Trust");
  await editor.page
    .locator(".workspace-trust-editor .monaco-button")
    .filter({ hasText: "Trust" })
    .first()
    .click();
  await eventually(
    "the folder's server",
    () => existsSync(ran) && readFileSync(ran, "utf8").includes("server"),
  );
  await editor.page.keyboard.press("Control+w");
  await editor.lens("Verify").click();
  await editor.status.filter({ hasText: "untimed" }).waitFor({ timeout: 180_000 });
  assert.match(readFileSync(ran, "utf8"), /python/);
});
