// What a user sees and does in the workbench, in a user's words.

import { eventually } from "./eventually.mjs";

/** One page of the workbench. */
export class Editor {
  constructor(page) {
    this.page = page;
    this.lenses = page.locator(".codelens-decoration a");
    this.status = page.locator(".statusbar-item[id*='fusewright']");
    /** What runs anywhere, and how far it is. */
    this.progress = page.locator(".statusbar-item[id='status.progress']");
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

  /** The button above the editor whose name matches. */
  titleButton(name) {
    return this.page.locator(".editor-actions a.action-label").and(this.page.getByLabel(name));
  }

  /** Opens a file of the folder by its name. */
  async openFile(name) {
    await this.page.keyboard.press("Control+p");
    const input = this.page.locator(".quick-input-widget input");
    await input.waitFor();
    await input.fill(name);
    await this.pick(name);
    await this.page.locator(".tab.active").filter({ hasText: name }).waitFor();
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
    const row = this.page.locator(".action-widget .monaco-list-row").filter({ hasText: title }).first();
    await eventually(`the quick fix "${title}"`, async () => {
      // VS Code opens the menu with what it knew of the line before; asked again, it knows more.
      await this.page.keyboard.press("Control+.");
      const shown = await row.waitFor({ timeout: 3_000 }).then(
        () => true,
        () => false,
      );
      return shown || (await this.page.keyboard.press("Escape"));
    });
    await row.hover({ force: true });
    await row.click();
  }

  /** Rests the mouse on something until a hover with the text is shown, and gives that. */
  async hover(target, text) {
    const hover = this.page.locator(".monaco-hover").filter({ hasText: text }).first();
    await eventually(`the hover "${text}"`, async () => {
      // An editor that still scrolls hides a hover: the mouse leaves and comes back.
      await this.page.mouse.move(0, 0);
      await target.hover({ force: true });
      return hover.waitFor({ timeout: 3_000 }).then(
        () => true,
        () => false,
      );
    });
    return hover;
  }

  /** Chooses an entry of the open menu or pick. */
  async pick(text) {
    const row = this.page.locator(".quick-input-list .monaco-list-row").filter({ hasText: text }).first();
    await row.waitFor();
    await row.click();
  }
}
