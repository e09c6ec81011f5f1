import * as vscode from "vscode";
import { showMenu } from "./menu.js";
import { newPair } from "./new-pair.js";
import { PythonEnvironment } from "./python-environment.js";
import { registerReports } from "./report.js";
import { Server } from "./server.js";
import { StatusBar } from "./status-bar.js";

let server: Server | undefined;

/** Starts the server and everything that shows it. */
export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel("Fusewright", { log: true });
  const python = new PythonEnvironment(log);
  const started = new Server(context, log, python);
  const statusBar = new StatusBar(started);
  server = started;
  context.subscriptions.push(
    log,
    python,
    started,
    statusBar,
    registerReports(),
    vscode.commands.registerCommand("fusewright.newPair", newPair),
    vscode.commands.registerCommand("fusewright.restart", () => started.restart()),
    vscode.commands.registerCommand("fusewright.showLog", () => log.show()),
    vscode.commands.registerCommand("fusewright.menu", () => showMenu(started, statusBar)),
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
  void started.restart();
  void python.refresh();
}

/** Ends the server; VS Code waits for it. */
export async function deactivate(): Promise<void> {
  await server?.stop();
}
