// One group of rules: a row for each rule, which unfolds into its expression, labels and alerts.
import { h, icon, put } from "../ui/dom.ts";
import { type Item, Keyed, setText } from "../ui/keyed.ts";
import type { PageHooks } from "../ui/page.ts";
import type { Group, Rule } from "./alertdata.ts";
import { exploreLink, labelChips, stateBadge, STATES } from "./parts.ts";
import { runbookLink } from "./runbook.ts";
import { ago, count, duration, took } from "./words.ts";

const COLUMNS = 4;
let ids = 0;

function stateWord(r: Rule): string {
  if (r.state === "firing" || r.state === "pending") {
    const n = r.alerts.filter((a) => a.state === r.state).length;
    return `${n} ${STATES[r.state].word.toLowerCase()}`;
  }
  return r.state === "ok" && !r.isAlert ? "Recorded" : STATES[r.state].word;
}

class RuleRow implements Item<Rule> {
  readonly root = h("tbody", { role: "rowgroup" });
  private readonly state = h("td", { class: "cell-state", role: "cell" });
  private readonly took = h("td", { class: "cell-number", role: "cell" });
  private readonly error = h("td", { class: "cell-error", role: "cell" });
  private readonly button: HTMLButtonElement;
  private details: HTMLTableRowElement | null = null;
  private shown = "";

  constructor(
    private readonly rule: Rule,
    private readonly hooks: PageHooks,
  ) {
    const wait = rule.isAlert
      ? rule.forSeconds
        ? `alert when it holds for ${duration(rule.forSeconds)}`
        : "alert at once"
      : "recording";
    this.button = h(
      "button",
      { type: "button", class: "unfold", "aria-expanded": "false", onclick: () => this.toggle() },
      icon("right"),
      h(
        "span",
        { class: "target-text" },
        h("span", { class: "target-name", text: rule.name }),
        h("span", { class: "target-url dim", text: wait }),
      ),
    );
    const name = h("td", { class: "cell-name", role: "cell" }, this.button);
    this.root.append(h("tr", { role: "row" }, this.state, name, this.took, this.error));
  }

  update(r: Rule): void {
    const word = stateWord(r);
    if (this.shown !== r.state + word) {
      this.shown = r.state + word;
      put(this.state, stateBadge(r.state, word));
    }
    setText(this.took, took(r.seconds));
    setText(this.error, r.error);
    this.error.classList.toggle("bad-text", !!r.error);
  }

  private toggle(): void {
    const open = !this.details;
    this.button.setAttribute("aria-expanded", String(open));
    this.details?.remove();
    this.details = open ? this.detailsRow() : null;
    if (this.details) {
      this.root.append(this.details);
      this.button.setAttribute("aria-controls", this.details.id);
    } else this.button.removeAttribute("aria-controls");
  }

  private detailsRow(): HTMLTableRowElement {
    const r = this.rule;
    const part = (title: string, ...content: (Node | null)[]): HTMLElement =>
      h("section", {}, h("h3", { text: title }), ...content);
    const texts = Object.entries(r.annotations).filter(([k]) => !/^runbook(_url)?$/.test(k));
    const keep = r.keepSeconds ? h("p", { class: "dim", text: `Fires on for ${duration(r.keepSeconds)} after it is gone.` }) : null;
    return h(
      "tr",
      { role: "row", id: `rule-${++ids}`, class: "details" },
      h(
        "td",
        { colspan: COLUMNS, class: "cell-details", role: "cell" },
        h(
          "div",
          { class: "target-details rule-details" },
          part("Expression", h("pre", { class: "sample", tabindex: "0" }, h("code", { text: r.query })), keep),
          part(r.isAlert ? "Labels that it sets" : "Labels", labelChips(r.labels)),
          ...texts.map(([k, v]) => part(k[0]!.toUpperCase() + k.slice(1), h("p", { text: v }))),
        ),
        h("div", { class: "rule-links" }, exploreLink(r.query, r.name), runbookLink(this.hooks, r.name, r.annotations)),
      ),
    );
  }
}

export class GroupSection implements Item<Group> {
  readonly root: HTMLElement;
  private readonly facts = h("span", { class: "dim" });
  private readonly table: HTMLTableElement;
  private readonly rows: Keyed<Rule>;

  constructor(
    g: Group,
    hooks: PageHooks,
    private readonly filter: (r: Rule) => boolean,
  ) {
    const id = `group-${++ids}`;
    const head = ["State", "Rule", "Took", "Last error"].map((text, i) =>
      h("th", { scope: "col", role: "columnheader", class: i === 2 ? "to-right" : null, text }),
    );
    this.table = h(
      "table",
      { class: "list-table rules", role: "table", "aria-labelledby": id },
      h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, ...head)),
    );
    this.rows = new Keyed(
      this.table,
      (r) => `${r.isAlert} ${r.name} ${r.query} ${JSON.stringify([r.labels, r.annotations, r.forSeconds, r.keepSeconds])}`,
      (r) => new RuleRow(r, hooks),
      this.table.tHead,
    );
    this.root = h(
      "section",
      { class: "card", "aria-labelledby": id },
      h("header", { class: "card-head" }, h("h2", { id, text: g.name }), h("span", { class: "dim", text: g.file }), this.facts),
      this.table,
    );
  }

  update(g: Group): void {
    const often = `every ${duration(g.intervalSeconds)}`;
    const last = Number.isNaN(g.evaluatedAt) ? "not evaluated yet" : `evaluated ${ago(g.evaluatedAt)}`;
    const spent = took(g.seconds);
    setText(this.facts, `${count(g.rules.length, "rule")}, ${often}, ${last}${spent ? `, took ${spent}` : ""}`);
    this.rows.update(g.rules.filter(this.filter));
  }
}
