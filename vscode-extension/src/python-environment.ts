import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { PVSC_EXTENSION_ID, PythonExtension } from "@vscode/python-extension";
import * as vscode from "vscode";

// Looks for both packages without importing them: torch takes seconds. -I keeps the folder's files out of it.
const PROBE =
  "import importlib.util as u, sys; sys.exit(0 if all(map(u.find_spec, ('torch', 'triton'))) else 1)";

/** The environment chosen in the Python extension, where that extension is installed. */
export class PythonEnvironment implements vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<void>();
  private subscription: vscode.Disposable | undefined;
  private known: string | undefined;
  /** Fires when the interpreter is found, or is another one. */
  readonly onDidChange = this.changed.event;

  constructor(private readonly log: vscode.LogOutputChannel) {}

  /** The interpreter of the active environment if it has torch and triton, as far as is known yet. */
  get interpreter(): string | undefined {
    return this.known;
  }

  /**
   * Asks the Python extension, which may take seconds to start. It starts the interpreter too, and so does
   * nothing in an untrusted workspace.
   */
  async refresh(): Promise<void> {
    if (!vscode.workspace.isTrusted || !vscode.extensions.getExtension(PVSC_EXTENSION_ID)) {
      return;
    }
    try {
      const found = await this.ask();
      if (found !== this.known) {
        this.known = found;
        this.changed.fire();
      }
    } catch (error) {
      this.log.warn(`The Python extension did not name its environment: ${String(error)}`);
    }
  }

  private async ask(): Promise<string | undefined> {
    const { environments } = await PythonExtension.api();
    this.subscription ??= environments.onDidChangeActiveEnvironmentPath(() => this.refresh());
    const resource = vscode.workspace.workspaceFolders?.[0]?.uri;
    const resolved = await environments.resolveEnvironment(environments.getActiveEnvironmentPath(resource));
    const interpreter = resolved?.executable.uri?.fsPath;
    if (interpreter === undefined) {
      return undefined;
    }
    const able = await hasTorchAndTriton(interpreter);
    const has = able ? "has torch and triton" : "lacks torch or triton and is not used";
    this.log.info(`${interpreter}, chosen in the Python extension, ${has}`);
    return able ? interpreter : undefined;
  }

  dispose(): void {
    this.subscription?.dispose();
    this.changed.dispose();
  }
}

async function hasTorchAndTriton(interpreter: string): Promise<boolean> {
  try {
    await promisify(execFile)(interpreter, ["-I", "-c", PROBE], { timeout: 10_000 });
    return true;
  } catch {
    return false;
  }
}
