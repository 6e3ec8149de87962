// State timeline: one lane per series, coloured by what the value means, equal neighbours joined.
import { textOn } from "../data/colors.ts";
import { display, type DisplayValue } from "../data/display.ts";
import type { Field, Frame, Value } from "../data/frame.ts";
import { shownNames } from "../data/matchers.ts";
import { formatDate } from "../data/time.ts";
import { at, bool, num, str } from "../model/json.ts";
import { h } from "../ui/dom.ts";
import { timeLabels } from "./chart/scales.ts";
import type { PanelContext, PanelData, PanelKind, PanelView } from "./kind.ts";
import { dataLimits, valueText } from "./values.ts";

const MAX_LANES = 100;
const MAX_SEGMENTS = 600;

export interface Segment {
  from: number;
  to: number;
  value: Value;
}

/** Joins equal neighbours (when asked); a segment lasts until the next point, or one step. */
export function segmentsOf(
  times: number[],
  values: Value[],
  stepMs: number,
  join: boolean,
): Segment[] {
  const out: Segment[] = [];
  values.forEach((value, i) => {
    const from = times[i]!;
    const next = times[i + 1];
    const to = next !== undefined && next - from <= stepMs * 1.5 ? next : from + stepMs;
    const last = out[out.length - 1];
    if (join && last && last.value === value && last.to >= from) last.to = to;
    else if (value !== null) out.push({ from, to, value });
  });
  return out;
}

interface Lane {
  name: string;
  field: Field;
  frame: Frame;
  index: number;
}

function lanesOf(frames: Frame[]): Lane[] {
  const names = shownNames(frames);
  const lanes: Lane[] = [];
  for (const frame of frames)
    for (const field of frame.fields)
      if (field.type !== "time" && lanes.length < MAX_LANES)
        lanes.push({ name: names.get(field) ?? field.name, field, frame, index: lanes.length });
  return lanes;
}

function laneOf(lane: Lane, data: PanelData, context: PanelContext, join: boolean): HTMLElement {
  const { options } = context.panel;
  const track = h("div", { class: "lane-track" });
  track.style.setProperty("--lane", String(num(at(options, "rowHeight")) ?? 0.9));
  const time = lane.frame.fields.find((f) => f.type === "time");
  const span = data.range.to - data.range.from;
  const show = (v: Value): DisplayValue =>
    display(lane.field.config, v, {
      theme: context.theme,
      timezone: context.timezone,
      seriesIndex: lane.index,
      name: lane.name,
      limits: dataLimits([lane.field]),
    });
  const segments = segmentsOf(
    (time?.values ?? []) as number[],
    lane.field.values,
    data.stepMs,
    join,
  );
  for (const s of segments.slice(-MAX_SEGMENTS)) {
    const shown = show(s.value);
    const text = valueText(shown);
    const from = Math.max(s.from, data.range.from);
    const to = Math.min(s.to, data.range.to);
    if (to <= from) continue;
    const share = (to - from) / span;
    const times = [s.from, s.to].map((t) => formatDate(t, "HH:mm:ss", context.timezone));
    const el = h("span", {
      class: "lane-segment",
      title: `${lane.name}: ${text}\n${times.join(" – ")}`,
    });
    el.style.left = `${((from - data.range.from) / span) * 100}%`;
    el.style.width = `${share * 100}%`;
    el.style.background = shown.fill;
    el.style.color = textOn(shown.fill);
    if (str(at(options, "showValue"), "auto") !== "never" && share > 0.06) el.textContent = text;
    track.append(el);
  }
  return h(
    "div",
    { class: "lane" },
    h("span", { class: "lane-name", text: lane.name, title: lane.name }),
    track,
  );
}

function axisOf(data: PanelData, timezone: string): HTMLElement {
  const n = 5;
  const step = (data.range.to - data.range.from) / n;
  const splits = Array.from({ length: n }, (_, i) => data.range.from + step * (i + 0.5));
  const labels = timeLabels(splits, step < 120_000 ? 1000 : step, timezone);
  return h(
    "div",
    { class: "lane-axis", "aria-hidden": "true" },
    ...labels.map((l) => h("span", { text: l })),
  );
}

function kind(join: boolean): PanelKind {
  return {
    needsData: true,
    wantsSeries: true,
    create(host, context): PanelView {
      const list = h("div", { class: "lanes" });
      host.append(list);
      return {
        update(data) {
          const lanes = lanesOf(data.frames);
          const joined = join && bool(at(context.panel.options, "mergeValues"), true);
          const longest = Math.max(0, ...lanes.map((l) => l.name.length));
          list.style.setProperty("--names", String(longest));
          list.replaceChildren(
            ...lanes.map((l) => laneOf(l, data, context, joined)),
            axisOf(data, context.timezone),
          );
        },
      };
    },
  };
}

export const stateTimeline = kind(true);
export const statusHistory = kind(false);
