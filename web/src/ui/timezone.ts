// Whose clock the pages show: what the address says, else what was chosen here, else what the
// dashboard wants.
import { zoneOf } from "../data/zone.ts";

const KEY = "algalon-timezone";

export function timezoneOf(query: URLSearchParams, wanted = ""): string {
  let chosen: string | null = null;
  try {
    chosen = localStorage.getItem(KEY);
  } catch {
    // storage may be forbidden
  }
  return zoneOf(query.get("timezone")) ?? zoneOf(chosen) ?? zoneOf(wanted) ?? "browser";
}

export function rememberTimezone(timezone: string): void {
  try {
    localStorage.setItem(KEY, timezone);
  } catch {
    // not remembered then
  }
}
