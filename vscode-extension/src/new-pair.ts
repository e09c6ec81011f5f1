import * as vscode from "vscode";
import { nextFileName, type Style, skeleton } from "./skeleton.js";

/** Opens a new, unsaved pair file beside the active one, with tab stops at what is to be filled in. */
export async function newPair(): Promise<void> {
  const style = await vscode.window.showQuickPick<vscode.QuickPickItem & { style: Style }>(
    [
      { label: "Closed blocks", description: "# <PYTHON> … # </PYTHON>, with a title", style: "closed" },
      { label: "Open blocks", description: "# <PYTHON>, ended by the next marker", style: "open" },
    ],
    { title: "New pair file", placeHolder: "How the blocks are written" },
  );
  if (!style) {
    return;
  }
  const name = await newName();
  const document = await (name
    ? vscode.workspace.openTextDocument(name)
    : vscode.workspace.openTextDocument());
  await vscode.languages.setTextDocumentLanguage(document, "python");
  const editor = await vscode.window.showTextDocument(document);
  await editor.insertSnippet(new vscode.SnippetString(skeleton(style.style)), new vscode.Position(0, 0));
}

/** The next free number in the folder; undefined where no folder is open. */
async function newName(): Promise<vscode.Uri | undefined> {
  const active = vscode.window.activeTextEditor?.document.uri;
  const folder =
    active?.scheme === "file"
      ? vscode.Uri.joinPath(active, "..")
      : vscode.workspace.workspaceFolders?.[0]?.uri;
  if (folder?.scheme !== "file") {
    return undefined;
  }
  const names = (await vscode.workspace.fs.readDirectory(folder)).map(([name]) => name);
  const open = vscode.workspace.textDocuments.map((document) => document.uri.path.split("/").at(-1) ?? "");
  return vscode.Uri.joinPath(folder, nextFileName([...names, ...open])).with({ scheme: "untitled" });
}
