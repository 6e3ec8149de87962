// Alerts and rules: what is wrong now, since when and what to do about it; below, every group of
// rules with its state and the errors of its evaluation.
import { obj } from "../model/json.ts";
import { h, icon, put } from "../ui/dom.ts";
import { type Item, Keyed, setText } from "../ui/keyed.ts";
import type { PageHooks } from "../ui/page.ts";
import { type Alert, alertFits, alertsOf, type Group, groupsOf, ruleFits, shownValue } from "./alertdata.ts";
import { FilteredPage, Portion } from "./filteredpage.ts";
import { emptyState, sample } from "./listpage.ts";
import { exploreLink, labelChips, stateBadge } from "./parts.ts";
import { GroupSection } from "./rulegroup.ts";
import { runbookLink } from "./runbook.ts";
import { ago, shortAge } from "./words.ts";

class AlertRow implements Item<Alert> {
  readonly root: HTMLElement;
  private readonly state = h("div", { class: "alert-state" });
  private readonly since = h("span", { class: "dim" });
  private readonly summary = h("p", { class: "alert-summary" });
  private readonly more = h("p", { class: "dim" });
  private readonly value = h("span", { class: "dim" });
  private shown = "";

  constructor(a: Alert, hooks: PageHooks) {
    this.root = h(
      "li",
      { class: "alert" },
      this.state,
      h(
        "div",
        { class: "alert-words" },
        h("h3", {}, a.name, a.labels.severity ? h("span", { class: "dim", text: ` ${a.labels.severity}` }) : null),
        this.summary,
        this.more,
        labelChips(Object.fromEntries(Object.entries(a.labels).filter(([k]) => k !== "severity"))),
      ),
      h("div", { class: "alert-side" }, this.value, runbookLink(hooks, a.name, a.annotations), exploreLink(a.query, a.name)),
    );
  }

  update(a: Alert): void {
    if (this.shown !== a.state) {
      this.shown = a.state;
      put(this.state, stateBadge(a.state), this.since);
    }
    setText(this.since, `for ${shortAge(a.since)}`);
    this.since.title = `since ${new Date(a.since).toLocaleString()} (${ago(a.since)})`;
    setText(this.summary, a.annotations.summary ?? "");
    setText(this.more, a.annotations.description ?? "");
    setText(this.value, a.value ? `value ${shownValue(a.value)}` : "");
  }
}

class ActiveAlerts {
  readonly root: HTMLElement;
  private readonly words = h("span", { class: "dim" });
  private readonly list = h("ul", { class: "alerts" });
  private readonly none = h("p", { class: "none-active" });
  private readonly portion = new Portion(() => this.update(...this.last));
  private readonly rows: Keyed<Alert>;
  private last: [Alert[], Alert[]] = [[], []];

  constructor(hooks: PageHooks) {
    this.root = h(
      "section",
      { class: "card", "aria-labelledby": "active-alerts" },
      h("header", { class: "card-head" }, h("h2", { id: "active-alerts", text: "Active alerts" }), this.words),
      this.list,
      this.none,
      this.portion.button,
    );
    this.rows = new Keyed(
      this.list,
      (a) => a.name + JSON.stringify(a.labels) + a.query,
      (a) => new AlertRow(a, hooks),
    );
  }

  update(shown: Alert[], all: Alert[]): void {
    this.last = [shown, all];
    const firing = all.filter((a) => a.state === "firing").length;
    setText(this.words, all.length ? `${firing} firing, ${all.length - firing} pending` : "");
    this.rows.update(this.portion.of(shown));
    this.list.hidden = !shown.length;
    this.none.hidden = !!shown.length;
    put(
      this.none,
      icon(all.length ? "info" : "check"),
      all.length ? "No alert fits the filter." : "No alert is active.",
    );
    this.none.classList.toggle("good", !all.length);
  }
}

export class AlertsPage extends FilteredPage {
  readonly title = "Alerts";
  private groups: Group[] = [];
  private readonly active: ActiveAlerts;
  private readonly list = h("div", { class: "cards" });
  private readonly sections: Keyed<Group>;
  private readonly empty = emptyState("No rules are loaded.", [
    "Rules say what is worth an alert. Those that come with Algalon know GPUs and Algalon itself:",
    sample("algalon all --rules=/usr/share/algalon/rules/gpu.yml,/usr/share/algalon/rules/algalon.yml"),
    "Any rule file of Prometheus will do, with wildcards; --alertmanager and --webhook name who is told.",
  ]);

  constructor(hooks: PageHooks, query: URLSearchParams) {
    super(hooks, query, "Find an alert or a rule");
    this.active = new ActiveAlerts(hooks);
    this.sections = new Keyed(
      this.list,
      (g) => `${g.file} ${g.name}`,
      (g) => new GroupSection(g, hooks, (r) => ruleFits(r, this.word, this.state)),
    );
  }

  protected async load(signal: AbortSignal): Promise<void> {
    this.groups = groupsOf(obj(await this.hooks.api.json("/api/v1/rules", { signal })).data);
    this.draw();
  }

  protected draw(): void {
    if (!this.groups.length) {
      this.show(this.empty);
      return;
    }
    const rules = this.groups.flatMap((g) => g.rules);
    const alerts = alertsOf(this.groups);
    const firing = alerts.filter((a) => a.state === "firing").length;
    this.bar.update(
      [
        { state: "", text: "All rules", n: rules.length },
        { state: "firing", text: "Firing", n: firing },
        { state: "pending", text: "Pending", n: alerts.length - firing },
        { state: "failing", text: "Failing", n: rules.filter((r) => r.state === "failing").length },
      ],
      this.state,
    );
    this.active.root.hidden = this.state === "failing";
    this.active.update(
      alerts.filter((a) => alertFits(a, this.word, this.state)),
      alerts,
    );
    const groups = this.groups.filter((g) => g.rules.some((r) => ruleFits(r, this.word, this.state)));
    this.sections.update(this.word || this.state ? groups : this.groups);
    this.show(this.bar.root, this.active.root, this.list);
    document.title = firing ? `(${firing}) ${this.title} · Algalon` : `${this.title} · Algalon`;
  }

  protected absent(): HTMLElement {
    return emptyState("This program evaluates no rules.", [
      "They are on the page of the program that does: algalon host, algalon all, or Prometheus.",
    ]);
  }
}
