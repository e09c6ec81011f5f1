import assert from "node:assert/strict";
import { test } from "node:test";
import { findServer, type Places } from "../server-path.js";

function find(programs: string[], places: Partial<Places> = {}): ReturnType<typeof findServer> {
  return findServer({
    configured: "",
    bundled: "/extension/server/fusewright",
    path: "/usr/bin:/opt/bin",
    home: "/home/ada",
    isProgram: (path) => programs.includes(path),
    ...places,
  });
}

const ALL = ["/mine/fusewright", "/extension/server/fusewright", "/opt/bin/fusewright"];

test("the setting comes before the extension's own, that before PATH", () => {
  assert.deepEqual(find(ALL, { configured: "/mine/fusewright" }), {
    program: "/mine/fusewright",
    from: "setting",
  });
  assert.deepEqual(find(ALL), { program: "/extension/server/fusewright", from: "extension" });
  assert.deepEqual(find(ALL.slice(2)), { program: "/opt/bin/fusewright", from: "PATH" });
});

test("a leading ~/ is the home folder", () => {
  assert.deepEqual(find(["/home/ada/fw"], { configured: "~/fw" }), {
    program: "/home/ada/fw",
    from: "setting",
  });
});

test("a setting that names no program is an error, not a reason to look elsewhere", () => {
  assert.deepEqual(find(ALL, { configured: "/gone/fusewright" }), {
    problem:
      "The setting fusewright.server.path names /gone/fusewright, which is no program. Correct it or empty it.",
  });
});

test("neither the setting nor PATH may mean a program of the open folder", () => {
  assert.deepEqual(find(["tools/fusewright"], { configured: "tools/fusewright" }), {
    problem: 'The setting fusewright.server.path must be an absolute path, not "tools/fusewright".',
  });
  const found = find(["fusewright", "bin/fusewright"], { path: ":bin:." });
  assert.ok("problem" in found);
});

test("where there is none, the message says what to do", () => {
  const found = find([]);
  assert.ok("problem" in found);
  assert.match(
    found.problem,
    /Install fusewright, or name the program in the setting fusewright\.server\.path/,
  );
});
