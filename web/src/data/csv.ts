// The data of a panel as CSV (RFC 4180): time series side by side on their times, tables as they are.
import type { Frame, Value } from "./frame.ts";
import { shownNames } from "./matchers.ts";

/** Texts come from outside: one that a spreadsheet would take for a formula is kept a text. */
function cell(v: Value): string {
  if (v === null) return "";
  if (typeof v !== "string") return String(v);
  const text = /^[=+\-@\t\r]/.test(v) ? `'${v}` : v;
  return /[",\n\r]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
}

function lines(rows: Value[][]): string {
  return rows.map((row) => row.map(cell).join(",") + "\r\n").join("");
}

const timeText = (v: Value): Value => (typeof v === "number" ? new Date(v).toISOString() : v);

function tableRows(frame: Frame, names: Map<unknown, string>): Value[][] {
  const head = frame.fields.map((f) => names.get(f) ?? f.name);
  const rows = Array.from({ length: frame.length }, (_, i) =>
    frame.fields.map((f) => (f.type === "time" ? timeText(f.values[i]!) : f.values[i]!)),
  );
  return [head, ...rows];
}

/** Frames of a time and its values, joined on their times. */
function seriesRows(frames: Frame[], names: Map<unknown, string>): Value[][] {
  const columns = frames.flatMap((frame) => {
    const times = frame.fields.find((f) => f.type === "time")!.values as number[];
    return frame.fields
      .filter((f) => f.type !== "time")
      .map((f) => ({
        name: names.get(f) ?? f.name,
        at: new Map(times.map((t, i) => [t, f.values[i] ?? null])),
      }));
  });
  const times = [...new Set(columns.flatMap((c) => [...c.at.keys()]))].sort((a, b) => a - b);
  return [
    ["Time", ...columns.map((c) => c.name)],
    ...times.map((t) => [timeText(t), ...columns.map((c) => c.at.get(t) ?? null)]),
  ];
}

export function csvOf(frames: Frame[]): string {
  const names = shownNames(frames);
  const timed = frames.every((f) => f.fields.filter((x) => x.type === "time").length === 1);
  const plain = frames.every((f) => f.fields.every((x) => x.type !== "string"));
  if (timed && plain) return lines(seriesRows(frames, names));
  return frames.map((f) => lines(tableRows(f, names))).join("\r\n");
}
