import assert from "node:assert/strict";
import { test } from "node:test";
import { present, words } from "../presentation.js";
import type { Status, Verdict } from "../protocol.js";

const PASS: Verdict = {
  status: "SUCCESS",
  correct: true,
  verdict: "pass",
  reason: null,
  speedup: 2.3149,
  speedup_ci: [2.25, 2.361],
  python_ms: 1.5,
  triton_ms: 0.648,
  kernels: [{ name: "softmax_kernel", launches: 1 }],
  outputs: [{ shape: [8, 16], dtype: "float32", max_abs_error: 1.19e-7, mismatched: 0, total: 128 }],
  device: { name: "NVIDIA H200", mode: "cuda" },
};
const WRONG: Verdict = {
  status: "SUCCESS",
  correct: false,
  verdict: "wrong",
  reason: "3 of 128 elements differ",
  outputs: [{ shape: [8, 16], dtype: "float16", max_abs_error: 1, mismatched: 3, total: 128 }],
};

function shown(status: Partial<Status>, trusted = true): ReturnType<typeof present> {
  return present("running", { uri: "file:///x.py", state: "idle", text: "", ...status }, trusted);
}

test("a pass shows its speedup, and the details in the tooltip", () => {
  assert.deepEqual(shown({ state: "verified", text: "pass 2.31x", verdict: PASS }), {
    text: "$(check) 2.31x",
    label: "Fusewright: 2.31x",
    severity: "none",
    tooltip: {
      heading: "pass 2.31x",
      rows: [
        ["Speedup", "2.31x (2.25x to 2.36x)"],
        ["Time", "PyTorch 1.50 ms, Triton 648.0 µs"],
        ["Output", "float32[8, 16], largest error 1.2e-7"],
        ["Kernels", "softmax_kernel ×1"],
        ["Device", "NVIDIA H200"],
      ],
    },
  });
});

test("a wrong pair is red and says why", () => {
  const presentation = shown({ state: "verified", verdict: WRONG });
  assert.equal(presentation?.text, "$(x) wrong");
  assert.equal(presentation?.severity, "error");
  assert.equal(presentation?.tooltip.heading, "3 of 128 elements differ");
  assert.deepEqual(presentation?.tooltip.rows, [["Output", "float16[8, 16], 3 of 128 elements differ"]]);
});

test("every ruling has words", () => {
  const said = (["pass", "slower", "same", "untimed", "wrong", "rejected", "error", null] as const).map(
    (verdict) => words({ ...WRONG, verdict, speedup: verdict === "slower" ? 0.5 : null }),
  );
  assert.deepEqual(said, [
    "pass",
    "slower 0.50x",
    "same speed",
    "right, untimed",
    "wrong",
    "rejected",
    "error",
    "not judged",
  ]);
});

test("work says what it is, and the tooltip how far it is", () => {
  const verifying = shown({ state: "verifying", text: "compiling" });
  assert.equal(verifying?.text, "$(loading~spin) Fusewright: verifying");
  assert.equal(verifying?.tooltip.heading, "Verifying: compiling");
  const loop = shown({ state: "verifying", text: "attempt 2 of 3: compiling" });
  assert.equal(loop?.text, "$(loading~spin) Fusewright: attempt 2 of 3");
  const writing = shown({ state: "writing", text: "writing the kernel: m, 7 tokens, 2 s" });
  assert.equal(writing?.text, "$(loading~spin) Fusewright: writing");
  assert.equal(writing?.tooltip.heading, "writing the kernel: m, 7 tokens, 2 s");
});

test("a first verdict is shown while the audit runs", () => {
  assert.equal(
    shown({ state: "verifying", text: "audit", verdict: PASS })?.text,
    "$(loading~spin) Fusewright: 2.31x, verifying",
  );
});

test("a stale verdict says what it was", () => {
  const presentation = shown({ state: "stale", text: "", verdict: PASS });
  assert.equal(presentation?.text, "$(history) stale");
  assert.deepEqual(presentation?.tooltip.rows, [["Verdict", "was 2.31x"]]);
});

test("a file that is no pair shows nothing, a server that failed shows on every file", () => {
  assert.equal(present("running", undefined, true), undefined);
  const failed = present({ problem: "No server." }, undefined, true);
  assert.equal(failed?.text, "$(error) Fusewright");
  assert.equal(failed?.tooltip.heading, "No server.");
});

test("an untrusted folder is marked in every state", () => {
  for (const state of ["idle", "checking", "verifying", "verified", "stale", "error"] as const) {
    const presentation = shown({ state, verdict: PASS }, false);
    assert.match(presentation?.text ?? "", /^\$\(shield\) /);
    assert.match(presentation?.label ?? "", /restricted mode/);
  }
});

test("numbers that are no numbers are left out", () => {
  const verdict = { ...PASS, speedup: Number.NaN, python_ms: null, outputs: [] };
  assert.deepEqual(shown({ state: "verified", verdict })?.tooltip.rows, [
    ["Kernels", "softmax_kernel ×1"],
    ["Device", "NVIDIA H200"],
  ]);
});
