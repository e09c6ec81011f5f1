#!/usr/bin/env node
// A SIMULATED language server. It judges nothing: it records what the extension sends, as JSON lines in the
// file that SIMULATED_SERVER_RECORD names, and answers what the test has it answer. It serves the tests of
// the extension's own conduct; the product's tests use the real server.

import { appendFileSync } from "node:fs";

const record = process.env.SIMULATED_SERVER_RECORD;
const send = (message) => {
  const body = Buffer.from(JSON.stringify({ jsonrpc: "2.0", ...message }));
  process.stdout.write(`Content-Length: ${body.length}\r\n\r\n`);
  process.stdout.write(body);
};
const status = (uri, state, text, verdict) =>
  send({ method: "fusewright/status", params: { uri, state, text, verdict } });

const PASS = {
  status: "SUCCESS",
  correct: true,
  verdict: "pass",
  reason: null,
  speedup: 2.314,
  speedup_ci: [2.2, 2.4],
};

const commands = {
  "fusewright.verify": (uri) => {
    status(uri, "verifying", "compiling the kernel");
    setTimeout(() => status(uri, "verified", "pass 2.31x", PASS), 1500);
    return { result: PASS };
  },
  "fusewright.archive": () => ({ error: { code: -32803, message: "The dataset cannot be written." } }),
  "fusewright.cancel": () => ({ result: null }),
  "fusewright.doctor": () => ({ result: "Python: found" }),
  "fusewright.init": () => ({ result: null }),
};

const handlers = {
  initialize: () => ({
    result: {
      capabilities: {
        textDocumentSync: 2,
        executeCommandProvider: { commands: Object.keys(commands) },
      },
    },
  }),
  shutdown: () => ({ result: null }),
  exit: () => process.exit(0),
  "workspace/executeCommand": ({ command, arguments: [uri] }) => commands[command](uri),
  "textDocument/didOpen": ({ textDocument: { uri, text } }) => {
    if (text.includes("<PYTHON>")) {
      status(uri, "idle", "");
    }
  },
  "textDocument/didChange": ({ textDocument: { uri } }) => status(uri, "stale", "", PASS),
};

function handle({ id, method, params }) {
  if (record && method) {
    appendFileSync(record, `${JSON.stringify({ pid: process.pid, method, params })}\n`);
  }
  const answer = handlers[method]?.(params);
  if (id !== undefined && method) {
    send({ id, ...(answer ?? { result: null }) });
  }
}

let pending = Buffer.alloc(0);
process.stdin.on("data", (chunk) => {
  pending = Buffer.concat([pending, chunk]);
  for (;;) {
    const end = pending.indexOf("\r\n\r\n");
    const length = end < 0 ? 0 : Number(/Content-Length: (\d+)/i.exec(pending.subarray(0, end))?.[1]);
    if (end < 0 || pending.length < end + 4 + length) {
      return;
    }
    const body = pending.subarray(end + 4, end + 4 + length);
    pending = pending.subarray(end + 4 + length);
    handle(JSON.parse(body.toString()));
  }
});
process.stdin.on("end", () => process.exit(0));
