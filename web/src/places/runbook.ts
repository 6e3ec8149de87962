// What to do about an alert: a link where its annotation is an address, the section of the runbooks
// that came with the program where it names one of those.
import type { Labels } from "../data/frame.ts";
import { markdown } from "../panels/text.ts";
import { dialog } from "../ui/dialog.ts";
import { h, icon } from "../ui/dom.ts";
import type { PageHooks } from "../ui/page.ts";

/** The section of a Markdown text whose heading has this anchor; "" when there is none. */
export function sectionOf(text: string, anchor: string): string {
  const sections = text.split(/^(?=## )/m);
  const slug = (s: string): string =>
    (/^## (.*)/.exec(s)?.[1] ?? "").toLowerCase().replace(/[^\w\s-]/g, "").trim().replace(/\s+/g, "-");
  return sections.find((s) => slug(s) === anchor) ?? "";
}

/** The anchor in the program's own runbooks that an annotation names; "" for any other text. */
export function ownAnchor(annotation: string): string {
  return /^(?:\.?\/)?docs\/runbooks\.md#([\w-]+)$/.exec(annotation)?.[1] ?? "";
}

async function show(hooks: PageHooks, anchor: string, name: string): Promise<void> {
  const href = document.querySelector<HTMLLinkElement>('link[rel="help"]')!.href;
  const section = sectionOf(await hooks.api.text(href), anchor);
  const words = section ? markdown(section.replace(/^## .*\n/, "")) : [];
  if (!words.length) words.push(h("p", { text: "The runbooks of this version have no section of this name." }));
  const body = h("div", { class: "prose runbook" }, ...words);
  // Other documents are not served here: their names stay, as words.
  for (const a of body.querySelectorAll("a"))
    if (/\.(md|yml)(#|$)/.test(a.getAttribute("href") ?? "")) a.replaceWith(...a.childNodes);
  dialog(name, body);
}

/** The way to the runbook of these annotations; null where they name none. */
export function runbookLink(hooks: PageHooks, name: string, annotations: Labels): HTMLElement | null {
  const given = annotations.runbook_url || annotations.runbook || "";
  if (/^https?:\/\//.test(given))
    return h(
      "a",
      { class: "small-button", href: given, target: "_blank", rel: "noopener noreferrer" },
      icon("book"),
      "Runbook",
      h("span", { class: "unseen", text: ` of ${name}` }),
    );
  const anchor = ownAnchor(given);
  if (!anchor) return given ? h("span", { class: "dim", text: `Runbook: ${given}` }) : null;
  return h(
    "button",
    { type: "button", class: "small-button", onclick: () => void show(hooks, anchor, name) },
    icon("book"),
    "Runbook",
    h("span", { class: "unseen", text: ` of ${name}` }),
  );
}
