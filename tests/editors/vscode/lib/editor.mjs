// What a user sees and does in the workbench, in a user's words.

/** One page of the workbench. */
export class Editor {
  constructor(page) {
    this.page = page;
    this.lenses = page.locator(".codelens-decoration a");
    this.status = page.locator(".statusbar-item[id*='fusewright']");
    this.toasts = page.locator(".notification-toast");
    this.lines = page.locator(".editor-instance .view-line");
  }

  /** The squiggles of a severity: error, warning or info. */
  squiggles(severity) {
    return this.page.locator(`.squiggly-${severity}`);
  }

  /** The code lens whose text matches. */
  lens(text) {
    return this.lenses.filter({ hasText: text }).first();
  }

  /** The toast whose text matches. */
  toast(text) {
    return this.toasts.filter({ hasText: text }).first();
  }

  /** The line of text that matches, as drawn. */
  line(text) {
    return this.lines.filter({ hasText: text }).first();
  }

  /** Runs a command from the palette. */
  async command(title) {
    await this.page.keyboard.press("F1");
    const input = this.page.locator(".quick-input-widget input");
    await input.waitFor();
    await input.fill(`>${title}`);
    await this.page
      .locator(".quick-input-list .monaco-list-row")
      .filter({ hasText: title })
      .first()
      .waitFor();
    await this.page.keyboard.press("Enter");
  }

  /** The titles that the palette offers for a text. */
  async offered(text) {
    await this.page.keyboard.press("F1");
    const input = this.page.locator(".quick-input-widget input");
    await input.waitFor();
    await input.fill(`>${text}`);
    const rows = this.page.locator(".quick-input-list .monaco-list-row");
    await rows.first().waitFor();
    const titles = await rows.locator(".label-name").allTextContents();
    await this.page.keyboard.press("Escape");
    return titles;
  }

  /** Puts the cursor on a line, by its number. */
  async goToLine(line) {
    await this.page.keyboard.press("Control+g");
    const input = this.page.locator(".quick-input-widget input");
    await input.waitFor();
    await input.fill(`:${line}`);
    await this.page.keyboard.press("Enter");
    await this.page.locator(".quick-input-widget").waitFor({ state: "hidden" });
  }

  /** Writes over the cursor's line. */
  async replaceLine(text) {
    await this.page.keyboard.press("Home");
    await this.page.keyboard.press("Home");
    await this.page.keyboard.press("Shift+End");
    await this.page.keyboard.insertText(text);
  }

  /** Applies the quick fix of the cursor's line whose title matches. */
  async quickFix(title) {
    await this.page.keyboard.press("Control+.");
    const row = this.page.locator(".action-widget .monaco-list-row").filter({ hasText: title }).first();
    await row.waitFor();
    await row.hover({ force: true });
    await row.click();
  }

  /** Chooses an entry of the open menu or pick. */
  async pick(text) {
    const row = this.page.locator(".quick-input-list .monaco-list-row").filter({ hasText: text }).first();
    await row.waitFor();
    await row.click();
  }
}
