// Small helpers to make elements. Text is always set as text; no markup is ever parsed here, and
// no style attribute is written (styles are classes, or set through the CSSOM).

type Child = Node | string | null | undefined | false;
type Props = Record<string, string | number | boolean | EventListener | null | undefined>;

function apply(el: Element, props: Props): void {
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") el.addEventListener(name.replace(/^on/, ""), value);
    else if (name === "text") el.textContent = String(value);
    else if (name === "value" && "value" in el) (el as HTMLInputElement).value = String(value);
    else el.setAttribute(name, value === true ? "" : String(value));
  }
}

function fill(el: Element, children: Child[]): void {
  for (const c of children) if (c !== null && c !== undefined && c !== false) el.append(c);
}

/** An HTML element; `on...` properties are listeners, `text` its text, others attributes. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const el = document.createElement(tag);
  apply(el, props);
  fill(el, children);
  return el;
}

export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: Child[]
): SVGElementTagNameMap[K] {
  const el = document.createElementNS("http://www.w3.org/2000/svg", tag);
  apply(el, props);
  fill(el, children);
  return el;
}

/** Replaces what stands in `el`. */
export function put(el: Element, ...children: Child[]): void {
  el.replaceChildren();
  fill(el, children);
}

// Icons as one path each, drawn on a 16 by 16 grid with a 1.5 px stroke.
const ICONS: Record<string, string> = {
  clock: "M8 4.5V8l2.5 1.5M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0Z",
  refresh: "M13.5 8a5.5 5.5 0 1 1-1.7-4M13.5 2v3h-3",
  left: "M10 3 5 8l5 5",
  right: "M6 3l5 5-5 5",
  down: "M4 6l4 4 4-4",
  out: "M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9ZM10.5 10.5 14 14M5 7h4",
  sun: "M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M3 13l1-1M12 4l1-1",
  moon: "M13.5 9.5A6 6 0 0 1 6.5 2.5a6 6 0 1 0 7 7Z",
  help: "M6 6a2 2 0 1 1 2.8 1.8c-.6.3-.8.6-.8 1.4M8 11.5v.2M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0Z",
  full: "M9.5 2.5h4v4M6.5 13.5h-4v-4M13.5 2.5 9 7M2.5 13.5 7 9",
  shrink: "M13 7H9V3M3 9h4v4M9 7l4.5-4.5M7 9l-4.5 4.5",
  info: "M8 7v4M8 5v-.2M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0Z",
  warn: "M8 6v3.5M8 12v-.2M8 2 1.8 13.2h12.4L8 2Z",
  link: "M6.5 9.5l3-3M7 5l1.5-1.5a2.8 2.8 0 0 1 4 4L11 9M9 11l-1.5 1.5a2.8 2.8 0 0 1-4-4L5 7",
  grid: "M2.5 2.5h4.5v4.5H2.5ZM9 2.5h4.5v4.5H9ZM2.5 9h4.5v4.5H2.5ZM9 9h4.5v4.5H9Z",
  table: "M2 3h12v10H2ZM2 6.5h12M2 10h12M7 3v10",
  check: "M3 8.5 6.5 12 13 4.5",
  close: "M4 4l8 8M12 4l-8 8",
  compass: "M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0ZM10.5 5.5 9 9l-3.5 1.5L7 7l3.5-1.5Z",
  bell: "M4 7a4 4 0 0 1 8 0c0 3.5 1.5 4.5 1.5 4.5h-11S4 10.5 4 7ZM6.8 13.5a1.3 1.3 0 0 0 2.4 0",
  book: "M3 3.5A1.5 1.5 0 0 1 4.5 2H13v9.5H4.5A1.5 1.5 0 0 0 3 13ZM3 13a1.5 1.5 0 0 0 1.5 1.5H13v-3M6 5h4",
  target: "M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0ZM10.5 8a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0Z",
  share: "M5.5 9.2a2 2 0 1 1 0-2.4L10.6 4a2 2 0 1 1 .7 1.2L6 8M6 8l5.3 2.8a2 2 0 1 1-.7 1.2L5.5 9.2",
  rewind: "M2.5 8a5.5 5.5 0 1 0 1.7-4M2.5 2v3h3M8 5v3l2 1.5",
  more: "M3 8h.01M8 8h.01M13 8h.01",
  filter: "M2 3h12L9.5 8.5V13l-3-1.5v-3Z",
  search: "M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9ZM10.5 10.5 14 14",
};

export function icon(name: keyof typeof ICONS & string): SVGElement {
  return svg(
    "svg",
    { class: "icon", viewBox: "0 0 16 16", "aria-hidden": "true", focusable: "false" },
    svg("path", { d: ICONS[name] ?? "" }),
  );
}

export function iconButton(name: string, label: string, onclick: EventListener): HTMLButtonElement {
  return h(
    "button",
    { type: "button", class: "icon-button", title: label, "aria-label": label, onclick },
    icon(name),
  );
}

/** Listens until the returned function is called. */
export function listen<K extends keyof DocumentEventMap>(
  target: Document | Window | HTMLElement,
  type: K | string,
  f: (e: Event) => void,
  options?: AddEventListenerOptions,
): () => void {
  target.addEventListener(type, f, options);
  return () => target.removeEventListener(type, f, options);
}
