// What stands on the page: a dashboard, or one of the pages around them.
import type { Page } from "./page.ts";

export interface QuickRange {
  from: string;
  to: string;
  display: string;
}

export interface View {
  readonly title: string;
  readonly time: { from: string; to: string } | null; // null: it shows now and nothing else
  readonly timezone: string;
  readonly quickRanges: QuickRange[]; // its own; empty: the usual ones
  readonly refreshIntervals: string[]; // likewise
  readonly refresh: string; // how often, where the URL does not say it
  readonly board: Page | null; // the panels on it
  start(): Promise<void>;
  round(force: boolean): Promise<void>;
  setTime(from: string, to: string): void;
  redraw(): void;
  toUrl(query: URLSearchParams): void;
  close(): void;
}
