// A screen on a wall: no head, no menus, and one dashboard after the other if it is wished.
import { parseDuration } from "../data/time.ts";

const LEAST_MS = 5000;

export class Kiosk {
  private timer = 0;

  constructor(private readonly next: () => void) {}

  /** Does what the address says: `kiosk`, and `rotate=30s`. */
  follow(query: URLSearchParams): void {
    const on = query.has("kiosk");
    document.body.classList.toggle("kiosk", on);
    clearTimeout(this.timer);
    const every = parseDuration(query.get("rotate") ?? "");
    if (on && every >= LEAST_MS) this.timer = window.setTimeout(this.next, every);
  }
}

/** The dashboard after this one; the first comes after the last. */
export function nextOf(uids: string[], current: string): string {
  return uids[(uids.indexOf(current) + 1) % uids.length] ?? current;
}
