import * as vscode from "vscode";
import { redacted } from "./redacted.js";

/** The environment variables that commonly hold a key, and whose it is. */
const USUAL = [
  { label: "OpenAI, or a server that speaks its protocol", description: "OPENAI_API_KEY" },
  { label: "Anthropic", description: "ANTHROPIC_API_KEY" },
];

/** What an environment variable may be called. */
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * Keys in VS Code's secret store, each under the name of the environment variable that it stands in for. They are
 * handed to the server when it asks, and appear in no setting, file or log.
 */
export class Secrets {
  /** What was handed out, so that no log may show it. */
  private readonly handedOut = new Set<string>();

  constructor(private readonly store: vscode.SecretStorage) {}

  /** Answers the server. In a folder that is not trusted nothing is handed out. */
  async get(name: string): Promise<string | undefined> {
    if (!vscode.workspace.isTrusted) {
      return undefined;
    }
    const value = await this.store.get(entry(name));
    if (value !== undefined) {
      this.handedOut.add(value);
    }
    return value;
  }

  /** A log channel that shows no key, whatever is written to it. */
  redacting(log: vscode.LogOutputChannel): vscode.LogOutputChannel {
    return new Proxy(log, {
      get: (target, property) => {
        const member: unknown = Reflect.get(target, property, target);
        if (typeof member !== "function") {
          return member;
        }
        return (...given: unknown[]) =>
          member.apply(
            target,
            given.map((one) => (typeof one === "string" ? redacted(one, this.handedOut) : one)),
          );
      },
    });
  }

  /** Asks the user for a key and keeps it; an empty one takes it away. */
  async set(): Promise<void> {
    const name = await chooseName();
    if (name === undefined) {
      return;
    }
    const value = await vscode.window.showInputBox({
      title: `Fusewright: ${name}`,
      prompt: "Kept in VS Code's secret store. Leave it empty to take the key away.",
      password: true,
      ignoreFocusOut: true,
    });
    if (value === undefined) {
      return;
    }
    if (value.trim() === "") {
      await this.store.delete(entry(name));
      void vscode.window.showInformationMessage(`${name} is no longer in VS Code's secret store.`);
    } else {
      await this.store.store(entry(name), value.trim());
      void vscode.window.showInformationMessage(`${name} is in VS Code's secret store.`);
    }
  }
}

async function chooseName(): Promise<string | undefined> {
  const configured = vscode.workspace.getConfiguration("fusewright").get("model.apiKeyEnv", "").trim();
  const own =
    configured === "" || USUAL.some((one) => one.description === configured)
      ? []
      : [{ label: "The one of your settings", description: configured }];
  const other = { label: "Another…", description: "" };
  const chosen = await vscode.window.showQuickPick([...own, ...USUAL, other], {
    title: "Fusewright: Set API Key",
    placeHolder: "Whose key it is",
  });
  if (chosen === undefined || chosen.description !== "") {
    return chosen?.description;
  }
  return vscode.window.showInputBox({
    title: "Fusewright: Set API Key",
    prompt: "The environment variable that the key stands in for: what `api_key_env` names",
    validateInput: (name) => (NAME.test(name) ? undefined : "Letters, digits and _ alone"),
  });
}

function entry(name: string): string {
  return `key.${name}`;
}
