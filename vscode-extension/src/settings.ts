import type { ServerSettings } from "./protocol.js";

/** What VS Code knows of one setting: `WorkspaceConfiguration.inspect`. */
export interface Inspected {
  globalValue?: unknown;
  workspaceValue?: unknown;
  workspaceFolderValue?: unknown;
}

/** The settings that the server knows, by their name in VS Code. */
export const SERVER_SETTINGS = [
  "python.interpreter",
  "python.command",
  "verify.device",
  "verify.timeoutS",
  "verify.seeds",
  "verify.minSpeedup",
  "verify.target",
  "verify.compileOnSave",
  "verify.containment",
  "model.provider",
  "model.model",
  "model.baseUrl",
  "model.apiKeyEnv",
  "model.command",
  "model.temperature",
  "model.maxTokens",
  "loop.attempts",
  "dataset.path",
  "dataset.require",
  "dataset.allowUntimed",
  "dataset.allowInductor",
  "rules.ignore",
] as const;

/**
 * The settings that the user set, under the names of fusewright.toml. A default of VS Code's is left out:
 * it would hide what the workspace's fusewright.toml says.
 */
export function serverSettings(inspect: (name: string) => Inspected | undefined): ServerSettings {
  const settings: ServerSettings = {};
  for (const name of SERVER_SETTINGS) {
    const inspected = inspect(name);
    const value = inspected?.workspaceFolderValue ?? inspected?.workspaceValue ?? inspected?.globalValue;
    if (value === undefined || value === null || isEmpty(name, value)) {
      continue;
    }
    const [table, key] = name.split(".") as [string, string];
    settings[table] ??= {};
    settings[table][snakeCase(key)] = value;
  }
  return settings;
}

/** Emptied, these mean "not set"; an empty list of ignored rules means what it says. */
function isEmpty(name: string, value: unknown): boolean {
  return value === "" || (name.endsWith(".command") && Array.isArray(value) && value.length === 0);
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
