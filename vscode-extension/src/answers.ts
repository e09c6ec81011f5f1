import * as vscode from "vscode";
import type { Answer } from "./protocol.js";

/** Shows a kernel while it is being written, in an output channel of its own. */
export class Answers implements vscode.Disposable {
  private readonly channel = vscode.window.createOutputChannel("Fusewright Kernel", "python");

  /** Takes the next piece. The first one opens the panel, and leaves the focus where it is. */
  take(answer: Answer): void {
    if (answer.stage === "begin") {
      this.channel.clear();
      const file = vscode.Uri.parse(answer.uri).path.split("/").at(-1) ?? "";
      this.channel.appendLine(`# ${answer.writer} writes for ${file}\n`);
      if (vscode.workspace.getConfiguration("fusewright").get("answer.show", true)) {
        this.channel.show(true);
      }
    }
    this.channel.append(answer.text);
    if (answer.stage === "end") {
      this.channel.appendLine("");
    }
  }

  dispose(): void {
    this.channel.dispose();
  }
}
