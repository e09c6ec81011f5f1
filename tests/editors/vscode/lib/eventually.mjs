/**
 * Waits until `look` gives something other than undefined, null or false, and gives that.
 *
 * @param {string} what what is awaited, for the message
 * @param {() => unknown} look
 */
export async function eventually(what, look, limitMs = 30_000) {
  const end = Date.now() + limitMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== null && found !== false) {
      return found;
    }
    if (Date.now() > end) {
      throw new Error(`after ${limitMs / 1000} s: ${what} did not come about`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
