// Pickers of variables: a list to choose from, one or several, with All and a search field.
import { filterOf, filterText, readFilters, writeFilters } from "../data/adhoc.ts";
import type { VariableOption } from "../model/dashboard.ts";
import { ALL, type Variables, type VariableState } from "../data/variables.ts";
import { h, icon } from "./dom.ts";
import { arrowKeys, popover } from "./popover.ts";

const MAX_LISTED = 200;
const SEARCH_FROM = 7; // options; fewer are seen at a glance

export type Chosen = (name: string, values: string[]) => void;

export function chosenText(s: VariableState): string {
  if (s.chosen[0] === ALL) return "All";
  const texts = s.chosen.map((v) => s.options.find((o) => o.value === v)?.text ?? v);
  if (!texts.length) return s.error ? "error" : "none";
  return texts.length > 3
    ? `${texts.slice(0, 2).join(", ")} +${texts.length - 2}`
    : texts.join(", ");
}

/** What the choice becomes when one option is switched. */
export function toggled(s: VariableState, value: string): string[] {
  if (value === ALL) return [ALL];
  if (!s.variable.multi || s.chosen[0] === ALL) return [value];
  const next = s.chosen.includes(value)
    ? s.chosen.filter((v) => v !== value)
    : [...s.chosen, value];
  if (!next.length) return s.variable.includeAll ? [ALL] : s.chosen;
  return next;
}

class Picker {
  private readonly list = h("div", { class: "options", role: "listbox" });
  private search = "";

  constructor(
    private readonly s: VariableState,
    private readonly chosen: Chosen,
    private readonly done: () => void,
  ) {
    if (s.variable.multi) this.list.setAttribute("aria-multiselectable", "true");
    this.list.setAttribute("aria-label", s.variable.label);
    arrowKeys(this.list, ".option");
  }

  content(): HTMLElement {
    const box = h("div", { class: "picker" });
    if (this.s.options.length >= SEARCH_FROM) {
      const field = h("input", {
        type: "search",
        class: "picker-search",
        placeholder: "Search",
        "aria-label": `Search ${this.s.variable.label}`,
        oninput: () => {
          this.search = field.value.toLowerCase();
          this.draw();
        },
        onkeydown: (e) => {
          const key = (e as KeyboardEvent).key;
          const first = this.list.querySelector<HTMLElement>(".option");
          if (key === "ArrowDown") first?.focus();
          if (key === "Enter") first?.click();
        },
      });
      box.append(field);
    }
    box.append(this.list);
    this.draw();
    return box;
  }

  private found(): VariableOption[] {
    const all = this.s.variable.includeAll && !this.search ? [{ text: "All", value: ALL }] : [];
    return [...all, ...this.s.options.filter((o) => o.text.toLowerCase().includes(this.search))];
  }

  private draw(): void {
    const found = this.found();
    this.list.replaceChildren(...found.slice(0, MAX_LISTED).map((o) => this.option(o)));
    const note = (text: string): void => this.list.append(h("p", { class: "options-note", text }));
    if (!found.length) note(this.s.error || (this.search ? "Nothing fits." : "Nothing to choose."));
    if (found.length > MAX_LISTED) note(`${found.length - MAX_LISTED} more: type to narrow down.`);
  }

  private option(o: VariableOption): HTMLElement {
    const { multi } = this.s.variable;
    const on = this.s.chosen.includes(o.value);
    const set = (values: string[], close: boolean): void => {
      this.chosen(this.s.variable.name, values);
      if (close) this.done();
      else this.draw();
      this.list.querySelector<HTMLElement>(`[data-value="${CSS.escape(o.value)}"]`)?.focus();
    };
    const el = h(
      "button",
      {
        type: "button",
        class: "option",
        role: "option",
        "aria-selected": String(on),
        "data-value": o.value,
        onclick: () => set(toggled(this.s, o.value), !multi),
      },
      h("span", { class: multi ? "option-box" : "option-dot" }, on && multi ? icon("check") : null),
      h("span", { class: "option-text", text: o.text }),
    );
    return el;
  }
}

/** The bar of all pickers; redrawn when options or choices change. */
export function variableBar(variables: Variables, chosen: Chosen): HTMLElement {
  const bar = h("div", { class: "variables", role: "group", "aria-label": "Variables" });
  for (const s of variables.states) {
    const v = s.variable;
    if (v.hide === 2 || v.type === "datasource" || v.type === "constant") continue;
    const typed = v.type === "textbox" || v.type === "adhoc";
    bar.append(typed ? textField(s, chosen) : pickerButton(s, chosen));
  }
  return bar;
}

function textField(s: VariableState, chosen: Chosen): HTMLElement {
  const adhoc = s.variable.type === "adhoc";
  const field = h("input", {
    type: "text",
    class: "variable-text",
    value: adhoc ? writeFilters(s.chosen.flatMap((c) => filterOf(c) ?? [])) : (s.chosen[0] ?? ""),
    placeholder: adhoc ? 'label="value"' : null,
    onchange: () =>
      chosen(s.variable.name, adhoc ? readFilters(field.value).map(filterText) : [field.value]),
  });
  return h(
    "label",
    { class: "variable" },
    s.variable.hide === 1 ? null : h("span", { class: "variable-label", text: s.variable.label }),
    field,
  );
}

function pickerButton(s: VariableState, chosen: Chosen): HTMLElement {
  const value = h("span", { class: "variable-value", text: chosenText(s) });
  const button = h(
    "button",
    {
      type: "button",
      class: s.error ? "variable bad" : "variable",
      "aria-haspopup": "listbox",
      "aria-expanded": "false",
      title: s.error || null,
      "data-variable": s.variable.name,
    },
    s.variable.hide === 1 ? null : h("span", { class: "variable-label", text: s.variable.label }),
    value,
    icon("down"),
  );
  button.setAttribute("aria-label", `${s.variable.label}: ${chosenText(s)}`);
  button.addEventListener("click", () => {
    const picker = new Picker(
      s,
      (name, values) => {
        chosen(name, values);
        value.textContent = chosenText(s);
        button.setAttribute("aria-label", `${s.variable.label}: ${chosenText(s)}`);
      },
      () => box.close(),
    );
    const box = popover(button, picker.content(), s.variable.label);
  });
  return button;
}
