import * as vscode from "vscode";

const SCHEME = "fusewright";
const ADDRESS = vscode.Uri.from({ scheme: SCHEME, path: "/Fusewright Doctor" });

/** Doctor's report as a read-only document, which nobody is asked to save. */
class Reports implements vscode.TextDocumentContentProvider {
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  private text = "";
  readonly onDidChange = this.changed.event;

  provideTextDocumentContent(): string {
    return this.text;
  }

  set(text: string): void {
    this.text = text;
    this.changed.fire(ADDRESS);
  }
}

const reports = new Reports();

/** Has VS Code ask here for reports. */
export function registerReports(): vscode.Disposable {
  return vscode.workspace.registerTextDocumentContentProvider(SCHEME, reports);
}

/** Shows a report, in the place of the one before. */
export async function showReport(text: string): Promise<void> {
  reports.set(text);
  const document = await vscode.workspace.openTextDocument(ADDRESS);
  await vscode.window.showTextDocument(document, { preview: true });
}
