import assert from "node:assert/strict";
import { test } from "node:test";
import { logLine } from "../log-line.js";

test("the level and the text are taken out of the server's log", () => {
  assert.deepEqual(logLine("2026-01-02T03:04:05.678901Z  WARN fusewright::lsp: slow"), {
    level: "warn",
    text: "fusewright::lsp: slow",
  });
  assert.deepEqual(logLine("ERROR fusewright: broken"), { level: "error", text: "fusewright: broken" });
});

test("colours are dropped", () => {
  const ESC = String.fromCharCode(27);
  assert.deepEqual(logLine(`${ESC}[32m INFO${ESC}[0m ready`), { level: "info", text: "ready" });
  assert.deepEqual(logLine(`${ESC}[32mDEBUG${ESC}[0m ready`), { level: "debug", text: "ready" });
});

test("anything else is kept whole", () => {
  assert.deepEqual(logLine("thread 'main' panicked at x.rs"), {
    level: "info",
    text: "thread 'main' panicked at x.rs",
  });
});
