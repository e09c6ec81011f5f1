// Kernels written in VS Code: by a simulated endpoint, whose key is VS Code's to keep, and by a simulated language model
// of VS Code's own. Everything else is the real one. No pair is judged here.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { eventually } from "./lib/eventually.mjs";
import { extension, SimulatedEndpoint } from "./lib/simulated.mjs";
import { Workbench } from "./lib/workbench.mjs";

const KERNEL = `import torch
import triton
import triton.language as tl


@triton.jit
def scaled_relu_kernel(x_ptr, out_ptr, scale, n, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + at, mask=at < n)
    tl.store(out_ptr + at, tl.maximum(x * scale, 0.0), mask=at < n)


def scaled_relu_triton(x, scale):
    out = torch.empty_like(x)
    grid = (triton.cdiv(x.numel(), 1024),)
    scaled_relu_kernel[grid](x, out, scale, x.numel(), BLOCK=1024)
    return out
`;
const ANSWER = `\`\`\`python\n${KERNEL}\`\`\`\n`;
const HALF = ANSWER.indexOf("    x = tl.load");
const KEY = "planted-key-51c9";
const GENERATE = "Generate Triton with small-coder";

const scratch = mkdtempSync(join(tmpdir(), "fusewright-generate-"));
writeFileSync(join(scratch, "answer.md"), ANSWER);
let endpoint;
let bench;
let editor;

before(async () => {
  endpoint = await SimulatedEndpoint.start();
  bench = await Workbench.start({
    fixture: "unwritten",
    settings: {
      "fusewright.model.provider": "openai",
      "fusewright.model.model": "small-coder",
      "fusewright.model.baseUrl": endpoint.address,
    },
    extensions: [extension("language-model", scratch)],
    env: { SIMULATED_MODEL_ANSWER: join(scratch, "answer.md") },
  });
  editor = await bench.open("scale.py", { proposedInterfaces: true });
});

afterEach((context) => bench?.picture(`generate ${context.name}`));

after(async () => {
  await bench?.stop();
  endpoint?.stop();
  rmSync(scratch, { recursive: true, force: true });
});

/** The lines of the document that are drawn, one below the other. */
const drawn = async () => (await editor.lines.allInnerTexts()).join("\n").replaceAll("\u00a0", " ");

test("a key goes into VS Code's secret store", async () => {
  await editor.lens(GENERATE).waitFor();
  await editor.command("Fusewright: Set API Key");
  await editor.pick("OPENAI_API_KEY");
  const input = editor.page.locator(".quick-input-widget input[type=password]");
  await input.waitFor();
  await input.fill(KEY);
  await editor.page.keyboard.press("Enter");
  await editor.toast("OPENAI_API_KEY is in VS Code's secret store").waitFor();
  await editor.command("Notifications: Clear All Notifications");
});

test("a kernel is seen while it is written, then is one step of undo", async () => {
  await editor.lens(GENERATE).click();
  const asked = await endpoint.next();
  assert.equal(asked.headers.authorization, `Bearer ${KEY}`);
  asked.piece(ANSWER.slice(0, HALF));
  await editor.page.locator(".tab").filter({ hasText: "scale.py: kernel" }).waitFor();
  await editor.line("def scaled_relu_kernel").waitFor();
  await editor.status.filter({ hasText: /Fusewright: writing\s*$/ }).waitFor();
  await editor.progress.filter({ hasText: /writing the kernel: small-coder, \d+ tokens, \d+ s/ }).waitFor();
  await bench.picture("generate while it is written");
  assert.equal(
    await editor.line("# <TRITON>").count(),
    0,
    "nothing is in the document before the answer is whole",
  );
  asked.piece(ANSWER.slice(HALF));
  await editor.line("def scaled_relu_triton").waitFor();
  assert.equal(await editor.line("# <TRITON>").count(), 0);
  asked.end();
  await editor.toast("small-coder wrote the kernel in").waitFor();
  await editor.line("def scaled_relu_triton").waitFor();
  await editor.lens("▶ Verify").waitFor();
  await editor.lens(GENERATE).waitFor();
  await editor.lens("Cancel").waitFor({ state: "detached" });
  await bench.picture("generate when it is written");
  await editor.command("Notifications: Clear All Notifications");
  await editor.page.locator(".tab").filter({ hasText: "scale.py: kernel" }).waitFor({ state: "detached" });
  await editor.goToLine(1);
  await editor.page.keyboard.press("Control+z");
  await eventually("the text without the kernel", async () => !(await drawn()).includes("# <TRITON>"));
});

test("Cancel, clicked while it is written, closes the connection", async () => {
  await editor.lens(GENERATE).click();
  const asked = await endpoint.next();
  asked.piece(ANSWER.slice(0, HALF));
  await editor.lens("Cancel").click();
  await eventually("the end of the connection", () => asked.closed);
  await editor.lens(GENERATE).waitFor();
});

/** Has a kernel come too late: the reference is edited while it is written. Gives the offer. */
async function tooLate(reference) {
  await editor.lens(GENERATE).click();
  const asked = await endpoint.next();
  asked.piece(ANSWER.slice(0, HALF));
  await editor.status.filter({ hasText: "writing" }).waitFor();
  await editor.goToLine(8);
  await editor.replaceLine(`    return ${reference}`);
  await editor.line(reference).waitFor();
  asked.piece(ANSWER.slice(HALF));
  asked.end();
  const toast = editor.toast("the block is no longer the text that it was asked for");
  await toast.waitFor();
  assert.ok(!(await drawn()).includes("# <TRITON>"));
  return toast;
}

/** A line of a side of the difference: `original` on the left, `modified` on the right. */
const side = (name, text) =>
  editor.page.locator(`.monaco-diff-editor .${name} .view-line`).filter({ hasText: text }).first();

test("a kernel that comes too late is a difference, with what the file would be on the right, to accept", async () => {
  const toast = await tooLate("torch.relu(x * scale) + 1");
  await toast.getByText("Compare").click();
  await side("modified", "def scaled_relu_triton").waitFor();
  await side("original", "# <TEST>").waitFor();
  assert.equal(await side("original", "def scaled_relu_triton").count(), 0);
  await bench.picture("generate too late");
  await editor.titleButton("Accept the Kernel").click();
  await editor.page.locator(".monaco-diff-editor").waitFor({ state: "detached" });
  await editor.toast("The kernel is in scale.py. It is not verified yet.").waitFor();
  await editor.command("Notifications: Clear All Notifications");
  await editor.goToLine(1);
  await editor.line("def scaled_relu_triton").waitFor();
  await editor.line("torch.relu(x * scale) + 1").waitFor();
  await bench.picture("generate too late and accepted");
  await editor.page.keyboard.press("Control+z");
  await eventually("the text without the kernel", async () => !(await drawn()).includes("# <TRITON>"));
  await editor.line("torch.relu(x * scale) + 1").waitFor();
});

test("it follows what is typed meanwhile, is found again in the menu, and can be discarded", async () => {
  await tooLate("torch.relu(x * scale) + 2");
  await editor.command("Notifications: Clear All Notifications");
  await editor.goToLine(1);
  await editor.replaceLine('"""Another title."""');
  await editor.status.click();
  await editor.pick("Compare with the kernel that came too late");
  await side("modified", "def scaled_relu_triton").waitFor();
  await side("modified", "Another title.").waitFor();
  await editor.titleButton("Discard the Kernel").click();
  await editor.page.locator(".monaco-diff-editor").waitFor({ state: "detached" });
  assert.ok(!(await drawn()).includes("# <TRITON>"));
  await editor.command("View: Revert and Close Editor");
});

test("a selected function of any file becomes a pair of its own", async () => {
  await editor.openFile("module.py");
  await editor.goToLine(7);
  await editor.page.keyboard.press("Home");
  await editor.page.keyboard.press("Shift+End");
  await editor.command("Fusewright: Generate Triton");
  const asked = await endpoint.next();
  await editor.page.locator(".tab.active").filter({ hasText: "clipped_pair.py" }).waitFor();
  await editor.line("LIMIT = 6.0").waitFor();
  asked.piece(ANSWER.replaceAll("scaled_relu_triton(x, scale)", "clipped(x)").replaceAll("x * scale", "x"));
  asked.end();
  await editor.line("# <TRITON>").waitFor();
});

test("VS Code's own language model writes, and its quota is told in a sentence", async () => {
  bench.configure({ "fusewright.model.provider": "editor", "fusewright.model.model": "simulated-model" });
  await editor.openFile("scale.py");
  await editor.command("Notifications: Clear All Notifications");
  const lens = editor.lens("Generate Triton with simulated-model in the editor");
  await lens.waitFor();
  await lens.click();
  await editor.toast("Simulated Model in the editor wrote the kernel in").waitFor();
  await editor.command("Notifications: Clear All Notifications");
  await editor.command("Simulated Model: Refuse From Now On");
  await lens.click();
  await editor.toast("the quota of this month is used up").waitFor();
});

test("the key is in no file and in no log", () => {
  // VS Code's settings, logs and state, the folder, and Fusewright's own home lie there.
  const found = spawnSync("grep", ["-rl", KEY, bench.state], { encoding: "utf8" });
  assert.equal(found.status, 1, found.stdout + found.stderr);
});
