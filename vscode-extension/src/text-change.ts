/** One replacement: from `start` to `end`, offsets in UTF-16, stands `replacement`. */
export interface Change {
  start: number;
  end: number;
  replacement: string;
}

/** The smallest single replacement that makes one text the other. */
export function change(before: string, after: string): Change {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before[start] === after[start]) {
    start += 1;
  }
  let same = 0;
  while (same < shorter - start && before.at(-1 - same) === after.at(-1 - same)) {
    same += 1;
  }
  return { start, end: before.length - same, replacement: after.slice(start, after.length - same) };
}
