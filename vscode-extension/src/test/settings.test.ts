import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { type Inspected, SERVER_SETTINGS, serverSettings } from "../settings.js";

function settings(values: Record<string, Inspected>): unknown {
  return serverSettings((name) => values[name]);
}

test("only what the user set is sent, under the names of fusewright.toml", () => {
  assert.deepEqual(
    settings({
      "verify.timeoutS": { globalValue: 5 },
      "verify.seeds": {},
      "dataset.allowUntimed": { workspaceValue: false },
      "python.interpreter": { globalValue: "/usr/bin/python3" },
    }),
    {
      verify: { timeout_s: 5 },
      dataset: { allow_untimed: false },
      python: { interpreter: "/usr/bin/python3" },
    },
  );
});

test("the narrower scope wins", () => {
  const inspected = { globalValue: 1, workspaceValue: 2, workspaceFolderValue: 3 };
  assert.deepEqual(settings({ "verify.seeds": inspected }), { verify: { seeds: 3 } });
});

test("an emptied text or command means not set, an emptied list of rules means none", () => {
  assert.deepEqual(
    settings({
      "python.interpreter": { globalValue: "" },
      "python.command": { globalValue: [] },
      "rules.ignore": { globalValue: [] },
    }),
    { rules: { ignore: [] } },
  );
});

test("every setting that is declared is sent, and every setting that is sent is declared", () => {
  const manifest = JSON.parse(readFileSync("package.json", "utf8"));
  const declared = Object.keys(manifest.contributes.configuration.properties)
    .filter((name) => !/^fusewright\.(server|answer)\./.test(name))
    .map((name) => name.replace("fusewright.", ""));
  assert.deepEqual([...SERVER_SETTINGS].sort(), declared.sort());
});

test("settings that run something are not taken from an untrusted folder", () => {
  const manifest = JSON.parse(readFileSync("package.json", "utf8"));
  const restricted: string[] = manifest.capabilities.untrustedWorkspaces.restrictedConfigurations;
  for (const name of [
    "server.path",
    "python.interpreter",
    "python.command",
    "model.command",
    "model.baseUrl",
    "model.apiKeyEnv",
  ]) {
    assert.ok(restricted.includes(`fusewright.${name}`), name);
  }
});
