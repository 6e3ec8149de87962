// Dashboards that are kept on the server: what the API says of them, and ways to change them.
import { Api, ApiError } from "../../data/prometheus.ts";
import { arr, type Json, num, obj, str } from "../../model/json.ts";
import { unwrapped } from "../../model/wrapped.ts";

export interface Refusal {
  status: number;
  text: string;
  line: number; // 0: of the whole file
  column: number;
  freeUid: string; // under which a copy can be saved; "" when nothing is in the way
}

export interface Version {
  version: number;
  saved: number;
  bytes: number;
}

export interface Finding {
  level: string; // "ok", "note", "warning", "error"
  line: number;
  place: string; // "panel 3 'Power', A"
  text: string;
  advice: string;
}

const pathOf = (uid: string): string => `/api/dashboards/uid/${encodeURIComponent(uid)}`;
const JSON_TYPE = { "Content-Type": "application/json" };

function refusalOf(status: number, text: string): Refusal {
  let body: Json = {};
  try {
    body = obj(JSON.parse(text));
  } catch {
    // words of something between
  }
  return {
    status,
    text: str(body.message) || text.slice(0, 200) || `HTTP ${status}`,
    line: num(body.line) ?? 0,
    column: num(body.column) ?? 0,
    freeUid: str(body.freeUid),
  };
}

/** The file of a dashboard as it stands, and the tag of what was seen. */
export async function readFile(api: Api, uid: string): Promise<{ text: string; tag: string }> {
  const { response, text } = await api.response(`${pathOf(uid)}/file`);
  if (!response.ok) throw new ApiError(refusalOf(response.status, text).text, "http", response.status);
  return { text, tag: response.headers.get("ETag") ?? "" };
}

/** Keeps a file; `seen`: the tag of what it replaces, "" for what is to be new, null for either. */
export async function save(
  api: Api,
  uid: string,
  file: string,
  seen: string | null,
): Promise<{ tag: string } | Refusal> {
  const condition: Record<string, string> =
    seen === null ? {} : seen ? { "If-Match": seen } : { "If-None-Match": "*" };
  const { response, text } = await api.response(pathOf(uid), {
    method: "PUT",
    headers: { ...JSON_TYPE, ...condition },
    body: file,
  });
  if (!response.ok) return refusalOf(response.status, text);
  return { tag: response.headers.get("ETag") ?? "" };
}

export async function remove(api: Api, uid: string): Promise<Refusal | null> {
  const { response, text } = await api.response(pathOf(uid), { method: "DELETE", headers: JSON_TYPE });
  return response.ok ? null : refusalOf(response.status, text);
}

export async function versionsOf(api: Api, uid: string): Promise<Version[]> {
  return arr(await api.json(`${pathOf(uid)}/versions`)).map((raw) => ({
    version: num(obj(raw).version) ?? 0,
    saved: num(obj(raw).saved) ?? 0,
    bytes: num(obj(raw).bytes) ?? 0,
  }));
}

export function versionText(api: Api, uid: string, version: number): Promise<string> {
  return api.text(`${pathOf(uid)}/versions?version=${version}`);
}

/** Holds a file against the series there are now, or against a schema. */
export async function check(
  api: Api,
  file: string,
  against: string,
): Promise<{ findings: Finding[]; fixed: string | null }> {
  const query = against ? `?against=${against}` : "";
  const answer = obj(
    await api.json(`/api/dashboards/check${query}`, { method: "POST", headers: JSON_TYPE, body: file }),
  );
  const findings = arr(obj(answer.report).items).map((raw) => {
    const o = obj(raw);
    return {
      level: str(o.level),
      line: num(o.line) ?? 0,
      place: str(o.place),
      text: str(o.text),
      advice: str(o.advice),
    };
  });
  return { findings, fixed: typeof answer.fixed === "string" ? answer.fixed : null };
}

/** The uid of a file; "" when it has none, or is no JSON. */
export function uidOf(text: string): string {
  try {
    return str(unwrapped(JSON.parse(text)).dashboard.uid);
  } catch {
    return "";
  }
}

/** A file with another uid, and title if one is given, bare of what an export wraps it in; laid out
 * anew. */
export function renamed(text: string, uid: string, title = ""): string {
  const { dashboard } = unwrapped(JSON.parse(text));
  const whole = { ...dashboard, uid, id: null, ...(title ? { title } : {}) };
  return `${JSON.stringify(whole, null, 2)}\n`;
}

/** A uid made of a title: "GPU nodes, west" becomes "gpu-nodes-west". */
export function uidOfTitle(title: string): string {
  const words = title
    .normalize("NFKD")
    .replace(/[\u0300-\u036f]/g, "") // accents
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
  return words.slice(0, 60) || "dashboard";
}
