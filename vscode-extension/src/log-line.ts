/** The levels that the server's log and VS Code's share. */
export type Level = "error" | "warn" | "info" | "debug" | "trace";

/** One line of the server's standard error. */
export interface LogLine {
  level: Level;
  text: string;
}

// The escape sequences that colour a terminal.
const COLOUR = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, "g");
const LINE = /^(?:\d{4}-\d\d-\d\dT[\d:.]+Z?)?\s*(ERROR|WARN|INFO|DEBUG|TRACE)\s+(.*)$/;

/** Takes the level out of a line of the server's log, and the time, which VS Code writes itself. */
export function logLine(line: string): LogLine {
  const plain = line.replace(COLOUR, "");
  const found = LINE.exec(plain);
  return found?.[1] === undefined
    ? { level: "info", text: plain }
    : { level: found[1].toLowerCase() as Level, text: found[2] ?? "" };
}
