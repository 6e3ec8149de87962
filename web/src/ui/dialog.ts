// A box over the page, with a title and a way out; the focus goes back where it came from.
import { h, iconButton } from "./dom.ts";

let ids = 0;

export function dialog(title: string, ...content: HTMLElement[]): HTMLDialogElement {
  const id = `dialog-${++ids}`;
  const box = h("dialog", { class: "dialog", "aria-labelledby": id });
  box.append(
    h(
      "header",
      { class: "dialog-head" },
      h("h2", { id, text: title }),
      iconButton("close", "Close", () => box.close()),
    ),
    ...content,
  );
  const before = document.activeElement as HTMLElement | null;
  box.addEventListener("close", () => {
    box.remove();
    before?.focus?.();
  });
  box.addEventListener("click", (e) => e.target === box && box.close());
  document.body.append(box);
  box.showModal();
  return box;
}
