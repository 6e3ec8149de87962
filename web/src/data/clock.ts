// Which moment the pages show: that of the clock, or the one that the time machine stands at.

export const clock = {
  /** The past moment that everything is shown at, ms; null: live. Set by the application alone. */
  moment: null as number | null,
  /** The moment under the pointer of a chart, or under its keyboard's cursor. */
  pointed: null as number | null,
  now(): number {
    return clock.moment ?? Date.now();
  },
};

/** How addresses write a moment. */
export function momentText(moment: number): string {
  return new Date(moment).toISOString().replace(".000Z", "Z");
}
