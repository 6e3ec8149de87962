// How series and thresholds are painted: strokes, fills, gradients, threshold lines and areas.
import type { Mark } from "../../data/annotations.ts";
import type uPlot from "uplot";
import { obj, str } from "../../model/json.ts";
import { isScale, namedColor, scaleColor, type Theme, withAlpha } from "../../data/colors.ts";
import { thresholdLevels } from "../../data/display.ts";
import type { ChartSeries } from "./model.ts";

/** A vertical gradient over the scale: thresholds as steps, continuous modes as a run of colours. */
function schemeGradient(
  u: uPlot,
  s: ChartSeries,
  scale: string,
  theme: Theme,
  alpha: number,
): CanvasGradient | string {
  const { min, max } = u.scales[scale] ?? {};
  if (min === undefined || max === undefined || max <= min) return withAlpha(s.color, alpha);
  const y0 = u.valToPos(min, scale, true);
  const y1 = u.valToPos(max, scale, true);
  if (!Number.isFinite(y0) || !Number.isFinite(y1)) return withAlpha(s.color, alpha);
  const g = u.ctx.createLinearGradient(0, y0, 0, y1);
  const place = (v: number): number => Math.min(1, Math.max(0, (v - min) / (max - min)));
  const mode = s.config.color?.mode ?? "";
  if (isScale(mode)) {
    const low = s.config.min ?? min;
    const high = s.config.max ?? max;
    for (let i = 0; i <= 8; i++) {
      const v = low + ((high - low) * i) / 8;
      g.addColorStop(place(v), withAlpha(scaleColor(mode, i / 8, theme), alpha));
    }
    return g;
  }
  let last = "";
  for (const level of thresholdLevels(s.config, { min, max })) {
    const color = withAlpha(namedColor(level.color, theme), alpha);
    if (last) g.addColorStop(place(level.value), last);
    g.addColorStop(place(level.value), color);
    last = color;
  }
  return g;
}

export function strokeOf(s: ChartSeries, scale: string, theme: Theme): uPlot.Series.Stroke {
  if (s.gradient === "scheme" && s.config.color?.mode !== "palette-classic")
    return (u) => schemeGradient(u, s, scale, theme, 1);
  return s.color;
}

export function fillOf(s: ChartSeries, scale: string, theme: Theme): uPlot.Series.Fill | undefined {
  const alpha = s.fillOpacity / 100;
  if (alpha <= 0) return undefined;
  if (s.gradient === "opacity")
    return (u) => {
      const { top, height } = u.bbox;
      if (!height) return withAlpha(s.color, alpha);
      const g = u.ctx.createLinearGradient(0, top, 0, top + height);
      g.addColorStop(0, withAlpha(s.color, alpha));
      g.addColorStop(1, withAlpha(s.color, 0));
      return g;
    };
  if (s.gradient === "scheme" && s.config.color?.mode !== "palette-classic")
    return (u) => schemeGradient(u, s, scale, theme, alpha);
  return withAlpha(s.color, alpha);
}

function styleOf(s: ChartSeries): string {
  return str(obj(s.config.custom.thresholdsStyle).mode, "off");
}

function edges(u: uPlot, scale: string): { min: number; max: number } | null {
  const { min, max } = u.scales[scale] ?? {};
  return min === undefined || max === undefined || min === null || max === null
    ? null
    : { min, max };
}

/** Threshold areas, painted before the series. */
export function paintAreas(u: uPlot, s: ChartSeries, scale: string, theme: Theme): void {
  const limits = edges(u, scale);
  if (!limits || !styleOf(s).includes("area")) return;
  const { left, width } = u.bbox;
  const levels = thresholdLevels(s.config, limits);
  u.ctx.save();
  levels.forEach((level, i) => {
    const from = Math.max(limits.min, level.value);
    const to = Math.min(limits.max, levels[i + 1]?.value ?? Infinity);
    if (to <= from || level.color === "transparent") return;
    const top = u.valToPos(to, scale, true);
    u.ctx.fillStyle = withAlpha(namedColor(level.color, theme), 0.1);
    u.ctx.fillRect(left, top, width, u.valToPos(from, scale, true) - top);
  });
  u.ctx.restore();
}

/** Threshold lines, painted over the series. */
export function paintLines(
  u: uPlot,
  s: ChartSeries,
  scale: string,
  theme: Theme,
  ratio: number,
): void {
  const limits = edges(u, scale);
  const style = styleOf(s);
  if (!limits || (!style.includes("line") && !style.includes("dashed"))) return;
  const { left, width } = u.bbox;
  u.ctx.save();
  u.ctx.lineWidth = 1.5 * ratio;
  if (style.includes("dashed")) u.ctx.setLineDash([8 * ratio, 6 * ratio]);
  for (const level of thresholdLevels(s.config, limits)) {
    if (level.value < limits.min || level.value > limits.max) continue;
    const y = Math.round(u.valToPos(level.value, scale, true));
    u.ctx.strokeStyle = withAlpha(namedColor(level.color, theme), 0.8);
    u.ctx.beginPath();
    u.ctx.moveTo(left, y);
    u.ctx.lineTo(left + width, y);
    u.ctx.stroke();
  }
  u.ctx.restore();
}

/** Annotations: a dashed line at each moment, a tinted span between two, a flag at the foot. */
export function paintMarks(u: uPlot, marks: Mark[], theme: Theme, ratio: number): void {
  const { left, top, width, height } = u.bbox;
  const { ctx } = u;
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, top, width, height);
  ctx.clip();
  for (const m of marks) {
    const from = u.valToPos(m.from, "x", true);
    const to = u.valToPos(m.to, "x", true);
    const color = namedColor(m.color, theme);
    if (to > from) {
      ctx.fillStyle = withAlpha(color, 0.12);
      ctx.fillRect(from, top, to - from, height);
    }
    ctx.strokeStyle = ctx.fillStyle = color;
    ctx.lineWidth = ratio;
    ctx.setLineDash([4 * ratio, 3 * ratio]);
    ctx.beginPath();
    for (const x of to > from ? [from, to] : [from]) {
      ctx.moveTo(x, top);
      ctx.lineTo(x, top + height);
    }
    ctx.stroke();
    ctx.fillRect(from - 2 * ratio, top + height - 3 * ratio, to - from + 4 * ratio, 3 * ratio);
  }
  ctx.restore();
}
