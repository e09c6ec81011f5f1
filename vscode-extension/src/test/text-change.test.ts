import assert from "node:assert/strict";
import { test } from "node:test";
import { change } from "../text-change.js";

test("the change makes one text the other and touches no more than it must", () => {
  const texts = ["", "a", "ab", "aab", "aa", "a\nb\n", "a\nx\nb\n", "b"];
  for (const before of texts) {
    for (const after of texts) {
      const { start, end, replacement } = change(before, after);
      assert.equal(before.slice(0, start) + replacement + before.slice(end), after);
    }
  }
  assert.deepEqual(change("a\nb\n", "a\nx\nb\n"), { start: 2, end: 2, replacement: "x\n" });
  assert.deepEqual(change("same", "same"), { start: 4, end: 4, replacement: "" });
});
