// What a page offers to its panels.
import type { Mark } from "../data/annotations.ts";
import type { Theme } from "../data/colors.ts";
import type { Bindings, MacroContext } from "../data/macros.ts";
import type { Api } from "../data/prometheus.ts";
import type { Queries } from "../data/queries.ts";
import type { TimeRange } from "../data/time.ts";
import type { Variables } from "../data/variables.ts";
import type { DashboardInfo } from "../panels/kind.ts";

export interface Finding {
  level: string;
  topic: string;
  what: string;
  advice: string;
}

/** What the doctor of this machine says; null when this process has no worker. */
export interface Doctor {
  findings: Finding[];
  accelerators: number;
}

/** One round of refreshing: all panels of a round ask for the same moment. */
export interface Round {
  id: number;
  range: TimeRange;
  signal: AbortSignal;
}

export interface Services {
  api: Api;
  queries: Queries;
  variables: Variables;
  timezone: string;
  theme(): Theme;
  round(): Round;
  macros(scope: Bindings, range: TimeRange, intervalMs: number): MacroContext;
  dashboards(): DashboardInfo[];
  marks(): Promise<{ marks: Mark[]; failed: string[] }>; // annotations of this round
  metricNames(): Promise<Set<string> | null>;
  doctor(): Promise<Doctor | null>;
  noGpu(doctor: Doctor): void; // a GPU panel is empty and there is no GPU
  zoom(from: number, to: number): void;
  zoomOut(): void;
  viewAlone(key: string | null): void;
}
