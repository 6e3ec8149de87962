// What the pages that list things have in common: they ask on every round, draw, and say in words
// why there is nothing to draw.
import { ApiError } from "../data/prometheus.ts";
import { h, icon, put } from "../ui/dom.ts";
import type { PageHooks } from "../ui/page.ts";
import type { View } from "../ui/view.ts";

export abstract class ListPage implements View {
  abstract readonly title: string;
  readonly time = null;
  readonly timezone = "browser";
  readonly quickRanges = [];
  readonly refreshIntervals = [];
  readonly refresh: string = "10s";
  readonly board = null;
  protected readonly root = h("div", { class: "place" });
  protected readonly controller = new AbortController();
  private drawn = false; // there is an answer on the page

  constructor(protected readonly hooks: PageHooks) {}

  /** Asks for what the page shows and draws it; what it throws is put into words. */
  protected abstract load(signal: AbortSignal): Promise<void>;
  /** Words for a server that does not have what the page asks for; null: its own. */
  protected abstract absent(): HTMLElement;
  abstract toUrl(query: URLSearchParams): void;

  async start(): Promise<void> {
    this.hooks.notices.clearPage();
    document.getElementById("bar")!.hidden = true;
    put(this.root, h("div", { class: "place-wait skeleton", "aria-hidden": "true" }));
    document.getElementById("main")!.append(this.root);
    await this.round();
  }

  async round(): Promise<void> {
    const { signal } = this.controller;
    try {
      await this.load(signal);
      this.drawn = true;
    } catch (e) {
      if (signal.aborted) return;
      if (!(e instanceof ApiError)) throw e;
      if (e.kind === "unreachable" && this.drawn) return; // the banner says it
      this.drawn = false;
      put(this.root, e.status === 404 ? this.absent() : emptyState(e.message, [], true));
    }
  }

  /** Puts these on the page, unless they stand there already: a search field keeps its focus. */
  protected show(...parts: HTMLElement[]): void {
    const here = [...this.root.children];
    if (here.length !== parts.length || parts.some((part, i) => part !== here[i]))
      put(this.root, ...parts);
  }

  setTime(): void {} // there is no range here
  redraw(): void {} // nothing here is painted by hand

  close(): void {
    this.controller.abort();
    this.root.remove();
  }
}

/** Words in the middle of the page: what is not there, and what to do about it. */
export function emptyState(title: string, lines: (string | Node)[], bad = false): HTMLElement {
  return h(
    "div",
    { class: "place-empty", role: bad ? "alert" : null },
    icon(bad ? "warn" : "info"),
    h("h2", { text: title }),
    ...lines.map((line) => h("p", {}, line)),
  );
}

/** A command or a piece of configuration to copy. */
export function sample(text: string): HTMLElement {
  return h("pre", { class: "sample", tabindex: "0" }, h("code", { text }));
}
