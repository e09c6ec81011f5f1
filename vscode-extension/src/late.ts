import * as vscode from "vscode";
import type { Late } from "./protocol.js";

const SCHEME = "fusewright-late";

/** Kernels that came too late for their documents, each shown as a difference on demand. */
export class LateKernels implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly texts = new Map<string, string>();
  private readonly registration = vscode.workspace.registerTextDocumentContentProvider(SCHEME, this);
  private next = 1;

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.texts.get(uri.toString()) ?? "";
  }

  /**
   * Offers a kernel. It stands on the left: there, VS Code's arrows take single changes over into the document, which
   * stands on the right.
   */
  async offer(late: Late): Promise<void> {
    const document = vscode.Uri.parse(late.uri);
    const name = document.path.split("/").at(-1) ?? "";
    const kept = document.with({ scheme: SCHEME, query: String(this.next++) });
    this.texts.set(kept.toString(), late.text);
    const sentence = `${late.writer} wrote a kernel for ${name}, but ${late.reason}.`;
    if ((await vscode.window.showWarningMessage(sentence, "Compare")) === "Compare") {
      await vscode.commands.executeCommand("vscode.diff", kept, document, `${late.writer} ↔ ${name}`);
    }
  }

  dispose(): void {
    this.registration.dispose();
  }
}
