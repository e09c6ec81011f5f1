import * as vscode from "vscode";
import type { Answer } from "./protocol.js";

const SCHEME = "fusewright-kernel";

/** Shows a kernel while it is being written, beside the document that it is for. */
export class Answers implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  private readonly texts = new Map<string, string>();
  private readonly registration = vscode.workspace.registerTextDocumentContentProvider(SCHEME, this);
  readonly onDidChange = this.changed.event;

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.texts.get(uri.toString()) ?? "";
  }

  /** Takes the next piece. The first one opens the preview, and leaves the focus where it is. */
  take(answer: Answer): void {
    const preview = address(answer.uri);
    const before =
      answer.stage === "begin" ? `# ${answer.writer} writes\n\n` : this.provideTextDocumentContent(preview);
    this.texts.set(preview.toString(), before + answer.text);
    this.changed.fire(preview);
    if (
      answer.stage === "begin" &&
      vscode.workspace.getConfiguration("fusewright").get("answer.show", true)
    ) {
      void this.show(preview);
    }
  }

  /** Closes the preview of a kernel that is in its document now. */
  async close(document: string): Promise<void> {
    const preview = address(document).toString();
    this.texts.delete(preview);
    const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
    const shown = (tab: vscode.Tab) =>
      tab.input instanceof vscode.TabInputText && tab.input.uri.toString() === preview;
    await vscode.window.tabGroups.close(tabs.filter(shown), true);
  }

  dispose(): void {
    this.registration.dispose();
    this.changed.dispose();
  }

  private async show(preview: vscode.Uri): Promise<void> {
    const document = await vscode.workspace.openTextDocument(preview);
    await vscode.languages.setTextDocumentLanguage(document, "python");
    await vscode.window.showTextDocument(document, {
      viewColumn: vscode.ViewColumn.Beside,
      preserveFocus: true,
      preview: true,
    });
  }
}

function address(document: string): vscode.Uri {
  const { path } = vscode.Uri.parse(document);
  return vscode.Uri.from({ scheme: SCHEME, path: `${path}: kernel` });
}
