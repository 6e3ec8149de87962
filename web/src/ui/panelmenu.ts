// What can be taken out of a panel: its data, its picture, its queries.
import { csvOf } from "../data/csv.ts";
import type { Frame } from "../data/frame.ts";
import { h } from "./dom.ts";
import { pictureOf } from "./picture.ts";
import { arrowKeys, popover } from "./popover.ts";

export interface PanelGoods {
  root: HTMLElement;
  title: string;
  frames: Frame[]; // [] : nothing is drawn
  exprs: string[]; // with their variables filled in
  urlRange: string; // "from=...&to=..."
}

function save(blob: Blob, title: string, ending: string): void {
  const name = title.replace(/[^\p{L}\p{N}._-]+/gu, "-").replace(/^-+|-+$/g, "") || "panel";
  const url = URL.createObjectURL(blob);
  h("a", { href: url, download: `${name}.${ending}` }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

export function openPanelMenu(button: HTMLElement, goods: PanelGoods): void {
  const { root, title, frames, exprs } = goods;
  const list = h("div", { class: "options" });
  const said = h("p", { class: "options-note", role: "status", hidden: true });
  const add = (text: string, run: () => void): void => {
    list.append(h("button", { type: "button", class: "option", text, onclick: run }));
  };
  if (frames.length)
    add("Data as CSV", () => {
      box.close();
      save(new Blob([csvOf(frames)], { type: "text/csv" }), title, "csv");
    });
  add("Picture as PNG", () => {
    pictureOf(root).then(
      (blob) => {
        box.close();
        save(blob, title, "png");
      },
      () => {
        said.hidden = false;
        said.textContent = "This browser lets no picture be made of a page.";
      },
    );
  });
  if (exprs.length) {
    const to = new URLSearchParams(goods.urlRange);
    for (const expr of exprs) to.append("expr", expr);
    list.append(h("a", { class: "option", href: `/explore?${to}`, text: "Explore its queries" }));
  }
  arrowKeys(list, ".option");
  const box = popover(button, h("div", { class: "picker panel-menu" }, list, said), `Menu of ${title}`);
}
