// The box that narrows a table's rows: the values of a column, to search and to choose from.
import { h } from "../ui/dom.ts";
import { arrowKeys, popover } from "../ui/popover.ts";

const MAX_LISTED = 200;

export interface FilterActions {
  filter(wanted: Set<string> | null): void; // the texts whose rows are shown; null: all
  closed(): void;
}

const natural = new Intl.Collator("en", { numeric: true });

export function openFilter(
  button: HTMLElement,
  name: string,
  texts: string[],
  wanted: Set<string> | null,
  actions: FilterActions,
): void {
  const all = [...new Set(texts)].sort(natural.compare);
  const list = h("div", { class: "options", role: "group", "aria-label": `Values of ${name}` });
  const said = h("p", { class: "options-note", role: "status", hidden: true });
  let now = wanted;
  let search = "";
  const found = (): string[] => all.filter((t) => t.toLowerCase().includes(search));
  const choose = (next: Set<string> | null): void => {
    now = next && next.size < all.length ? next : null;
    actions.filter(now);
  };
  const draw = (): void => {
    const listed = found();
    list.replaceChildren(
      ...listed.slice(0, MAX_LISTED).map((text) => {
        const box = h("input", { type: "checkbox" });
        box.checked = !now || now.has(text);
        box.addEventListener("change", () => {
          const next = new Set(now ?? all);
          if (box.checked) next.add(text);
          else next.delete(text);
          choose(next);
        });
        return h("label", { class: "option" }, box, h("span", { text: text || "(empty)" }));
      }),
    );
    said.hidden = listed.length <= MAX_LISTED && listed.length > 0;
    said.textContent = listed.length ? `${listed.length - MAX_LISTED} more: search for them.` : "Nothing of this name.";
  };
  const field = h("input", {
    type: "search",
    class: "picker-search",
    placeholder: "Search",
    "aria-label": `Search the values of ${name}`,
    oninput: () => {
      search = field.value.toLowerCase();
      draw();
    },
  });
  const textButton = (text: string, run: () => void): HTMLElement =>
    h("button", { type: "button", class: "small-button", text, onclick: () => (run(), draw()) });
  const row = h(
    "div",
    { class: "picker-buttons" },
    textButton("Only these", () => choose(new Set(found()))),
    textButton("All", () => choose(null)),
  );
  draw();
  arrowKeys(list, ".option input");
  popover(button, h("div", { class: "picker" }, field, list, said, row), `Filter by ${name}`, actions.closed);
}
