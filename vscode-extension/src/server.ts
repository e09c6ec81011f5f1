import { accessSync, constants, statSync } from "node:fs";
import { homedir } from "node:os";
import { createInterface } from "node:readline";
import * as vscode from "vscode";
import { LanguageClient, ResponseError, RevealOutputChannelOn, State } from "vscode-languageclient/node";
import type { Answers } from "./answers.js";
import { follow } from "./candidates.js";
import { executeCommand } from "./commands.js";
import { complete, hasLanguageModels } from "./language-model.js";
import type { LateKernels } from "./late.js";
import { logLine } from "./log-line.js";
import type { ServerState } from "./presentation.js";
import type { Answer, Candidate, CompleteParams, CompletePiece, Late, Options, Status } from "./protocol.js";
import type { PythonEnvironment } from "./python-environment.js";
import type { Secrets } from "./secrets.js";
import { findServer } from "./server-path.js";
import { serverSettings } from "./settings.js";

/** The protocol's code of a request that was right but failed. */
const REQUEST_FAILED = -32803;

/** The language server: finds it, starts it, tells it the configuration, and says how it is. */
export class Server implements vscode.Disposable {
  private client: LanguageClient | undefined;
  private current: ServerState = "stopped";
  /** One start or stop at a time, in the order asked for. */
  private turn: Promise<void> = Promise.resolve();
  private readonly stateChanged = new vscode.EventEmitter<ServerState>();
  private readonly statusReceived = new vscode.EventEmitter<Status>();
  /** Fires when the server starts, stops or fails. */
  readonly onDidChangeState = this.stateChanged.event;
  /** Fires with each `fusewright/status`. */
  readonly onStatus = this.statusReceived.event;

  constructor(
    private readonly context: vscode.ExtensionContext,
    private readonly log: vscode.LogOutputChannel,
    private readonly python: PythonEnvironment,
    private readonly secrets: Secrets,
    private readonly answers: Answers,
    private readonly late: LateKernels,
  ) {}

  /** How the server is. */
  get state(): ServerState {
    return this.current;
  }

  /** The running client, if any. */
  get running(): LanguageClient | undefined {
    return this.client?.state === State.Running ? this.client : undefined;
  }

  /** Starts the server, or starts it anew. */
  restart(): Promise<void> {
    return this.inTurn(async () => {
      await this.stopClient();
      await this.startClient();
    });
  }

  /** Ends the server and all it started. */
  stop(): Promise<void> {
    return this.inTurn(() => this.stopClient());
  }

  /** Tells the running server what the settings, the environment and the trust now are. */
  configure(): Promise<void> {
    return this.inTurn(async () => {
      await this.running?.sendNotification("workspace/didChangeConfiguration", {
        settings: this.options(),
      });
    });
  }

  /** What a document would be with a TRITON block; nothing is edited. */
  async insertion(document: vscode.Uri, block: string): Promise<string> {
    const client = this.running;
    if (!client) {
      throw new Error("The server is not running: run Fusewright: Restart Server.");
    }
    const uri = client.code2ProtocolConverter.asUri(document);
    const { text } = await client.sendRequest<{ text: string }>("fusewright/insertion", { uri, block });
    return text;
  }

  dispose(): void {
    this.stateChanged.dispose();
    this.statusReceived.dispose();
  }

  private inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.turn.then(work);
    this.turn = done.catch((error) => this.log.error(String(error)));
    return this.turn;
  }

  private async startClient(): Promise<void> {
    const found = findServer({
      configured: vscode.workspace.getConfiguration("fusewright").get("server.path", "").trim(),
      bundled: this.context.asAbsolutePath("server/fusewright"),
      path: process.env.PATH ?? "",
      home: homedir(),
      isProgram,
    });
    if ("problem" in found) {
      this.fail(found.problem);
      return;
    }
    this.log.info(`Starting ${found.program} (from the ${found.from})`);
    this.become("starting");
    const client = this.makeClient(found.program);
    this.client = client;
    try {
      await client.start();
    } catch (error) {
      this.fail(`${found.program} did not start as a language server: ${message(error)}`);
    }
  }

  private makeClient(program: string): LanguageClient {
    const level = vscode.workspace.getConfiguration("fusewright").get("server.logLevel", "info");
    const client: LanguageClient = new LanguageClient(
      "fusewright",
      "Fusewright",
      // Not in the workspace's folder: no program that the server starts may pick up files of that folder.
      {
        command: program,
        args: ["server"],
        options: { cwd: this.context.extensionPath, env: { ...process.env, FUSEWRIGHT_LOG: level } },
      },
      {
        documentSelector: [
          { scheme: "file", language: "python" },
          { scheme: "untitled", language: "python" },
          { scheme: "file", pattern: "**/fusewright.toml" },
          { scheme: "file", pattern: "**/triton_training_data/fusion_ideas.txt" },
        ],
        initializationOptions: this.options(),
        outputChannel: this.log,
        // A trace may hold whole messages, and one of them is a key.
        traceOutputChannel: this.secrets.redacting(this.log),
        revealOutputChannelOn: RevealOutputChannelOn.Never,
        // Standard output is the protocol's: nothing of it is for the log.
        stdioOptions: { stdout: () => {}, stderr: forward },
        middleware: {
          executeCommand: (command, args) => executeCommand(client, this.log, this.answers, command, args),
        },
      },
    );
    client.onNotification("fusewright/status", (status: Status) => this.statusReceived.fire(status));
    client.onNotification("fusewright/answer", (answer: Answer) => this.answers.take(answer));
    client.onNotification("fusewright/late", (late: Late) => void this.late.offer(late));
    client.onNotification("fusewright/candidate", (candidate: Candidate) => void follow(candidate));
    client.onRequest("fusewright/secret", async ({ name }: { name: string }) => ({
      value: (await this.secrets.get(name)) ?? null,
    }));
    client.onRequest(
      "fusewright/complete",
      async (params: CompleteParams, token: vscode.CancellationToken) => {
        const access = this.context.languageModelAccessInformation;
        const send = (piece: CompletePiece) => client.sendNotification("fusewright/completePiece", piece);
        try {
          return await complete(params, access, send, token);
        } catch (error) {
          // As it is, so that the server shows the sentence and nothing around it.
          return new ResponseError(REQUEST_FAILED, message(error));
        }
      },
    );
    client.onDidChangeState(({ newState }) => {
      if (this.client === client || this.client === undefined) {
        this.become(
          newState === State.Running ? "running" : newState === State.Starting ? "starting" : "stopped",
        );
      }
    });
    return client;
  }

  private async stopClient(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    if (client) {
      try {
        await client.dispose();
      } catch (error) {
        // A server that has crashed cannot be asked to stop; it is gone all the same.
        this.log.warn(`The server did not stop in order: ${message(error)}`);
      }
      this.become("stopped");
    }
  }

  private options(): Options {
    const configuration = vscode.workspace.getConfiguration("fusewright");
    const interpreter = this.python.interpreter;
    return {
      settings: serverSettings((name) => configuration.inspect(name)),
      defaults: interpreter === undefined ? {} : { python: { interpreter } },
      status: true,
      languageModel: hasLanguageModels(),
      secrets: true,
      answers: true,
      candidates: true,
      differences: true,
      trusted: vscode.workspace.isTrusted,
    };
  }

  private fail(problem: string): void {
    this.log.error(problem);
    this.become({ problem });
    void vscode.window.showErrorMessage(problem, "Open Settings", "Show Log").then((chosen) => {
      if (chosen === "Open Settings") {
        void vscode.commands.executeCommand("workbench.action.openSettings", "fusewright.server.path");
      } else if (chosen === "Show Log") {
        this.log.show();
      }
    });
  }

  private become(state: ServerState): void {
    this.current = state;
    this.stateChanged.fire(state);
  }
}

/** Passes the server's standard error on to the log, at its own levels. */
function forward(input: NodeJS.ReadableStream, channel: vscode.LogOutputChannel): void {
  createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY }).on("line", (line) => {
    const { level, text } = logLine(line);
    channel[level](text);
  });
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
