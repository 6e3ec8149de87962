// What a kind of panel is: it gets a host element once, data on every refresh, and cleans up.
import type { Api } from "../data/prometheus.ts";
import type { DataLink, Panel } from "../model/dashboard.ts";
import type { Theme } from "../data/colors.ts";
import type { Mark } from "../data/annotations.ts";
import type { Field, Frame } from "../data/frame.ts";
import type { TimeRange } from "../data/time.ts";

export interface PanelData {
  frames: Frame[]; // configured: every field carries how it is shown
  range: TimeRange;
  stepMs: number;
  marks?: Mark[]; // annotations, for kinds that want them
}

/** Where a link was clicked: gives ${__field.labels.x}, ${__value.text}, ${__data.fields.x}. */
export interface LinkScope {
  frame?: Frame;
  field?: Field;
  row?: number;
  text?: string;
  name?: string;
}

export interface ResolvedLink {
  title: string;
  href: string;
  blank: boolean;
}

export interface DashboardInfo {
  uid: string;
  title: string;
  tags: string[];
  error: string;
}

export interface PanelContext {
  panel: Panel;
  theme: Theme;
  timezone: string;
  fill(template: string): string;
  link(link: DataLink, scope: LinkScope): ResolvedLink | null;
  zoom(from: number, to: number): void;
  zoomOut(): void;
  dashboards(): DashboardInfo[];
  api: Api;
}

export interface PanelView {
  update(data: PanelData): void;
  resize?(): void;
  destroy?(): void;
}

export interface PanelKind {
  needsData: boolean;
  wantsSeries: boolean; // false: an instant answer is enough where the target allows it
  wantsMarks?: boolean;
  create(host: HTMLElement, context: PanelContext): PanelView;
}
