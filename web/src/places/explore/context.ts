// What is being written where the cursor stands: a name, a label, a label's value, a duration.

export interface Context {
  kind: "name" | "label" | "value" | "duration" | "none";
  from: number; // what a suggestion replaces
  to: number;
  word: string; // what stands between `from` and the cursor
  selector: string; // the series that are spoken of, as far as they are written
  label: string; // whose value is wanted
  quote: string; // "value": the quote that is open; "label" in braces: "{"
}

interface Token {
  type: "space" | "string" | "word" | "number" | "sign";
  text: string;
  at: number;
  closed: boolean; // strings
}

const TOKEN =
  /(\s+|#[^\n]*)|("(?:\\[^]|[^"\\])*"?|'(?:\\[^]|[^'\\])*'?|`[^`]*`?)|([a-zA-Z_:][\w:]*)|([\d.$][\w.$]*)|([=!]~|[=!<>]=|[^])/g;

function tokens(text: string): Token[] {
  return [...text.matchAll(TOKEN)].map((m) => {
    const t = m[0];
    const type = m[1] ? "space" : m[2] ? "string" : m[3] ? "word" : m[4] ? "number" : "sign";
    const closed = t.length > 1 && t.endsWith(t[0]!);
    return { type, text: t, at: m.index, closed };
  });
}

const LISTS = /^(by|without|on|ignoring|group_left|group_right)$/i;

interface Scope {
  open: string; // "{", "(", "(by" for lists of labels, "["
  metric: string;
  matchers: string[];
  label: string;
  op: string;
}

function selectorOf(s: Scope): string {
  return s.metric || s.matchers.length ? `${s.metric}{${s.matchers.join(",")}}` : "";
}

function enter(scopes: Scope[], open: string, metric = ""): void {
  scopes.push({ open, metric, matchers: [], label: "", op: "" });
}

/** Takes one token that lies wholly before the cursor; `before` is the last that was no space. */
function step(scopes: Scope[], t: Token, before: Token | null): void {
  const scope = scopes[scopes.length - 1];
  const word = before?.type === "word" ? before.text : "";
  if (t.text === "{") enter(scopes, "{", word);
  else if (t.text === "[") enter(scopes, "[");
  else if (t.text === "(") enter(scopes, LISTS.test(word) ? "(by" : "(");
  else if (/^[})\]]$/.test(t.text)) scopes.pop();
  if (scope?.open !== "{") return;
  if (t.type === "word") scope.label = t.text;
  else if (/^(=~|!~|!=|=)$/.test(t.text)) scope.op = t.text;
  else if (t.text === ",") scope.label = scope.op = "";
  else if (t.type === "string" && scope.label && scope.op)
    scope.matchers.push(`${scope.label}${scope.op}${t.text}`);
}

const NOTHING: Context = { kind: "none", from: 0, to: 0, word: "", selector: "", label: "", quote: "" };

/** Names can be long; more than this is no query that a person writes. */
const MOST = 20_000;

export function contextAt(text: string, cursor: number): Context {
  if (text.length > MOST) return NOTHING;
  const scopes: Scope[] = [];
  let before: Token | null = null;
  let here: Token | null = null; // the token that the cursor stands in or at the end of
  for (const t of tokens(text)) {
    const end = t.at + t.text.length;
    const touches = t.at < cursor && end >= cursor;
    if (touches && (t.type === "word" || t.type === "number" || t.type === "string")) {
      if (t.type !== "string" || !t.closed || end > cursor) here = t;
      if (here) break;
    }
    if (touches && t.text.startsWith("#")) return NOTHING;
    if (t.at >= cursor) break;
    if (t.type === "space") continue;
    step(scopes, t, before);
    before = t;
  }
  return describe(scopes[scopes.length - 1], here, before, cursor);
}

function describe(
  scope: Scope | undefined,
  here: Token | null,
  before: Token | null,
  cursor: number,
): Context {
  const from = here ? here.at : cursor;
  const to = here ? here.at + here.text.length : cursor;
  const word = here ? here.text.slice(0, cursor - here.at) : "";
  const base = { ...NOTHING, from, to, word };
  if (here?.type === "string") {
    if (scope?.open !== "{" || !scope.label || !scope.op) return NOTHING;
    const end = here.closed ? to - 1 : cursor;
    const value = { from: from + 1, to: end, word: word.slice(1), quote: here.text[0]! };
    return { ...base, ...value, kind: "value", label: scope.label, selector: selectorOf(scope) };
  }
  if (scope?.open === "{") {
    if (scope.label && scope.op) return NOTHING; // a quote comes next, or a comma
    return { ...base, kind: "label", selector: selectorOf(scope), quote: "{" };
  }
  if (scope?.open === "(by") return { ...base, kind: "label" };
  if (scope?.open === "[") return { ...base, kind: "duration" };
  if (here?.type === "number") return NOTHING;
  if (before?.text.toLowerCase() === "offset") return { ...base, kind: "duration" };
  return { ...base, kind: "name" };
}
