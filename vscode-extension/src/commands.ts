import { basename } from "node:path";
import * as vscode from "vscode";
import { type LanguageClient, ResponseError } from "vscode-languageclient/node";
import type { Answers } from "./answers.js";
import { chooseIdea } from "./ideas.js";
import { isArchived, isTold, isVerdict, isWritten } from "./protocol.js";
import { showReport } from "./report.js";

/** The server's commands that work on one document. */
const ON_DOCUMENT = new Set([
  "fusewright.generate",
  "fusewright.fix",
  "fusewright.verify",
  "fusewright.archive",
  "fusewright.cancel",
  "fusewright.convert",
]);

/** The server's commands that work on a folder. */
const ON_WORKSPACE = new Set([
  "fusewright.init",
  "fusewright.nextIdea",
  "fusewright.runIdea",
  "fusewright.runTask",
  "fusewright.abandon",
]);

/** Those of them that take candidates to their end, one after the other. */
const LOOP = new Set(["fusewright.nextIdea", "fusewright.runIdea", "fusewright.runTask"]);

/**
 * Runs a command of the server's. A code lens hands over the document; the palette hands over nothing, so
 * that the active editor's document is meant. Refusals are shown as the server words them.
 */
export async function executeCommand(
  client: LanguageClient,
  log: vscode.LogOutputChannel,
  answers: Answers,
  command: string,
  given: unknown[],
): Promise<unknown> {
  const args = await completeArguments(client, command, given);
  if (args === undefined) {
    return undefined;
  }
  try {
    const answer: unknown = await client.sendRequest("workspace/executeCommand", {
      command,
      arguments: args,
    });
    if (isWritten(answer)) {
      await answers.close(answer.uri);
    }
    await show(log, command, answer);
    return answer;
  } catch (error) {
    if (error instanceof vscode.CancellationError) {
      if (typeof args[0] === "string") {
        await answers.close(args[0]);
      }
      return undefined;
    }
    const text = error instanceof Error ? error.message : String(error);
    log.error(`${command}: ${text}`);
    // -32802 and -32800: the user or the server cancelled, which the user knows.
    if (!(error instanceof ResponseError && (error.code === -32802 || error.code === -32800))) {
      void vscode.window.showErrorMessage(text);
    } else if (typeof args[0] === "string") {
      await answers.close(args[0]);
    }
    return undefined;
  } finally {
    if (LOOP.has(command)) {
      await answers.close();
    }
  }
}

async function completeArguments(
  client: LanguageClient,
  command: string,
  given: unknown[],
): Promise<unknown[] | undefined> {
  const [first, ...rest] = given;
  if (typeof first === "string") {
    return given;
  }
  if (first instanceof vscode.Uri) {
    // A menu adds arguments of its own after the document.
    const uri = client.code2ProtocolConverter.asUri(first);
    const editor = vscode.window.activeTextEditor;
    if (command === "fusewright.generate" && editor?.document.uri.toString() === first.toString()) {
      return [uri, { range: client.code2ProtocolConverter.asRange(editor.selection) }];
    }
    return [uri];
  }
  if (ON_DOCUMENT.has(command)) {
    const editor = vscode.window.activeTextEditor;
    if (!editor) {
      void vscode.window.showInformationMessage("Open a pair file first.");
      return undefined;
    }
    const uri = client.code2ProtocolConverter.asUri(editor.document.uri);
    if (command === "fusewright.generate" && rest.length === 0) {
      return [uri, { range: client.code2ProtocolConverter.asRange(editor.selection) }];
    }
    return [uri, ...rest];
  }
  if (ON_WORKSPACE.has(command)) {
    const folder = await chooseFolder();
    if (folder === undefined) {
      return undefined;
    }
    const which = command === "fusewright.runIdea" ? await chooseIdea(folder) : null;
    return which === undefined ? undefined : [client.code2ProtocolConverter.asUri(folder), which];
  }
  return given;
}

async function chooseFolder(): Promise<vscode.Uri | undefined> {
  const folders = vscode.workspace.workspaceFolders ?? [];
  if (folders.length > 1) {
    return (await vscode.window.showWorkspaceFolderPick({ placeHolder: "The folder" }))?.uri;
  }
  if (folders.length === 0) {
    void vscode.window.showInformationMessage(
      "Open a folder first: Fusewright works in the folder that is open.",
    );
  }
  return folders[0]?.uri;
}

async function show(log: vscode.LogOutputChannel, command: string, answer: unknown): Promise<void> {
  if (command === "fusewright.archive" && isArchived(answer)) {
    const text = `Archived as line ${answer.line} of ${basename(answer.path)}.`;
    // Not awaited: the toast stays until the user is done with it, the command is over.
    void vscode.window.showInformationMessage(text, "Open Dataset").then(async (chosen) => {
      if (chosen) {
        const line = Math.max(0, answer.line - 1);
        await vscode.window.showTextDocument(vscode.Uri.file(answer.path), {
          selection: new vscode.Range(line, 0, line, 0),
        });
      }
    });
  } else if (isWritten(answer) && answer.applied) {
    void vscode.window.showInformationMessage(answer.message, "Verify").then((chosen) => {
      if (chosen) {
        void vscode.commands.executeCommand("fusewright.verify", answer.uri);
      }
    });
  } else if (command === "fusewright.abandon" && isTold(answer)) {
    void vscode.window.showInformationMessage(answer.message);
  } else if (command === "fusewright.doctor" && typeof answer === "string") {
    await showReport(answer);
  } else if (command === "fusewright.verify" && isVerdict(answer) && answer.verdict === null) {
    void vscode.window
      .showErrorMessage(answer.reason ?? "The pair could not be judged.", "Doctor", "Show Log")
      .then((chosen) => {
        if (chosen === "Doctor") {
          void vscode.commands.executeCommand("fusewright.doctor");
        } else if (chosen === "Show Log") {
          log.show();
        }
      });
  }
}
