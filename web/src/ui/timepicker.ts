// The time range picker: quick ranges, a free range, and its button.
import { clock } from "../data/clock.ts";
import { formatDate, isRelative, parseTime, quickRanges, rangeText } from "../data/time.ts";
import { zoneName } from "../data/zone.ts";
import { h, icon } from "./dom.ts";
import { arrowKeys, popover } from "./popover.ts";

export interface TimeChoice {
  from: string;
  to: string;
  timezone: string;
  setTimezone(timezone: string): void;
  extra: { from: string; to: string; display: string }[]; // quick ranges of the dashboard file
}

export function timeButton(
  get: () => TimeChoice,
  set: (from: string, to: string) => void,
): HTMLButtonElement {
  const button = h("button", {
    type: "button",
    class: "time-button",
    "aria-haspopup": "dialog",
    "aria-expanded": "false",
  });
  button.addEventListener("click", () => openPicker(button, get(), set));
  showTime(button, get());
  return button;
}

export function showTime(button: HTMLElement, c: TimeChoice): void {
  const text = rangeText(c.from, c.to, c.timezone, clock.moment);
  button.replaceChildren(icon("clock"), h("span", { class: "time-text", text }), icon("down"));
  button.setAttribute("aria-label", `Time range: ${text}`);
}

/** All zones that this browser knows, and the one that is shown. */
function zoneNames(shown: string): string[] {
  const intl = Intl as { supportedValuesOf?(key: string): string[] }; // browsers before 2022 lack it
  const names = new Set(intl.supportedValuesOf?.("timeZone") ?? []);
  if (shown.includes("/")) names.add(shown);
  names.delete("UTC");
  return [...names].sort();
}

function editable(text: string, timezone: string): string {
  if (isRelative(text)) return text;
  const ts = parseTime(text, clock.now(), false, timezone);
  return Number.isNaN(ts) ? text : formatDate(ts, "YYYY-MM-DD HH:mm:ss", timezone);
}

/** The form's text as the URL holds it: relative as typed, absolute as milliseconds. */
export function rangeOf(
  fromText: string,
  toText: string,
  now: number,
  timezone: string,
): { from: string; to: string } | string {
  const from = parseTime(fromText, now, false, timezone);
  const to = parseTime(toText, now, true, timezone);
  if (Number.isNaN(from)) return `"${fromText}" is no time: write now-6h, or 2026-01-31 14:00`;
  if (Number.isNaN(to)) return `"${toText}" is no time: write now, or 2026-01-31 14:00`;
  if (from >= to) return "The range ends before it begins.";
  const keep = (text: string, ts: number): string =>
    isRelative(text.trim()) ? text.trim() : String(ts);
  return { from: keep(fromText, from), to: keep(toText, to) };
}

function openPicker(
  button: HTMLElement,
  c: TimeChoice,
  set: (from: string, to: string) => void,
): void {
  const choose = (from: string, to: string): void => {
    box.close();
    set(from, to);
  };
  const list = h("div", { class: "quick-ranges", role: "group", "aria-label": "Quick ranges" });
  for (const q of c.extra.length ? c.extra : quickRanges) {
    const on = q.from === c.from && q.to === c.to;
    list.append(
      h("button", {
        type: "button",
        class: on ? "quick on" : "quick",
        text: q.display,
        "aria-pressed": String(on),
        onclick: () => choose(q.from, q.to),
      }),
    );
  }
  arrowKeys(list, ".quick");
  const from = h("input", {
    type: "text",
    name: "from",
    value: editable(c.from, c.timezone),
    spellcheck: "false",
    autocomplete: "off",
  });
  const to = h("input", {
    type: "text",
    name: "to",
    value: editable(c.to, c.timezone),
    spellcheck: "false",
    autocomplete: "off",
  });
  const error = h("p", { class: "form-error", role: "alert" });
  const zone = h(
    "select",
    { onchange: () => c.setTimezone(zone.value) },
    h("option", { value: "browser", text: `This browser's (${zoneName("browser")})` }),
    h("option", { value: "utc", text: "UTC" }),
    ...zoneNames(c.timezone).map((name) => h("option", { value: name, text: name.replace(/_/g, " ") })),
  );
  zone.value = c.timezone;
  const form = h(
    "form",
    {
      class: "range-form",
      onsubmit: (e) => {
        e.preventDefault();
        const range = rangeOf(from.value, to.value, clock.now(), c.timezone);
        if (typeof range === "string") error.textContent = range;
        else choose(range.from, range.to);
      },
    },
    h("label", {}, "From", from),
    h("label", {}, "To", to),
    h("p", {
      class: "form-hint",
      text: `now-6h, now-1d/d, 2026-01-31 14:00 (${c.timezone === "browser" ? "this browser's time zone" : zoneName(c.timezone)})`,
    }),
    error,
    h("button", { type: "submit", class: "primary", text: "Apply" }),
    h("label", {}, "Time zone", zone),
  );
  const box = popover(button, h("div", { class: "time-picker" }, list, form), "Time range");
}
