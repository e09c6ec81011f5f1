// VS Code's real workbench in Chromium: one server and one fresh copy of a fixture folder for each test file.

import { spawn, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Editor } from "./editor.mjs";

const here = join(import.meta.dirname, "..");
const root = join(here, "../../..");
const tools = join(root, ".tools/vscode");
const { chromium } = createRequire(join(tools, "package.json"))("playwright-core");
const serverMain = join(tools, "node_modules/code-server/lib/vscode/out/server-main.js");

/** The packaged extension under test. */
const VSIX = join(tools, "fusewright.vsix");

/** What keeps the workbench quiet and its tests alike. */
const QUIET = {
  "chat.disableAIFeatures": true,
  "editor.minimap.enabled": false,
  "editor.stickyScroll.enabled": false,
  // What is typed is what is meant.
  "editor.autoClosingBrackets": "never",
  "editor.quickSuggestions": { other: "off", comments: "off", strings: "off" },
  "extensions.autoUpdate": "off",
  "files.autoSave": "off",
  "security.workspace.trust.enabled": false,
  "telemetry.telemetryLevel": "off",
  "update.mode": "none",
  "window.commandCenter": false,
  // biome-ignore lint/suspicious/noTemplateCurlyInString: VS Code's own variables.
  "window.title": "${dirty}${activeEditorShort}",
  "workbench.activityBar.location": "hidden",
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "workbench.startupEditor": "none",
  "workbench.tips.enabled": false,
};

/** The Python with torch and triton that run.sh settled on. */
export function interpreter() {
  const found = process.env.FUSEWRIGHT_PYTHON;
  if (!found) {
    throw new Error("FUSEWRIGHT_PYTHON names no Python with torch and triton: start these tests by run.sh");
  }
  return found;
}

/** A running workbench. */
export class Workbench {
  /**
   * Starts a server with the given extensions, and a browser.
   *
   * @param {object} options
   * @param {string} options.fixture folder under fixtures/ that is copied
   * @param {Record<string, unknown>} [options.settings] user settings
   * @param {string[]} [options.extensions] further extensions, as .vsix
   * @param {NodeJS.ProcessEnv} [options.env] the server's environment beside this process's
   */
  static async start({ fixture, settings = {}, extensions = [], env = {} }) {
    const bench = new Workbench();
    try {
      await bench.#start(fixture, settings, extensions, env);
    } catch (error) {
      await bench.stop();
      throw error;
    }
    return bench;
  }

  async #start(fixture, settings, extensions, env) {
    this.state = realpathSync(mkdtempSync(join(tmpdir(), "fusewright-vscode-")));
    this.folder = join(this.state, "folder");
    cpSync(join(here, "fixtures", fixture), this.folder, { recursive: true });
    const user = join(this.state, "user/User");
    mkdirSync(user, { recursive: true });
    writeFileSync(join(user, "settings.json"), JSON.stringify({ ...QUIET, ...settings }));
    const arguments_ = [
      serverMain,
      "--accept-server-license-terms",
      ...["--user-data-dir", join(this.state, "user"), "--server-data-dir", join(this.state, "data")],
      ...["--extensions-dir", join(this.state, "extensions"), "--telemetry-level", "off"],
    ];
    for (const vsix of [...extensions, VSIX]) {
      const done = spawnSync(process.execPath, [...arguments_, "--install-extension", vsix], {
        encoding: "utf8",
      });
      if (done.status !== 0) {
        throw new Error(`${vsix} could not be installed:\n${done.stdout}${done.stderr}`);
      }
    }
    this.port = await freePort();
    this.server = spawn(
      process.execPath,
      [...arguments_, "--host", "127.0.0.1", "--port", String(this.port), "--without-connection-token"],
      {
        env: {
          ...process.env,
          // The verdicts that the user's own Fusewright remembers are none of a test's.
          FUSEWRIGHT_HOME: join(this.state, "home"),
          // This variable would count over the settings that are tested.
          FUSEWRIGHT_PYTHON: "",
          ...env,
        },
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    await listening(this.server);
    this.browser = await chromium.launch({
      executablePath: process.env.FUSEWRIGHT_CHROMIUM ?? "/usr/bin/chromium",
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    });
  }

  /** Writes a file of the folder. */
  write(file, text) {
    mkdirSync(dirname(join(this.folder, file)), { recursive: true });
    writeFileSync(join(this.folder, file), text);
  }

  /** Writes the folder's settings; VS Code reads them at once. */
  configure(settings) {
    this.write(".vscode/settings.json", JSON.stringify(settings));
  }

  /**
   * Opens the folder, with one of its files, in a new page. Extensions that are tests' own may want interfaces of
   * VS Code's that are not final.
   */
  async open(file, { proposedInterfaces = false } = {}) {
    const address = new URL(`http://127.0.0.1:${this.port}/`);
    address.searchParams.set("folder", this.folder);
    const payload = [];
    if (file) {
      payload.push(["openFile", `vscode-remote://127.0.0.1:${this.port}${join(this.folder, file)}`]);
    }
    if (proposedInterfaces) {
      payload.push(["enableProposedApi", ""]);
    }
    address.searchParams.set("payload", JSON.stringify(payload));
    const page = await this.browser.newPage({ viewport: { width: 1280, height: 800 } });
    page.setDefaultTimeout(30_000);
    await page.goto(address.href);
    await page.locator(".monaco-workbench").waitFor();
    this.editor = new Editor(page);
    return this.editor;
  }

  /** Keeps a picture of the page under .tools/, for whoever looks for why a test failed. */
  async picture(name) {
    await this.editor?.page.screenshot({ path: join(tools, "pictures", `${name}.png`) });
  }

  /** Ends the browser and the server, by its own process id, and removes their files. */
  async stop() {
    await this.browser?.close();
    if (this.server && this.server.exitCode === null) {
      const ended = new Promise((resolve) => this.server.once("exit", resolve));
      this.server.kill("SIGTERM");
      await ended;
    }
    if (this.state) {
      rmSync(this.state, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    }
  }
}

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

function listening(server) {
  return new Promise((resolve, reject) => {
    let said = "";
    const hear = (chunk) => {
      said += chunk;
      if (said.includes("Extension host agent listening on")) {
        resolve();
      }
    };
    server.stdout.on("data", hear);
    server.stderr.on("data", hear);
    server.once("exit", (code) => reject(new Error(`VS Code's server ended with ${code}:\n${said}`)));
  });
}
