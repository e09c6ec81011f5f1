import assert from "node:assert/strict";
import { test } from "node:test";
import { redacted } from "../redacted.js";

test("no form of a key is left in a text", () => {
  const secrets = ["sk-planted", 'with"quotes\\'];
  const text = `Result: ${JSON.stringify({ value: secrets[0], other: secrets[1] })} and ${secrets[1]}`;
  const shown = redacted(text, secrets);
  assert.ok(!shown.includes("planted") && !shown.includes("quotes"), shown);
  assert.match(shown, /\(a key\).*\(a key\).*\(a key\)/);
});

test("where nothing was handed out, nothing changes", () => {
  assert.equal(redacted("a text", []), "a text");
  assert.equal(redacted("a text", [""]), "a text");
});
