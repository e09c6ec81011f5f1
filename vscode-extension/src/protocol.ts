/** What travels between the extension and the server beside the Language Server Protocol itself. */

/** What the server says about one document: the parameters of `fusewright/status`. */
export interface Status {
  uri: string;
  state: "idle" | "checking" | "verifying" | "writing" | "verified" | "stale" | "error";
  text: string;
  verdict?: Verdict | null;
}

/** The ruling on a pair; null where it could not be judged. */
export type Ruling = "pass" | "slower" | "same" | "untimed" | "wrong" | "rejected" | "error";

/** The keys of the verdict line that the extension shows. */
export interface Verdict {
  status: "SUCCESS" | "FAILED";
  correct: boolean;
  verdict: Ruling | null;
  reason: string | null;
  speedup?: number | null;
  speedup_ci?: [number, number] | null;
  python_ms?: number | null;
  triton_ms?: number | null;
  kernels?: { name: string; launches: number }[];
  outputs?: Output[];
  findings?: { code: string; message: string }[];
  pending?: string[];
  device?: { name: string; mode: string } | null;
}

/** The comparison of one output. */
export interface Output {
  shape: number[];
  dtype: string;
  max_abs_error: number | null;
  mismatched: number;
  total: number;
}

/** What `fusewright.archive` answers. */
export interface Archived {
  path: string;
  line: number;
}

/** What `fusewright.generate` and `fusewright.fix` answer. */
export interface Written {
  uri: string;
  applied: boolean;
  writer: string;
  message: string;
}

/** A prompt for VS Code's own language model: the parameters of `fusewright/complete`. */
export interface CompleteParams {
  id: string;
  /** The model's id, family or name, where the settings name one. */
  model?: string;
  messages: { role: "system" | "user" | "assistant"; text: string }[];
}

/** The answer to `fusewright/complete`, whose text came in pieces. */
export interface Completion {
  model: string;
}

/** A piece of such an answer, or a sign of life: the parameters of `fusewright/completePiece`. */
export interface CompletePiece {
  id: string;
  text?: string;
  model?: string;
  waiting?: string;
}

/** A kernel while it is being written: the parameters of `fusewright/answer`. */
export interface Answer {
  uri: string;
  writer: string;
  text: string;
  stage: "begin" | "more" | "end";
}

/** A kernel that came too late for its document: the parameters of `fusewright/late`. */
export interface Late {
  uri: string;
  writer: string;
  reason: string;
  /** What the document would be with it. */
  text: string;
  /** The TRITON block alone. */
  block: string;
}

/** The loop wrote the candidate's file, or deleted it: the parameters of `fusewright/candidate`. */
export interface Candidate {
  uri: string;
  exists: boolean;
}

/** Settings under the keys of fusewright.toml; only what was set. */
export type ServerSettings = Record<string, Record<string, unknown>>;

/** The initialization options, sent anew with every change of the configuration. */
export interface Options {
  /** Counts over fusewright.toml. */
  settings: ServerSettings;
  /** Counts under fusewright.toml. */
  defaults: ServerSettings;
  /** Whether the client shows `fusewright/status`. */
  status: true;
  /** Whether the client answers `fusewright/complete`. */
  languageModel: boolean;
  /** Whether the client answers `fusewright/secret`. */
  secrets: true;
  /** Whether the client shows `fusewright/answer`. */
  answers: true;
  /** Whether the client takes `fusewright/candidate`. */
  candidates: true;
  /** Whether the client shows `fusewright/late`. */
  differences: true;
  /** Whether the workspace may run anything. */
  trusted: boolean;
}

/** Whether an answer of the server is a verdict line. */
export function isVerdict(value: unknown): value is Verdict {
  return isObject(value) && typeof value.status === "string" && typeof value.correct === "boolean";
}

/** Whether an answer of the server tells of a written kernel. */
export function isWritten(value: unknown): value is Written {
  return isObject(value) && typeof value.applied === "boolean" && typeof value.message === "string";
}

/** Whether an answer of the server comes with a sentence for the user. */
export function isTold(value: unknown): value is { message: string } {
  return isObject(value) && typeof value.message === "string";
}

/** Whether an answer of the server names an archived line. */
export function isArchived(value: unknown): value is Archived {
  return isObject(value) && typeof value.path === "string" && typeof value.line === "number";
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
