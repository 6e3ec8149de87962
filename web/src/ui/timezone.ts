// Whose clock the pages show: what the address says, else what was chosen here, else what the
// dashboard wants.
const KEY = "algalon-timezone";

export type Timezone = "browser" | "utc";

function known(text: string | null): Timezone | null {
  return text === "utc" || text === "browser" ? text : null;
}

export function timezoneOf(query: URLSearchParams, wanted = ""): Timezone {
  let chosen: string | null = null;
  try {
    chosen = localStorage.getItem(KEY);
  } catch {
    // storage may be forbidden
  }
  return known(query.get("timezone")) ?? known(chosen) ?? known(wanted) ?? "browser";
}

export function rememberTimezone(timezone: Timezone): void {
  try {
    localStorage.setItem(KEY, timezone);
  } catch {
    // not remembered then
  }
}
