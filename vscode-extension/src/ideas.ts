import { readFile } from "node:fs/promises";
import * as vscode from "vscode";
import { listed } from "./idea-list.js";

const IDEAS = "triton_training_data/fusion_ideas.txt";

/** What follows the workspace's address in `fusewright.runIdea`. */
export type Which = { idea: number } | { redo: number } | { all: true };

/** Has the user choose an idea of the workspace, or all that are left. */
export async function chooseIdea(folder: vscode.Uri): Promise<Which | undefined> {
  const file = vscode.Uri.joinPath(folder, IDEAS);
  let text: string;
  try {
    text = await readFile(file.fsPath, "utf8");
  } catch {
    void vscode.window.showErrorMessage(
      `There is no ${IDEAS} in ${folder.fsPath}: run Fusewright: Init Workspace first.`,
    );
    return undefined;
  }
  const again: vscode.QuickInputButton = {
    iconPath: new vscode.ThemeIcon("debug-restart"),
    tooltip: "Once more, from its first attempt on",
  };
  const pick = vscode.window.createQuickPick<vscode.QuickPickItem & { which: Which; line?: number }>();
  pick.title = "Fusewright: Run Idea";
  pick.placeholder = "The idea to work at";
  pick.matchOnDescription = true;
  pick.items = [
    { label: "All that are left", description: "one after the other", which: { all: true } },
    ...listed(text).map(({ line, idea }) => ({
      label: idea,
      description: String(line),
      which: { idea: line },
      line,
      buttons: [again],
    })),
  ];
  const chosen = new Promise<Which | undefined>((resolve) => {
    pick.onDidAccept(() => resolve(pick.selectedItems[0]?.which));
    pick.onDidTriggerItemButton(({ item }) => resolve(item.line ? { redo: item.line } : undefined));
    pick.onDidHide(() => resolve(undefined));
  });
  pick.show();
  try {
    return await chosen;
  } finally {
    pick.dispose();
  }
}
