// A link to what is on the page, to be given to others.
import { dialog } from "./dialog.ts";
import { h } from "./dom.ts";

/** The address of this page; `fixed` puts the moments of now in the place of "now-1h". */
export function shareLink(href: string, fixed: { from: number; to: number } | null, kiosk: boolean): string {
  const url = new URL(href);
  if (fixed) {
    url.searchParams.set("from", String(Math.round(fixed.from)));
    url.searchParams.set("to", String(Math.round(fixed.to)));
  }
  if (kiosk) url.searchParams.set("kiosk", "1");
  return url.href;
}

export function openShare(range: { from: number; to: number } | null): void {
  const field = h("input", { type: "text", readonly: true, "aria-label": "Link" });
  const said = h("span", { role: "status", class: "dim" });
  const box = (text: string, checked: boolean): [HTMLElement, HTMLInputElement] => {
    const input = h("input", { type: "checkbox", onchange: () => draw() });
    input.checked = checked;
    return [h("label", { class: "check" }, input, text), input];
  };
  const [fixLabel, fix] = box("This very time range, also when it is opened later", true);
  const [kioskLabel, kiosk] = box("Without head and menus, for a screen on a wall", false);
  const draw = (): void => {
    field.value = shareLink(location.href, range && fix.checked ? range : null, kiosk.checked);
    said.textContent = "";
  };
  const copy = async (): Promise<void> => {
    field.select();
    // The clipboard is there for pages of localhost and of TLS only; the older way is everywhere.
    const done = navigator.clipboard
      ? await navigator.clipboard.writeText(field.value).then(
          () => true,
          () => document.execCommand("copy"),
        )
      : document.execCommand("copy");
    said.textContent = done ? "Copied." : "Press Ctrl-C to copy.";
  };
  const button = h("button", { type: "button", class: "primary", text: "Copy", onclick: () => void copy() });
  draw();
  dialog(
    "Share this view",
    h(
      "div",
      { class: "share" },
      range ? fixLabel : null,
      kioskLabel,
      h("div", { class: "share-line" }, field, button),
      said,
    ),
  );
  button.focus();
}
