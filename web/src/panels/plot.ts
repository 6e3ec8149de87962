// What drawings of our own share: their box, and how a value of an axis is written.
import { formattedText, formatValue } from "../data/units.ts";
import { h, svg } from "../ui/dom.ts";

export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

export interface Size {
  width: number;
  height: number;
}

export function sizeOf(el: HTMLElement): Size {
  return { width: Math.max(80, el.clientWidth), height: Math.max(60, el.clientHeight) };
}

/** Widths are near enough: a digit of our 11 px font is 6.4 px wide. */
export function textWidth(text: string): number {
  return text.length * 6.4;
}

/** Round steps over [low, high], about `count` of them. */
export function ticksOf(low: number, high: number, count: number): number[] {
  const rough = (high - low) / Math.max(1, count);
  if (!(rough > 0)) return [low];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((m) => m * power >= rough)! * power;
  const out: number[] = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; k++)
    out.push(Number((k * step).toPrecision(12)));
  return out;
}

/** A bound or tick in its unit, without the zeros at its end where the file sets no decimals. */
export function axisText(v: number, unit: string | undefined, decimals?: number): string {
  const f = formatValue(v, unit, decimals);
  if (decimals === undefined && f.text.includes(".")) f.text = f.text.replace(/\.?0+$/, "");
  return formattedText(f);
}

/** A drawing that is made anew whenever its data or its room change. */
export function drawing(name: string): { host: HTMLElement; canvas: SVGSVGElement } {
  const canvas = svg("svg", { role: "img", "aria-label": name });
  return { host: h("div", { class: "plot" }, canvas), canvas };
}
