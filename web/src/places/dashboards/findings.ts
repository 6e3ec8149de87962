// What a look at a dashboard's queries found, panel by panel.
import { h, icon } from "../../ui/dom.ts";
import type { Finding } from "./kept.ts";

const WORDS: Record<string, [string, string]> = {
  ok: ["check", "has data"],
  note: ["info", "note"],
  warning: ["warn", "may be wrong"],
  error: ["warn", "would be empty"],
};
const ORDER = ["error", "warning", "note", "ok"];

/** The findings of one place in the file, the worst first. */
export function byPlace(findings: Finding[]): { place: string; level: string; items: Finding[] }[] {
  const places = new Map<string, Finding[]>();
  for (const f of findings) if (f.place) places.set(f.place, [...(places.get(f.place) ?? []), f]);
  const rank = (f: Finding): number => ORDER.indexOf(f.level);
  return [...places].map(([place, items]) => {
    const sorted = [...items].sort((a, b) => rank(a) - rank(b));
    return { place, level: sorted[0]!.level, items: sorted };
  });
}

export function findingsList(
  findings: Finding[],
  on: { go(line: number): void; fix: (() => void) | null },
): HTMLElement {
  const places = byPlace(findings);
  const count = (level: string): number => places.filter((p) => p.level === level).length;
  const whole = findings.filter((f) => !f.place && f.level !== "ok");
  const summary = [
    `${count("ok") + count("note")} of ${places.length} queries have data`,
    count("error") ? `${count("error")} would be empty` : "",
    count("warning") ? `${count("warning")} may be wrong` : "",
  ].filter(Boolean);
  return h(
    "section",
    { class: "findings", "aria-label": "What its queries would give here" },
    h(
      "header",
      { class: "card-head" },
      h("h3", { text: places.length ? summary.join(", ") : "It asks for nothing" }),
      on.fix
        ? h("button", { type: "button", class: "state-choice spread", text: "Take the file put right", onclick: on.fix })
        : null,
    ),
    h(
      "ul",
      { class: "finding-list" },
      ...whole.map((f) => h("li", { class: f.level }, icon(WORDS[f.level]![0]), h("span", {}, f.text))),
      ...places.map((p) => placeItem(p, on.go)),
    ),
  );
}

/** The words of `algalon check`, without what is said of its options. */
function wordsOf(f: Finding): string {
  const advice = f.advice.replace(/: algalon migrate dashboard translates.*| \(--fix\)$/, "");
  const text = f.text.replace(/: empty$/, "");
  return advice ? `${text}: ${advice}` : text;
}

function placeItem(
  p: { place: string; level: string; items: Finding[] },
  go: (line: number) => void,
): HTMLElement {
  const [name, word] = WORDS[p.level] ?? WORDS.note!;
  const { line } = p.items[0]!;
  const place = line
    ? h("button", { type: "button", class: "finding-place", text: p.place, onclick: () => go(line) })
    : h("span", { class: "finding-place", text: p.place });
  const told = p.items.filter((f) => f.level !== "ok");
  return h(
    "li",
    { class: p.level },
    icon(name),
    h(
      "div",
      {},
      h("p", {}, place, h("span", { class: "finding-word", text: word })),
      ...told.map((f) => h("p", { class: "dim", text: wordsOf(f) })),
    ),
  );
}
