import * as vscode from "vscode";
import type { Answer } from "./protocol.js";

const SCHEME = "fusewright-kernel";
/** A line that begins with a fence of Markdown. */
const FENCE = /^```/m;

/** Shows a kernel while it is being written, beside the document that it is for. */
export class Answers implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  private readonly texts = new Map<string, string>();
  readonly onDidChange = this.changed.event;
  // Last: VS Code looks for the event when the provider is registered, and never again.
  private readonly registration = vscode.workspace.registerTextDocumentContentProvider(SCHEME, this);
  private readonly follower = vscode.workspace.onDidChangeTextDocument(({ document }) => reveal(document));

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.texts.get(uri.toString()) ?? "";
  }

  /** Takes the next piece. The first one opens the preview, and leaves the focus where it is. */
  take(answer: Answer): void {
    const preview = address(answer.uri);
    const before =
      answer.stage === "begin" ? `# ${answer.writer} writes\n\n` : this.provideTextDocumentContent(preview);
    const text = before + answer.text;
    this.texts.set(preview.toString(), text);
    this.changed.fire(preview);
    if (!FENCE.test(before) && FENCE.test(text)) {
      void this.recolour(preview);
    }
    if (
      answer.stage === "begin" &&
      vscode.workspace.getConfiguration("fusewright").get("answer.show", true)
    ) {
      void this.show(preview);
    }
  }

  /** Closes the preview of a kernel that is in its document now, or all of them. */
  async close(document?: string): Promise<void> {
    const previews = document === undefined ? [...this.texts.keys()] : [address(document).toString()];
    for (const preview of previews) {
      this.texts.delete(preview);
    }
    const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
    const shown = (tab: vscode.Tab) =>
      tab.input instanceof vscode.TabInputText && previews.includes(tab.input.uri.toString());
    await vscode.window.tabGroups.close(tabs.filter(shown), true);
  }

  dispose(): void {
    this.registration.dispose();
    this.follower.dispose();
    this.changed.dispose();
  }

  /** Most models put the kernel into a fence, with words around it; some answer with the kernel alone. */
  private language(preview: vscode.Uri): string {
    return FENCE.test(this.provideTextDocumentContent(preview)) ? "markdown" : "python";
  }

  private async recolour(preview: vscode.Uri): Promise<void> {
    const document = vscode.workspace.textDocuments.find((one) => one.uri.toString() === preview.toString());
    if (document) {
      await vscode.languages.setTextDocumentLanguage(document, this.language(preview));
    }
  }

  private async show(preview: vscode.Uri): Promise<void> {
    const document = await vscode.workspace.openTextDocument(preview);
    await vscode.languages.setTextDocumentLanguage(document, this.language(preview));
    await vscode.window.showTextDocument(document, {
      viewColumn: vscode.ViewColumn.Beside,
      preserveFocus: true,
      preview: true,
    });
  }
}

/** Keeps the last line of a kernel in view, which is the one that is being written. */
function reveal(document: vscode.TextDocument): void {
  if (document.uri.scheme === SCHEME) {
    const end = document.lineAt(document.lineCount - 1).range;
    for (const editor of vscode.window.visibleTextEditors.filter((one) => one.document === document)) {
      editor.revealRange(end);
    }
  }
}

function address(document: string): vscode.Uri {
  const { path } = vscode.Uri.parse(document);
  return vscode.Uri.from({ scheme: SCHEME, path: `${path}: kernel` });
}
