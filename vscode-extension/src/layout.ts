import * as vscode from "vscode";

const DATA = "triton_training_data";

/**
 * Keeps the context key `fusewright.workspaces`, which says how many of the open folders are laid out: "none", "some" or
 * "all". Where the extension does not run yet the key is unset, and no folder is laid out: one that is starts it.
 */
export class Layout implements vscode.Disposable {
  private watchers: vscode.Disposable[] = [];
  private readonly subscription = vscode.workspace.onDidChangeWorkspaceFolders(() => this.watch());

  constructor() {
    this.watch();
  }

  dispose(): void {
    this.subscription.dispose();
    vscode.Disposable.from(...this.watchers).dispose();
  }

  private watch(): void {
    vscode.Disposable.from(...this.watchers).dispose();
    this.watchers = (vscode.workspace.workspaceFolders ?? []).flatMap((folder) => {
      const watcher = vscode.workspace.createFileSystemWatcher(
        new vscode.RelativePattern(folder, DATA),
        false,
        true,
      );
      const refresh = () => void this.refresh();
      return [watcher, watcher.onDidCreate(refresh), watcher.onDidDelete(refresh)];
    });
    void this.refresh();
  }

  private async refresh(): Promise<void> {
    const folders = vscode.workspace.workspaceFolders ?? [];
    const laidOut = await Promise.all(folders.map(({ uri }) => isFolder(vscode.Uri.joinPath(uri, DATA))));
    const count = laidOut.filter((one) => one).length;
    const key = count === 0 ? "none" : count < folders.length ? "some" : "all";
    await vscode.commands.executeCommand("setContext", "fusewright.workspaces", key);
  }
}

async function isFolder(uri: vscode.Uri): Promise<boolean> {
  try {
    const { type } = await vscode.workspace.fs.stat(uri);
    return (type & vscode.FileType.Directory) !== 0;
  } catch {
    return false;
  }
}
