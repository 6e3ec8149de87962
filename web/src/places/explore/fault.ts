// Where a query is wrong: out of an answer's words, in the text as it was written.
import { interpolate, type MacroContext } from "../../data/macros.ts";

export interface Fault {
  from: number; // in the text; -1: nowhere in particular
  to: number;
  text: string;
}

const PLACE = /^(?:invalid parameter "query": )?(\d+):(\d+): (?:parse error: )?([^]*)$/;

/** The place of a line and a column, which count bytes, as an index into the text. */
export function indexOf(text: string, line: number, column: number): number {
  const lines = text.split("\n");
  const begin = lines.slice(0, line - 1).reduce((sum, l) => sum + l.length + 1, 0);
  let bytes = 0;
  let at = 0;
  for (const c of lines[line - 1] ?? "") {
    if (bytes >= column - 1) break;
    bytes += new TextEncoder().encode(c).length;
    at += c.length;
  }
  return begin + at;
}

/** The place in `written` that becomes the place `at` once its macros are filled in. */
function unfilled(written: string, at: number, macros: MacroContext): number {
  let filled = 0; // so long is what the parts before become
  let raw = 0;
  for (const part of written.split(/(\$\{[^}]*\}|\$\w+)/)) {
    const isMacro = part.startsWith("$");
    const length = isMacro ? interpolate(part, macros, "promql").length : part.length;
    if (at < filled + length) return raw + (isMacro ? 0 : at - filled);
    filled += length;
    raw += part.length;
  }
  return written.length;
}

export function faultOf(message: string, written: string, macros: MacroContext): Fault {
  const m = PLACE.exec(message);
  if (!m) return { from: -1, to: -1, text: message };
  const filled = interpolate(written, macros, "promql");
  const from = Math.min(unfilled(written, indexOf(filled, Number(m[1]), Number(m[2])), macros), written.length);
  const token = /^(?:[\w:.$]+|"(?:\\.|[^"\\])*"?|\S)/.exec(written.slice(from))?.[0] ?? "";
  return { from, to: from + token.length, text: m[3]! };
}

/** "line 2, column 5", or "column 5" of a query of one line. */
export function placeWords(written: string, at: number): string {
  const before = written.slice(0, at).split("\n");
  const column = `column ${before[before.length - 1]!.length + 1}`;
  return written.includes("\n") ? `line ${before.length}, ${column}` : column;
}
