// Which points of a line need a dot of their own.

/** Places of values that no line reaches, as after a gap: without a dot they would not be seen. undefined is bridged, null
 * is a gap. null when there are none. */
export function isolatedPoints(values: ArrayLike<number | null | undefined>): number[] | null {
  const out: number[] = [];
  let last = -1; // the value before, over what is bridged; -1 behind a gap
  let joined = false; // a line leads to it
  for (let i = 0; i < values.length; i++) {
    const v = values[i];
    if (v === undefined) continue;
    if (last >= 0 && !joined && v === null) out.push(last);
    joined = last >= 0 && v !== null;
    last = v === null ? -1 : i;
  }
  if (last >= 0 && !joined) out.push(last);
  return out.length ? out : null;
}
