// The walkthrough, in a folder without a file of ours: its pages are drawn and its buttons do what they say.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { eventually } from "./lib/eventually.mjs";
import { Workbench } from "./lib/workbench.mjs";

let bench;
let editor;

before(async () => {
  bench = await Workbench.start({ fixture: "unwritten" });
  editor = await bench.open();
});

afterEach((context) => bench?.picture(`walkthrough ${context.name}`));

after(() => bench?.stop());

test("it is found, and Init Workspace lays the folder out", async () => {
  await editor.command("Welcome: Open Walkthrough...");
  await editor.pick("Get started with Fusewright");
  const page = editor.page.locator(".gettingStartedContainer");
  const step = page.locator(".getting-started-step").filter({ hasText: "Lay out the workspace" });
  await step.click();
  const button = step.locator(".monaco-button").filter({ hasText: "Init Workspace" });
  await button.waitFor();
  await bench.picture("walkthrough a step");
  await button.click();
  await eventually("the workspace", () =>
    existsSync(join(bench.folder, "triton_training_data/fusion_ideas.txt")),
  );
  await step.locator(".codicon-getting-started-step-checked.complete, .complete").first().waitFor();
});
