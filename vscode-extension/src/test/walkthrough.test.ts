import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { test } from "node:test";

interface Step {
  id: string;
  description: string;
  media: { markdown: string };
  completionEvents: string[];
}

// The tests run in the extension's own folder.
const { contributes } = JSON.parse(readFileSync("package.json", "utf8")) as {
  contributes: { commands: { command: string }[]; walkthroughs: { id: string; steps: Step[] }[] };
};
const commands = new Set(contributes.commands.map(({ command }) => command));
/** What VS Code itself has. */
const BUILT_IN = new Set(["vscode.openFolder", "workbench.action.openSettings"]);
const steps = contributes.walkthroughs.flatMap((walkthrough) => walkthrough.steps);

test("each step of the walkthrough has commands that exist, is completed by one of ours, and its page is there", () => {
  assert.equal(steps.length, 7);
  for (const { id, description, media, completionEvents } of steps) {
    const linked = [...description.matchAll(/\(command:([\w.]+)/g)].map(([, command]) => command as string);
    assert.ok(linked.length > 0, id);
    for (const command of linked) {
      assert.ok(commands.has(command) || BUILT_IN.has(command), `${id}: ${command}`);
    }
    for (const event of completionEvents.filter((event) => event.startsWith("onCommand:"))) {
      assert.ok(commands.has(event.slice("onCommand:".length)), `${id}: ${event}`);
    }
    assert.ok(statSync(media.markdown).size > 100, media.markdown);
  }
});
