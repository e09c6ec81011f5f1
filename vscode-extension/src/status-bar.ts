import * as vscode from "vscode";
import { type Presentation, present } from "./presentation.js";
import type { Status } from "./protocol.js";
import type { Server } from "./server.js";

const BACKGROUND: Record<Presentation["severity"], vscode.ThemeColor | undefined> = {
  none: undefined,
  warning: new vscode.ThemeColor("statusBarItem.warningBackground"),
  error: new vscode.ThemeColor("statusBarItem.errorBackground"),
};

/** Shows the active document's state in the status bar, and sets the context keys of the `when` clauses. */
export class StatusBar implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem(
    "fusewright.status",
    vscode.StatusBarAlignment.Right,
    100,
  );
  private readonly statuses = new Map<string, Status>();
  private readonly subscriptions: vscode.Disposable[] = [];

  constructor(private readonly server: Server) {
    this.item.name = "Fusewright";
    this.item.command = "fusewright.menu";
    this.subscriptions.push(
      this.item,
      server.onStatus((status) => {
        this.statuses.set(key(vscode.Uri.parse(status.uri)), status);
        this.refresh();
      }),
      server.onDidChangeState((state) => {
        if (state !== "running") {
          this.statuses.clear();
        }
        this.refresh();
      }),
      vscode.window.onDidChangeActiveTextEditor(() => this.refresh()),
      vscode.workspace.onDidCloseTextDocument((document) => {
        this.statuses.delete(key(document.uri));
        this.refresh();
      }),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.refresh()),
    );
    this.refresh();
  }

  /** The active document's status, if it is a pair. */
  get active(): Status | undefined {
    const document = vscode.window.activeTextEditor?.document;
    return document && this.statuses.get(key(document.uri));
  }

  /** The documents that something runs on. */
  get busy(): Status[] {
    const running = new Set(["verifying", "writing"]);
    return [...this.statuses.values()].filter((status) => running.has(status.state));
  }

  dispose(): void {
    vscode.Disposable.from(...this.subscriptions).dispose();
  }

  private refresh(): void {
    const status = this.active;
    const context = {
      "fusewright.running": this.server.state === "running",
      "fusewright.server": typeof this.server.state === "string" ? this.server.state : "stopped",
      "fusewright.pair": status !== undefined,
      "fusewright.state": status?.state ?? "none",
      "fusewright.verifying": this.busy.length > 0,
    };
    for (const [name, value] of Object.entries(context)) {
      void vscode.commands.executeCommand("setContext", name, value);
    }
    const python = vscode.window.activeTextEditor?.document.languageId === "python";
    const shown = python ? present(this.server.state, status, vscode.workspace.isTrusted) : undefined;
    if (!shown) {
      this.item.hide();
      return;
    }
    this.item.text = shown.text;
    this.item.tooltip = tooltip(shown);
    this.item.backgroundColor = BACKGROUND[shown.severity];
    this.item.accessibilityInformation = { label: shown.label, role: "button" };
    this.item.show();
  }
}

/** What the pair's own code prints reaches the tooltip, so that all of it is put in as text, never as Markdown. */
function tooltip(shown: Presentation): vscode.MarkdownString {
  const markdown = new vscode.MarkdownString();
  markdown.appendText(shown.tooltip.heading);
  for (const [name, value] of shown.tooltip.rows) {
    markdown.appendMarkdown("\n\n**").appendText(name).appendMarkdown(":** ").appendText(value);
  }
  return markdown;
}

/** Documents by address, as VS Code writes it: the server may escape other characters. */
function key(uri: vscode.Uri): string {
  return uri.toString();
}
