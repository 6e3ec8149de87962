// A box under a button: closes by Escape, by a click elsewhere, and gives the focus back.
import { h, listen } from "./dom.ts";

export interface Popover {
  close(): void;
}

let open: Popover | null = null;

export function popover(
  anchor: HTMLElement,
  content: HTMLElement,
  label: string,
  onClose?: () => void,
): Popover {
  open?.close();
  const box = h("div", { class: "popover", role: "dialog", "aria-label": label }, content);
  document.body.append(box);
  anchor.setAttribute("aria-expanded", "true");
  const place = (): void => {
    const a = anchor.getBoundingClientRect();
    const b = box.getBoundingClientRect();
    const left = Math.max(8, Math.min(a.left, innerWidth - b.width - 8));
    box.style.left = `${Math.round(left)}px`;
    box.style.top = `${Math.round(a.bottom + 6)}px`;
    box.style.maxHeight = `${Math.max(160, innerHeight - a.bottom - 16)}px`;
  };
  const self: Popover = {
    close() {
      if (open !== self) return;
      open = null;
      off.forEach((f) => f());
      const inside = box.contains(document.activeElement);
      box.remove();
      anchor.setAttribute("aria-expanded", "false");
      if (inside) anchor.focus();
      onClose?.();
    },
  };
  const off = [
    listen(document, "pointerdown", (e) => {
      const t = e.target as Node;
      if (!box.contains(t) && !anchor.contains(t)) self.close();
    }),
    listen(box, "keydown", (e) => {
      if ((e as KeyboardEvent).key !== "Escape") return;
      e.stopPropagation();
      self.close();
    }),
    listen(window, "resize", place),
  ];
  open = self;
  place();
  const first = box.querySelector<HTMLElement>("[autofocus], input, button, a, select");
  first?.focus({ preventScroll: true });
  return self;
}

export function closePopover(): boolean {
  if (!open) return false;
  open.close();
  return true;
}

/** Moves the focus through the entries of a list with the arrow keys. */
export function arrowKeys(list: HTMLElement, selector: string): void {
  list.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const ends = { Home: 0, End: -1 }[event.key];
    if (step === undefined && ends === undefined) return;
    const items = [...list.querySelectorAll<HTMLElement>(selector)].filter((x) => !x.hidden);
    if (!items.length) return;
    if (ends !== undefined && event.target instanceof HTMLInputElement) return;
    event.preventDefault();
    const now = items.indexOf(document.activeElement as HTMLElement);
    const to = ends !== undefined ? ends : now < 0 ? (step! > 0 ? 0 : -1) : now + step!;
    items.at(Math.max(-1, Math.min(to, items.length - 1)))?.focus();
  });
}
