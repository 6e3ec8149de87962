// The command palette: everything that can be done or seen from here, found by words.
import { h } from "./dom.ts";

export interface Command {
  title: string;
  group: string;
  keys?: string; // the short way
  run(): void;
}

const SHOWN = 50;

/** Commands that hold all the words: first where the title begins with them, last by group alone. */
export function matching(all: Command[], text: string): Command[] {
  const wanted = text.trim().toLowerCase();
  const words = wanted.split(/\s+/);
  const holds = (s: string): boolean => words.every((w) => s.includes(w));
  const rank = (c: Command): number => {
    const title = c.title.toLowerCase();
    if (title.startsWith(wanted)) return 0;
    if (holds(title)) return 1;
    return holds(`${title} ${c.group.toLowerCase()}`) ? 2 : 3;
  };
  return [0, 1, 2].flatMap((n) => all.filter((c) => rank(c) === n)).slice(0, SHOWN);
}

export function openPalette(all: Command[]): void {
  const list = h("ul", { class: "palette-list", id: "palette", role: "listbox", "aria-label": "Commands" });
  const before = document.activeElement as HTMLElement | null;
  let shown: Command[] = [];
  let active = 0;
  const select = (to: number): void => {
    active = shown.length ? (to + shown.length) % shown.length : 0;
    [...list.children].forEach((el, i) => el.setAttribute("aria-selected", String(i === active)));
    const item = list.children[active];
    item?.scrollIntoView({ block: "nearest" });
    field.setAttribute("aria-activedescendant", shown.length ? (item?.id ?? "") : "");
  };
  const draw = (): void => {
    shown = matching(all, field.value);
    const items = shown.map((c, i) =>
      h(
        "li",
        { id: `palette-${i}`, class: "palette-item", role: "option", onclick: () => run(i) },
        h("span", { class: "palette-title", text: c.title }),
        h("span", { class: "dim", text: c.group }),
        c.keys ? h("kbd", { text: c.keys }) : null,
      ),
    );
    list.replaceChildren(...items);
    none.hidden = shown.length > 0;
    select(0);
  };
  const run = (i: number): void => {
    box.close();
    shown[i]?.run();
  };
  const field = h("input", {
    type: "text",
    class: "palette-field",
    role: "combobox",
    "aria-expanded": "true",
    "aria-controls": "palette",
    "aria-autocomplete": "list",
    "aria-label": "Find a page, a panel, a command",
    placeholder: "Find a page, a panel, a command",
    autocomplete: "off",
    spellcheck: "false",
    oninput: draw,
    onkeydown: (event) => {
      const e = event as KeyboardEvent;
      const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }[e.key];
      if (step) select(active + step);
      else if (e.key === "Enter") run(active);
      else return;
      e.preventDefault();
    },
  });
  const none = h("p", { class: "options-note", role: "status", text: "Nothing fits." });
  const box = h("dialog", { class: "dialog palette", "aria-label": "Commands" }, field, list, none);
  box.addEventListener("close", () => {
    box.remove();
    before?.focus?.();
  });
  box.addEventListener("click", (e) => e.target === box && box.close());
  document.body.append(box);
  box.showModal();
  draw();
  field.focus();
}
