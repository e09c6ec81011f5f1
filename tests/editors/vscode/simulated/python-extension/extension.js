// SIMULATED: names the interpreters of SIMULATED_PYTHON, separated by colons, as active one after the other.
const vscode = require("vscode");

exports.activate = (context) => {
  const interpreters = (process.env.SIMULATED_PYTHON ?? "").split(":");
  const changed = new vscode.EventEmitter();
  let active = 0;
  context.subscriptions.push(
    vscode.commands.registerCommand("simulatedPython.choose", () => {
      active += 1;
      changed.fire({ path: interpreters[active], id: interpreters[active], resource: undefined });
    }),
  );
  return {
    environments: {
      getActiveEnvironmentPath: () => ({ path: interpreters[active], id: interpreters[active] }),
      resolveEnvironment: async ({ path }) => ({ path, executable: { uri: vscode.Uri.file(path) } }),
      onDidChangeActiveEnvironmentPath: changed.event,
    },
  };
};
