// The time machine: a strip over the page that says which moment of the past everything is shown
// at, and goes on or back by a second, a scrape, a minute, or to now.
import { clock } from "../data/clock.ts";
import type { Api } from "../data/prometheus.ts";
import { formatDate, parseTime, printDuration } from "../data/time.ts";
import { zoneName } from "../data/zone.ts";
import { h, icon, put } from "./dom.ts";

const SCRAPE_MS = 5000; // where nothing tells how often is scraped
const PATTERN = "YYYY-MM-DD HH:mm:ss";

export interface MomentActions {
  api: Api;
  timezone(): string;
  timed(): boolean; // false: the page shows now whatever the moment is
  go(moment: number | null): void; // null: live again
}

/** A moment as typed: a date and time, a time of today or else of yesterday, "now-2h", Unix time. */
export function momentOfText(text: string, now: number, timezone: string): number {
  const t = text.trim();
  const clockTime = /^(\d{1,2}):(\d\d)(?::(\d\d))?$/.exec(t);
  if (!clockTime) return parseTime(t, now, false, timezone);
  const time = `${clockTime[1]!.padStart(2, "0")}:${clockTime[2]}:${clockTime[3] ?? "00"}`;
  for (const day of ["now", "now-1d"]) {
    const date = formatDate(parseTime(day, now, false, timezone), "YYYY-MM-DD", timezone);
    const at = parseTime(`${date} ${time}`, now, false, timezone);
    if (Number.isNaN(at) || at <= now) return at;
  }
  return NaN;
}

export class TimeMachine {
  private readonly root = document.getElementById("moment")!;
  private readonly field = h("input", {
    type: "text",
    class: "moment-field mono",
    "aria-label": "The moment that is shown",
    spellcheck: "false",
    autocomplete: "off",
  });
  private readonly zone = h("span", { class: "dim moment-zone" });
  private readonly said = h("span", { class: "moment-said", role: "status" });
  private readonly scrape: [HTMLElement, HTMLElement];
  private scrapeMs = SCRAPE_MS;

  constructor(private readonly actions: MomentActions) {
    const step = (label: string, hint: string, by: () => number): HTMLElement =>
      h("button", {
        type: "button",
        class: "state-choice",
        text: label,
        title: hint,
        "aria-label": hint.replace(/ \(.*/, ""),
        onclick: () => this.step(by()),
      });
    this.scrape = [
      step("", "A scrape earlier (,)", () => -this.scrapeMs),
      step("", "A scrape later (.)", () => this.scrapeMs),
    ];
    const form = h(
      "form",
      {
        class: "moment-form",
        onsubmit: (e) => {
          e.preventDefault();
          this.typed();
        },
      },
      this.field,
      this.zone,
    );
    this.field.addEventListener("change", () => this.typed());
    put(
      this.root,
      h("span", { class: "moment-name" }, icon("rewind"), "Time machine"),
      step("−1m", "A minute earlier (<)", () => -60_000),
      this.scrape[0],
      step("−1s", "A second earlier", () => -1000),
      form,
      step("+1s", "A second later", () => 1000),
      this.scrape[1],
      step("+1m", "A minute later (>)", () => 60_000),
      h("button", { type: "button", class: "primary", text: "Back to now", onclick: () => this.actions.go(null) }),
      this.said,
    );
  }

  /** Goes on or back from the moment that is shown, to now at the latest. */
  step(byMs: number): void {
    if (clock.moment !== null) this.actions.go(clock.moment + byMs);
  }

  stepScrapes(n: number): void {
    this.step(n * this.scrapeMs);
  }

  focus(): void {
    this.field.focus();
    this.field.select();
  }

  /** Shows the moment, or nothing when the pages are live. */
  sync(): void {
    const { moment } = clock;
    this.root.hidden = moment === null;
    if (moment === null) return;
    const timezone = this.actions.timezone();
    this.field.value = formatDate(moment, PATTERN + (moment % 1000 ? ".SSS" : ""), timezone);
    this.zone.textContent = zoneName(timezone);
    this.said.textContent = this.actions.timed() ? "" : "This page shows now.";
    this.drawScrape();
  }

  private drawScrape(): void {
    const text = printDuration(this.scrapeMs);
    this.scrape.forEach((el, i) => {
      el.textContent = (i ? "+" : "−") + text;
      el.hidden = this.scrapeMs === 1000 || this.scrapeMs === 60_000; // there is such a button
    });
  }

  private typed(): void {
    const timezone = this.actions.timezone();
    const shown = this.field.value;
    if (clock.moment !== null && shown === formatDate(clock.moment, PATTERN, timezone)) return;
    const at = momentOfText(shown, Date.now(), timezone);
    if (Number.isNaN(at)) this.said.textContent = `“${shown}” is no moment: write 02:13, or 2026-01-31 14:00:05`;
    else if (at > Date.now()) this.said.textContent = "That is yet to come.";
    else this.actions.go(at);
  }

  /** Asks how often was scraped at that time, so that steps lead from reading to reading. */
  async askInterval(): Promise<void> {
    const { moment } = clock;
    if (moment === null) return;
    try {
      const { series } = await this.actions.api.query("max(count_over_time(up[1m]))", moment);
      const seconds = Math.round(60 / (series[0]?.values[0] ?? NaN));
      this.scrapeMs = seconds >= 1 && seconds <= 60 ? seconds * 1000 : SCRAPE_MS;
    } catch {
      this.scrapeMs = SCRAPE_MS; // the banner tells of a server that is away
    }
    this.drawScrape();
  }
}
