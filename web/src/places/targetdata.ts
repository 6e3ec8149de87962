// What /api/v1/targets and its neighbours say, job by job.
import type { Labels } from "../data/frame.ts";
import { arr, num, obj, str } from "../model/json.ts";
import { timeOf } from "./words.ts";

export type Health = "up" | "down" | "unknown";

export interface Target {
  job: string;
  url: string;
  instance: string;
  labels: Labels;
  discovered: Labels;
  health: Health;
  error: string;
  scrapedAt: number; // ms, NaN: never
  seconds: number; // the last scrape took
  samples: number | null; // null: another server, that does not say
  interval: string;
  timeout: string;
}

export interface Discovery {
  kind: string;
  found: number;
  looks: number;
  failures: number;
  error: string;
  succeededAt: number; // ms, NaN: never
}

export interface Job {
  name: string;
  targets: Target[];
  discoveries: Discovery[];
  dropped: number; // by relabelling
}

export function labelsOf(v: unknown): Labels {
  const out: Labels = {};
  for (const [name, value] of Object.entries(obj(v))) out[name] = str(value);
  return out;
}

function targetOf(raw: unknown): Target {
  const t = obj(raw);
  const labels = labelsOf(t.labels);
  const health = str(t.health);
  return {
    job: str(t.scrapePool),
    url: str(t.scrapeUrl),
    instance: labels.instance || str(t.scrapeUrl),
    labels,
    discovered: labelsOf(t.discoveredLabels),
    health: health === "up" || health === "down" ? health : "unknown",
    error: str(t.lastError),
    scrapedAt: timeOf(str(t.lastScrape)),
    seconds: num(t.lastScrapeDuration) ?? 0,
    samples: num(t.lastSamplesScraped) ?? null,
    interval: str(t.scrapeInterval),
    timeout: str(t.scrapeTimeout),
  };
}

const ORDER: Record<Health, number> = { down: 0, unknown: 1, up: 2 };
const natural = new Intl.Collator("en", { numeric: true });

/** What fails comes first, then by address. */
function byNeed(a: Target, b: Target): number {
  return ORDER[a.health] - ORDER[b.health] || natural.compare(a.instance, b.instance);
}

/** Jobs in the order in which the server names them; `pools` also names those without targets. */
export function jobsOf(targets: unknown, discoveries: unknown, pools: unknown): Job[] {
  const jobs = new Map<string, Job>();
  const job = (name: string): Job => {
    let found = jobs.get(name);
    if (!found) jobs.set(name, (found = { name, targets: [], discoveries: [], dropped: 0 }));
    return found;
  };
  for (const name of arr(obj(pools).scrapePools)) job(str(name));
  for (const raw of arr(obj(targets).activeTargets)) {
    const t = targetOf(raw);
    job(t.job).targets.push(t);
  }
  for (const [name, n] of Object.entries(obj(obj(targets).droppedTargetCounts)))
    if (num(n)) job(name).dropped = num(n)!;
  for (const raw of arr(obj(discoveries).discoveries)) {
    const d = obj(raw);
    job(str(d.scrapePool)).discoveries.push({
      kind: str(d.kind),
      found: num(d.found) ?? 0,
      looks: num(d.looks) ?? 0,
      failures: num(d.failures) ?? 0,
      error: str(d.lastError),
      succeededAt: timeOf(str(d.lastSuccess)),
    });
  }
  for (const j of jobs.values()) j.targets.sort(byNeed);
  return [...jobs.values()];
}

export function fits(t: Target, word: string, state: string): boolean {
  if (state && t.health !== state) return false;
  if (!word) return true;
  const text = [t.instance, t.url, t.error, ...Object.entries(t.labels).map(([k, v]) => `${k}=${v}`)];
  return text.join("\n").toLowerCase().includes(word.toLowerCase());
}

export interface Step {
  rule: string; // in words
  changes: { name: string; from: string | null; to: string | null }[];
  kept: boolean;
}

function ruleWords(raw: unknown): string {
  const r = obj(raw);
  const action = str(r.action, "replace");
  const sources = arr(r.source_labels).map((x) => str(x)).join(str(r.separator, ";"));
  const regex = str(r.regex);
  const any = regex === "(.*)" || regex === "";
  const where = sources && !any ? `${sources} =~ "${regex}"` : sources;
  const target = str(r.target_label);
  const replacement = str(r.replacement, "$1");
  if (action === "replace")
    return where ? `${where} → ${target} = "${replacement}"` : `${target} = "${replacement}"`;
  if (action === "hashmod") return `hash of ${sources} modulo ${str(r.modulus)} → ${target}`;
  if (action === "lowercase" || action === "uppercase") return `${sources} in ${action} → ${target}`;
  if (action === "keepequal" || action === "dropequal")
    return `${action}: ${sources} and ${target} are the same`;
  if (action === "labelmap") return `labelmap: "${regex}" → "${replacement}"`;
  if (action === "labeldrop" || action === "labelkeep") return `${action}: "${regex}"`;
  return `${action}: ${where || `"${regex}"`}`;
}

/** What each rule of a job does to the labels of a target, beginning with `before`. */
export function stepsOf(answer: unknown, before: Labels): Step[] {
  let last = before;
  return arr(obj(answer).steps).map((raw) => {
    const step = obj(raw);
    const kept = step.keep !== false;
    const now = kept ? labelsOf(step.output) : last;
    const names = [...new Set([...Object.keys(last), ...Object.keys(now)])].sort();
    const changes = names
      .filter((n) => last[n] !== now[n])
      .map((name) => ({ name, from: last[name] ?? null, to: now[name] ?? null }));
    last = now;
    return { rule: ruleWords(step.rule), changes, kept };
  });
}
