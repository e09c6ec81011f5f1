import * as vscode from "vscode";
import type { Candidate } from "./protocol.js";

/** Closes the editors of a candidate that the loop has deleted; one with unsaved changes stays open. */
export async function follow(candidate: Candidate): Promise<void> {
  if (candidate.exists) {
    // VS Code reads a file anew by itself once it has changed on disk.
    return;
  }
  const gone = vscode.Uri.parse(candidate.uri).toString();
  const tabs = vscode.window.tabGroups.all
    .flatMap((group) => group.tabs)
    .filter((tab) => tab.input instanceof vscode.TabInputText && tab.input.uri.toString() === gone);
  await vscode.window.tabGroups.close(
    tabs.filter((tab) => !tab.isDirty),
    true,
  );
}
