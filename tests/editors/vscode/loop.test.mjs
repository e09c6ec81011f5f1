// The loop in VS Code: ideas and a task are taken to the dataset while the candidate is open, and a pair of the user's own
// is fixed with its verdict. The model is simulated, everything else is the real one; pairs are judged in Triton's
// interpreter.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { eventually } from "./lib/eventually.mjs";
import { SimulatedEndpoint } from "./lib/simulated.mjs";
import { interpreter, Workbench } from "./lib/workbench.mjs";

const IDEAS = "triton_training_data/fusion_ideas.txt";
const CANDIDATE = "triton_training_data/examples/temp_candidate.py";
const OUTPUT = "triton_training_data/output";
// Triton's interpreter starts torch afresh, on a machine that may be busy.
const VERDICT = { timeout: 180_000 };

/** A pair for "add, relu" whose kernel stores `stored`, as a model answers it. */
function pair(stored, names = ["add_relu_torch", "add_relu_triton"]) {
  return `\`\`\`python
"""Fused Kernels: add, relu"""

# <PYTHON>
import torch


def ${names[0]}(x, y):
    return torch.relu(x + y)
# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def add_relu_kernel(x_ptr, y_ptr, out_ptr, n, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = offsets < n
    x = tl.load(x_ptr + offsets, mask=mask, other=0.0)
    y = tl.load(y_ptr + offsets, mask=mask, other=0.0)
    tl.store(out_ptr + offsets, ${stored}, mask=mask)


def ${names[1]}(x, y):
    out = torch.empty_like(x)
    n = out.numel()
    add_relu_kernel[(triton.cdiv(n, 256),)](x, y, out, n, BLOCK=256)
    return out
# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(1000, device="cuda"), torch.randn(1000, device="cuda"))
# </TEST>
\`\`\`
`;
}

const RIGHT = "tl.maximum(x + y, 0.0)";
const WRONG = "x + y";
// Triton has no such function: the compiler refuses it.
const BROKEN = "tl.no_such_function(x + y)";
// Inputs that take a minute.
const SLOW = `def get_test_inputs():
    mixture = torch.randn(2000, 2000, device="cuda")
    for _ in range(500):
        mixture = torch.tanh(mixture @ mixture)
    return torch.randn(1000, device="cuda") + mixture[0, :1000], torch.randn(1000, device="cuda")


def unused():
`;
// A pair of the user's own. Its inputs are others than the idea's, whose verdict would be known already.
const MINE = pair(WRONG).split("```")[1].replace("python\n", "").replaceAll("1000", "900");
const ANALYSIS =
  "ROOT CAUSE: The kernel leaves the rectifier out.\nPLANNED FIX: Take the maximum with zero.\n";

let endpoint;
let bench;
let editor;

before(async () => {
  endpoint = await SimulatedEndpoint.start();
  bench = await Workbench.start({
    fixture: "pair",
    settings: {
      "fusewright.python.interpreter": interpreter(),
      "fusewright.model.provider": "openai",
      "fusewright.model.model": "small-coder",
      "fusewright.model.baseUrl": endpoint.address,
    },
    env: { OPENAI_API_KEY: "unused" },
  });
  execFileSync(process.env.FUSEWRIGHT_BINARY, ["init", bench.folder], { stdio: "ignore" });
  bench.write("mine.py", MINE);
  bench.write(IDEAS, "add, relu\n# These come later:\nadd, relu, scale\nadd, tanh\n");
  editor = await bench.open(IDEAS);
});

afterEach((context) => bench?.picture(`loop ${context.name}`));

after(async () => {
  await bench?.stop();
  endpoint?.stop();
});

const candidate = () => editor.page.locator(".tab").filter({ hasText: /^temp_candidate\.py$/ });
const toasted = (text) => editor.toast(text).waitFor(VERDICT);
const clear = () => editor.command("Notifications: Clear All Notifications");

/** The lines of a file that the loop writes. */
function lines(name) {
  const path = join(bench.folder, OUTPUT, name);
  const text = existsSync(path) ? readFileSync(path, "utf8") : "";
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}

/** Gives the next answer; one of the two requests of an attempt asks why the last one failed. */
async function answer(text) {
  const asked = await endpoint.next(VERDICT.timeout);
  const last = asked.body.messages.at(-1).content;
  assert.equal(last.includes("ROOT CAUSE:"), text === ANALYSIS, last);
  asked.piece(text);
  asked.end();
}

/** Nothing that went wrong is shown to the user. */
async function assertNoError() {
  const errors = editor.toasts.filter({ has: editor.page.locator(".codicon-error") });
  assert.deepEqual(await errors.allInnerTexts(), []);
}

test("an idea is run from its line: wrong, not compiled, right, archived", async () => {
  await editor.lens("▶ Run").waitFor(VERDICT);
  assert.equal(await editor.lenses.filter({ hasText: /^▶ Run$/ }).count(), 3);
  await bench.picture("loop the ideas");
  await editor.lens("▶ Run").click();
  const asked = await endpoint.next();
  const first = pair(WRONG);
  asked.piece(first.slice(0, 500));
  await editor.line("def add_relu_kernel").waitFor();
  await editor.lens("■ Cancel").waitFor();
  await bench.picture("loop a candidate is written");
  asked.piece(first.slice(500));
  asked.end();

  await candidate().waitFor();
  await editor.status.filter({ hasText: "attempt 1 of 3" }).waitFor();
  await editor.squiggles("error").first().waitFor(VERDICT);
  await editor.progress.filter({ hasText: "analysing" }).waitFor(VERDICT);
  await bench.picture("loop the first attempt is wrong");
  await answer(ANALYSIS);

  await answer(pair(BROKEN));
  await editor.line("tl.no_such_function").waitFor(VERDICT);
  await editor.squiggles("error").first().waitFor(VERDICT);
  await bench.picture("loop the second attempt does not compile");
  await answer(ANALYSIS);
  await answer(pair(RIGHT));

  await toasted('"add, relu" is archived as line 1 of the dataset');
  await candidate().waitFor({ state: "detached" });
  await editor.page
    .locator(".tab")
    .filter({ hasText: "temp_candidate.py: kernel" })
    .waitFor({ state: "detached" });
  assert.ok(!existsSync(join(bench.folder, CANDIDATE)));
  await editor.openFile("fusion_ideas.txt");
  await editor.lens("✓ archived as line 1 · Redo").waitFor();
  await bench.picture("loop the idea is archived");
  await assertNoError();
  assert.deepEqual(
    lines("attempts.jsonl").map(({ attempt, verdict }) => [attempt, verdict.verdict]),
    [
      [1, "wrong"],
      [2, "error"],
      [3, "untimed"],
    ],
  );
  assert.equal(lines("training_data.jsonl").length, 1);
  await clear();
});

test("Cancel stops it while it is written and while it is judged, and it goes on from there", async () => {
  await editor.lenses
    .filter({ hasText: /^▶ Run$/ })
    .first()
    .click();
  const asked = await endpoint.next();
  asked.piece(pair(RIGHT).slice(0, 500));
  await editor.lens("■ Cancel").click();
  await eventually("the end of the connection", () => asked.closed);
  await editor.lens("▶ Go on").waitFor();
  await assertNoError();

  await editor.lens("▶ Go on").click();
  await answer(pair("x * y").replace("def get_test_inputs():\n", SLOW));
  await candidate().waitFor();
  await editor.status.filter({ hasText: "attempt 1 of 3" }).waitFor();
  await editor.lens("■ Cancel").click();
  await editor.lens("▶ Go on with the idea").waitFor(VERDICT);
  await assertNoError();
  assert.equal(endpoint.asked.length, 0);

  await editor.lens("Abandon").click();
  await toasted('"add, relu, scale" is given up.');
  await candidate().waitFor({ state: "detached" });
  assert.ok(!existsSync(join(bench.folder, CANDIDATE)));
  await editor.openFile("fusion_ideas.txt");
  await editor.lens("✗ abandoned after 1 attempt · Redo").waitFor();
  await assertNoError();
  await clear();
});

test("a candidate with words of the user's own is not closed over them", async () => {
  await editor.command("Fusewright: Next Idea");
  await answer(pair(WRONG));
  await editor.squiggles("error").first().waitFor(VERDICT);
  await editor.goToLine(1);
  await editor.page.keyboard.insertText("# mine");
  const asked = await endpoint.next();
  await editor.lens("■ Cancel").click();
  await eventually("the end of the connection", () => asked.closed);
  await editor.lens("▶ Go on with the idea").waitFor();
  await editor.lens("Abandon").click();
  await toasted('"add, tanh" is given up.');
  assert.equal(await editor.page.locator(".tab.dirty").filter({ hasText: "temp_candidate.py" }).count(), 1);
  await editor.command("View: Revert and Close Editor");
  await candidate().waitFor({ state: "detached" });
  await clear();
});

test("a task is drawn, open while it is wrong and mended, then moved and archived", async () => {
  const names = ["fused_kernel_pytorch", "fused_kernel_triton_wrapper"];
  const tab = editor.page.locator(".tab").filter({ hasText: /^001_fused_kernels\.py$/ });
  await editor.command("Fusewright: Run Task");
  const first = await endpoint.next(VERDICT.timeout);
  first.piece(pair(WRONG, names));
  await editor.page.locator(".tab").filter({ hasText: "001_fused_kernels.py: kernel" }).waitFor();
  first.end();
  await tab.waitFor();
  await editor.status.filter({ hasText: "attempt 1 of 3" }).waitFor();
  await editor.squiggles("error").first().waitFor(VERDICT);
  const asked = await endpoint.next(VERDICT.timeout);
  await bench.picture("loop the task's first attempt is wrong");
  asked.piece(ANALYSIS);
  asked.end();
  const again = await endpoint.next(VERDICT.timeout);
  await editor.status.filter({ hasText: "attempt 2 of 3" }).waitFor();
  again.piece(pair(RIGHT, names));
  again.end();
  await editor.line("tl.maximum").waitFor();
  await toasted("is done: ");
  await tab.waitFor({ state: "detached" });
  assert.ok(existsSync(join(bench.folder, "data/001_fused_kernels.py")));
  assert.ok(!existsSync(join(bench.folder, "001_fused_kernels.py")));
  assert.deepEqual(
    lines("attempts.jsonl")
      .filter(({ kind }) => kind === "task")
      .map(({ verdict }) => verdict.verdict),
    ["wrong", "untimed"],
  );
  await assertNoError();
  await clear();
});

test("a wrong kernel is fixed with its verdict, and one step of undo brings all back", async () => {
  await editor.openFile("mine.py");
  await editor.lens("▶ Verify").click();
  await editor.status.filter({ hasText: "wrong" }).waitFor(VERDICT);
  await editor.squiggles("error").first().waitFor();
  await editor.goToLine(1 + MINE.split("\n").indexOf("def add_relu_triton(x, y):"));
  await editor.quickFix("Fix with the verdict, by small-coder");
  const asked = await endpoint.next();
  assert.match(JSON.stringify(asked.body.messages), /expected 0, got -/);
  const fixed = pair(RIGHT);
  asked.piece(fixed.slice(0, 700));
  await editor.status.filter({ hasText: "writing" }).waitFor();
  await bench.picture("loop a kernel is being fixed");
  asked.piece(fixed.slice(700));
  asked.end();
  const toast = editor.toast("small-coder wrote the kernel in");
  await toast.waitFor();
  await editor.line("tl.maximum").waitFor();
  await editor.squiggles("error").first().waitFor({ state: "detached" });
  await editor.status.filter({ hasText: "stale" }).waitFor();
  await bench.picture("loop a kernel is fixed");

  await toast.getByText("Verify").click();
  await editor.status.filter({ hasText: "right, untimed" }).waitFor(VERDICT);
  await editor.lens("Archive").waitFor();
  assert.deepEqual(
    lines("attempts.jsonl")
      .filter(({ kind }) => kind === "fix")
      .map(({ about, verdict }) => [about, verdict.verdict]),
    [["mine.py", "untimed"]],
  );
  await editor.goToLine(1);
  await editor.page.keyboard.press("Control+z");
  await editor.line("tl.maximum").waitFor({ state: "detached" });
  await editor.squiggles("error").first().waitFor();
  await editor.status.filter({ hasText: "wrong" }).waitFor();
  await editor.page.locator(".tab.dirty").filter({ hasText: "mine.py" }).waitFor({ state: "detached" });
  await assertNoError();
});
