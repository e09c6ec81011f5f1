/** The ideas of a file with their lines, which are their numbers; empty lines and comments are none. */
export function listed(text: string): { line: number; idea: string }[] {
  return text
    .split(/\r\n|\r|\n/)
    .map((idea, index) => ({ line: index + 1, idea: idea.trim() }))
    .filter(({ idea }) => idea !== "" && !idea.startsWith("#"));
}
