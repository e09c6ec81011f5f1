// The product's main job in VS Code, every part of it the real one: open a pair with a fault, see the squiggle,
// mend it by its quick fix, click Verify, see the verdict, click Archive, find the line in the dataset.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { eventually } from "./lib/eventually.mjs";
import { interpreter, Workbench } from "./lib/workbench.mjs";

// Triton's interpreter starts torch afresh, on a machine that may be busy.
const VERDICT = { timeout: 180_000 };
let bench;
let editor;

before(async () => {
  bench = await Workbench.start({
    fixture: "pair",
    settings: { "fusewright.python.interpreter": interpreter() },
  });
  editor = await bench.open("softmax.py");
});

afterEach((context) => bench.picture(`product ${context.name}`));

after(() => bench?.stop());

test("a misspelt marker is underlined, and its quick fix mends it", async () => {
  await editor.squiggles("error").first().waitFor();
  await editor.goToLine(11);
  await editor.quickFix("TRITON");
  await editor.line("# <TRITON>").waitFor();
  await eventually("the end of the squiggles", async () => (await editor.squiggles("error").count()) === 0);
});

test("Verify, clicked above the marker, brings the verdict to the status bar and the lens", async () => {
  await editor.lens("Verify").waitFor();
  await editor.lens("Verify").click();
  await editor.status.locator(".codicon-loading").waitFor();
  await editor.status.filter({ hasText: "untimed" }).waitFor(VERDICT);
  await editor.lens("Archive").waitFor();
});

test("an edit makes the verdict stale, undoing it brings it back", async () => {
  await editor.goToLine(7);
  await editor.page.keyboard.insertText("#");
  await editor.status.filter({ hasText: "stale" }).waitFor();
  await editor.page.keyboard.press("Control+z");
  await editor.status.filter({ hasText: "untimed" }).waitFor();
});

test("Archive, clicked, appends the pair to the dataset", async () => {
  const dataset = join(bench.folder, "triton_training_data/output/training_data.jsonl");
  assert.ok(!existsSync(dataset) || readFileSync(dataset, "utf8") === "");
  await editor.page.keyboard.press("Control+s");
  await editor.lens("Archive").click();
  await editor.toast("Archived as line 1 of training_data.jsonl").waitFor();
  const text = readFileSync(dataset, "utf8");
  assert.equal(text.indexOf("\n"), text.length - 1, "one whole line");
  const example = JSON.parse(text);
  assert.deepEqual(Object.keys(example), ["description", "python_code", "triton_code", "test_code"]);
  assert.match(example.description, /softmax over the last dimension of a scaled matrix/);
  assert.match(example.python_code, /def scaled_softmax_torch/);
  assert.match(example.triton_code, /def scaled_softmax_triton/);
  assert.match(example.test_code, /def get_test_inputs/);
  await editor.command("Notifications: Clear All Notifications");
});

test("a wrong kernel is underlined on its wrapper, with the index, the expected value and its own", async () => {
  await editor.goToLine(22);
  await editor.replaceLine("    weights = tl.exp(x - tl.max(x, axis=0)) + row");
  await editor.lens("Verify").click();
  await editor.status.filter({ hasText: "wrong" }).waitFor(VERDICT);
  await editor.squiggles("error").first().waitFor();
  await editor.goToLine(25);
  const hover = await editor.hover(editor.squiggles("error").first(), "FW501");
  assert.match(await hover.innerText(), /\(1, 0\): expected [\d.e-]+, got [\d.e-]+/);
  if (process.env.FUSEWRIGHT_UPDATE_PICTURE) {
    const picture = join(import.meta.dirname, "../../../docs/images/vscode.png");
    mkdirSync(dirname(picture), { recursive: true });
    await editor.page.screenshot({ path: picture });
  }
});

test("Doctor reports on the Python that runs pairs", async () => {
  await editor.command("Fusewright: Doctor");
  await editor.page.locator(".tab.active").filter({ hasText: "Fusewright Doctor" }).waitFor();
  await editor.line(interpreter()).waitFor();
  await editor.line("triton").waitFor();
});
