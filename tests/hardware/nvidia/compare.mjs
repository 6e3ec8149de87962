// compare.mjs - the verdict on one value, and the table of them all.
import { isUnknown } from './fields.mjs';

export const verdicts = { agrees: 'agrees', absent: 'absent in both', unasked: 'not asked', differs: 'DIFFERS', missing: 'MISSING', extra: 'ONLY OURS', unread: 'NOT UNDERSTOOD' };
const good = new Set([verdicts.agrees, verdicts.absent, verdicts.unasked]);
export const isGood = (row) => good.has(row.verdict);

/** How far `ours` may lie from `theirs`. */
export const allowance = (tolerance, theirs) => Math.max(tolerance.absolute ?? 0, (tolerance.relative ?? 0) * Math.abs(theirs));

const shown = (value, unit) => (value === undefined ? '-' : typeof value === 'number' ? `${Number(value.toPrecision(unit === 'B' ? 15 : 6))}${unit ? ` ${unit}` : ''}` : String(value));

/**
 * Holds `ours` against what nvidia-smi said before and after it: it may lie anywhere between the two, and beyond by the
 * tolerance. `theirs` are nvidia-smi's texts, without those that it was not asked for.
 */
export function compareField(field, { source, ours, theirs }) {
  const row = { field: field.smi[0], source, ours: shown(ours, field.unit), theirs: '-', difference: '-', tolerance: field.tolerance.why };
  if (!theirs.length) return { ...row, verdict: verdicts.unasked };
  const known = theirs.filter((text) => !isUnknown(text));
  if (!known.length) return { ...row, theirs: theirs[0], verdict: ours === undefined ? verdicts.absent : field.optional ? verdicts.unasked : verdicts.extra };
  const values = known.map(field.read);
  if (values.some((value) => value === undefined)) return { ...row, theirs: known.join(' to '), verdict: verdicts.unread };
  row.theirs = [...new Set(values.map((value) => shown(value, field.unit)))].join(' to ');
  if (ours === undefined) return { ...row, verdict: field.optional ? verdicts.unasked : verdicts.missing };
  if (typeof values[0] === 'string') return { ...row, difference: values.includes(String(ours)) ? 'none' : 'other text', verdict: values.includes(String(ours)) ? verdicts.agrees : verdicts.differs };
  return { ...row, ...distance(field, ours, Math.min(...values), Math.max(...values)) };
}

/** Holds a measured value against an expected one. */
export function compareNumber({ field, source, ours, expected, unit, tolerance }) {
  const row = { field, source, ours: shown(ours, unit), theirs: shown(expected, unit), difference: '-', tolerance: tolerance.why };
  if (ours === undefined) return { ...row, verdict: verdicts.missing };
  if (!Number.isFinite(expected)) return { ...row, verdict: verdicts.unread };
  return { ...row, ...distance({ unit, tolerance }, ours, expected, expected) };
}

function distance({ unit, tolerance }, ours, least, most) {
  const difference = ours < least ? ours - least : ours > most ? ours - most : 0;
  const within = Math.abs(difference) <= allowance(tolerance, ours < least ? least : most) + 1e-9;
  return { difference: shown(difference, unit), verdict: within ? verdicts.agrees : verdicts.differs };
}

const heads = { field: 'field', source: 'of', ours: 'ours', theirs: 'nvidia-smi or expected', difference: 'difference', tolerance: 'tolerance', verdict: 'verdict' };

/** Markdown, aligned so that it can be read in a terminal too. */
export function table(rows) {
  const keys = Object.keys(heads);
  const cell = (text) => String(text).replace(/\|/g, '\\|');
  const widths = keys.map((key) => Math.max(...[heads, ...rows].map((row) => cell(row[key]).length)));
  const line = (row) => `| ${keys.map((key, i) => cell(row[key]).padEnd(widths[i])).join(' | ')} |`;
  return [line(heads), `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...rows.map(line)].join('\n');
}
