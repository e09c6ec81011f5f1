import assert from "node:assert/strict";
import { test } from "node:test";
import { listed } from "../idea-list.js";

test("an idea's number is its line, whatever stands between", () => {
  assert.deepEqual(listed("# of my own\r\nrelu + add\r\n\r\n  softmax \n"), [
    { line: 2, idea: "relu + add" },
    { line: 4, idea: "softmax" },
  ]);
});
