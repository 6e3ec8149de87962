// Numbers as people read them, by Grafana's unit ids. Adding a unit is adding a row.
import { formatDate, relativeTo } from "./time.ts";

export interface Formatted {
  prefix: string;
  text: string;
  suffix: string; // with its space where one belongs
}

type Format = (value: number, decimals: number | undefined, timezone: string) => Formatted;

const PLAIN: Formatted = { prefix: "", text: "", suffix: "" };

/** Decimals that leave about three digits that count; whole numbers need none. */
export function autoDecimals(value: number): number {
  if (!Number.isFinite(value) || value === 0 || Number.isInteger(value)) return 0;
  const magnitude = Math.floor(Math.log10(Math.abs(value)));
  return Math.min(12, Math.max(0, 2 - magnitude));
}

/** Prints with fixed decimals, or automatic ones; never with an exponent below 1e21. */
export function fixed(value: number, decimals?: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (value === Infinity) return "+Inf";
  if (value === -Infinity) return "-Inf";
  let text = value.toFixed(Math.min(20, decimals ?? autoDecimals(value)));
  if (decimals === undefined && text.includes(".")) text = text.replace(/\.?0+$/, "");
  return /^-0(\.0*)?$/.test(text) ? text.slice(1) : text;
}

/** A unit with steps: the largest step not above the value is taken. */
function scaled(factor: number, suffixes: string[], start = 0, space = " "): Format {
  return (value, decimals) => {
    if (!Number.isFinite(value)) return { ...PLAIN, text: fixed(value) };
    let step = start;
    let v = value;
    while (Math.abs(v) >= factor && step < suffixes.length - 1) {
      v /= factor;
      step++;
    }
    while (v !== 0 && Math.abs(v) < 1 && step > 0 && suffixes[step - 1] !== "") {
      v *= factor;
      step--;
    }
    const rounded = Number(fixed(v, decimals));
    if (Math.abs(rounded) >= factor && step < suffixes.length - 1) {
      v /= factor;
      step++;
    }
    const suffix = suffixes[step] ?? "";
    return { ...PLAIN, text: fixed(v, decimals), suffix: suffix ? space + suffix : "" };
  };
}

const SI_UP = ["", "k", "M", "G", "T", "P", "E", "Z", "Y"];
const SI_DOWN = ["n", "µ", "m"];
const IEC = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"];

/** SI prefixes in both directions; `offset` counts thousands (1: the value comes in kilo). */
function si(unit: string, offset = 0): Format {
  const all = [...SI_DOWN, ...SI_UP].map((p) => p + unit);
  return scaled(1000, all, SI_DOWN.length + offset);
}

/** SI prefixes upwards only: half a byte is no 500 mB. */
function up(unit: string, offset = 0): Format {
  return scaled(
    1000,
    SI_UP.map((p) => p + unit),
    offset,
  );
}

function iec(unit: string, offset = 0): Format {
  return scaled(
    1024,
    IEC.map((p) => p + unit),
    offset,
  );
}

/** One fixed unit behind the number. */
function plain(suffix: string, space = " "): Format {
  return (value, decimals) => ({
    ...PLAIN,
    text: fixed(value, decimals),
    suffix: suffix ? space + suffix : "",
  });
}

function times(factor: number, format: Format): Format {
  return (value, decimals, timezone) => format(value * factor, decimals, timezone);
}

function before(prefix: string, format: Format): Format {
  return (value, decimals, timezone) => ({ ...format(value, decimals, timezone), prefix });
}

const SPANS: [string, string, number][] = [
  ["year", "years", 31536000],
  ["month", "months", 2628000],
  ["week", "weeks", 604800],
  ["day", "days", 86400],
  ["hour", "hours", 3600],
  ["minute", "minutes", 60],
  ["second", "seconds", 1],
];

/** Seconds in the unit that suits them: 3.2 ms, 41 s, 2.5 hours. */
const seconds: Format = (value, decimals) => {
  const size = Math.abs(value);
  const give = (v: number, suffix: string): Formatted => ({
    ...PLAIN,
    text: fixed(v, decimals),
    suffix: " " + suffix,
  });
  if (!Number.isFinite(value)) return { ...PLAIN, text: fixed(value) };
  if (size === 0) return give(0, "s");
  if (size < 1e-6) return give(value * 1e9, "ns");
  if (size < 1e-3) return give(value * 1e6, "µs");
  if (size < 1) return give(value * 1e3, "ms");
  if (size < 60) return give(value, "s");
  if (size < 3600) return give(value / 60, "min");
  if (size < 86400) return give(value / 3600, size < 7200 ? "hour" : "hours");
  if (size < 604800) return give(value / 86400, size < 172800 ? "day" : "days");
  if (size < 31536000) return give(value / 604800, size < 1209600 ? "week" : "weeks");
  return give(value / 31536000, size < 63072000 ? "year" : "years");
};

/** A duration in words: its largest unit and as many smaller ones as `decimals` asks for. */
const duration: Format = (value, decimals) => {
  if (!Number.isFinite(value)) return { ...PLAIN, text: fixed(value) };
  let rest = Math.abs(value);
  if (rest < 1) return seconds(value, decimals, "");
  const parts: string[] = [];
  const wanted = 1 + (decimals ?? 1);
  for (const [one, many, size] of SPANS) {
    const n = Math.floor(rest / size);
    if (n > 0) {
      parts.push(`${n} ${n === 1 ? one : many}`);
      rest -= n * size;
    } else if (parts.length) {
      break;
    }
    if (parts.length >= wanted) break;
  }
  return { ...PLAIN, text: (value < 0 ? "-" : "") + parts.join(", ") };
};

const two = (n: number): string => String(Math.floor(n)).padStart(2, "0");

const clockTime: Format = (value) => {
  const s = Math.abs(Math.round(value));
  const text = `${two(s / 3600)}:${two((s % 3600) / 60)}:${two(s % 60)}`;
  return { ...PLAIN, text: (value < 0 ? "-" : "") + text };
};

const daysClock: Format = (value) => {
  const s = Math.abs(Math.round(value));
  const days = Math.floor(s / 86400);
  const text = `${days} d ${two((s % 86400) / 3600)}:${two((s % 3600) / 60)}:${two(s % 60)}`;
  return { ...PLAIN, text: (value < 0 ? "-" : "") + text };
};

function dated(pattern: string): Format {
  return (value, _decimals, timezone) => ({
    ...PLAIN,
    text: Number.isFinite(value) ? formatDate(value, pattern, timezone) : fixed(value),
  });
}

function words(yes: string, no: string): Format {
  return (value) => ({ ...PLAIN, text: value ? yes : no });
}

const short: Format = scaled(1000, ["", "K", "Mil", "Bil", "Tri", "Quadr", "Quint"]);

const none: Format = plain("");
const minutes = times(60, seconds);

const TABLE: Record<string, Format> = {
  none,
  string: none,
  short,
  sishort: scaled(1000, [...SI_UP]),
  percent: plain("%", ""),
  percentunit: times(100, plain("%", "")),
  humidity: plain("%H"),
  ppm: plain("ppm"),
  conppm: plain("ppm"),
  dB: plain("dB"),
  candela: plain("cd"),
  hex0x: (v) => ({ ...PLAIN, text: "0x" + Math.trunc(v).toString(16).toUpperCase() }),
  hex: (v) => ({ ...PLAIN, text: Math.trunc(v).toString(16).toUpperCase() }),
  sci: (v, d) => ({ ...PLAIN, text: v.toExponential(d) }),
  locale: (v, d) => ({
    ...PLAIN,
    text: v.toLocaleString("en-US", { maximumFractionDigits: d ?? autoDecimals(v) }),
  }),
  bool: words("True", "False"),
  bool_yes_no: words("Yes", "No"),
  bool_on_off: words("On", "Off"),

  bytes: iec("B"),
  decbytes: up("B"),
  bits: iec("b"),
  decbits: up("b"),
  kbytes: iec("B", 1),
  deckbytes: up("B", 1),
  mbytes: iec("B", 2),
  decmbytes: up("B", 2),
  gbytes: iec("B", 3),
  decgbytes: up("B", 3),
  tbytes: iec("B", 4),
  dectbytes: up("B", 4),
  pbytes: iec("B", 5),
  decpbytes: up("B", 5),

  pps: up("p/s"),
  Bps: up("B/s"),
  binBps: iec("B/s"),
  bps: up("b/s"),
  binbps: iec("b/s"),
  KBs: up("B/s", 1),
  KiBs: iec("B/s", 1),
  Kbits: up("b/s", 1),
  Kibits: iec("b/s", 1),
  MBs: up("B/s", 2),
  MiBs: iec("B/s", 2),
  Mbits: up("b/s", 2),
  Mibits: iec("b/s", 2),
  GBs: up("B/s", 3),
  GiBs: iec("B/s", 3),
  Gbits: up("b/s", 3),
  Gibits: iec("b/s", 3),
  TBs: up("B/s", 4),
  TiBs: iec("B/s", 4),

  cps: up("c/s"),
  ops: up("ops/s"),
  reqps: up("req/s"),
  rps: up("rd/s"),
  wps: up("wr/s"),
  iops: up("io/s"),
  eps: up("evt/s"),
  mps: up("msg/s"),
  recps: up("rec/s"),
  rowsps: up("rows/s"),
  opm: up("ops/min"),
  rpm: up("rd/min"),
  wpm: up("wr/min"),
  cpm: up("c/min"),
  reqpm: up("req/min"),

  hertz: si("Hz"),
  rothz: si("Hz"),
  rotkhz: si("Hz", 1),
  rotmhz: si("Hz", 2),
  rotghz: si("Hz", 3),
  rotrpm: plain("rpm"),

  watt: si("W"),
  mwatt: si("W", -1),
  kwatt: si("W", 1),
  megwatt: si("W", 2),
  watth: si("Wh"),
  kwatth: si("Wh", 1),
  kwattm: si("W-min", 1),
  joule: si("J"),
  ev: si("eV"),
  voltamp: si("VA"),
  kvoltamp: si("VA", 1),
  amp: si("A"),
  mamp: si("A", -1),
  kamp: si("A", 1),
  ah: si("Ah"),
  volt: si("V"),
  mvolt: si("V", -1),
  kvolt: si("V", 1),
  ohm: si("Ω"),
  farad: si("F"),
  henry: si("H"),
  dBm: plain("dBm"),
  flops: si("FLOPS"),
  mflops: si("FLOPS", 2),
  gflops: si("FLOPS", 3),
  tflops: si("FLOPS", 4),

  celsius: plain("°C"),
  fahrenheit: plain("°F"),
  farenheit: plain("°F"), // the spelling that files carry
  kelvin: plain("K"),
  degree: plain("°", ""),

  ns: times(1e-9, seconds),
  µs: times(1e-6, seconds),
  us: times(1e-6, seconds),
  ms: times(1e-3, seconds),
  s: seconds,
  m: minutes,
  h: times(3600, seconds),
  d: times(86400, seconds),
  dtdurationms: times(1e-3, duration),
  dtdurations: duration,
  dthms: clockTime,
  dtdhms: daysClock,
  clocks: clockTime,
  clockms: times(1e-3, clockTime),
  timeticks: times(0.01, seconds),

  dateTimeAsIso: dated("YYYY-MM-DD HH:mm:ss"),
  dateTimeAsIsoNoDateIfToday: dated("YYYY-MM-DD HH:mm:ss"),
  dateTimeAsUS: dated("MM/DD/YYYY HH:mm:ss"),
  dateTimeAsLocal: dated("YYYY-MM-DD HH:mm:ss"),
  dateTimeAsSystem: dated("YYYY-MM-DD HH:mm:ss"),
  dateTimeFromNow: (v) => ({ ...PLAIN, text: Number.isFinite(v) ? relativeTo(v, Date.now()) : "" }),

  currencyUSD: before("$", short),
  currencyEUR: before("€", short),
  currencyGBP: before("£", short),
  currencyJPY: before("¥", short),

  velocityms: plain("m/s"),
  lengthmm: si("m", -1),
  lengthm: si("m"),
  lengthkm: si("m", 1),
  massg: si("g"),
  masskg: si("g", 1),
  flowlpm: plain("l/min"),
  pressurebar: si("bar"),
  pressurepa: si("Pa"),
  Hs: up("H/s"),
  MHs: up("H/s", 2),
  GHs: up("H/s", 3),
};

/** Units written in the file itself: "suffix:GPUs", "si:m", "prefix:~", "time:YYYY", "count:". */
function custom(unit: string): Format | undefined {
  const colon = unit.indexOf(":");
  if (colon < 0) return undefined;
  const rest = unit.slice(colon + 1);
  switch (unit.slice(0, colon)) {
    case "suffix":
      return plain(rest, /^\w/.test(rest) ? " " : "");
    case "prefix":
      return before(rest, none);
    case "si":
      return si(rest);
    case "count":
      return scaled(
        1000,
        ["", "K", "M", "B", "T"].map((p) => p + rest),
      );
    case "currency":
      return before(rest, short);
    case "time":
      return dated(rest || "YYYY-MM-DD HH:mm:ss");
    case "bool": {
      const [yes = "", no = ""] = rest.split("/");
      return words(yes, no);
    }
    default:
      return undefined;
  }
}

/** True when the page knows the unit id; others stand behind the number as they are. */
export function isUnit(unit: string): boolean {
  return Object.prototype.hasOwnProperty.call(TABLE, unit) || custom(unit) !== undefined;
}

/** Formats a number in a unit. No unit is `none`; what is not known becomes a suffix. */
export function formatValue(
  value: number,
  unit: string | undefined,
  decimals?: number,
  timezone = "browser",
): Formatted {
  const id = unit || "none";
  const known = Object.prototype.hasOwnProperty.call(TABLE, id) ? TABLE[id] : custom(id);
  return (known ?? plain(id))(value, decimals, timezone);
}

export function formattedText(f: Formatted): string {
  return f.prefix + f.text + f.suffix;
}

/** True when values of the unit step by 1024, so that axis ticks should too. */
export function isBinaryUnit(unit: string | undefined): boolean {
  return /^([kmgtp]?bytes|bits|bin[Bb]ps|[KMGT]i(Bs|bits))$/.test(unit ?? "");
}
