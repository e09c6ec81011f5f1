// The simulated counterparts under simulated/, made ready for a test.

import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { eventually } from "./eventually.mjs";

const simulated = join(import.meta.dirname, "../simulated");
const vsce = join(import.meta.dirname, "../../../../vscode-extension/node_modules/@vscode/vsce/vsce");

/** Packages a simulated extension into a folder and names the .vsix. */
export function extension(name, folder) {
  const vsix = join(folder, `${name}.vsix`);
  execFileSync(
    process.execPath,
    [vsce, "package", "--no-dependencies", "--allow-missing-repository", "--skip-license", "--out", vsix],
    { cwd: join(simulated, name), stdio: ["ignore", "ignore", "inherit"] },
  );
  return vsix;
}

/** Writes a program that runs a line of shell, and names it. */
export function program(folder, name, line) {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${line}\n`);
  chmodSync(path, 0o755);
  return path;
}

/**
 * A simulated endpoint on loopback that speaks OpenAI's protocol. Each request is handed to the test, which says what
 * is streamed.
 */
export class SimulatedEndpoint {
  static async start() {
    const endpoint = new SimulatedEndpoint();
    endpoint.asked = [];
    endpoint.server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk) => {
        body += chunk;
      });
      request.on("end", () => {
        const asked = new Asked(request, response, JSON.parse(body));
        response.on("close", () => {
          asked.closed = true;
        });
        endpoint.asked.push(asked);
      });
    });
    await new Promise((resolve) => endpoint.server.listen(0, "127.0.0.1", resolve));
    endpoint.address = `http://127.0.0.1:${endpoint.server.address().port}/v1`;
    return endpoint;
  }

  /** The next request that nobody has looked at. */
  next(limit) {
    return eventually("a request to the endpoint", () => this.asked.shift(), limit);
  }

  stop() {
    this.server.closeAllConnections();
    this.server.close();
  }
}

class Asked {
  constructor(request, response, body) {
    this.headers = request.headers;
    this.body = body;
    this.response = response;
    this.closed = false;
  }

  /** Streams a piece of the answer. */
  piece(content) {
    if (!this.response.headersSent) {
      this.response.writeHead(200, { "content-type": "text/event-stream" });
    }
    this.response.write(`data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`);
  }

  /** Ends the answer in order. */
  end() {
    const last = { choices: [{ index: 0, delta: {}, finish_reason: "stop" }] };
    this.response.end(`data: ${JSON.stringify(last)}\n\ndata: [DONE]\n\n`);
  }
}

/** A simulated server: its program, and what it was sent. */
export class SimulatedServer {
  constructor(folder, name) {
    this.record = join(folder, `${name}.jsonl`);
    this.program = program(
      folder,
      name,
      `SIMULATED_SERVER_RECORD='${this.record}' exec '${process.execPath}' '${join(simulated, "server.mjs")}'`,
    );
  }

  /** The messages of a method so far: `{ pid, params }`, oldest first. */
  received(method) {
    if (!existsSync(this.record)) {
      return [];
    }
    return readFileSync(this.record, "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line))
      .filter((message) => message.method === method);
  }
}
