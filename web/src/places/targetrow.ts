// One target as a row of its job's table, and what unfolds below it: its labels, and what
// relabelling made of those that were discovered.
import type { Labels } from "../data/frame.ts";
import { ApiError } from "../data/prometheus.ts";
import { obj } from "../model/json.ts";
import { h, icon, put } from "../ui/dom.ts";
import { type Item, setText } from "../ui/keyed.ts";
import type { PageHooks } from "../ui/page.ts";
import { labelChips } from "./parts.ts";
import { plainError } from "./scrapeerror.ts";
import { type Health, type Step, stepsOf, type Target } from "./targetdata.ts";
import { ago, took } from "./words.ts";

export const HEALTH: Record<Health, { word: string; icon: string }> = {
  up: { word: "Up", icon: "check" },
  down: { word: "Down", icon: "warn" },
  unknown: { word: "Waiting", icon: "clock" },
};

const DETAILS_COLUMNS = 6;
const LOCAL = "local"; // the URL of what is read inside the process

function stepItem(step: Step): HTMLElement {
  const lines = step.changes.map((c) =>
    h("li", {
      text:
        c.to === null
          ? `${c.name} is removed`
          : c.from === null
            ? `${c.name} = "${c.to}" is added`
            : `${c.name} = "${c.to}", was "${c.from}"`,
    }),
  );
  const nothing = step.kept && !lines.length;
  if (nothing) lines.push(h("li", { class: "dim", text: "changes nothing here" }));
  if (!step.kept) lines.push(h("li", { class: "bad-text", text: "drops the target: nothing is scraped" }));
  return h("li", {}, h("code", { text: step.rule }), h("ul", { class: "step-changes" }, ...lines));
}

/** Asks what relabelling does to these labels, and shows it rule by rule. */
export async function relabelSteps(
  hooks: PageHooks,
  job: string,
  discovered: Labels,
  signal: AbortSignal,
): Promise<HTMLElement> {
  const q = new URLSearchParams({ scrapePool: job, labels: JSON.stringify(discovered) });
  try {
    const answer = await hooks.api.json(`/api/v1/targets/relabel_steps?${q}`, { signal });
    const steps = stepsOf(obj(answer).data, discovered);
    if (!steps.length) return h("p", { class: "dim", text: "This job has no relabelling rules." });
    return h("ol", { class: "steps" }, ...steps.map(stepItem));
  } catch (e) {
    if (signal.aborted || !(e instanceof ApiError)) throw e;
    const words = e.status === 404 ? "This job is not in the scrape configuration." : e.message;
    return h("p", { class: "dim", text: words });
  }
}

let ids = 0;

export class TargetRow implements Item<Target> {
  readonly root = h("tbody", { role: "rowgroup" });
  private readonly state = h("td", { class: "cell-state", role: "cell" });
  private readonly name = h("span", { class: "target-name" });
  private readonly url = h("span", { class: "target-url dim" });
  private readonly scraped = h("td", { class: "cell-scraped", role: "cell" });
  private readonly duration = h("td", { class: "cell-number", role: "cell" });
  private readonly samples = h("td", { class: "cell-number", role: "cell" });
  private readonly error = h("td", { class: "cell-error", role: "cell" });
  private readonly button: HTMLButtonElement;
  private details: HTMLTableRowElement | null = null;
  private shownHealth = "";
  private shownError = "";

  constructor(
    private target: Target,
    private readonly hooks: PageHooks,
    private readonly signal: AbortSignal,
  ) {
    this.button = h(
      "button",
      {
        type: "button",
        class: "unfold",
        "aria-expanded": "false",
        onclick: () => this.toggle(),
      },
      icon("right"),
      h("span", { class: "target-text" }, this.name, this.url),
    );
    const name = h("td", { class: "cell-name", role: "cell" }, this.button);
    this.root.append(
      h(
        "tr",
        { role: "row" },
        this.state,
        name,
        this.scraped,
        this.duration,
        this.samples,
        this.error,
      ),
    );
  }

  update(t: Target): void {
    this.target = t;
    if (this.shownHealth !== t.health) {
      this.shownHealth = t.health;
      const { word, icon: sign } = HEALTH[t.health];
      put(this.state, h("span", { class: `badge ${t.health}` }, icon(sign), word));
    }
    setText(this.name, t.instance);
    setText(this.url, t.url === LOCAL ? "read inside this process, without HTTP" : t.url);
    setText(this.scraped, ago(t.scrapedAt));
    setText(this.duration, took(t.seconds));
    const known = t.samples !== null && !Number.isNaN(t.scrapedAt);
    setText(this.samples, known && t.url !== LOCAL ? t.samples!.toLocaleString("en") : "");
    this.showError(t);
  }

  private showError(t: Target): void {
    if (this.shownError === t.error) return;
    this.shownError = t.error;
    const plain = t.error ? plainError(t.error, t) : null;
    put(
      this.error,
      plain ? h("p", { class: "error-what", text: plain.what }) : null,
      plain ? h("p", { text: plain.advice }) : null,
      t.error ? h("p", { class: plain ? "dim error-raw" : "error-what", text: t.error }) : null,
    );
  }

  private toggle(): void {
    const open = !this.details;
    this.button.setAttribute("aria-expanded", String(open));
    if (!open) {
      this.details!.remove();
      this.details = null;
      this.button.removeAttribute("aria-controls");
      return;
    }
    this.details = this.detailsRow();
    this.root.append(this.details);
    this.button.setAttribute("aria-controls", this.details.id);
  }

  private detailsRow(): HTMLTableRowElement {
    const t = this.target;
    const steps = h("div", {}, h("p", { class: "dim", text: "asking …" }));
    const how =
      t.url === LOCAL
        ? "This program's own numbers: they go into the store without a scrape."
        : `Every ${t.interval}, given up after ${t.timeout}.`;
    const part = (title: string, ...content: Node[]): HTMLElement =>
      h("section", {}, h("h3", { text: title }), ...content);
    const link = /^https?:/.test(t.url)
      ? h("a", { href: t.url, target: "_blank", rel: "noopener noreferrer", text: t.url })
      : t.url;
    const parts = [
      part("Scrape", h("p", {}, link), h("p", { class: "dim", text: how })),
      part("Labels of its series", labelChips(t.labels)),
      part("Labels as discovered", labelChips(t.discovered)),
      part("What relabelling does to them", steps),
    ];
    if (t.url === LOCAL) parts.splice(0, 4, part("Scrape", h("p", { class: "dim", text: how })), parts[1]!);
    else
      void relabelSteps(this.hooks, t.job, t.discovered, this.signal).then(
        (found) => put(steps, found),
        () => undefined, // the page was left
      );
    const cell = h(
      "td",
      { colspan: DETAILS_COLUMNS, class: "cell-details", role: "cell" },
      h("div", { class: "target-details" }, ...parts),
    );
    return h("tr", { role: "row", id: `target-${++ids}`, class: "details" }, cell);
  }
}
