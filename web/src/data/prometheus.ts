// The Prometheus HTTP API under the page's own origin. Everything the page asks goes through here.
import { arr, num, obj, str, strings } from "../model/json.ts";
import type { Labels } from "./frame.ts";

/** What the API said, or that nobody answered. */
export class ApiError extends Error {
  constructor(
    message: string,
    readonly kind: string, // Prometheus's errorType, or "unreachable", "http"
    readonly status: number,
  ) {
    super(message);
    this.name = "ApiError";
  }
}

export interface Series {
  labels: Labels;
  times: number[]; // Unix ms
  values: number[];
}

export interface QueryResult {
  type: "matrix" | "vector" | "scalar" | "string";
  series: Series[];
  warnings: string[];
}

export type Reachability = (reachable: boolean) => void;

const REQUEST_TIMEOUT_MS = 60_000;

function numberOf(v: unknown): number {
  if (typeof v === "number") return v;
  const text = str(v);
  if (text === "+Inf" || text === "Inf") return Infinity;
  if (text === "-Inf") return -Infinity;
  return text === "" ? NaN : Number(text);
}

function pointOf(v: unknown): [number, number] {
  const pair = arr(v);
  return [Math.round((num(pair[0]) ?? NaN) * 1000), numberOf(pair[1])];
}

function labelsOf(v: unknown): Labels {
  const out: Labels = {};
  for (const [k, value] of Object.entries(obj(v))) out[k] = str(value);
  return out;
}

/** Turns an answer's `data` into series; instant vectors become series of one point. */
export function resultOf(data: unknown, warnings: string[]): QueryResult {
  const d = obj(data);
  const type = str(d.resultType);
  if (type === "matrix") {
    const series = arr(d.result).map((raw) => {
      const points = arr(obj(raw).values).map(pointOf);
      return {
        labels: labelsOf(obj(raw).metric),
        times: points.map((p) => p[0]),
        values: points.map((p) => p[1]),
      };
    });
    return { type, series, warnings };
  }
  if (type === "vector") {
    const series = arr(d.result).map((raw) => {
      const [t, v] = pointOf(obj(raw).value);
      return { labels: labelsOf(obj(raw).metric), times: [t], values: [v] };
    });
    return { type, series, warnings };
  }
  const [t, v] = pointOf(d.result);
  return {
    type: type === "string" ? "string" : "scalar",
    series: [{ labels: {}, times: [t], values: [v] }],
    warnings,
  };
}

export class Api {
  constructor(private readonly onReachable: Reachability = () => undefined) {}

  /** Any JSON under the origin; errors carry the server's own words. */
  json(path: string, init: RequestInit = {}): Promise<unknown> {
    return this.ask(path, init, (response, text) => this.parse(response, text));
  }

  /** Whatever the server answers, also a refusal. */
  response(path: string, init: RequestInit = {}): Promise<{ response: Response; text: string }> {
    return this.ask(path, init, (response, text) => ({ response, text }));
  }

  /** A text under the origin. */
  text(path: string): Promise<string> {
    return this.ask(path, {}, (response, text) => {
      if (response.ok) return text;
      throw new ApiError(`HTTP ${response.status}`, "http", response.status);
    });
  }

  private async ask<T>(
    path: string,
    init: RequestInit,
    take: (response: Response, text: string) => T,
  ): Promise<T> {
    const timeout = new AbortController();
    const timer = setTimeout(() => timeout.abort(), REQUEST_TIMEOUT_MS);
    const forward = (): void => timeout.abort();
    init.signal?.addEventListener("abort", forward);
    try {
      const response = await this.fetch(path, { ...init, signal: timeout.signal }, init.signal);
      const text = await response.text();
      return take(response, text);
    } finally {
      clearTimeout(timer);
      init.signal?.removeEventListener("abort", forward);
    }
  }

  private async fetch(
    path: string,
    init: RequestInit,
    outer: AbortSignal | null | undefined,
  ): Promise<Response> {
    try {
      const response = await fetch(path, init);
      const gateway = response.status === 502 || response.status === 504;
      this.onReachable(!gateway);
      return response;
    } catch (e) {
      if (outer?.aborted) throw e;
      this.onReachable(false);
      const late = e instanceof DOMException && e.name === "AbortError";
      throw new ApiError(
        late ? `no answer within ${REQUEST_TIMEOUT_MS / 1000} s` : "the server cannot be reached",
        "unreachable",
        0,
      );
    }
  }

  private parse(response: Response, text: string): unknown {
    let body: unknown;
    try {
      body = JSON.parse(text);
    } catch {
      const words = text.trim().slice(0, 200) || response.statusText || "an answer without text";
      throw new ApiError(`HTTP ${response.status}: ${words}`, "http", response.status);
    }
    const b = obj(body);
    if (response.ok && b.status !== "error") return body;
    const words = str(b.error) || str(b.message) || `HTTP ${response.status}`;
    throw new ApiError(words, str(b.errorType, "http"), response.status);
  }

  private async post(path: string, form: Record<string, string>, signal?: AbortSignal) {
    const body = obj(
      await this.json(path, { method: "POST", body: new URLSearchParams(form), signal }),
    );
    return resultOf(body.data, [...strings(body.warnings), ...strings(body.infos)]);
  }

  queryRange(
    expr: string,
    range: { start: number; end: number; step: number },
    signal?: AbortSignal,
  ): Promise<QueryResult> {
    return this.post(
      "/api/v1/query_range",
      {
        query: expr,
        start: String(range.start / 1000),
        end: String(range.end / 1000),
        step: String(range.step / 1000),
      },
      signal,
    );
  }

  query(expr: string, time: number, signal?: AbortSignal): Promise<QueryResult> {
    return this.post("/api/v1/query", { query: expr, time: String(time / 1000) }, signal);
  }

  /** Values of a label, over all series or those that `match` selects. */
  async labelValues(
    label: string,
    match: string,
    range: { from: number; to: number },
    signal?: AbortSignal,
  ): Promise<string[]> {
    const q = new URLSearchParams({
      start: String(range.from / 1000),
      end: String(range.to / 1000),
    });
    if (match) q.append("match[]", match);
    const path = `/api/v1/label/${encodeURIComponent(label)}/values?${q}`;
    return strings(obj(await this.json(path, { signal })).data);
  }

  async labelNames(
    match: string,
    range: { from: number; to: number },
    signal?: AbortSignal,
  ): Promise<string[]> {
    const q = new URLSearchParams({
      start: String(range.from / 1000),
      end: String(range.to / 1000),
    });
    if (match) q.append("match[]", match);
    return strings(obj(await this.json(`/api/v1/labels?${q}`, { signal })).data);
  }
}
