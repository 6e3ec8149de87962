// The queries of this tab, the newest first; kept as long as it is open.
import { arr, str, strings } from "../../model/json.ts";

const KEY = "algalon-explore";
const KEPT = 50;

function read(): string[][] {
  try {
    return arr(JSON.parse(sessionStorage.getItem(KEY) ?? "[]"))
      .map((q) => strings(q))
      .filter((q) => q.length > 0 && str(q[0]) !== "");
  } catch {
    return []; // storage may be forbidden, or hold what is not ours
  }
}

let memory: string[][] | null = null; // where nothing can be stored it lasts as long as the page

export function pastQueries(): string[][] {
  memory ??= read();
  return memory;
}

export function remember(exprs: string[]): void {
  const same = (q: string[]): boolean => JSON.stringify(q) === JSON.stringify(exprs);
  memory = [exprs, ...pastQueries().filter((q) => !same(q))].slice(0, KEPT);
  try {
    sessionStorage.setItem(KEY, JSON.stringify(memory));
  } catch {
    // not stored then
  }
}
