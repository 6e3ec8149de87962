// Above a list: a search field, and the states to choose from with how many there are of each.
import { h } from "../ui/dom.ts";
import { setText } from "../ui/keyed.ts";

export interface StateChoice {
  state: string;
  text: string;
  n: number;
}

export interface FilterBar {
  readonly root: HTMLElement;
  update(choices: StateChoice[], chosen: string): void;
}

export function filterBar(on: {
  label: string;
  word: string;
  state: string;
  search(word: string): void;
  choose(state: string): void;
}): FilterBar {
  const field = h("input", {
    type: "search",
    class: "filter-search",
    placeholder: on.label,
    "aria-label": on.label,
    value: on.word,
    oninput: () => on.search(field.value.trim()),
  });
  const group = h("div", { class: "states", role: "group", "aria-label": "State" });
  const buttons = new Map<string, { button: HTMLElement; n: HTMLElement }>();
  const make = (c: StateChoice): { button: HTMLElement; n: HTMLElement } => {
    const n = h("b");
    const button = h(
      "button",
      { type: "button", class: `state-choice ${c.state}`, onclick: () => on.choose(c.state) },
      `${c.text} `,
      n,
    );
    group.append(button);
    return { button, n };
  };
  return {
    root: h("div", { class: "filter-bar" }, field, group),
    update(choices, chosen) {
      for (const c of choices) {
        let made = buttons.get(c.state);
        if (!made) buttons.set(c.state, (made = make(c)));
        setText(made.n, c.n.toLocaleString("en"));
        made.button.setAttribute("aria-pressed", String(c.state === chosen));
        made.button.classList.toggle("any", c.n > 0);
      }
    },
  };
}
