// A folder without a file of ours, where nothing of the extension runs yet: the way into it is there. The walkthrough's
// pages are drawn and its buttons do what they say.

import assert from "node:assert/strict";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { eventually } from "./lib/eventually.mjs";
import { Workbench } from "./lib/workbench.mjs";

const INIT = "Fusewright: Init Workspace";
const TASK = "Fusewright: Run Task";
let bench;
let editor;

before(async () => {
  bench = await Workbench.start({ fixture: "unwritten" });
  editor = await bench.open();
});

afterEach((context) => bench?.picture(`walkthrough ${context.name}`));

after(() => bench?.stop());

const laidOut = () =>
  eventually("the workspace", () => existsSync(join(bench.folder, "triton_training_data/fusion_ideas.txt")));

test("the palette has Init Workspace where a folder is not laid out, and the loop where it is", async () => {
  // VS Code reads what extensions have to offer after it has drawn itself.
  const before = await eventually("Init Workspace in the palette", async () => {
    const titles = await editor.offered("Fusewright");
    return titles.includes(INIT) && titles;
  });
  assert.ok(!before.includes(TASK), before.join());
  await editor.command(INIT);
  await laidOut();
  const after = await eventually("the loop in the palette", async () => {
    const titles = await editor.offered("Fusewright");
    return titles.includes(TASK) && titles;
  });
  assert.ok(!after.includes(INIT), after.join());
  rmSync(join(bench.folder, "triton_training_data"), { recursive: true });
  await eventually("Init Workspace again", async () => (await editor.offered("Fusewright")).includes(INIT));
});

test("the walkthrough is found, and Init Workspace lays the folder out", async () => {
  // Another page is another user, who has not done any step.
  await editor.page.close();
  editor = await bench.open();
  await editor.command("Welcome: Open Walkthrough...");
  await editor.pick("Get started with Fusewright");
  const page = editor.page.locator(".gettingStartedContainer");
  const step = page.locator(".getting-started-step").filter({ hasText: "Lay out the workspace" });
  await step.click();
  const button = step.locator(".monaco-button").filter({ hasText: "Init Workspace" });
  await button.waitFor();
  await bench.picture("walkthrough a step");
  await button.click();
  await laidOut();
  await step.locator(".codicon-getting-started-step-checked.complete, .complete").first().waitFor();
});
