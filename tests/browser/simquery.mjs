// A small evaluator of PromQL, enough for the shipped dashboards: selectors, the usual aggregations
// and functions, arithmetic, comparison, or/and, bool, on, group_left. It is the tests' own and no part of the product.
import { allSeries } from "./simdata.mjs";

const AGGREGATIONS = new Set(["sum", "avg", "min", "max", "count", "topk", "bottomk"]);
const STEP_S = 15;

export class QueryError extends Error {}

function tokens(text) {
    const out = [];
    const re =
        /\s*(?:(\d+(?:\.\d+)?(?:e[+-]?\d+)?)(?![a-z])|([a-zA-Z_:][\w:]*)|("(?:\\.|[^"\\])*")|(\[[^\]]*\])|(=~|!~|!=|==|>=|<=|[-+*/%^(){},=<>]))/gy;
    let at = 0;
    while (at < text.trimEnd().length) {
        re.lastIndex = at;
        const m = re.exec(text);
        if (!m)
            throw new QueryError(`1:${at + 1}: parse error: unexpected character "${text[at]}"`);
        at = re.lastIndex;
        if (m[1]) out.push({ kind: "number", text: m[1] });
        else if (m[2]) out.push({ kind: "name", text: m[2] });
        else if (m[3])
            out.push({
                kind: "string",
                text: JSON.parse(m[3].replace(/\\([^"\\nrt])/g, "\\\\$1")),
            });
        else if (m[4]) out.push({ kind: "range", text: m[4].slice(1, -1) });
        else out.push({ kind: "op", text: m[5] });
    }
    return out;
}

const LEVELS = [
    ["or"],
    ["and", "unless"],
    ["==", "!=", ">", "<", ">=", "<="],
    ["+", "-"],
    ["*", "/", "%"],
];

class Parser {
    constructor(text) {
        this.tokens = tokens(text);
        this.at = 0;
    }
    peek() {
        return this.tokens[this.at]?.text;
    }
    take(text) {
        if (this.peek() !== text)
            throw new QueryError(`parse error: expected "${text}", got "${this.peek() ?? "end"}"`);
        this.at++;
    }
    parse() {
        const e = this.binary(0);
        if (this.at < this.tokens.length)
            throw new QueryError(`parse error: unexpected "${this.peek()}"`);
        return e;
    }
    binary(level) {
        if (level === LEVELS.length) return this.unary();
        let left = this.binary(level + 1);
        while (LEVELS[level].includes(this.peek())) {
            const op = this.peek();
            this.at++;
            const bool = this.peek() === "bool";
            if (bool) this.at++;
            const match = this.matching();
            left = { op, left, bool, match, right: this.binary(level + 1) };
        }
        return left;
    }
    /** on (a, b) group_left (): by which labels two sides belong together. */
    matching() {
        if (this.peek() !== "on" && this.peek() !== "ignoring") return undefined;
        const on = this.tokens[this.at++].text === "on";
        const labels = this.names();
        if (this.peek() === "group_left") {
            this.at++;
            if (this.peek() === "(") this.names();
        }
        return { on, labels };
    }
    unary() {
        if (this.peek() === "-") {
            this.at++;
            return { op: "*", left: { number: -1 }, right: this.unary() };
        }
        return this.primary();
    }
    names() {
        const out = [];
        this.take("(");
        while (this.peek() !== ")") {
            out.push(this.tokens[this.at++].text);
            if (this.peek() === ",") this.at++;
        }
        this.take(")");
        return out;
    }
    primary() {
        const t = this.tokens[this.at];
        if (!t) throw new QueryError("1:1: parse error: unexpected end of input");
        if (t.kind === "number") {
            this.at++;
            return { number: Number(t.text) };
        }
        if (t.kind === "string") {
            this.at++;
            return { string: t.text };
        }
        if (t.text === "(") {
            this.at++;
            const e = this.binary(0);
            this.take(")");
            return e;
        }
        if (t.kind !== "name" && t.text !== "{")
            throw new QueryError(`parse error: unexpected "${t.text}"`);
        if (t.kind === "name") this.at++;
        if (AGGREGATIONS.has(t.text)) return this.aggregation(t.text);
        if (this.peek() === "(") return { call: t.text, args: this.args() };
        return this.selector(t.kind === "name" ? t.text : "");
    }
    args() {
        const out = [];
        this.take("(");
        while (this.peek() !== ")") {
            out.push(this.binary(0));
            if (this.peek() === ",") this.at++;
        }
        this.take(")");
        return out;
    }
    aggregation(name) {
        let by = null;
        const modifier = () => {
            if (this.peek() === "by" || this.peek() === "without") {
                const without = this.peek() === "without";
                this.at++;
                by = { names: this.names(), without };
            }
        };
        modifier();
        const args = this.args();
        modifier();
        return { aggregate: name, by: by ?? { names: [], without: false }, args };
    }
    selector(name) {
        const matchers = [];
        if (this.peek() === "{") {
            this.at++;
            while (this.peek() !== "}") {
                const label = this.tokens[this.at++].text;
                const op = this.tokens[this.at++].text;
                const value = this.tokens[this.at++].text;
                matchers.push({ label, op, value });
                if (this.peek() === ",") this.at++;
            }
            this.take("}");
        }
        const range = this.tokens[this.at]?.kind === "range" ? this.tokens[this.at++].text : "";
        return { name, matchers, range };
    }
}

function matches(labels, m) {
    const v = labels[m.label] ?? "";
    if (m.op === "=") return v === m.value;
    if (m.op === "!=") return v !== m.value;
    const hit = new RegExp(`^(?:${m.value})$`).test(v);
    return m.op === "=~" ? hit : !hit;
}

export function select(name, matchers) {
    return allSeries.filter(
        (s) => (!name || s.labels.__name__ === name) && matchers.every((m) => matches(s.labels, m)),
    );
}

function key(labels) {
    return Object.keys(labels)
        .filter((k) => k !== "__name__")
        .sort()
        .map((k) => `${k}=${labels[k]}`)
        .join(",");
}

function unnamed({ __name__: _, ...rest }) {
    return rest;
}

function seconds(text) {
    let total = 0;
    for (const [, n, u] of text.matchAll(/(\d+)(ms|[smhdw])/g))
        total += n * { ms: 0.001, s: 1, m: 60, h: 3600, d: 86400, w: 604800 }[u];
    return total;
}

const OVER = {
    avg_over_time: (v) => v.reduce((a, b) => a + b, 0) / v.length,
    max_over_time: (v) => Math.max(...v),
    min_over_time: (v) => Math.min(...v),
    count_over_time: (v) => v.length,
    sum_over_time: (v) => v.reduce((a, b) => a + b, 0),
    increase: (v) => v[v.length - 1] - v[0],
    delta: (v) => v[v.length - 1] - v[0],
};

function call(e, t) {
    if (e.call === "time") return t;
    if (e.call === "label_replace") {
        const [vector, to, replacement, from, pattern] = e.args;
        const whole = new RegExp(`^(?:${pattern.string})$`);
        return evaluate(vector, t).map((x) => {
            const hit = whole.exec(x.labels[from.string] ?? "");
            if (!hit) return x;
            const value = replacement.string.replace(/\$(\d)/g, (_, n) => hit[n] ?? "");
            return { labels: { ...x.labels, [to.string]: value }, v: x.v };
        });
    }
    if (e.call === "vector") return [{ labels: {}, v: evaluate(e.args[0], t) }];
    if (OVER[e.call] || e.call === "rate") {
        const s = e.args[0];
        const span = seconds(s.range) || 300;
        const every = Math.max(STEP_S, span / 40);
        return select(s.name, s.matchers).map((x) => {
            const values = [];
            for (let at = t - span; at <= t; at += every) values.push(x.value(at));
            const v = e.call === "rate" ? OVER.increase(values) / span : OVER[e.call](values);
            return { labels: unnamed(x.labels), v };
        });
    }
    const arg = evaluate(e.args[e.args.length - 1], t);
    if (!Array.isArray(arg)) return arg;
    const f = { abs: Math.abs, round: Math.round, ceil: Math.ceil, floor: Math.floor }[e.call];
    if (!f) throw new QueryError(`1:1: parse error: unknown function with name "${e.call}"`);
    return arg.map((s) => ({ labels: unnamed(s.labels), v: f(s.v) }));
}

function aggregate(e, t) {
    const vector = evaluate(e.args[e.args.length - 1], t);
    const n = e.args.length > 1 ? evaluate(e.args[0], t) : 0;
    const groups = new Map();
    for (const s of vector) {
        const keep = Object.entries(unnamed(s.labels)).filter(
            ([k]) => e.by.names.includes(k) !== e.by.without,
        );
        const labels = Object.fromEntries(keep);
        const g = groups.get(key(labels)) ?? { labels, members: [] };
        g.members.push(s);
        groups.set(key(labels), g);
    }
    const out = [];
    for (const { labels, members } of groups.values()) {
        const v = members.map((m) => m.v);
        const sum = v.reduce((a, b) => a + b, 0);
        if (e.aggregate === "topk" || e.aggregate === "bottomk") {
            const sign = e.aggregate === "topk" ? -1 : 1;
            out.push(...[...members].sort((a, b) => sign * (a.v - b.v)).slice(0, n));
        } else {
            const result = {
                sum,
                avg: sum / v.length,
                min: Math.min(...v),
                max: Math.max(...v),
                count: v.length,
            }[e.aggregate];
            out.push({ labels, v: result });
        }
    }
    return out;
}

const MATH = {
    "+": (a, b) => a + b,
    "-": (a, b) => a - b,
    "*": (a, b) => a * b,
    "/": (a, b) => a / b,
    "%": (a, b) => a % b,
};
const COMPARE = {
    "==": (a, b) => a === b,
    "!=": (a, b) => a !== b,
    ">": (a, b) => a > b,
    "<": (a, b) => a < b,
    ">=": (a, b) => a >= b,
    "<=": (a, b) => a <= b,
};

function binary(e, t) {
    const a = evaluate(e.left, t);
    const b = evaluate(e.right, t);
    const { match } = e;
    const place = (labels) =>
        key(
            match
                ? Object.fromEntries(
                      Object.entries(labels).filter(
                          ([name]) => match.labels.includes(name) === match.on,
                      ),
                  )
                : labels,
        );
    if (e.op === "or") {
        const have = new Set(a.map((s) => place(s.labels)));
        return [...a, ...b.filter((s) => !have.has(place(s.labels)))];
    }
    if (e.op === "and" || e.op === "unless") {
        const have = new Set(b.map((s) => place(s.labels)));
        return a.filter((s) => have.has(place(s.labels)) === (e.op === "and"));
    }
    const math = MATH[e.op];
    const compare = COMPARE[e.op];
    if (!Array.isArray(a) && !Array.isArray(b)) return math ? math(a, b) : Number(compare(a, b));
    const left = Array.isArray(a) ? a : null;
    const pairs = left
        ? left.map((s) => [
              s,
              Array.isArray(b) ? b.find((o) => place(o.labels) === place(s.labels))?.v : b,
          ])
        : b.map((s) => [s, s.v]);
    const out = [];
    for (const [s, other] of pairs) {
        if (other === undefined) continue;
        const [x, y] = left ? [s.v, other] : [a, other];
        if (math) out.push({ labels: unnamed(s.labels), v: math(x, y) });
        else if (e.bool) out.push({ labels: unnamed(s.labels), v: Number(compare(x, y)) });
        else if (compare(x, y)) out.push(s);
    }
    return out;
}

function evaluate(e, t) {
    if (e.number !== undefined) return e.number;
    if (e.op) return binary(e, t);
    if (e.call) return call(e, t);
    if (e.aggregate) return aggregate(e, t);
    return select(e.name, e.matchers)
        .map((s) => ({ labels: s.labels, v: s.value(t) }))
        .filter((s) => !Number.isNaN(s.v));
}

const text = (v) => (v === Infinity ? "+Inf" : v === -Infinity ? "-Inf" : String(v));

export function instant(query, t) {
    const r = evaluate(new Parser(query).parse(), t);
    if (!Array.isArray(r)) return { resultType: "scalar", result: [t, text(r)] };
    return {
        resultType: "vector",
        result: r.map((s) => ({ metric: s.labels, value: [t, text(s.v)] })),
    };
}

export function range(query, start, end, step) {
    const parsed = new Parser(query).parse();
    const all = new Map();
    for (let t = start; t <= end + 1e-9; t += step) {
        const r = evaluate(parsed, t);
        for (const s of Array.isArray(r) ? r : [{ labels: {}, v: r }]) {
            const k = (s.labels.__name__ ?? "") + key(s.labels);
            if (!all.has(k)) all.set(k, { metric: s.labels, values: [] });
            all.get(k).values.push([t, text(s.v)]);
        }
    }
    return { resultType: "matrix", result: [...all.values()] };
}
