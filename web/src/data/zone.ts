// Calendars of time zones: what a clock on a wall shows at a moment, and the moment at which it
// shows that. A zone is "browser", "utc", or a name of the IANA data base.

export interface Parts {
  year: number;
  month: number; // 1 to 12
  day: number;
  hour: number;
  minute: number;
  second: number;
  ms: number;
  weekday: number; // 0: Sunday
}

const DAY_MS = 86_400_000;
const clocks = new Map<string, Intl.DateTimeFormat | null>(); // by zone; null: there is no such zone

function clockOf(zone: string): Intl.DateTimeFormat | null {
  let clock = clocks.get(zone);
  if (clock === undefined) {
    try {
      clock = new Intl.DateTimeFormat("en-US", {
        timeZone: zone,
        hourCycle: "h23",
        year: "numeric",
        month: "numeric",
        day: "numeric",
        hour: "numeric",
        minute: "numeric",
        second: "numeric",
      });
    } catch {
      clock = null;
    }
    clocks.set(zone, clock);
  }
  return clock;
}

/** The zone that a text means; null where it means none. Dashboards write "" for the browser's. */
export function zoneOf(text: string | null | undefined): string | null {
  if (!text) return null;
  if (/^(browser|utc)$/i.test(text)) return text.toLowerCase();
  return /^[A-Za-z][\w+\-/]{1,63}$/.test(text) && clockOf(text) ? text : null;
}

/** The zone's name as the IANA data base has it. */
export function zoneName(zone: string): string {
  if (zone === "browser") return Intl.DateTimeFormat().resolvedOptions().timeZone;
  return zone === "utc" ? "UTC" : zone;
}

/** What the clocks of a zone show at `ts`. */
export function partsOf(ts: number, zone: string): Parts {
  if (zone === "browser" || (zone !== "utc" && !clockOf(zone))) {
    const d = new Date(ts);
    return {
      year: d.getFullYear(),
      month: d.getMonth() + 1,
      day: d.getDate(),
      hour: d.getHours(),
      minute: d.getMinutes(),
      second: d.getSeconds(),
      ms: d.getMilliseconds(),
      weekday: d.getDay(),
    };
  }
  const d = new Date(zone === "utc" ? ts : ts + offsetAt(ts, zone));
  return {
    year: d.getUTCFullYear(),
    month: d.getUTCMonth() + 1,
    day: d.getUTCDate(),
    hour: d.getUTCHours(),
    minute: d.getUTCMinutes(),
    second: d.getUTCSeconds(),
    ms: d.getUTCMilliseconds(),
    weekday: d.getUTCDay(),
  };
}

/** How far a named zone's clocks are ahead of UTC at `ts`, in ms. */
function offsetAt(ts: number, zone: string): number {
  const second = Math.floor(ts / 1000) * 1000;
  if (!Number.isFinite(second) || Math.abs(second) > 8.64e15) return 0;
  const p: Record<string, number> = {};
  for (const { type, value } of clockOf(zone)!.formatToParts(second)) p[type] = Number(value);
  return Date.UTC(p.year!, p.month! - 1, p.day, p.hour, p.minute, p.second) - second;
}

/**
 * The moment at which the clocks of a zone show this; parts may lie beyond their unit (day 32).
 * What clocks show twice is the first of both; what they leap over is as far behind the leap, as
 * the browser's own calendar has it.
 */
export function momentOf(zone: string, y: number, month: number, d = 1, h = 0, m = 0, s = 0): number {
  const shown = Date.UTC(y, month - 1, d, h, m, s);
  if (zone === "utc") return shown;
  if (zone === "browser" || !clockOf(zone)) return +new Date(y, month - 1, d, h, m, s);
  const before = offsetAt(shown - DAY_MS, zone);
  const after = offsetAt(shown + DAY_MS, zone);
  if (offsetAt(shown - before, zone) === before) return shown - before;
  return offsetAt(shown - after, zone) === after ? shown - after : shown - before;
}
