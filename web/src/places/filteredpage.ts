// Lists that are narrowed by words and by a state: both stand in the address.
import type { PageHooks } from "../ui/page.ts";
import { h } from "../ui/dom.ts";
import { setText } from "../ui/keyed.ts";
import { setParam } from "../ui/state.ts";
import { type FilterBar, filterBar } from "./filterbar.ts";
import { ListPage } from "./listpage.ts";

export abstract class FilteredPage extends ListPage {
  protected word: string;
  protected state: string;
  protected readonly bar: FilterBar;

  constructor(hooks: PageHooks, query: URLSearchParams, label: string) {
    super(hooks);
    this.word = query.get("search") ?? "";
    this.state = query.get("state") ?? "";
    this.bar = filterBar({
      label,
      word: this.word,
      state: this.state,
      search: (word) => this.choose(word, this.state),
      choose: (state) => this.choose(this.word, state),
    });
  }

  protected abstract draw(): void;

  private choose(word: string, state: string): void {
    this.word = word;
    this.state = state;
    this.hooks.changed(false);
    this.draw();
  }

  toUrl(query: URLSearchParams): void {
    setParam(query, "search", this.word);
    setParam(query, "state", this.state);
  }
}

const FIRST = 100; // entries of a long list

/** How much of a list is shown, and the button below it that shows more. */
export class Portion {
  readonly button = h("button", { type: "button", class: "table-more", hidden: true });
  private limit = FIRST;

  constructor(grown: () => void) {
    this.button.addEventListener("click", () => {
      this.limit += FIRST * 5;
      grown();
    });
  }

  of<T>(all: T[]): T[] {
    this.button.hidden = all.length <= this.limit;
    setText(this.button, `Show more (${this.limit} of ${all.length})`);
    return all.slice(0, this.limit);
  }
}
