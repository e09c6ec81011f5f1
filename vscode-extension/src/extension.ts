import * as vscode from "vscode";
import { Answers } from "./answers.js";
import { LateKernels } from "./late.js";
import { Layout } from "./layout.js";
import { showMenu } from "./menu.js";
import { newPair } from "./new-pair.js";
import { PythonEnvironment } from "./python-environment.js";
import { registerReports } from "./report.js";
import { Secrets } from "./secrets.js";
import { Server } from "./server.js";
import { StatusBar } from "./status-bar.js";

let server: Server | undefined;

/** How long VS Code waits for the server before it runs the command that started the extension. */
const STARTING_MS = 10_000;

/** Starts the server and everything that shows it. */
export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const log = vscode.window.createOutputChannel("Fusewright", { log: true });
  const python = new PythonEnvironment(log);
  const secrets = new Secrets(context.secrets);
  const answers = new Answers();
  const late = new LateKernels((document, block) => started.insertion(document, block));
  const started: Server = new Server(context, log, python, secrets, answers, late);
  const statusBar = new StatusBar(started);
  server = started;
  context.subscriptions.push(
    log,
    python,
    answers,
    late,
    started,
    statusBar,
    new Layout(),
    registerReports(),
    vscode.commands.registerCommand("fusewright.newPair", newPair),
    vscode.commands.registerCommand("fusewright.setApiKey", () => secrets.set()),
    vscode.commands.registerCommand("fusewright.restart", () => started.restart()),
    vscode.commands.registerCommand("fusewright.showLog", () => log.show()),
    vscode.commands.registerCommand("fusewright.menu", () => showMenu(started, statusBar, late)),
    python.onDidChange(() => started.configure()),
    vscode.workspace.onDidGrantWorkspaceTrust(async () => {
      await started.configure();
      await python.refresh();
    }),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration("fusewright.server")) {
        void started.restart();
      } else if (event.affectsConfiguration("fusewright")) {
        void started.configure();
      }
    }),
  );
  // Not awaited: the Python extension may take long to start, and diagnostics need no Python.
  void python.refresh();
  // The server's commands are there once it runs, and one of them may be what VS Code started the extension for.
  await Promise.race([started.restart(), new Promise((resolve) => setTimeout(resolve, STARTING_MS))]);
}

/** Ends the server; VS Code waits for it. */
export async function deactivate(): Promise<void> {
  await server?.stop();
}
