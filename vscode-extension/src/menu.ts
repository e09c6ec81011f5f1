import * as vscode from "vscode";
import type { LateKernels } from "./late.js";
import type { Server } from "./server.js";
import type { StatusBar } from "./status-bar.js";

interface Entry extends vscode.QuickPickItem {
  command?: string;
  /** What is done, where it is no command. */
  run?: () => Promise<void>;
  args?: unknown[];
}

/** The menu of the status bar item: what can be done now. */
export async function showMenu(server: Server, statusBar: StatusBar, late: LateKernels): Promise<void> {
  const document = vscode.window.activeTextEditor?.document.uri;
  const kept = document && late.of(document);
  const all = entries(server, statusBar);
  if (kept) {
    all.unshift({
      label: "$(diff) Compare with the kernel that came too late",
      run: () => late.compare(kept),
    });
  }
  const chosen = await vscode.window.showQuickPick(all, { title: "Fusewright" });
  if (chosen?.run) {
    await chosen.run();
  } else if (chosen?.command) {
    await vscode.commands.executeCommand(chosen.command, ...(chosen.args ?? []));
  }
}

function entries(server: Server, statusBar: StatusBar): Entry[] {
  const entries: Entry[] = [];
  const status = statusBar.active;
  const running = server.state === "running";
  if (!vscode.workspace.isTrusted) {
    entries.push({
      label: "$(shield) Manage workspace trust",
      description: "nothing is run until you trust this folder",
      command: "workbench.trust.manage",
    });
  } else if (running && status) {
    if (status.state === "verifying" || status.state === "writing") {
      entries.push({ label: "$(debug-stop) Cancel", command: "fusewright.cancel", args: [status.uri] });
    } else {
      entries.push(
        { label: "$(play) Verify", command: "fusewright.verify", args: [status.uri] },
        { label: "$(sparkle) Generate Triton", command: "fusewright.generate", args: [status.uri] },
      );
      const ruling = status.verdict?.verdict;
      if (status.state === "verified" && ruling && !["pass", "untimed"].includes(ruling)) {
        entries.push({
          label: "$(wrench) Fix with the verdict",
          command: "fusewright.fix",
          args: [status.uri],
        });
      }
    }
    if (status.state === "verified") {
      entries.push({ label: "$(archive) Archive", command: "fusewright.archive", args: [status.uri] });
    }
  }
  if (running && vscode.workspace.isTrusted) {
    entries.push(
      {
        label: "$(lightbulb) Next idea",
        description: "the one at work, or the next",
        command: "fusewright.nextIdea",
      },
      { label: "$(list-ordered) Run idea…", command: "fusewright.runIdea" },
      { label: "$(tasklist) Run task", command: "fusewright.runTask" },
    );
    entries.push({
      label: "$(heart) Doctor",
      description: "what is missing here",
      command: "fusewright.doctor",
    });
  }
  entries.push(
    {
      label: "$(key) Set API key",
      description: "kept in VS Code's secret store",
      command: "fusewright.setApiKey",
    },
    { label: "$(output) Show log", command: "fusewright.showLog" },
    { label: "$(debug-restart) Restart server", command: "fusewright.restart" },
  );
  return entries;
}
