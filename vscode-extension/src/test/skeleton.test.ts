import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { nextFileName, skeleton } from "../skeleton.js";

test("the closed style opens and closes each block in order", () => {
  const markers = skeleton("closed").match(/^# <.*$/gm);
  assert.deepEqual(markers, [
    "# <PYTHON>",
    "# </PYTHON>",
    "# <TRITON>",
    "# </TRITON>",
    "# <TEST>",
    "# </TEST>",
  ]);
});

test("the open style closes none", () => {
  assert.deepEqual(skeleton("open").match(/^# <.*$/gm), ["# <PYTHON>", "# <TRITON>", "# <TEST>"]);
});

test("the snippets are the skeletons", () => {
  const snippets = JSON.parse(readFileSync("snippets/python.json", "utf8"));
  const bodies = Object.values<{ body: string[] }>(snippets).map((snippet) => snippet.body.join("\n"));
  assert.deepEqual(bodies, [skeleton("closed"), skeleton("open")]);
});

test("the next number is one above the highest", () => {
  assert.equal(nextFileName([]), "001_fused_kernels.py");
  assert.equal(
    nextFileName(["001_fused_kernels.py", "007_fused_kernels.py", "notes.py"]),
    "008_fused_kernels.py",
  );
});
