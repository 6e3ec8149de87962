// The targets: what is scraped, job by job; which of it fails, and why in plain words.
import { arr, obj } from "../model/json.ts";
import { ApiError } from "../data/prometheus.ts";
import { h, icon, put } from "../ui/dom.ts";
import { type Item, Keyed, setText } from "../ui/keyed.ts";
import type { PageHooks } from "../ui/page.ts";
import { FilteredPage, Portion } from "./filteredpage.ts";
import { emptyState, sample } from "./listpage.ts";
import { labelChips } from "./parts.ts";
import { type Discovery, fits, type Health, type Job, jobsOf, labelsOf, type Target } from "./targetdata.ts";
import { HEALTH, relabelSteps, TargetRow } from "./targetrow.ts";
import { ago, count } from "./words.ts";

const DROPPED_SHOWN = 100;
const COLUMNS = ["State", "Target", "Last scrape", "Took", "Samples", "What is wrong"];

function discoveryWords(d: Discovery): string {
  const found = count(d.found, "address", "addresses");
  if (d.kind === "static") return `${found} written in the configuration`;
  const looks = `${count(d.looks, "look")}${d.failures ? `, ${d.failures.toLocaleString("en")} failed` : ""}`;
  return `${d.kind}: ${found}, ${looks}, last success ${ago(d.succeededAt)}`;
}

class DroppedList {
  readonly root = h("div", { class: "dropped" });
  private readonly list = h("div", { class: "dropped-list", hidden: true });
  private readonly words = h("span");
  private readonly button: HTMLButtonElement;

  constructor(
    private readonly job: string,
    private readonly hooks: PageHooks,
    private readonly signal: AbortSignal,
  ) {
    this.button = h(
      "button",
      { type: "button", class: "unfold", "aria-expanded": "false", onclick: () => void this.toggle() },
      icon("right"),
      this.words,
    );
    this.root.append(this.button, this.list);
  }

  update(n: number): void {
    this.root.hidden = !n;
    setText(this.words, `${count(n, "discovered address", "discovered addresses")} left out by relabelling`);
  }

  private async toggle(): Promise<void> {
    this.list.hidden = !this.list.hidden;
    this.button.setAttribute("aria-expanded", String(!this.list.hidden));
    if (this.list.hidden) return;
    put(this.list, h("p", { class: "dim", text: "asking …" }));
    const q = new URLSearchParams({ state: "dropped", scrapePool: this.job });
    try {
      const answer = await this.hooks.api.json(`/api/v1/targets?${q}`, { signal: this.signal });
      const all = arr(obj(obj(answer).data).droppedTargets).map((t) => labelsOf(obj(t).discoveredLabels));
      put(this.list, ...all.slice(0, DROPPED_SHOWN).map((labels) => this.entry(labels)));
      if (all.length > DROPPED_SHOWN)
        this.list.append(h("p", { class: "dim", text: `and ${count(all.length - DROPPED_SHOWN, "more", "more")}` }));
    } catch (e) {
      if (this.signal.aborted) return;
      if (!(e instanceof ApiError)) throw e;
      put(this.list, h("p", { class: "bad-text", text: e.message }));
    }
  }

  private entry(labels: Record<string, string>): HTMLElement {
    const steps = h("div");
    const why = h("button", {
      type: "button",
      class: "small-button",
      text: "Which rule?",
      onclick: () => {
        why.disabled = true;
        void relabelSteps(this.hooks, this.job, labels, this.signal).then(
          (found) => put(steps, found),
          () => undefined,
        );
      },
    });
    why.setAttribute("aria-label", `Which rule leaves ${labels.__address__ ?? "it"} out?`);
    return h("div", { class: "dropped-entry" }, h("div", { class: "dropped-head" }, labelChips(labels), why), steps);
  }
}

let ids = 0;

class JobSection implements Item<Job> {
  readonly root: HTMLElement;
  private readonly title = h("h2");
  private readonly ratio = h("span", { class: "dim" });
  private readonly discoveries = h("div", { class: "discoveries" });
  private readonly table: HTMLTableElement;
  private readonly none = h("p", { class: "dim job-none" });
  private readonly rows: Keyed<Target>;
  private readonly portion = new Portion(() => this.update(this.job));
  private readonly dropped: DroppedList;
  private job: Job;

  constructor(
    job: Job,
    hooks: PageHooks,
    signal: AbortSignal,
    private readonly filter: (t: Target) => boolean,
  ) {
    this.job = job;
    this.title.id = `job-${++ids}`;
    const head = COLUMNS.map((text, i) =>
      h("th", { scope: "col", role: "columnheader", class: i === 3 || i === 4 ? "to-right" : null, text }),
    );
    this.table = h(
      "table",
      { class: "list-table targets", role: "table", "aria-labelledby": this.title.id },
      h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, ...head)),
    );
    this.rows = new Keyed(
      this.table,
      (t) => t.url + JSON.stringify(t.labels),
      (t) => new TargetRow(t, hooks, signal),
      this.table.tHead,
    );
    this.dropped = new DroppedList(job.name, hooks, signal);
    this.root = h(
      "section",
      { class: "card", "aria-labelledby": this.title.id },
      h("header", { class: "card-head" }, this.title, this.ratio),
      this.discoveries,
      this.table,
      this.none,
      this.portion.button,
      this.dropped.root,
    );
  }

  update(job: Job): void {
    this.job = job;
    const shown = job.targets.filter(this.filter);
    const up = job.targets.filter((t) => t.health === "up").length;
    setText(this.title, job.name);
    setText(this.ratio, job.targets.length ? `${up} of ${job.targets.length} up` : "no targets");
    put(this.discoveries, ...job.discoveries.map((d) => this.discovery(d)));
    this.rows.update(this.portion.of(shown));
    this.table.hidden = !shown.length;
    this.none.hidden = !!shown.length || !!job.dropped;
    setText(
      this.none,
      job.targets.length
        ? "No target of this job fits the filter."
        : "Nothing was discovered. If there should be something, look at the discovery above and at the configuration of the job.",
    );
    this.dropped.update(job.dropped);
  }

  private discovery(d: Discovery): HTMLElement {
    return h(
      "p",
      { class: d.error ? "bad-text" : "dim" },
      d.error ? icon("warn") : null,
      d.error ? `${discoveryWords(d)}. ${d.error}` : discoveryWords(d),
    );
  }
}

export class TargetsPage extends FilteredPage {
  readonly title = "Targets";
  private jobs: Job[] = [];
  private readonly list = h("div", { class: "cards" });
  private readonly empty = emptyState("Nothing is scraped yet.", [
    "Name the machines whose workers are to be asked:",
    sample("algalon host --target=gpu-01:9400,gpu-02:9400"),
    "or hand over a Prometheus scrape configuration:",
    sample("algalon host --scrape-config=prometheus.yml"),
  ]);
  private readonly none = emptyState("No target fits.", [
    "Choose another state, or search for less.",
  ]);
  private readonly sections: Keyed<Job>;

  constructor(hooks: PageHooks, query: URLSearchParams) {
    super(hooks, query, "Find a target");
    this.sections = new Keyed(
      this.list,
      (j) => j.name,
      (j) => new JobSection(j, hooks, this.controller.signal, (t) => fits(t, this.word, this.state)),
    );
  }

  protected async load(signal: AbortSignal): Promise<void> {
    const ask = async (path: string): Promise<unknown> =>
      obj(await this.hooks.api.json(path, { signal })).data;
    /** Servers beside Algalon have no such list: the page does without. */
    const askMore = (path: string): Promise<unknown> =>
      ask(path).catch((e: unknown) => {
        if (e instanceof ApiError && e.kind !== "unreachable") return {};
        throw e;
      });
    const [targets, discoveries, pools] = await Promise.all([
      ask("/api/v1/targets?state=active"),
      askMore("/api/v1/targets/discoveries"),
      askMore("/api/v1/scrape_pools"),
    ]);
    this.jobs = jobsOf(targets, discoveries, pools);
    this.draw();
  }

  protected draw(): void {
    if (!this.jobs.length) {
      this.show(this.empty);
      return;
    }
    const all = this.jobs.flatMap((j) => j.targets);
    const of = (state: Health): number => all.filter((t) => t.health === state).length;
    this.bar.update(
      [
        { state: "", text: "All", n: all.length },
        ...(["down", "unknown", "up"] as const).map((state) => ({
          state,
          text: HEALTH[state].word,
          n: of(state),
        })),
      ],
      this.state,
    );
    const narrowed = this.word || this.state;
    const jobs = narrowed
      ? this.jobs.filter((j) => j.targets.some((t) => fits(t, this.word, this.state)))
      : this.jobs;
    this.sections.update(jobs);
    this.none.hidden = jobs.length > 0;
    this.show(this.bar.root, this.list, this.none);
  }

  protected absent(): HTMLElement {
    return emptyState("This program scrapes nothing.", [
      "It shows what another store holds; the targets are on the page of the program that scrapes them (algalon host, algalon agent or Prometheus).",
    ]);
  }
}
