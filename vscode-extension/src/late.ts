import * as vscode from "vscode";
import type { Late } from "./protocol.js";
import { change } from "./text-change.js";

const SCHEME = "fusewright-late";
/** How long nothing may be typed before what a document would be is told anew. */
const PAUSE_MS = 300;

interface Offer {
  late: Late;
  document: vscode.Uri;
  /** What the document would be with the kernel. */
  text: string;
}

/**
 * Kernels that came too late for their documents. Each is shown as a difference on demand: the document on the left, on
 * the right what it would be, which is accepted or discarded as a whole.
 */
export class LateKernels implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  private readonly offers = new Map<string, Offer>();
  private readonly pauses = new Map<string, NodeJS.Timeout>();
  private next = 1;
  readonly onDidChange = this.changed.event;
  // Last: VS Code looks for the event when the provider is registered, and never again.
  private readonly subscriptions = vscode.Disposable.from(
    vscode.workspace.registerTextDocumentContentProvider(SCHEME, this),
    vscode.commands.registerCommand("fusewright.acceptLate", (kept?: vscode.Uri) => this.accept(kept)),
    vscode.commands.registerCommand("fusewright.discardLate", (kept?: vscode.Uri) => this.discard(kept)),
    vscode.workspace.onDidChangeTextDocument(({ document }) => this.follow(document.uri)),
  );

  /** @param insertion has the server say what a document would be with a block */
  constructor(private readonly insertion: (document: vscode.Uri, block: string) => Promise<string>) {}

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.offers.get(uri.toString())?.text ?? "";
  }

  /** Offers a kernel. */
  async offer(late: Late): Promise<void> {
    const document = vscode.Uri.parse(late.uri);
    const kept = document.with({ scheme: SCHEME, query: String(this.next++) });
    this.offers.set(kept.toString(), { late, document, text: late.text });
    const sentence = `${late.writer} wrote a kernel for ${name(document)}, but ${late.reason}. It is not in the file.`;
    const chosen = await vscode.window.showWarningMessage(sentence, "Compare", "Discard");
    if (chosen === "Compare") {
      await this.compare(kept);
    } else if (chosen === "Discard") {
      await this.discard(kept);
    }
  }

  /** The kernel that waits for a document, the latest one. */
  of(document: vscode.Uri): vscode.Uri | undefined {
    const waiting = [...this.offers].filter(([, offer]) => offer.document.toString() === document.toString());
    const latest = waiting.at(-1)?.[0];
    return latest === undefined ? undefined : vscode.Uri.parse(latest);
  }

  /** Shows the difference that a kernel would make. */
  async compare(kept: vscode.Uri): Promise<void> {
    const offer = this.offers.get(kept.toString());
    if (offer) {
      const title = `${name(offer.document)} ↔ with the kernel of ${offer.late.writer}`;
      await vscode.commands.executeCommand("vscode.diff", offer.document, kept, title);
    }
  }

  dispose(): void {
    for (const pause of this.pauses.values()) {
      clearTimeout(pause);
    }
    this.subscriptions.dispose();
    this.changed.dispose();
  }

  /** Puts the kernel into its document as that is now, in one step of undo. */
  private async accept(given: vscode.Uri | undefined): Promise<void> {
    const [kept, offer] = this.find(given);
    if (!kept || !offer) {
      return;
    }
    try {
      const document = await vscode.workspace.openTextDocument(offer.document);
      const text = await this.insertion(offer.document, offer.late.block);
      const { start, end, replacement } = change(document.getText(), text);
      const edit = new vscode.WorkspaceEdit();
      const range = new vscode.Range(document.positionAt(start), document.positionAt(end));
      edit.replace(offer.document, range, replacement);
      if (!(await vscode.workspace.applyEdit(edit))) {
        throw new Error(`VS Code did not make the change in ${name(offer.document)}: try again.`);
      }
    } catch (error) {
      void vscode.window.showErrorMessage(error instanceof Error ? error.message : String(error));
      return;
    }
    await this.discard(kept);
    await vscode.window.showTextDocument(offer.document, { preview: false });
    const sentence = `The kernel is in ${name(offer.document)}. It is not verified yet.`;
    void vscode.window.showInformationMessage(sentence, "Verify").then((chosen) => {
      if (chosen) {
        void vscode.commands.executeCommand("fusewright.verify", offer.document);
      }
    });
  }

  private async discard(given: vscode.Uri | undefined): Promise<void> {
    const [kept] = this.find(given);
    if (!kept) {
      return;
    }
    const shown = (tab: vscode.Tab) =>
      tab.input instanceof vscode.TabInputTextDiff && tab.input.modified.toString() === kept.toString();
    const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
    await vscode.window.tabGroups.close(tabs.filter(shown));
    this.offers.delete(kept.toString());
  }

  /** A menu names the document of the difference; the palette names nothing. */
  private find(given: vscode.Uri | undefined): [vscode.Uri | undefined, Offer | undefined] {
    const kept = given ?? vscode.window.activeTextEditor?.document.uri;
    const offer = kept && this.offers.get(kept.toString());
    return offer ? [kept, offer] : [undefined, undefined];
  }

  /** What the document would be changes with the document. */
  private follow(document: vscode.Uri): void {
    for (const [kept, offer] of this.offers) {
      if (offer.document.toString() === document.toString()) {
        clearTimeout(this.pauses.get(kept));
        this.pauses.set(
          kept,
          setTimeout(() => void this.renew(kept, offer), PAUSE_MS),
        );
      }
    }
  }

  private async renew(kept: string, offer: Offer): Promise<void> {
    this.pauses.delete(kept);
    try {
      offer.text = await this.insertion(offer.document, offer.late.block);
      this.changed.fire(vscode.Uri.parse(kept));
    } catch {
      // In the middle of an edit there may be no place for it; who accepts it then is told.
    }
  }
}

function name(document: vscode.Uri): string {
  return document.path.split("/").at(-1) ?? "";
}
