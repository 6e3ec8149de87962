// The head of the page: brand, dashboards, the pages beside them, time, refresh, theme, help.
import { clock } from "../data/clock.ts";
import type { DashboardInfo } from "../panels/kind.ts";
import { type Place, placeOf, places } from "../places/index.ts";
import { h, icon, iconButton, put } from "./dom.ts";
import { openSwitcher } from "./switcher.ts";
import { showTime, type TimeChoice, timeButton } from "./timepicker.ts";

export interface HeaderActions {
  href(uid: string): string;
  placeHref(place: Place): string;
  timed(): boolean; // false: the page shows now and nothing else
  time(): TimeChoice;
  setTime(from: string, to: string): void;
  shift(direction: -1 | 1): void;
  zoomOut(): void;
  refresh(): void;
  interval(): string;
  setInterval(text: string): void;
  intervals(): string[];
  toggleTheme(): void;
  isDark(): boolean;
  palette(): void;
  share(): void;
  help(): void;
  toggleMoment(): void; // into the time machine, and back to now
}

const MAX_TABS = 6;

export class Header {
  readonly root = document.getElementById("top")!;
  private readonly tabs = h("nav", { class: "tabs", "aria-label": "Dashboards" });
  private readonly places = h("nav", { class: "places", "aria-label": "Pages" });
  private readonly range: HTMLElement;
  private readonly all: HTMLButtonElement;
  private readonly time: HTMLButtonElement;
  private readonly past: HTMLButtonElement;
  private readonly select = h("select", { class: "interval", "aria-label": "Refresh every" });
  private readonly refreshButton: HTMLButtonElement;
  private readonly themeButton: HTMLButtonElement;
  private list: DashboardInfo[] = [];
  private scrolling = 0;
  private current = "";
  private place = "";

  constructor(private readonly actions: HeaderActions) {
    this.all = h(
      "button",
      {
        type: "button",
        class: "all-button",
        "aria-haspopup": "dialog",
        "aria-expanded": "false",
        "aria-label": "All pages",
        title: "All pages (/)",
        onclick: () => this.openAll(),
      },
      icon("grid"),
      h("span", { class: "all-title" }),
      icon("down"),
    );
    this.time = timeButton(actions.time, actions.setTime);
    this.time.title = "Time range (t)";
    this.refreshButton = iconButton("refresh", "Refresh now (r)", () => actions.refresh());
    this.refreshButton.classList.add("refresh");
    this.themeButton = iconButton("sun", "Dark or light (d)", () => actions.toggleTheme());
    this.select.addEventListener("change", () => actions.setInterval(this.select.value));
    this.past = iconButton("rewind", "Time machine: a moment of the past (m)", () =>
      actions.toggleMoment(),
    );
    this.range = h(
      "div",
      { class: "group", role: "group", "aria-label": "Time" },
      iconButton("left", "Earlier ([)", () => actions.shift(-1)),
      this.time,
      iconButton("right", "Later (])", () => actions.shift(1)),
      iconButton("out", "Zoom out (z)", () => actions.zoomOut()),
    );
    const refresh = h(
      "div",
      { class: "group", role: "group", "aria-label": "Refresh" },
      this.refreshButton,
      this.select,
    );
    const share = iconButton("share", "Share this view (l)", () => actions.share());
    share.classList.add("share-button");
    const rest = h(
      "div",
      { class: "group plain" },
      this.past,
      iconButton("search", "Commands (Ctrl-K)", () => actions.palette()),
      share,
      this.themeButton,
      iconButton("help", "Keyboard (?)", () => actions.help()),
    );
    const brand = this.root.querySelector(".brand")!;
    put(
      this.root,
      brand,
      this.all,
      this.tabs,
      this.places,
      h("div", { class: "controls" }, this.range, refresh, rest),
    );
    this.sync();
  }

  /** Shows what the page now is: time, interval, theme. */
  sync(): void {
    this.range.hidden = !this.actions.timed();
    showTime(this.time, this.actions.time());
    this.past.setAttribute("aria-pressed", String(clock.moment !== null));
    this.select.disabled = clock.moment !== null; // what is past does not change
    const now = this.actions.interval();
    const names = this.actions.intervals();
    const options = ["", ...names, ...(now && !names.includes(now) ? [now] : [])];
    put(this.select, ...options.map((v) => h("option", { value: v, text: v || "Off" })));
    this.select.value = now;
    this.themeButton.replaceChildren(icon(this.actions.isDark() ? "sun" : "moon"));
  }

  setDashboards(list: DashboardInfo[], current: string, place: string): void {
    this.list = list;
    this.current = current;
    this.place = place;
    const here = list.find((d) => d.uid === current);
    this.all.querySelector(".all-title")!.textContent =
      placeOf(place)?.title ?? here?.title ?? "Dashboards";
    const sound = list.filter((d) => !d.error);
    const tabs = sound.slice(0, MAX_TABS);
    if (here && !here.error && !tabs.includes(here)) tabs[tabs.length - 1] = here;
    this.updateTabs(tabs);
    put(this.places, ...places.map((p) => this.placeLink(p)));
  }

  private placeLink(p: Place): HTMLElement {
    return h(
      "a",
      {
        class: "tab place-link",
        href: this.actions.placeHref(p),
        title: `${p.hint} (${p.key})`,
        "aria-current": p.name === this.place ? "page" : null,
      },
      icon(p.icon),
      h("span", { class: "place-name", text: p.title }),
    );
  }

  private updateTabs(tabs: DashboardInfo[]): void {
    const links = this.tabs.querySelectorAll("a");
    const same = links.length === tabs.length && tabs.every((d, i) => links[i]!.textContent === d.title);
    if (!same) put(this.tabs, ...tabs.map((d) => h("a", { class: "tab", text: d.title })));
    let here: HTMLElement | null = null;
    this.tabs.querySelectorAll("a").forEach((a, i) => {
      const { uid } = tabs[i]!;
      a.href = this.actions.href(uid);
      if (uid === this.current) (here = a).setAttribute("aria-current", "page");
      else a.removeAttribute("aria-current");
    });
    if (here) this.bringToMiddle(here);
  }

  /** Scrolls the bar with the next frame: asking for places now would lay the page out once more. */
  private bringToMiddle(tab: HTMLElement): void {
    cancelAnimationFrame(this.scrolling);
    this.scrolling = requestAnimationFrame(() => {
      this.tabs.scrollLeft = tab.offsetLeft - this.tabs.clientWidth / 2 + tab.offsetWidth / 2;
    });
  }

  /** The nth dashboard of the bar, for the number keys. */
  tab(n: number): string | null {
    return this.tabs.querySelectorAll("a")[n]?.getAttribute("href") ?? null;
  }

  /** Links carry the page's range and variables; they change with them. */
  refreshLinks(): void {
    this.setDashboards(this.list, this.current, this.place);
  }

  openAll(): void {
    const pages = places.map((p) => ({
      title: p.title,
      hint: p.hint,
      icon: p.icon,
      href: this.actions.placeHref(p),
      here: p.name === this.place,
    }));
    openSwitcher(this.all, pages, this.list, this.current, this.actions.href);
  }

  openTime(): void {
    this.time.click();
  }

  busy(on: boolean): void {
    this.refreshButton.classList.toggle("busy", on);
  }
}
