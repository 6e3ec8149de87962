// Dashboards as files: what there is and where from; bring one's own by a file, by text, or as a copy;
// change them, take them away.
import { arr, obj, str, strings } from "../../model/json.ts";
import { faultOfJson, lineOf } from "../../model/jsonplace.ts";
import { h, icon, put } from "../../ui/dom.ts";
import type { PageHooks } from "../../ui/page.ts";
import { setParam } from "../../ui/state.ts";
import { filterBar } from "../filterbar.ts";
import { emptyState, ListPage } from "../listpage.ts";
import { Editor } from "./editor.ts";
import { readFile, remove, renamed, save, uidOf, uidOfTitle } from "./kept.ts";

interface Entry {
  uid: string;
  title: string;
  tags: string[];
  origin: string;
  error: string;
}

const ORIGINS: Record<string, string> = {
  kept: "Kept here",
  folder: "A file of --dashboards",
  shipped: "Comes with Algalon",
};
const LOCKED: Record<string, string> = {
  folder: "A file of the folder of --dashboards: it is changed there, or saved here as a copy.",
  shipped: "Comes with Algalon: it can be saved as a copy.",
};
const MOST_BYTES = 4 << 20;
const EMPTY = `{
  "uid": "",
  "title": "",
  "tags": [],
  "time": { "from": "now-1h", "to": "now" },
  "templating": { "list": [] },
  "panels": [
    {
      "id": 1,
      "type": "timeseries",
      "title": "",
      "gridPos": { "x": 0, "y": 0, "w": 24, "h": 9 },
      "targets": [{ "refId": "A", "expr": "" }],
      "fieldConfig": { "defaults": { "unit": "percent" }, "overrides": [] },
      "options": {}
    }
  ]
}
`;

export class DashboardsPage extends ListPage {
  readonly title = "Dashboards";
  override readonly refresh = "off";
  private readonly list = h("ul", { class: "files" });
  private readonly none = h("p", { class: "dim", text: "No dashboard fits." });
  private readonly said = h("div", { class: "files-said", role: "status" });
  private readonly bar;
  private readonly tools: HTMLElement;
  private editor: Editor | null = null;
  private entries: Entry[] = [];
  private word: string;
  private state: string;
  private edit: string; // the uid that is edited; "new"; "": the list is shown
  private readonly off: () => void;

  constructor(hooks: PageHooks, query: URLSearchParams) {
    super(hooks);
    this.word = query.get("search") ?? "";
    this.state = query.get("state") ?? "all";
    this.edit = query.get("edit") ?? "";
    this.bar = filterBar({
      label: "Find a dashboard",
      word: this.word,
      state: this.state,
      search: (word) => {
        this.word = word;
        this.draw();
        this.hooks.changed(false);
      },
      choose: (state) => {
        this.state = state;
        this.draw();
        this.hooks.changed(false);
      },
    });
    const chooser = h("input", {
      type: "file",
      accept: ".json,application/json",
      multiple: true,
      class: "unseen",
      tabindex: "-1",
      "aria-hidden": "true",
      onchange: () => void this.take([...(chooser.files ?? [])]).then(() => (chooser.value = "")),
    });
    this.tools = h(
      "div",
      { class: "file-tools" },
      h("button", { type: "button", class: "primary", text: "Bring a file", onclick: () => chooser.click() }),
      h("button", { type: "button", class: "state-choice", text: "Write or paste one", onclick: () => void this.open("new") }),
      h("span", { class: "dim", text: "Grafana's files, as exported. Files can be dropped anywhere on this page." }),
      chooser,
    );
    this.off = this.listenForFiles();
  }

  protected async load(signal: AbortSignal): Promise<void> {
    const answer = await this.hooks.api.json("/api/dashboards", { signal });
    this.entries = arr(answer).map((raw) => ({
      uid: str(obj(raw).uid),
      title: str(obj(raw).title),
      tags: strings(obj(raw).tags),
      origin: str(obj(raw).origin, "shipped"),
      error: str(obj(raw).error),
    }));
    this.draw();
    if (this.edit && !this.editor) await this.open(this.edit, false);
  }

  protected absent(): HTMLElement {
    return emptyState("This server lists no dashboards.", []);
  }

  private draw(): void {
    const word = this.word.toLowerCase();
    const of = (state: string): Entry[] =>
      this.entries.filter((e) => state === "all" || (state === "broken" ? e.error : e.origin === state));
    this.bar.update(
      [
        { state: "all", text: "All", n: this.entries.length },
        { state: "kept", text: "Kept here", n: of("kept").length },
        { state: "failing", text: "Broken", n: of("broken").length },
      ],
      this.state,
    );
    const shown = of(this.state === "failing" ? "broken" : this.state).filter((e) =>
      `${e.title} ${e.uid} ${e.tags.join(" ")}`.toLowerCase().includes(word),
    );
    put(this.list, ...shown.map((e) => this.row(e)));
    this.none.hidden = shown.length > 0;
    if (this.editor) this.show(this.said, this.editor.root);
    else this.show(this.tools, this.said, this.bar.root, this.list, this.none);
  }

  private row(e: Entry): HTMLElement {
    const kept = e.origin === "kept";
    const button = (text: string, run: () => void): HTMLElement =>
      h("button", { type: "button", class: "small-button", onclick: run }, text, h("span", { class: "unseen", text: ` ${e.title}` }));
    return h(
      "li",
      { class: "file-row" },
      icon(e.error ? "warn" : "grid"),
      h(
        "div",
        { class: "file-words" },
        h("h2", {}, e.error ? e.title : h("a", { href: `/d/${encodeURIComponent(e.uid)}`, text: e.title })),
        h("p", { class: "dim" }, h("span", { class: "mono", text: e.uid }), e.tags.length ? ` · ${e.tags.join(", ")}` : ""),
        e.error ? h("p", { class: "bad-text", text: e.error }) : null,
      ),
      h("span", { class: kept ? "badge ok" : "badge", text: ORIGINS[e.origin] ?? e.origin }),
      h(
        "div",
        { class: "file-buttons" },
        button(kept ? "Edit" : "Look at its file", () => void this.open(e.uid)),
        h(
          "a",
          { class: "small-button", href: `/api/dashboards/uid/${encodeURIComponent(e.uid)}/file`, download: `${e.uid}.json` },
          "Download",
          h("span", { class: "unseen", text: ` ${e.title}` }),
        ),
        kept ? button("Delete", () => void this.delete(e)) : null,
      ),
    );
  }

  private say(text: string, bad = false): void {
    put(this.said, h("p", { class: bad ? "bad-text" : "", text }));
  }

  /** Opens a dashboard's file, or a new one, as text. */
  private async open(uid: string, step = true, text = EMPTY): Promise<void> {
    let file = { uid: "", text, tag: "", locked: "" };
    if (uid !== "new") {
      const entry = this.entries.find((e) => e.uid === uid);
      try {
        file = { uid, ...(await readFile(this.hooks.api, uid)), locked: LOCKED[entry?.origin ?? ""] ?? "" };
      } catch (e) {
        this.edit = "";
        this.say(e instanceof Error ? e.message : String(e), true);
        return;
      }
    }
    put(this.said);
    this.edit = uid;
    this.editor = new Editor(file, {
      api: this.hooks.api,
      saved: (to) => void this.saved(to),
      leave: () => this.leave(),
    });
    this.draw();
    if (step) this.hooks.changed(true);
    this.editor.focus();
  }

  private async saved(uid: string): Promise<void> {
    this.leave();
    await this.round();
    await this.hooks.dashboardsChanged();
    put(this.said, h("p", {}, "Saved: ", h("a", { href: `/d/${encodeURIComponent(uid)}`, text: uid }), "."));
  }

  private leave(): void {
    this.editor = null;
    this.edit = "";
    this.draw();
    this.hooks.changed(true);
  }

  private async delete(e: Entry): Promise<void> {
    const before = await readFile(this.hooks.api, e.uid).catch(() => null);
    const refused = await remove(this.hooks.api, e.uid);
    await this.round();
    await this.hooks.dashboardsChanged();
    if (refused) {
      this.say(refused.text, true);
      return;
    }
    this.say(`“${e.title}” is deleted. `);
    if (before && !e.error)
      this.said.firstElementChild!.append(
        h("button", {
          type: "button",
          class: "small-button",
          text: "Undo",
          onclick: () => void save(this.hooks.api, e.uid, before.text, "").then(() => this.saved(e.uid)),
        }),
      );
  }

  /** Files that were chosen or dropped: one is kept at once where nothing is in its way. */
  private async take(files: File[]): Promise<void> {
    const lines: HTMLElement[] = [];
    for (const file of files) {
      const text = file.size > MOST_BYTES ? "" : await file.text();
      lines.push(await this.takeOne(file, text));
    }
    await this.round();
    await this.hooks.dashboardsChanged();
    put(this.said, ...lines);
  }

  private async takeOne(file: File, text: string): Promise<HTMLElement> {
    const line = (words: string, ...more: (HTMLElement | string)[]): HTMLElement =>
      h("p", {}, h("b", { text: file.name }), `: ${words} `, ...more);
    const openIt = (t: string, words: string): HTMLElement =>
      h("button", { type: "button", class: "small-button", text: words, onclick: () => void this.open("new", true, t) });
    if (file.size > MOST_BYTES) return line("larger than 4 MiB, which no dashboard is.");
    const fault = faultOfJson(text);
    if (fault) {
      const { line: n, column } = lineOf(text, fault.at);
      return line(`${n}:${column}: ${fault.text}.`, openIt(text, "Open it there"));
    }
    let uid = uidOf(text);
    if (!uid) {
      const raw = obj(JSON.parse(text));
      uid = uidOfTitle(str(raw.title) || str(obj(raw.dashboard).title) || file.name.replace(/\.json$/i, ""));
      text = renamed(text, uid);
    }
    const result = await save(this.hooks.api, uid, text, "");
    if (!("status" in result))
      return line(
        "kept as",
        h("a", { href: `/d/${encodeURIComponent(uid)}`, text: uid }),
        ". ",
        h("button", { type: "button", class: "small-button", text: "What would be empty?", onclick: () => void this.open(uid) }),
      );
    const copy = result.freeUid || (result.status === 412 ? `${uid}-2` : "");
    return line(`not kept: ${result.text}.`, ...(copy ? [openIt(renamed(text, copy), `Open it as ${copy}`)] : []), openIt(text, "Open it"));
  }

  private listenForFiles(): () => void {
    const over = (e: DragEvent): void => {
      if (!e.dataTransfer?.types.includes("Files")) return;
      e.preventDefault();
      document.body.classList.add("dropping");
    };
    const out = (e: DragEvent): void => {
      if (!e.relatedTarget) document.body.classList.remove("dropping");
    };
    const drop = (e: DragEvent): void => {
      document.body.classList.remove("dropping");
      const files = [...(e.dataTransfer?.files ?? [])];
      if (!files.length) return;
      e.preventDefault();
      if (this.editor) {
        this.say("Close the file that is open first.", true);
        return;
      }
      void this.take(files);
    };
    document.addEventListener("dragover", over);
    document.addEventListener("dragleave", out);
    document.addEventListener("drop", drop);
    return () => {
      document.removeEventListener("dragover", over);
      document.removeEventListener("dragleave", out);
      document.removeEventListener("drop", drop);
      document.body.classList.remove("dropping");
    };
  }

  toUrl(query: URLSearchParams): void {
    setParam(query, "search", this.word);
    setParam(query, "state", this.state === "all" ? "" : this.state);
    setParam(query, "edit", this.edit);
  }

  override close(): void {
    this.off();
    super.close();
  }
}
