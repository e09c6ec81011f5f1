// A verification that would take a minute is cancelled.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { eventually } from "./lib/eventually.mjs";
import { interpreter, Workbench } from "./lib/workbench.mjs";

let bench;
let editor;

before(async () => {
  bench = await Workbench.start({
    fixture: "slow",
    settings: { "fusewright.python.interpreter": interpreter() },
  });
  editor = await bench.open("slow.py");
});

afterEach((context) => bench?.picture(`cancel ${context.name}`));

after(() => bench?.stop());

// The inputs are made as the first step of the first seed.
const inputs = { hasText: /checking seed 1/ };

test("Cancel, clicked above the marker, ends the run within seconds", async () => {
  await editor.lens("Verify").click();
  await editor.status.filter({ hasText: "verifying" }).waitFor({ timeout: 60_000 });
  await editor.progress.filter(inputs).waitFor({ timeout: 180_000 });
  await editor.lens("Cancel").click();
  await editor.status.locator(".codicon-loading").waitFor({ state: "detached", timeout: 10_000 });
  await editor.lens("▶ Verify").waitFor();
  assert.equal(await editor.lens("Archive").count(), 0);
});

test("Cancel, chosen in the status bar's menu, ends a second run", async () => {
  await editor.lens("Verify").click();
  await editor.progress.filter(inputs).waitFor({ timeout: 60_000 });
  await editor.status.click();
  await editor.pick("Cancel");
  await editor.status.locator(".codicon-loading").waitFor({ state: "detached", timeout: 10_000 });
  await eventually("the lens", async () => (await editor.lens("▶ Verify").count()) > 0);
});
