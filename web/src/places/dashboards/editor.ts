// A dashboard's file as text: mistakes and hints at their line and column, what would be empty here,
// saving, earlier versions.
import type { Api } from "../../data/prometheus.ts";
import { faultOfJson, lineOf, offsetOf } from "../../model/jsonplace.ts";
import { h, icon, put } from "../../ui/dom.ts";
import { arrowKeys, popover } from "../../ui/popover.ts";
import { ago } from "../words.ts";
import { findingsList } from "./findings.ts";
import { check, type Refusal, renamed, save, uidOf, versionsOf, versionText } from "./kept.ts";

const LOOK_AFTER_MS = 300; // after the last key
const MOST_SHOWN = 30;

export interface EditorFile {
  uid: string; // "": a new one
  text: string;
  tag: string; // of what was seen; "": nothing is there yet
  locked: string; // why it can only be read; "": it can be saved
}

export interface EditorActions {
  api: Api;
  saved(uid: string): void;
  leave(): void;
}

interface Mark {
  at: number;
  text: string;
  bad: boolean;
}

export class Editor {
  readonly root: HTMLElement;
  private readonly field = h("textarea", {
    class: "file-text mono",
    "aria-label": "The dashboard's file",
    spellcheck: "false",
    autocomplete: "off",
    wrap: "off",
  });
  private readonly numbers = h("pre", { class: "file-numbers mono", "aria-hidden": "true" });
  private readonly marks = h("ul", { class: "file-marks", "aria-label": "Mistakes and hints" });
  private readonly said = h("p", { class: "file-said", role: "status" });
  private readonly found = h("div", { class: "file-found" });
  private readonly saveButton: HTMLButtonElement;
  private timer = 0;
  private savedText: string;
  private tag: string;

  constructor(
    private readonly file: EditorFile,
    private readonly actions: EditorActions,
  ) {
    this.savedText = file.uid && !file.locked ? file.text : "";
    this.tag = file.tag;
    this.field.value = file.text;
    this.saveButton = h("button", {
      type: "button",
      class: "primary",
      text: file.locked ? "Save a copy" : "Save",
      title: "Ctrl-S",
      onclick: () => void this.save(),
    });
    const button = (text: string, run: (b: HTMLButtonElement) => void): HTMLButtonElement => {
      const b: HTMLButtonElement = h("button", { type: "button", class: "state-choice", text, onclick: () => run(b) });
      return b;
    };
    this.root = h(
      "section",
      { class: "card file-editor", "aria-label": file.uid ? `The file of ${file.uid}` : "A new dashboard" },
      h(
        "header",
        { class: "file-head" },
        h("h2", { text: file.uid || "A new dashboard" }),
        file.locked ? h("span", { class: "dim", text: file.locked }) : null,
        h("span", { class: "spread" }),
        this.saveButton,
        button("What would be empty?", () => void this.check()),
        button("Lay out", () => this.layOut()),
        file.uid ? button("Versions", (b) => void this.versions(b)) : null,
        button("Close", () => this.close()),
      ),
      this.said,
      h("div", { class: "file-lines" }, this.numbers, this.field),
      this.marks,
      this.found,
    );
    this.field.addEventListener("input", () => this.typed());
    this.field.addEventListener("scroll", () => (this.numbers.scrollTop = this.field.scrollTop));
    this.field.addEventListener("keydown", (e) => this.key(e));
    this.number();
    this.look();
  }

  focus(): void {
    this.field.focus({ preventScroll: true });
    this.field.setSelectionRange(0, 0);
  }

  get changed(): boolean {
    return this.field.value !== this.savedText && this.field.value.trim() !== "" && this.field.value !== this.file.text;
  }

  /** Puts another text in, as if typed: the browser's undo leads back. */
  set(text: string): void {
    this.field.focus();
    this.field.select();
    if (!document.execCommand("insertText", false, text)) this.field.value = text;
    this.field.setSelectionRange(0, 0);
    this.field.scrollTop = 0;
    this.typed();
  }

  private key(e: KeyboardEvent): void {
    if ((e.ctrlKey || e.metaKey) && e.key === "s") {
      e.preventDefault();
      void this.save();
    } else if (e.key === "Escape") {
      e.stopPropagation();
      this.saveButton.focus(); // Tab writes no spaces here: nobody is caught in the field
    }
  }

  private typed(): void {
    this.number();
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.look(), LOOK_AFTER_MS);
  }

  private number(): void {
    const lines = this.field.value.split("\n").length;
    if (this.numbers.childElementCount === 0 && this.numbers.dataset.lines === String(lines)) return;
    this.numbers.dataset.lines = String(lines);
    this.numbers.textContent = Array.from({ length: lines }, (_, i) => i + 1).join("\n");
    this.numbers.scrollTop = this.field.scrollTop;
  }

  /** Marks what is wrong, or looks so. True when the file is sound JSON. */
  private look(): boolean {
    clearTimeout(this.timer);
    const text = this.field.value;
    if (!text.trim()) {
      put(this.marks);
      return false;
    }
    const fault = faultOfJson(text);
    if (fault) this.show([{ at: fault.at, text: fault.text, bad: true }]);
    else void this.hint(text);
    return !fault;
  }

  /** What stands out in sound JSON; without the part of the program that knows, there are no hints. */
  private async hint(text: string): Promise<void> {
    const part = await import("./hints.ts").catch(() => null);
    if (part && text === this.field.value) this.show(part.hintsOf(text).map((hint) => ({ ...hint, bad: false })));
  }

  private show(found: Mark[]): void {
    const shown = found.slice(0, MOST_SHOWN).map((m) => {
      const { line, column } = lineOf(this.field.value, m.at);
      return h(
        "li",
        {},
        h(
          "button",
          { type: "button", class: m.bad ? "file-mark bad" : "file-mark", onclick: () => this.go(m.at) },
          icon(m.bad ? "warn" : "info"),
          h("span", { class: "mono", text: `${line}:${column}` }),
          m.text,
        ),
      );
    });
    const more = found.length - shown.length;
    put(this.marks, ...shown, more > 0 ? h("li", { class: "dim", text: `and ${more} more` }) : null);
  }

  /** Puts the cursor at a place and shows it. */
  private go(at: number): void {
    const { line } = lineOf(this.field.value, at);
    const end = this.field.value.indexOf("\n", at);
    this.field.focus();
    this.field.setSelectionRange(at, end < 0 ? this.field.value.length : end);
    const height = parseFloat(getComputedStyle(this.field).lineHeight) || 18;
    this.field.scrollTop = Math.max(0, (line - 4) * height);
    this.field.scrollLeft = 0;
  }

  private say(text: string, bad = false): void {
    put(this.said, text);
    this.said.classList.toggle("bad-text", bad);
  }

  private layOut(): void {
    if (this.look()) this.set(`${JSON.stringify(JSON.parse(this.field.value), null, 2)}\n`);
  }

  private async check(): Promise<void> {
    if (!this.look()) {
      this.say("First the file has to be sound JSON: the mistake is marked below.", true);
      return;
    }
    this.say("Looking at every query …");
    try {
      const result = await check(this.actions.api, this.field.value, "");
      this.say("");
      put(
        this.found,
        findingsList(result.findings, {
          go: (line) => this.go(offsetOf(this.field.value, line, 1)),
          fix: result.fixed === null ? null : () => {
            this.set(result.fixed!);
            put(this.found);
            this.say("What is certain has been put right. Look at it, then save it.");
          },
        }),
      );
    } catch (e) {
      this.say(e instanceof Error ? e.message : String(e), true);
    }
  }

  private async save(): Promise<void> {
    if (!this.look()) {
      this.say("It is not saved: the file is no sound JSON.", true);
      return;
    }
    const uid = uidOf(this.field.value);
    if (!uid) {
      this.say('It is not saved: give it a "uid", under which it is found.', true);
      return;
    }
    const moved = uid !== this.file.uid;
    const result = await save(this.actions.api, uid, this.field.value, moved ? "" : this.tag);
    if (!("status" in result)) {
      this.tag = result.tag;
      this.savedText = this.field.value;
      this.actions.saved(uid);
      return;
    }
    this.refused(uid, result);
  }

  private refused(uid: string, r: Refusal): void {
    if (r.line) this.show([{ at: offsetOf(this.field.value, r.line, Math.max(1, r.column)), text: r.text, bad: true }]);
    this.say(`It is not saved: ${r.text}`, true);
    const offer = (text: string, run: () => void): void => {
      this.said.append(" ", h("button", { type: "button", class: "small-button", text, onclick: run }));
    };
    if (r.freeUid) offer(`Save it as ${r.freeUid}`, () => this.saveAs(r.freeUid));
    else if (r.status === 412) {
      offer(`Save it as ${uid}-2`, () => this.saveAs(`${uid}-2`));
      offer("Save it over the other", () => void this.force(uid));
    }
  }

  private saveAs(uid: string): void {
    this.set(renamed(this.field.value, uid));
    void this.save();
  }

  /** The other's text is kept as a version. */
  private async force(uid: string): Promise<void> {
    const result = await save(this.actions.api, uid, this.field.value, null);
    if ("status" in result) this.refused(uid, result);
    else {
      this.savedText = this.field.value;
      this.actions.saved(uid);
    }
  }

  private async versions(button: HTMLButtonElement): Promise<void> {
    const { api } = this.actions;
    const all = await versionsOf(api, this.file.uid).catch(() => []);
    const list = h("div", { class: "options" });
    for (const v of all)
      list.append(
        h("button", {
          type: "button",
          class: "option",
          text: `${ago(v.saved)}: version ${v.version}, ${Math.ceil(v.bytes / 1024)} KiB`,
          title: new Date(v.saved).toLocaleString(),
          onclick: () => {
            box.close();
            versionText(api, this.file.uid, v.version).then(
              (text) => {
                this.set(text);
                this.say(`This is version ${v.version}. Saving brings it back.`);
              },
              () => this.say("This version is there no more.", true),
            );
          },
        }),
      );
    if (!all.length) list.append(h("p", { class: "options-note", text: "It has not been changed here yet." }));
    arrowKeys(list, ".option");
    const box = popover(button, h("div", { class: "picker" }, list), "Earlier versions");
  }

  private close(): void {
    if (!this.changed || confirm("What you wrote is not saved. Leave it?")) this.actions.leave();
  }
}
