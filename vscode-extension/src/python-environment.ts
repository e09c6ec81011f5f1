import { execFile } from "node:child_process";
import { promisify } from "node:util";
import {
  type ActiveEnvironmentPathChangeEvent,
  PVSC_EXTENSION_ID,
  PythonExtension,
} from "@vscode/python-extension";
import * as vscode from "vscode";

// Looks for both packages without importing them: torch takes seconds. -I keeps the folder's files out of it.
const PROBE =
  "import importlib.util as u, sys; sys.exit(0 if all(map(u.find_spec, ('torch', 'triton'))) else 1)";

/** The environment chosen in the Python extension, where that extension is installed. */
export class PythonEnvironment implements vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<void>();
  private subscription: vscode.Disposable | undefined;
  /** Fires when another environment was chosen. */
  readonly onDidChange = this.changed.event;

  constructor(private readonly log: vscode.LogOutputChannel) {}

  /**
   * The active environment's interpreter if it has torch and triton. It starts that interpreter, so it must
   * not be called in an untrusted workspace.
   */
  async interpreter(): Promise<string | undefined> {
    if (!vscode.extensions.getExtension(PVSC_EXTENSION_ID)) {
      return undefined;
    }
    try {
      const { environments } = await PythonExtension.api();
      this.subscription ??= environments.onDidChangeActiveEnvironmentPath(
        (_: ActiveEnvironmentPathChangeEvent) => this.changed.fire(),
      );
      const resource = vscode.workspace.workspaceFolders?.[0]?.uri;
      const resolved = await environments.resolveEnvironment(environments.getActiveEnvironmentPath(resource));
      const interpreter = resolved?.executable.uri?.fsPath;
      if (interpreter === undefined) {
        return undefined;
      }
      if (!(await hasTorchAndTriton(interpreter))) {
        this.log.info(`${interpreter}, chosen in the Python extension, lacks torch or triton: not used`);
        return undefined;
      }
      this.log.info(`${interpreter}, chosen in the Python extension, has torch and triton`);
      return interpreter;
    } catch (error) {
      this.log.warn(`The Python extension did not name its environment: ${String(error)}`);
      return undefined;
    }
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
