// What the command palette offers: pages, dashboards, panels, time ranges, and all that keys do.
import { quickRanges } from "./data/time.ts";
import type { DashboardInfo } from "./panels/kind.ts";
import { type Place, places } from "./places/index.ts";
import { type Command, openPalette } from "./ui/palette.ts";
import type { View } from "./ui/view.ts";

export { openPalette };

export interface Reach {
  view: View | null;
  dashboards: DashboardInfo[];
  kiosk: boolean;
  timezone: string;
  go(path: string): void;
  href(uid: string): string;
  placeHref(place: Place): string;
  setTime(from: string, to: string): void;
  setTimezone(timezone: string): void;
  setKiosk(on: boolean, rotate?: string): void;
  press(key: string): void; // does what the key does
}

const KEYS: [key: string, title: string, timed: boolean][] = [
  ["r", "Refresh now", false],
  ["p", "Pause or go on refreshing", false],
  ["d", "Dark or light", false],
  ["l", "Share this view: a link", false],
  ["?", "What the keys do", false],
  ["z", "Zoom out", true],
  ["[", "Earlier", true],
  ["]", "Later", true],
  ["t", "Choose a time range", true],
  ["m", "Time machine: a moment of the past, and back to now", false],
];

export function commandsOf(r: Reach): Command[] {
  const timed = !!r.view?.time;
  const out: Command[] = [
    ...r.dashboards.map((d, i) => ({
      title: d.title,
      group: "Dashboard",
      keys: i < 9 ? String(i + 1) : undefined,
      run: () => r.go(r.href(d.uid)),
    })),
    ...places.map((p) => ({
      title: p.title,
      group: "Page",
      keys: p.key,
      run: () => r.go(r.placeHref(p)),
    })),
    ...(r.view?.board?.panels() ?? []).map((p) => ({
      title: p.title,
      group: "Panel, alone",
      run: () => r.view!.board!.viewAlone(p.key, true),
    })),
    ...KEYS.filter(([, , needsTime]) => timed || !needsTime).map(([keys, title]) => ({
      title,
      group: "Command",
      keys,
      run: () => r.press(keys),
    })),
  ];
  if (timed) {
    for (const q of quickRanges)
      out.push({ title: q.display, group: "Time range", run: () => r.setTime(q.from, q.to) });
    const other = r.timezone === "utc" ? "browser" : "utc";
    const title = other === "utc" ? "Times in UTC" : "Times in this browser's zone";
    out.push({ title, group: "Command", run: () => r.setTimezone(other) });
  }
  if (r.kiosk) out.push({ title: "Leave the kiosk", group: "Command", keys: "Esc", run: () => r.setKiosk(false) });
  else out.push({ title: "Kiosk: without head and menus", group: "Command", run: () => r.setKiosk(true) });
  for (const every of ["30s", "1m", "5m"])
    out.push({
      title: `Kiosk: the next dashboard every ${every}`,
      group: "Command",
      run: () => r.setKiosk(true, every),
    });
  return out;
}
