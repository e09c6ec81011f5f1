/** A text with every secret taken out. */
export function redacted(text: string, secrets: Iterable<string>): string {
  let shown = text;
  for (const secret of secrets) {
    // JSON writes some characters otherwise.
    for (const form of new Set([secret, JSON.stringify(secret).slice(1, -1)])) {
      if (form !== "") {
        shown = shown.replaceAll(form, "(a key)");
      }
    }
  }
  return shown;
}
