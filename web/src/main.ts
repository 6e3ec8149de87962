// The application: which page is shown, time, refreshing, keys, and the way between pages.
import { clock, momentText } from "./data/clock.ts";
import { Api } from "./data/prometheus.ts";
import { isRelative, parseDuration, parseTime, resolveRange } from "./data/time.ts";
import { dashboardOf } from "./model/dashboard.ts";
import { modern } from "./model/modern.ts";
import { arr, num, obj, str, strings } from "./model/json.ts";
import type { DashboardInfo } from "./panels/kind.ts";
import { type Place, placeOf, places } from "./places/index.ts";
import { h, put } from "./ui/dom.ts";
import { Header } from "./ui/header.ts";
import { Kiosk, nextOf } from "./ui/kiosk.ts";
import { Notices } from "./ui/notices.ts";
import { Page, type PageHooks } from "./ui/page.ts";
import { closePopover } from "./ui/popover.ts";
import type { Doctor } from "./ui/services.ts";
import { currentRoute, pathOf, routeOf, setParam, sharedParams, urlOf, writeRoute } from "./ui/state.ts";
import { onTheme, theme, toggleTheme } from "./ui/theme.ts";
import { rememberTimezone, timezoneOf } from "./ui/timezone.ts";
import type { TimeMachine } from "./ui/timemachine.ts";
import type { View } from "./ui/view.ts";

const DEFAULT_INTERVALS = ["5s", "10s", "30s", "1m", "5m", "15m", "30m", "1h"];
const DEFAULT_INTERVAL = "5s";
const RETRY_MS = 3000;
const LEAST_RANGE_MS = 1000;

class App {
  private readonly notices = new Notices();
  private readonly api = new Api((ok) => this.reachable(ok));
  private readonly header: Header;
  private readonly kiosk = new Kiosk(() => this.rotate());
  private list: DashboardInfo[] = [];
  private listing: Promise<void> = Promise.resolve();
  private view: View | null = null;
  private uid = "";
  private refresh = DEFAULT_INTERVAL;
  private paused = ""; // the interval that "p" goes back to
  private timer = 0;
  private retry = 0;
  private running = false;
  private opened = 0; // counts pages: an answer for an older one is dropped
  private machine: TimeMachine | null = null; // once it has been used
  private doctorAnswer: Promise<Doctor | null> | null = null;

  constructor() {
    this.header = new Header({
      href: (uid) => this.href(uid),
      time: () => ({
        from: this.view?.time?.from ?? "now-15m",
        to: this.view?.time?.to ?? "now",
        timezone: this.view?.timezone ?? "browser",
        setTimezone: (timezone) => this.setTimezone(timezone),
        extra: this.view?.quickRanges ?? [],
      }),
      timed: () => !this.view || this.view.time !== null,
      placeHref: (place) => this.placeHref(place),
      setTime: (from, to) => this.setTime(from, to),
      shift: (d) => this.shift(d),
      zoomOut: () => this.zoomOut(),
      refresh: () => void this.round(true),
      interval: () => this.refresh,
      setInterval: (text) => this.setInterval(text),
      intervals: () => {
        const own = this.view?.refreshIntervals ?? [];
        return own.length ? own : DEFAULT_INTERVALS;
      },
      toggleTheme,
      isDark: () => theme() === "dark",
      palette: () => void this.palette(),
      share: () => void this.share(),
      help: () => void this.help(),
      toggleMoment: () => void this.toggleMoment(),
    });
    onTheme(() => {
      this.header.sync();
      this.view?.redraw();
    });
    addEventListener("popstate", () => void this.open());
    document.addEventListener("click", (e) => this.clicked(e));
    document.addEventListener("keydown", (e) => this.key(e));
    document.addEventListener("visibilitychange", () => this.visibility());
  }

  /** Asks for the list and the dashboard at the same time; the list decides when none is named. */
  async start(): Promise<void> {
    const route = currentRoute();
    const list = this.loadList();
    if (route.uid || route.place) {
      const page = this.open();
      await list;
      this.showPlace();
      await page;
      return;
    }
    await list;
    await this.open();
  }

  private loadList(): Promise<void> {
    this.listing = this.askList();
    return this.listing;
  }

  private async askList(): Promise<void> {
    try {
      const answer = await this.api.json("/api/dashboards");
      const raw = Array.isArray(answer) ? answer : arr(obj(answer).dashboards);
      this.list = raw.map((d) => ({
        uid: str(obj(d).uid),
        title: str(obj(d).title) || str(obj(d).uid),
        tags: strings(obj(d).tags),
        error: str(obj(d).error),
      }));
    } catch {
      this.list = []; // the banner says why; the list is asked for again on the next page
    }
  }

  private async open(): Promise<void> {
    const route = currentRoute();
    const number = ++this.opened;
    closePopover();
    this.kiosk.follow(route.query);
    clock.moment = this.momentOf(route.query);
    if (clock.moment !== null) void this.timeMachine();
    else this.machine?.sync();
    const place = placeOf(route.place);
    if (place) {
      const view = await this.loaded(place.open(route.query, this.hooks()));
      if (view && number === this.opened) await this.show(view, route.query, number, "");
      return;
    }
    const uid = route.uid || this.list.find((d) => !d.error)?.uid || "";
    if (!uid) {
      this.leave("");
      this.whole("There are no dashboards.", "The server lists none, or cannot be reached.");
      return;
    }
    let raw: unknown;
    try {
      raw = await modern(obj(await this.api.json(`/api/dashboards/uid/${encodeURIComponent(uid)}`)).dashboard);
    } catch (e) {
      if (number !== this.opened) return;
      this.leave(uid);
      const known = this.list.find((d) => d.uid === uid);
      this.whole(
        known?.title ?? `There is no dashboard “${uid}”.`,
        known?.error || (e instanceof Error ? e.message : String(e)),
      );
      return;
    }
    if (number !== this.opened) return;
    const page = (): Page => new Page(dashboardOf(raw), route.query, this.hooks());
    this.leave(uid);
    await this.show(page(), route.query, number, uid);
  }

  /** Takes away what is shown; `uid` is the dashboard that comes. */
  private leave(uid: string): void {
    this.view?.close();
    this.view = null;
    this.uid = uid;
    document.getElementById("grid")!.replaceChildren();
    this.showPlace();
  }

  private hooks(): PageHooks {
    return {
      api: this.api,
      notices: this.notices,
      dashboards: () => this.list,
      listed: () => this.listing,
      dashboardsChanged: async () => {
        await this.loadList();
        this.showPlace();
      },
      doctor: () => this.doctor(),
      changed: (step) => this.changed(step),
      zoom: (from, to) => this.zoom(from, to),
      zoomOut: () => this.zoomOut(),
    };
  }

  private async show(view: View, query: URLSearchParams, number: number, uid: string) {
    if (this.view) this.leave(uid);
    this.view = view;
    this.uid = uid;
    this.refresh = query.get("refresh") ?? (view.refresh || DEFAULT_INTERVAL);
    if (this.refresh === "off") this.refresh = "";
    document.title = `${view.title} · Algalon`;
    document.getElementById("title")!.textContent = view.title;
    this.header.sync();
    this.machine?.sync();
    this.showPlace();
    this.running = true;
    try {
      await view.start();
    } finally {
      this.running = false;
    }
    if (number !== this.opened) return;
    this.header.refreshLinks();
    this.schedule();
  }

  private showPlace(): void {
    this.header.setDashboards(this.list, this.uid, currentRoute().place);
  }

  /** A part of the program that comes when it is needed; undefined, and told, when it does not come. */
  private async loaded<T>(part: Promise<T>): Promise<T | undefined> {
    try {
      return await part;
    } catch {
      this.notices.add("bad", "A part of this page could not be loaded.", [
        "The server may be another version by now, or be away: load the page again.",
      ]);
      return undefined;
    }
  }

  /** Words instead of a grid. */
  private whole(title: string, text: string): void {
    clearTimeout(this.timer);
    document.getElementById("bar")!.hidden = true;
    put(
      document.getElementById("grid")!,
      h(
        "div",
        { class: "whole", role: "alert" },
        h("h2", { text: title }),
        h("p", { class: "whole-text", text }),
      ),
    );
  }

  private doctor(): Promise<Doctor | null> {
    this.doctorAnswer ??= this.api
      .json("/api/v1/doctor")
      .then((answer) => {
        const body = obj(obj(answer).data ?? answer);
        const findings = arr(body.findings).map((f) => ({
          level: str(obj(f).level),
          topic: str(obj(f).topic),
          what: str(obj(f).what),
          advice: str(obj(f).advice),
        }));
        return { findings, accelerators: num(body.accelerators) ?? -1 };
      })
      .catch(() => null);
    return this.doctorAnswer;
  }

  private query(): URLSearchParams {
    const query = new URLSearchParams(location.search);
    this.view?.toUrl(query);
    setParam(query, "at", clock.moment === null ? "" : momentText(clock.moment));
    setParam(query, "refresh", this.refresh || "off");
    return query;
  }

  private changed(step: boolean): void {
    const { uid, place } = currentRoute();
    writeRoute(place ? `/${place}` : pathOf(uid || this.uid), this.query(), step);
    this.header.sync();
    this.header.refreshLinks();
  }

  /** A way to another dashboard that keeps time and the choices of variables. */
  private href(uid: string): string {
    let query = this.view ? this.query() : new URLSearchParams();
    if (currentRoute().place) query = sharedParams(query);
    query.delete("viewPanel");
    return urlOf(pathOf(uid), query);
  }

  private setTimezone(timezone: string): void {
    rememberTimezone(timezone);
    const query = this.query();
    query.set("timezone", timezone);
    this.go(urlOf(location.pathname, query));
  }

  private async share(): Promise<void> {
    const part = await this.loaded(import("./ui/share.ts"));
    const time = this.view?.time;
    part?.openShare(time && clock.moment === null ? this.range(time) : null);
  }

  private async help(): Promise<void> {
    (await this.loaded(import("./ui/help.ts")))?.showHelp();
  }

  /** With head and menus or without; `rotate`: how long each dashboard is shown, "" for ever. */
  private setKiosk(on: boolean, rotate = ""): void {
    const query = this.query();
    setParam(query, "kiosk", on ? "1" : "");
    setParam(query, "rotate", rotate);
    writeRoute(location.pathname, query, true);
    this.kiosk.follow(query);
    this.view?.redraw();
  }

  private rotate(): void {
    const uid = nextOf(this.list.filter((d) => !d.error).map((d) => d.uid), this.uid);
    history.replaceState(null, "", this.href(uid)); // "back" is not to lead through all of them
    void this.open();
  }

  private async palette(): Promise<void> {
    const part = await this.loaded(import("./commands.ts"));
    if (!part || document.querySelector("dialog[open]")) return;
    const query = currentRoute().query;
    part.openPalette(
      part.commandsOf({
        view: this.view,
        dashboards: this.list.filter((d) => !d.error),
        kiosk: query.has("kiosk"),
        timezone: timezoneOf(query, this.view?.timezone),
        go: (path) => this.go(path),
        href: (uid) => this.href(uid),
        placeHref: (place) => this.placeHref(place),
        setTime: (from, to) => this.setTime(from, to),
        setTimezone: (timezone) => this.setTimezone(timezone),
        setKiosk: (on, rotate) => this.setKiosk(on, rotate),
        press: (key) => this.command(key)?.(),
      }),
    );
  }

  private placeHref(place: Place): string {
    return urlOf(`/${place.name}`, sharedParams(this.query()));
  }

  private range(time: { from: string; to: string }): { from: number; to: number } {
    return resolveRange(time.from, time.to, clock.now(), this.view?.timezone ?? "browser");
  }

  /** The moment that an address asks for; null: none, or one that is yet to come. */
  private momentOf(query: URLSearchParams): number | null {
    const moment = parseTime(query.get("at") ?? "", Date.now(), false, timezoneOf(query));
    return moment < Date.now() ? moment : null;
  }

  /** The strip of the time machine, in step with what is shown. */
  private async timeMachine(): Promise<TimeMachine | null> {
    const part = await this.loaded(import("./ui/timemachine.ts"));
    if (!part) return null;
    const fresh = !this.machine;
    this.machine ??= new part.TimeMachine({
      api: this.api,
      timezone: () => this.view?.timezone ?? timezoneOf(currentRoute().query),
      timed: () => !this.view || this.view.time !== null,
      go: (moment) => this.setMoment(moment),
    });
    this.machine.sync();
    if (fresh) void this.machine.askInterval();
    return this.machine;
  }

  /** To the moment under a chart's cursor; else into the time machine, or back to now. */
  private async toggleMoment(): Promise<void> {
    if (clock.pointed !== null) {
      this.setMoment(Math.round(clock.pointed));
      return;
    }
    if (clock.moment !== null) {
      this.setMoment(null);
      return;
    }
    this.setMoment(Math.floor(Date.now() / 1000) * 1000 - 1000);
    (await this.timeMachine())?.focus();
  }

  /**
   * Shows everything as it was at a moment; null, or one that is yet to come: as it is. Ranges end
   * there: one of fixed ends, or `spanMs`, becomes one of the same length.
   */
  private setMoment(moment: number | null, spanMs = 0): void {
    const entered = clock.moment === null;
    const time = this.view?.time ?? null;
    if (time && !spanMs && !(isRelative(time.from) && isRelative(time.to))) {
      const { from, to } = this.range(time);
      spanMs = to - from;
    }
    clock.moment = moment !== null && moment < Date.now() ? moment : null;
    if (time && spanMs) this.view!.setTime(`now-${Math.round(spanMs / 1000)}s`, "now");
    else if (time) this.view!.setTime(time.from, time.to);
    this.changed(entered || clock.moment === null);
    this.machine?.sync();
    if (!this.machine) void this.timeMachine();
    this.schedule();
  }

  private setTime(from: string, to: string): void {
    if (!this.view?.time) return;
    if (clock.moment !== null && !isRelative(from) && !isRelative(to)) {
      const end = parseTime(to, Date.now(), true, this.view.timezone);
      this.setMoment(end, end - parseTime(from, Date.now(), false, this.view.timezone));
      return;
    }
    this.view.setTime(from, to);
    this.changed(true);
    this.schedule();
  }

  private zoom(from: number, to: number): void {
    if (to - from >= LEAST_RANGE_MS) this.setTime(String(Math.floor(from)), String(Math.ceil(to)));
  }

  private zoomOut(): void {
    const time = this.view?.time;
    if (!time) return;
    const { from, to } = this.range(time);
    const span = to - from;
    if (isRelative(time.from) && time.to === "now") {
      this.setTime(`now-${Math.round((span * 2) / 1000)}s`, "now");
      return;
    }
    const end = Math.min(Date.now(), to + span / 2);
    this.setTime(String(Math.round(end - span * 2)), String(Math.round(end)));
  }

  private shift(direction: -1 | 1): void {
    const time = this.view?.time;
    if (!time) return;
    const { from, to } = this.range(time);
    const by = ((to - from) / 2) * direction;
    const end = Math.min(Date.now(), to + by);
    this.setTime(String(Math.round(end - (to - from))), String(Math.round(end)));
  }

  private setInterval(text: string): void {
    this.refresh = text;
    this.changed(false);
    if (text) void this.round(false);
    else this.schedule();
  }

  private schedule(): void {
    clearTimeout(this.timer);
    const ms = parseDuration(this.refresh);
    if (!this.view || !(ms >= 1000) || document.hidden) return;
    this.timer = window.setTimeout(() => void this.round(false), ms);
  }

  private async round(force: boolean): Promise<void> {
    clearTimeout(this.timer);
    if (!this.view) {
      if (force) await this.start();
      return;
    }
    if (this.running && !force) return;
    this.running = true;
    const slow = setTimeout(() => this.header.busy(true), 300);
    try {
      const { time } = this.view;
      const still = time && (clock.moment !== null || !(isRelative(time.to) || isRelative(time.from)));
      if (force || !still) await this.view.round(force);
    } finally {
      clearTimeout(slow);
      this.header.busy(false);
      this.running = false;
      this.schedule();
    }
  }

  private visibility(): void {
    clearTimeout(this.timer);
    if (!document.hidden && this.refresh) void this.round(false);
  }

  private reachable(ok: boolean): void {
    this.notices.setReachable(ok);
    clearTimeout(this.retry);
    if (ok) return;
    this.retry = window.setTimeout(() => void this.knock(), RETRY_MS);
  }

  /** Tries whether the server is back; then everything is asked again. */
  private async knock(): Promise<void> {
    await this.loadList();
    if (!this.list.length) return; // not yet: reachable(false) has set the next try
    this.showPlace();
    if (this.view) await this.round(false);
    else await this.open();
  }

  /** Links between dashboards stay on the page. */
  private clicked(e: MouseEvent): void {
    if (e.defaultPrevented || e.button || e.ctrlKey || e.metaKey || e.shiftKey || e.altKey) return;
    const a = (e.target as Element).closest?.("a");
    if (!a || a.target === "_blank" || a.origin !== location.origin) return;
    const route = routeOf(a.pathname, a.search);
    if (a.pathname !== "/" && !route.uid && !route.place) return;
    e.preventDefault();
    this.go(a.pathname + a.search);
  }

  private go(url: string): void {
    history.pushState(null, "", url);
    scrollTo(0, 0);
    void this.open();
  }

  private key(e: KeyboardEvent): void {
    if (document.querySelector("dialog[open]")) return;
    if ((e.ctrlKey || e.metaKey) && !e.altKey && !e.shiftKey && e.key === "k") {
      e.preventDefault();
      void this.palette();
      return;
    }
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    const t = e.target as HTMLElement;
    if (/^(INPUT|SELECT|TEXTAREA)$/.test(t.tagName)) return;
    const run = this.command(e.key);
    if (!run) return;
    e.preventDefault();
    run();
  }

  private command(key: string): (() => void) | null {
    if (/^[1-9]$/.test(key)) {
      const url = this.header.tab(Number(key) - 1);
      return url ? () => this.go(url) : null;
    }
    const commands: Record<string, () => void> = {
      "?": () => void this.help(),
      "/": () => this.header.openAll(),
      t: () => this.header.openTime(),
      "[": () => this.shift(-1),
      "]": () => this.shift(1),
      z: () => this.zoomOut(),
      r: () => void this.round(true),
      p: () => this.pause(),
      d: toggleTheme,
      l: () => void this.share(),
      m: () => void this.toggleMoment(),
      ",": () => this.machine?.stepScrapes(-1),
      ".": () => this.machine?.stepScrapes(1),
      "<": () => this.machine?.step(-60_000),
      ">": () => this.machine?.step(60_000),
      v: () => this.view?.board?.viewAlone(this.view.board.alone ? null : this.view.board.panelAt(), true),
      Escape: () => {
        if (closePopover()) return;
        if (currentRoute().query.has("kiosk")) this.setKiosk(false);
        else this.view?.board?.viewAlone(null, true);
      },
    };
    for (const place of places) commands[place.key] = () => this.go(this.placeHref(place));
    return Object.prototype.hasOwnProperty.call(commands, key) ? commands[key]! : null;
  }

  private pause(): void {
    if (this.refresh) {
      this.paused = this.refresh;
      this.setInterval("");
    } else this.setInterval(this.paused || DEFAULT_INTERVAL);
  }
}

void new App().start();
