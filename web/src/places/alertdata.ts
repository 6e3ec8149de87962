// What /api/v1/rules says: groups of rules, and the alerts that they hold.
import type { Labels } from "../data/frame.ts";
import { arr, num, obj, str } from "../model/json.ts";
import { labelsOf } from "./targetdata.ts";
import { timeOf } from "./words.ts";

export type RuleState = "failing" | "firing" | "pending" | "ok" | "waiting";

export interface Alert {
  name: string;
  state: "firing" | "pending";
  labels: Labels; // without its name
  annotations: Labels;
  since: number; // ms
  value: string;
  query: string; // of its rule
}

export interface Rule {
  name: string;
  query: string;
  isAlert: boolean;
  state: RuleState;
  forSeconds: number;
  keepSeconds: number;
  labels: Labels;
  annotations: Labels;
  alerts: Alert[];
  error: string;
  seconds: number; // the last evaluation took
  evaluatedAt: number; // ms, NaN: never
}

export interface Group {
  name: string;
  file: string;
  intervalSeconds: number;
  seconds: number;
  evaluatedAt: number;
  rules: Rule[];
}

function alertOf(raw: unknown, query: string): Alert {
  const a = obj(raw);
  const { alertname = "", ...labels } = labelsOf(a.labels);
  return {
    name: alertname,
    state: str(a.state) === "firing" ? "firing" : "pending",
    labels,
    annotations: labelsOf(a.annotations),
    since: timeOf(str(a.activeAt)),
    value: str(a.value),
    query,
  };
}

function stateOf(health: string, alerts: Alert[]): RuleState {
  if (health === "err") return "failing";
  if (alerts.some((a) => a.state === "firing")) return "firing";
  if (alerts.length) return "pending";
  return health === "ok" ? "ok" : "waiting";
}

function ruleOf(raw: unknown): Rule {
  const r = obj(raw);
  const query = str(r.query);
  const alerts = arr(r.alerts).map((a) => alertOf(a, query));
  return {
    name: str(r.name),
    query,
    isAlert: str(r.type) === "alerting",
    state: stateOf(str(r.health), alerts),
    forSeconds: num(r.duration) ?? 0,
    keepSeconds: num(r.keepFiringFor) ?? 0,
    labels: labelsOf(r.labels),
    annotations: labelsOf(r.annotations),
    alerts,
    error: str(r.lastError),
    seconds: num(r.evaluationTime) ?? 0,
    evaluatedAt: timeOf(str(r.lastEvaluation)),
  };
}

export function groupsOf(data: unknown): Group[] {
  return arr(obj(data).groups).map((raw) => {
    const g = obj(raw);
    return {
      name: str(g.name),
      file: str(g.file),
      intervalSeconds: num(g.interval) ?? 0,
      seconds: num(g.evaluationTime) ?? 0,
      evaluatedAt: timeOf(str(g.lastEvaluation)),
      rules: arr(g.rules).map(ruleOf),
    };
  });
}

const SEVERITIES = ["critical", "error", "warning", "info"];

function severity(a: Alert): number {
  const at = SEVERITIES.indexOf(a.labels.severity ?? "");
  return at < 0 ? SEVERITIES.length : at;
}

/** All active alerts: firing before pending, the severest first, then the newest. */
export function alertsOf(groups: Group[]): Alert[] {
  const all = groups.flatMap((g) => g.rules.flatMap((r) => r.alerts));
  return all.sort(
    (a, b) =>
      Number(b.state === "firing") - Number(a.state === "firing") ||
      severity(a) - severity(b) ||
      b.since - a.since,
  );
}

const text = (l: Labels): string[] => Object.entries(l).map(([k, v]) => `${k}=${v}`);
const holds = (parts: string[], word: string): boolean =>
  !word || parts.join("\n").toLowerCase().includes(word.toLowerCase());

export function alertFits(a: Alert, word: string, state: string): boolean {
  if (state && a.state !== state) return false;
  return holds([a.name, ...text(a.labels), ...text(a.annotations)], word);
}

export function ruleFits(r: Rule, word: string, state: string): boolean {
  if (state && r.state !== state) return false;
  return holds([r.name, r.query, r.error, ...text(r.labels)], word);
}

/** An alert's value as people read numbers; what is no number stays as it came. */
export function shownValue(value: string): string {
  const v = Number(value);
  if (value.trim() === "" || !Number.isFinite(v)) return value;
  if (v !== 0 && (Math.abs(v) >= 1e9 || Math.abs(v) < 1e-3)) return v.toPrecision(4);
  return v.toLocaleString("en", { maximumFractionDigits: Math.abs(v) < 10 ? 3 : 1 });
}
