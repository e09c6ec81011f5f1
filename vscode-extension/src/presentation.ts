import type { Output, Ruling, Status, Verdict } from "./protocol.js";

/** What the status bar item shows. */
export interface Presentation {
  /** With icons, as `$(check)`. */
  text: string;
  /** Without icons, for screen readers. */
  label: string;
  /** Whether the background is coloured. */
  severity: "none" | "warning" | "error";
  /** The tooltip: a heading and a table. */
  tooltip: { heading: string; rows: [string, string][] };
}

/** The server's own condition. */
export type ServerState = "starting" | "running" | "stopped" | { problem: string };

const RULINGS: Record<Ruling, { icon: string; word: string; severity: Presentation["severity"] }> = {
  pass: { icon: "check", word: "pass", severity: "none" },
  slower: { icon: "warning", word: "slower", severity: "warning" },
  same: { icon: "warning", word: "same speed", severity: "warning" },
  untimed: { icon: "check", word: "right, untimed", severity: "none" },
  wrong: { icon: "x", word: "wrong", severity: "error" },
  rejected: { icon: "x", word: "rejected", severity: "error" },
  error: { icon: "x", word: "error", severity: "error" },
};

/**
 * What to show of the active document, or undefined to show nothing.
 *
 * @param status what the server last said of the document, if it is a pair
 * @param trusted whether the workspace may run anything
 */
export function present(
  server: ServerState,
  status: Status | undefined,
  trusted: boolean,
): Presentation | undefined {
  if (typeof server === "object") {
    return plain("error", "Fusewright", "the server is not running", "error", server.problem);
  }
  if (server === "stopped") {
    return plain("circle-slash", "Fusewright", "stopped", "none", "The server is stopped.");
  }
  if (server === "starting") {
    return plain("loading~spin", "Fusewright", "starting", "none", "The server is starting.");
  }
  if (status === undefined) {
    return undefined;
  }
  const presentation = ofStatus(status);
  if (trusted) {
    return presentation;
  }
  return {
    ...presentation,
    text: `$(shield) ${presentation.text}`,
    label: `${presentation.label}, restricted mode`,
    tooltip: {
      ...presentation.tooltip,
      rows: [...presentation.tooltip.rows, ["Restricted", "nothing is run until you trust this folder"]],
    },
  };
}

function ofStatus(status: Status): Presentation {
  switch (status.state) {
    case "idle":
      return plain("beaker", "Fusewright", "not verified", "none", status.text || "Not verified yet.");
    case "checking":
      return plain("sync~spin", "Fusewright", "checking", "none", status.text || "Checking the text.");
    case "verifying":
      return verifying(status);
    case "writing":
      return writing(status);
    case "verified":
      return verified(status);
    case "stale":
      return stale(status);
    case "error":
      return plain("error", "Fusewright", "error", "error", status.text || "The pair could not be judged.");
  }
}

function plain(
  icon: string,
  name: string,
  state: string,
  severity: Presentation["severity"],
  heading: string,
): Presentation {
  return { text: `$(${icon}) ${name}`, label: `${name}: ${state}`, severity, tooltip: { heading, rows: [] } };
}

/** The item says what the document's state is; how far the work is stands in its progress, and in the tooltip. */
function verifying(status: Status): Presentation {
  const phase = status.text || "verifying";
  // A first verdict may be known while the audit still runs.
  const known = status.verdict ? `${words(status.verdict)}, ` : "";
  return {
    text: `$(loading~spin) Fusewright: ${known}${attempt(phase) ?? "verifying"}`,
    label: `Fusewright: verifying, ${known}${phase}`,
    severity: "none",
    tooltip: { heading: `Verifying: ${phase}`, rows: status.verdict ? rows(status.verdict) : [] },
  };
}

function writing(status: Status): Presentation {
  const phase = status.text || "writing the kernel";
  return {
    text: "$(loading~spin) Fusewright: writing",
    label: `Fusewright: ${phase}`,
    severity: "none",
    tooltip: { heading: phase, rows: [] },
  };
}

function verified(status: Status): Presentation {
  const verdict = status.verdict;
  if (!verdict) {
    return plain("beaker", "Fusewright", "verified", "none", status.text);
  }
  const ruling = verdict.verdict ? RULINGS[verdict.verdict] : undefined;
  const shown = words(verdict);
  return {
    text: `$(${ruling?.icon ?? "error"}) ${shown}`,
    label: `Fusewright: ${shown}`,
    severity: ruling?.severity ?? "error",
    tooltip: { heading: verdict.reason ?? status.text, rows: rows(verdict) },
  };
}

function stale(status: Status): Presentation {
  const was = status.verdict ? `was ${words(status.verdict)}` : "";
  return {
    text: "$(history) stale",
    label: "Fusewright: the verdict is stale",
    severity: "none",
    tooltip: {
      heading: status.text || "The pair was edited after its verdict: verify it again, or undo.",
      rows: was === "" ? [] : [["Verdict", was]],
    },
  };
}

/** The verdict in a word or two: `2.31x`, `wrong`. */
export function words(verdict: Verdict): string {
  if (!verdict.verdict) {
    return "not judged";
  }
  const word = RULINGS[verdict.verdict]?.word ?? verdict.verdict;
  const speedup = number(verdict.speedup);
  if (speedup === undefined) {
    return word;
  }
  return verdict.verdict === "pass" ? times(speedup) : `${word} ${times(speedup)}`;
}

function rows(verdict: Verdict): [string, string][] {
  const rows: [string, string][] = [];
  const speedup = number(verdict.speedup);
  if (speedup !== undefined) {
    const interval = verdict.speedup_ci;
    rows.push([
      "Speedup",
      interval ? `${times(speedup)} (${interval.map(times).join(" to ")})` : times(speedup),
    ]);
  }
  const python = number(verdict.python_ms);
  const triton = number(verdict.triton_ms);
  if (python !== undefined && triton !== undefined) {
    rows.push(["Time", `PyTorch ${milliseconds(python)}, Triton ${milliseconds(triton)}`]);
  }
  for (const [index, output] of (verdict.outputs ?? []).entries()) {
    rows.push([(verdict.outputs?.length ?? 0) > 1 ? `Output ${index}` : "Output", describe(output)]);
  }
  if (verdict.kernels && verdict.kernels.length > 0) {
    rows.push(["Kernels", verdict.kernels.map((kernel) => `${kernel.name} ×${kernel.launches}`).join(", ")]);
  }
  if (verdict.device) {
    const mode = verdict.device.mode === "interpreter" ? ", Triton's interpreter" : "";
    rows.push(["Device", `${verdict.device.name}${mode}`]);
  }
  for (const finding of verdict.findings ?? []) {
    rows.push([finding.code, finding.message]);
  }
  if (verdict.pending && verdict.pending.length > 0) {
    rows.push(["Pending", verdict.pending.join(", ")]);
  }
  return rows;
}

function describe(output: Output): string {
  const shape = `${output.dtype}[${output.shape.join(", ")}]`;
  if (output.mismatched > 0) {
    return `${shape}, ${output.mismatched} of ${output.total} elements differ`;
  }
  const error = number(output.max_abs_error);
  return error === undefined ? shape : `${shape}, largest error ${error.toPrecision(2)}`;
}

function number(value: number | null | undefined): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

function times(value: number): string {
  return `${value.toFixed(2)}x`;
}

function milliseconds(value: number): string {
  return value < 1 ? `${(value * 1000).toFixed(1)} µs` : `${value.toFixed(2)} ms`;
}

/** In which attempt the loop is, where a phase begins with that. */
function attempt(phase: string): string | undefined {
  return /^attempt \d+ of \d+/.exec(phase)?.[0];
}
