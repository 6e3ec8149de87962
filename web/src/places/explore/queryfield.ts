// The field of a query: grows with its text, suggests what could stand at the cursor, marks the place
// of a mistake. Tab takes a suggestion, Enter runs the query, Shift-Enter begins a line.
import { h, icon, put } from "../../ui/dom.ts";
import { type Completion, ranked, type Suggestion } from "./complete.ts";
import { type Context, contextAt } from "./context.ts";
import { type Fault, placeWords } from "./fault.ts";

const IN_SIGHT = 10;
const WAIT_MS = 60; // between a key and the question what could stand here

const SIGNS: Record<Suggestion["kind"], string> = {
  metric: "m",
  function: "ƒ",
  aggregation: "Σ",
  keyword: "k",
  label: "l",
  value: "v",
  duration: "d",
};

let ids = 0;

export class QueryField {
  readonly root: HTMLElement;
  private readonly area: HTMLTextAreaElement;
  private readonly behind = h("div", { class: "query-behind", "aria-hidden": "true" });
  private readonly list = h("ul", { class: "suggestions", role: "listbox", "aria-label": "Suggestions" });
  private readonly box = h("div", { class: "suggest-box", hidden: true });
  private readonly note = h("p", { class: "suggest-note" });
  private readonly said = h("span", { class: "unseen", role: "status" });
  private readonly error = h("div", { class: "query-fault", role: "alert" });
  private readonly id = `query-${++ids}`;
  private context: Context | null = null;
  private shown: Suggestion[] = [];
  private more = 0; // fit as well, but are not among those
  private active = 0;
  private top = 0; // the first in sight
  private moved = false; // the arrows chose: Enter takes
  private timer = 0;
  private asked = 0;
  private fault: Fault | null = null;

  constructor(
    letter: string,
    expr: string,
    private readonly completion: Completion,
    private readonly run: () => void,
  ) {
    this.area = h("textarea", {
      class: "query-text",
      rows: 1,
      spellcheck: "false",
      autocomplete: "off",
      autocapitalize: "off",
      "aria-label": `Query ${letter}`,
      "aria-autocomplete": "list",
      "aria-controls": `${this.id}-list`,
      "aria-describedby": `${this.id}-fault`,
      placeholder: "A metric's name, or any expression of PromQL",
      value: expr,
    });
    this.list.id = `${this.id}-list`;
    this.error.id = `${this.id}-fault`;
    this.box.append(this.list, this.note);
    this.root = h(
      "div",
      { class: "query-field" },
      h("div", { class: "query-lines" }, this.behind, this.area, this.box),
      this.error,
      this.said,
    );
    this.area.addEventListener("input", () => this.written());
    this.area.addEventListener("keydown", (e) => this.key(e));
    this.area.addEventListener("blur", () => this.close());
    this.area.addEventListener("click", () => this.close());
    // A press on the list must not take the focus away before it is a click.
    this.box.addEventListener("pointerdown", (e) => e.preventDefault());
    this.list.addEventListener("click", (e) => {
      const item = (e.target as Element).closest<HTMLElement>("[data-at]");
      if (item) this.take(Number(item.dataset.at));
    });
    this.draw();
  }

  get value(): string {
    return this.area.value;
  }

  set value(text: string) {
    this.area.value = text;
    this.setFault(null);
  }

  focus(): void {
    this.area.focus();
  }

  setLetter(letter: string): void {
    this.area.setAttribute("aria-label", `Query ${letter}`);
  }

  /** Marks what is wrong, or takes the mark away. */
  setFault(fault: Fault | null): void {
    this.fault = fault;
    this.area.setAttribute("aria-invalid", String(!!fault));
    if (!fault) put(this.error);
    else if (fault.from < 0) put(this.error, icon("warn"), fault.text);
    else
      put(
        this.error,
        icon("warn"),
        h("button", {
          type: "button",
          class: "fault-place",
          text: `At ${placeWords(this.value, fault.from)}`,
          onclick: () => {
            this.area.focus();
            this.area.setSelectionRange(fault.from, fault.to);
          },
        }),
        `: ${fault.text}`,
      );
    this.draw();
  }

  /** The layer behind the text: the same letters unseen, with the mark, and the place of the list. */
  private draw(): void {
    const text = this.value;
    const { fault } = this;
    if (fault && fault.from >= 0) {
      const wrong = text.slice(fault.from, fault.to) || " ";
      put(this.behind, text.slice(0, fault.from), h("mark", { text: wrong }), text.slice(fault.to));
    } else put(this.behind, text);
    this.behind.append("\n"); // a last empty line has height too
  }

  private written(): void {
    if (this.fault) this.setFault(null);
    else this.draw();
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.suggest(false), WAIT_MS);
  }

  private async suggest(wished: boolean): Promise<void> {
    const number = ++this.asked;
    const cursor = this.area.selectionStart;
    const context = contextAt(this.value, cursor);
    const wanted = context.kind !== "none" && (wished || context.kind !== "name" || context.word);
    if (!wanted || this.area.selectionEnd !== cursor) {
      this.close();
      return;
    }
    const all = await this.completion.suggest(context, this.value);
    if (number !== this.asked || document.activeElement !== this.area) return;
    const { shown, more } = ranked(all, context.word);
    const only = shown.length === 1 && shown[0]!.text === context.word;
    if (!shown.length || only) {
      this.close();
      return;
    }
    this.context = context;
    this.shown = shown;
    this.active = 0;
    this.moved = false;
    this.open(more);
  }

  private open(more: number): void {
    this.more = more;
    this.top = 0;
    this.drawList();
    this.said.textContent = `${this.shown.length} suggestions, the first: ${this.shown[0]!.text}`;
    this.box.hidden = false;
    this.place();
  }

  /** As many as fit without scrolling: the arrows move the window. */
  private drawList(): void {
    this.top = Math.min(this.top, this.active);
    this.top = Math.max(this.top, this.active - IN_SIGHT + 1);
    const items = this.shown.slice(this.top, this.top + IN_SIGHT);
    put(this.list, ...items.map((s, i) => this.item(s, this.top + i)));
    const left = this.shown.length - this.top - items.length + this.more;
    const keys = "Tab takes, ↑ ↓ choose, Enter runs";
    this.note.textContent = left ? `${left.toLocaleString("en")} more. ${keys}` : keys;
    this.area.setAttribute("aria-activedescendant", `${this.id}-${this.active}`);
  }

  private item(s: Suggestion, i: number): HTMLElement {
    return h(
      "li",
      {
        id: `${this.id}-${i}`,
        class: "suggestion",
        role: "option",
        "aria-selected": String(i === this.active),
        "aria-setsize": this.shown.length,
        "aria-posinset": i + 1,
        "data-at": i,
      },
      h("span", { class: `suggest-kind ${s.kind}`, title: s.kind, text: SIGNS[s.kind] }),
      h("span", { class: "suggest-text", text: s.text }),
      s.detail ? h("span", { class: "suggest-detail", text: s.detail }) : null,
    );
  }

  /** Below the word that is being written, and inside the field. */
  private place(): void {
    const from = this.context!.from;
    const mark = h("span");
    const text = this.value;
    put(this.behind, text.slice(0, from), mark, text.slice(from), "\n");
    const lines = this.behind.getBoundingClientRect();
    const word = mark.getBoundingClientRect();
    this.draw();
    const room = lines.width - this.box.offsetWidth;
    this.box.style.left = `${Math.max(0, Math.min(word.left - lines.left, room))}px`;
    this.box.style.top = `${Math.round(word.bottom - lines.top + 4)}px`;
  }

  private close(): void {
    this.asked++;
    clearTimeout(this.timer);
    this.box.hidden = true;
    this.area.removeAttribute("aria-activedescendant");
  }

  private select(to: number): void {
    const n = this.shown.length;
    this.active = (to + n) % n;
    this.moved = true;
    this.drawList();
    this.said.textContent = this.shown[this.active]!.text;
  }

  private take(i: number): void {
    const s = this.shown[i];
    const c = this.context;
    if (!s || !c) return;
    const after = this.value.slice(c.to);
    let insert = s.insert;
    if (insert.endsWith("(") && after.startsWith("(")) insert = s.text;
    if (c.kind === "label" && /^\s*(=|!)/.test(after)) insert = s.text;
    if (c.kind === "value" && !after.startsWith(c.quote)) insert += c.quote;
    this.area.focus();
    this.area.setSelectionRange(c.from, c.to);
    // Typed rather than set, so that undoing works; where that is not to be had, set.
    if (!document.execCommand("insertText", false, insert))
      this.area.setRangeText(insert, c.from, c.to, "end");
    if (c.kind === "value" && after.startsWith(c.quote)) this.area.selectionStart += 1;
    this.close();
    this.draw();
    if (/[("]$/.test(s.insert)) void this.suggest(false);
  }

  private key(e: KeyboardEvent): void {
    const open = !this.box.hidden;
    const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 };
    if (e.key === " " && e.ctrlKey) void this.suggest(true);
    else if (e.key === "Enter" && open && this.moved && !e.ctrlKey) this.take(this.active);
    else if (e.key === "Enter" && !e.shiftKey) {
      this.close();
      this.run();
    } else if (open && e.key === "Tab" && !e.shiftKey) this.take(this.active);
    else if (open && e.key === "Escape") {
      this.close();
      e.stopPropagation();
    } else if (open && steps[e.key] && !e.ctrlKey && !e.altKey) this.select(this.active + steps[e.key]!);
    else return;
    e.preventDefault();
  }
}
