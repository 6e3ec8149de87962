// Numbers as people read them, by Grafana's unit ids. Adding a unit is adding a word to a table; what
// each prints is compared with @grafana/data in grafana.test.ts.
import { clock as pages } from "./clock.ts";
import { formatDate, relativeTo } from "./time.ts";

export interface Formatted {
  prefix: string;
  text: string;
  suffix: string; // with its space where one belongs
}

type Format = (value: number, decimals: number | undefined, timezone: string) => Formatted;

function shown(text: string, suffix = "", prefix = ""): Formatted {
  return { prefix, text, suffix };
}

/** Decimals that leave two or three digits that count: three where the first is small. */
export function autoDecimals(value: number): number {
  if (!Number.isFinite(value) || Number.isInteger(value)) return 0;
  const size = Math.abs(value);
  const decimals = 1 - Math.floor(Math.log(size) / Math.LN10);
  return Math.max(0, size / 10 ** -decimals > 2.25 ? decimals + 1 : decimals);
}

/** Rounded to fixed decimals, or automatic ones. */
export function fixed(value: number, decimals?: number): string {
  if (!Number.isFinite(value)) return value.toLocaleString("en-US");
  const d = Math.max(0, decimals ?? autoDecimals(value));
  const factor = 10 ** d;
  const rounded = Math.round(value * factor) / factor;
  const plain = String(rounded);
  if (plain.includes("e")) return plain;
  const [whole, part = ""] = plain.split(".");
  return d > part.length ? `${whole}.${part.padEnd(d, "0")}` : plain;
}

/** A unit with steps: the largest that the value reaches; `at` is the step that it comes in. */
function stepped(factor: number, suffixes: string[], at = 0): Format {
  return (value, decimals) => {
    if (!Number.isFinite(value)) return shown(fixed(value));
    const reached = value === 0 ? 0 : Math.floor(Math.log10(Math.abs(value)) / Math.log10(factor));
    const step = Math.min(suffixes.length - 1, Math.max(0, at + reached));
    return shown(fixed(value / factor ** (step - at), decimals), suffixes[step]);
  };
}

const SI = ["f", "p", "n", "µ", "m", "", "k", "M", "G", "T", "P", "E", "Z", "Y"];
const IEC = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"];
const SI_ONE = 5; // where the unit itself stands in SI

/** SI prefixes; `offset` counts thousands (1: the value comes in kilo). */
function si(unit: string, offset = 0): Format {
  return stepped(
    1000,
    SI.map((p) => ` ${p}${unit}`),
    SI_ONE + offset,
  );
}

function iec(unit: string, offset = 0): Format {
  return stepped(
    1024,
    IEC.map((p) => ` ${p}${unit}`),
    offset,
  );
}

/** One fixed unit behind the number. */
function plain(unit: string, space = " "): Format {
  return (value, decimals) => shown(fixed(value, decimals), unit ? space + unit : "");
}

const COUNTS = ["", "K", "M", "B", "T"];
const counted = stepped(1000, COUNTS);

function count(unit: string): Format {
  return (value, decimals) => {
    const f = counted(value, decimals, "");
    return { ...f, suffix: `${f.suffix} ${unit}` };
  };
}

function currency(symbol: string, behind = false): Format {
  return (value, decimals) => {
    const f = counted(Math.abs(value), decimals, "");
    const sign = value < 0 ? "-" : "";
    return behind
      ? { ...f, prefix: sign, suffix: f.suffix + symbol }
      : { ...f, prefix: sign + symbol };
  };
}

/** All digits with separators, as accounts are kept. */
function financial(symbol: string, behind: boolean): Format {
  return (value, decimals) => {
    const text = value.toLocaleString("en-US", {
      minimumFractionDigits: decimals ?? 0,
      maximumFractionDigits: decimals ?? 1,
    });
    return behind ? shown(text, symbol) : shown(text, "", symbol);
  };
}

interface Span {
  below: number; // the size, in the unit the value comes in, up to which this span is used
  size: number; // one of it
  suffix: string; // plural from more than one on, except for abbreviations
}

/** Times in the span that suits them: 3.2 ms, 41 s, 2.5 hours. */
function spans(list: Span[]): Format {
  return (value, decimals) => {
    if (!Number.isFinite(value)) return shown(fixed(value));
    const size = Math.abs(value);
    const span = list.find((s) => size < s.below) ?? list[list.length - 1]!;
    const v = value / span.size;
    const word = span.suffix.length > 2 && Math.abs(v) > 1 ? `${span.suffix}s` : span.suffix;
    return shown(fixed(v, decimals), ` ${word}`);
  };
}

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;
const WEEK = 604_800;
const YEAR = 31_536_000;
const span = (below: number, size: number, suffix: string): Span => ({ below, size, suffix });

const secondsOnly = spans([
  span(1e-6, 1e-9, "ns"),
  span(1e-3, 1e-6, "µs"),
  span(1, 1e-3, "ms"),
  span(MINUTE, 1, "s"),
  span(HOUR, MINUTE, "min"),
  span(DAY, HOUR, "hour"),
  span(WEEK, DAY, "day"),
  span(YEAR, WEEK, "week"),
  span(Infinity, 31_556_900, "year"),
]);
const seconds: Format = (v, d, tz) => (v === 0 ? shown("0", " s") : secondsOnly(v, d, tz));

const TIMES: Record<string, Format> = {
  ns: spans([
    span(1e3, 1, "ns"),
    span(1e6, 1e3, "µs"),
    span(1e9, 1e6, "ms"),
    span(6e10, 1e9, "s"),
    span(36e11, 6e10, "min"),
    span(864e11, 36e11, "hour"),
    span(Infinity, 864e11, "day"),
  ]),
  µs: spans([span(1e3, 1, "µs"), span(1e6, 1e3, "ms"), span(Infinity, 1e6, "s")]),
  ms: spans([
    span(1e3, 1, "ms"),
    span(6e4, 1e3, "s"),
    span(36e5, 6e4, "min"),
    span(864e5, 36e5, "hour"),
    span(31_536e6, 864e5, "day"),
    span(Infinity, 31_536e6, "year"),
  ]),
  s: seconds,
  m: spans([
    span(60, 1, "min"),
    span(1440, 60, "hour"),
    span(10_080, 1440, "day"),
    span(604_800, 10_080, "week"),
    span(Infinity, 525_948, "year"),
  ]),
  h: spans([
    span(24, 1, "hour"),
    span(168, 24, "day"),
    span(8760, 168, "week"),
    span(Infinity, 8760, "year"),
  ]),
  d: spans([span(7, 1, "day"), span(365, 7, "week"), span(Infinity, 365, "year")]),
};

/** Minutes and hours as they come are not told in plural: "12 min", "5 hour". */
function ownSingular(format: Format, below: number, suffix: string): Format {
  return (v, d, tz) => (Math.abs(v) < below ? shown(fixed(v, d), ` ${suffix}`) : format(v, d, tz));
}
TIMES.m = ownSingular(TIMES.m!, 60, "min");
TIMES.h = ownSingular(TIMES.h!, 24, "hour");

const PARTS: [string, number][] = [
  ["year", YEAR],
  ["month", 2_592_000],
  ["week", WEEK],
  ["day", DAY],
  ["hour", HOUR],
  ["minute", MINUTE],
  ["second", 1],
  ["millisecond", 0.001],
];

/** A duration in words: its largest part and as many smaller ones as `decimals` asks for. */
function duration(unit: number, name: string): Format {
  const words: Format = (value, decimals, tz) => {
    if (!Number.isFinite(value)) return shown(fixed(value));
    if (value === 0) return shown("0", ` ${name}`);
    if (value < 0) {
      const f = words(-value, decimals, tz);
      return { ...f, suffix: `${f.suffix} ago` };
    }
    let rest = value * unit * 1000;
    const out: string[] = [];
    for (const [part, size] of PARTS) {
      if (out.length > (decimals ?? 0)) break;
      const n = rest / (size * 1000);
      if (n < 1 && !out.length) continue;
      out.push(`${Math.floor(n)} ${part}${Math.floor(n) === 1 ? "" : "s"}`);
      rest %= size * 1000;
    }
    return shown(out.join(", "));
  };
  return words;
}

const two = (n: number): string => String(Math.floor(n)).padStart(2, "0");

/** 01:02:03, with days before where asked; the past is "ago". */
function clockTime(days: boolean): Format {
  return (value) => {
    if (!Number.isFinite(value)) return shown(fixed(value));
    const s = Math.abs(value);
    const n = days ? Math.floor(s / DAY) : 0;
    const rest = s - n * DAY;
    const text = `${two(rest / HOUR)}:${two((rest % HOUR) / MINUTE)}:${two(rest % MINUTE)}`;
    return shown(n ? `${n} d ${text}` : text, value < 0 ? " ago" : "");
  };
}

/** 1h:02m:03s:004ms, cut after as many parts as `decimals` says. */
function clock(unitMs: number): Format {
  return (value, decimals) => {
    const ms = value * unitMs;
    if (!Number.isFinite(ms)) return shown(fixed(ms));
    const whole = Math.trunc(ms); // below one second the clock of the day shows through
    const milli = `${String(((whole % 1000) + 1000) % 1000).padStart(3, "0")}ms`;
    if (ms < 1000) return shown(milli);
    const s = `${two((whole % 60_000) / 1000)}s`;
    const m = `${two((whole % 3_600_000) / 60_000)}m`;
    const parts = [s, milli];
    if (ms >= 60_000) parts.unshift(m);
    if (ms >= 3_600_000) parts.unshift(`${Math.floor(whole / 3_600_000)}h`);
    return shown(parts.slice(0, decimals === undefined ? undefined : decimals + 1).join(":"));
  };
}

function dated(pattern: string, today?: string): Format {
  return (value, _decimals, timezone) => {
    if (!Number.isFinite(value)) return shown(fixed(value));
    const day = (t: number): string => formatDate(t, "YYYY-MM-DD", timezone);
    const isToday = today && day(value) === day(pages.now());
    return shown(formatDate(value, isToday ? today : pattern, timezone));
  };
}

function words(yes: string, no: string): Format {
  return (value) => shown(value ? yes : no);
}

function hex(before: string): Format {
  return (v, d) => {
    const text = Number(fixed(v, d)).toString(16).toUpperCase();
    return shown(text.startsWith("-") ? `-${before}${text.slice(1)}` : before + text);
  };
}

const none = plain("");
const ISO = "YYYY-MM-DD HH:mm:ss";
const US = "MM/DD/YYYY h:mm:ss a";

const TABLE: Record<string, Format> = {
  ...TIMES,
  us: TIMES.µs!,
  none,
  string: (v) => shown(String(v)),
  short: stepped(
    1000,
    ["", "K", "Mil", "Bil", "Tri", "Quadr", "Quint", "Sext", "Sept"].map((s) => s && ` ${s}`),
  ),
  sishort: si(""),
  percent: plain("%", ""),
  percentunit: (v, d) => shown(fixed(100 * v, d), "%"),
  hex0x: hex("0x"),
  hex: hex(""),
  sci: (v, d) => shown(v.toExponential(d)),
  locale: (v, d) =>
    shown(v.toLocaleString("en-US", d === undefined ? {} : { maximumFractionDigits: d })),
  bool: words("True", "False"),
  bool_yes_no: words("Yes", "No"),
  bool_on_off: words("On", "Off"),
  pressurepsi: stepped(1000, ["psi", "ksi", "Mpsi"]),
  dtdurationms: duration(0.001, "milliseconds"),
  dtdurations: duration(1, "seconds"),
  dthms: clockTime(false),
  dtdhms: clockTime(true),
  clocks: clock(1000),
  clockms: clock(1),
  timeticks: (v, d, tz) => seconds(v / 100, d, tz),
  dateTimeAsIso: dated(ISO),
  dateTimeAsIsoNoDateIfToday: dated(ISO, "HH:mm:ss"),
  dateTimeAsUS: dated(US),
  dateTimeAsUSNoDateIfToday: dated(US, "h:mm:ss a"),
  dateTimeAsLocal: dated(ISO),
  dateTimeAsLocalNoDateIfToday: dated(ISO, "HH:mm:ss"),
  dateTimeAsSystem: dated(ISO),
  dateTimeFromNow: (v) => shown(Number.isFinite(v) ? relativeTo(v, pages.now()) : ""),
};

/** Reads "id unit offset, id unit" into the table; a unit `~` is none, `_` in it a space. */
function rows(text: string, make: (unit: string, offset: number) => Format): void {
  for (const row of text.split(",")) {
    const [id = "", unit = "", offset = "0"] = row.trim().split(/\s+/);
    TABLE[id] = make(unit, Number(offset));
  }
}

rows(
  `candela cd, flops FLOPS, mflops FLOPS 2, gflops FLOPS 3, tflops FLOPS 4, pflops FLOPS 5,
  eflops FLOPS 6, zflops FLOPS 7, yflops FLOPS 8, decbytes B, decbits b, deckbytes B 1,
  decmbytes B 2, decgbytes B 3, dectbytes B 4, decpbytes B 5, pps p/s, Bps B/s, bps b/s, KBs B/s 1,
  Kbits b/s 1, MBs B/s 2, Mbits b/s 2, GBs B/s 3, Gbits b/s 3, TBs B/s 4, Tbits b/s 4, PBs B/s 5,
  Pbits b/s 5, watt W, kwatt W 1, megwatt W 2, gwatt W 3, mwatt W -1, Wm2 W/m², voltamp VA,
  kvoltamp VA 1, voltampreact VAr, kvoltampreact VAr 1, watth Wh, watthperkg Wh/kg, kwatth Wh 1,
  kwattm W-Min 1, mwatth Wh 2, amph Ah, ah Ah, kamph Ah 1, mamph Ah -1, joule J, ev eV, amp A,
  kamp A 1, mamp A -1, volt V, kvolt V 1, mvolt V -1, mohm Ω -1, ohm Ω, kohm Ω 1, Mohm Ω 2, farad F,
  µfarad F -2, nfarad F -3, pfarad F -4, ffarad F -5, henry H, mhenry H -1, µhenry H -2, lumens Lm,
  forceNm Nm, forcekNm Nm 1, forceN N, forcekN N 1, Hs H/s, KHs H/s 1, MHs H/s 2, GHs H/s 3,
  THs H/s 4, PHs H/s 5, EHs H/s 6, massmg g -1, massg g, masskg g 1, lengthmm m -1, lengthm m,
  lengthkm m 1, pressurembar bar -1, pressurebar bar, pressurekbar bar 1, pressurepa Pa, radbq Bq,
  radci Ci, radgy Gy, radrad rad, radsv Sv, radmsv Sv -1, radusv Sv -2, radrem rem, radexpckg C/kg,
  radr R, radsvh Sv/h, radmsvh Sv/h -1, radusvh Sv/h -2, rothz Hz, rotkhz Hz 1, rotmhz Hz 2,
  rotghz Hz 3, hertz Hz, mlitre L -1, litre L`,
  si,
);
rows(
  `bytes B, bits b, kbytes B 1, mbytes B 2, gbytes B 3, tbytes B 4, pbytes B 5, binBps B/s,
  binbps b/s, KiBs B/s 1, Kibits b/s 1, MiBs B/s 2, Mibits b/s 2, GiBs B/s 3, Gibits b/s 3,
  TiBs B/s 4, Tibits b/s 4, PiBs B/s 5, Pibits b/s 5`,
  iec,
);
rows(
  `humidity %H, dB dB, pixel px, accMS2 m/sec², accFS2 f/sec², accG g, degree °, radian rad,
  grad grad, arcmin arcmin, arcsec arcsec, areaM2 m², areaF2 ft², areaMI2 mi², acres ac,
  hectares ha, ppm ppm, conppm ppm, conppb ppb, conngm3 ng/m³, conngNm3 ng/Nm³, conμgm3 μg/m³,
  conμgNm3 μg/Nm³, conmgm3 mg/m³, conmgNm3 mg/Nm³, congm3 g/m³, congNm3 g/Nm³, conmgdL mg/dL,
  conmmolL mmol/L, dBm dbm, flowgpm gpm, flowcms cms, flowcfs cfs, flowcfm cfm, litreh L/h,
  flowlpm L/min, flowmlpm mL/min, lux lux, masslb lb, masst t, lengthcm cm, lengthin in,
  lengthft ft, lengthmi mi, pressurehpa hPa, pressurekpa kPa, pressurehg "Hg, rotrpm rpm,
  rotrads rad/s, rotdegs °/s, celsius °C, fahrenheit °F, farenheit °F, kelvin K, velocityms m/s,
  velocitykmh km/h, velocitymph mph, velocityknot kn, m3 m³, Nm3 Nm³, dm3 dm³, gallons gal`,
  (unit) => plain(unit),
);
rows(
  `cps c/s, ops ops/s, reqps req/s, rps rd/s, wps wr/s, iops io/s, eps evt/s, mps msg/s,
  recps rec/s, rowsps rows/s, cpm c/m, opm ops/m, reqpm req/m, rpm rd/m, wpm wr/m, epm evts/m,
  mpm msgs/m, recpm rec/m, rowspm rows/m`,
  (unit) => count(unit),
);
rows(
  `USD $, GBP £, EUR €, JPY ¥, RUB ₽, UAH ₴, BRL R$, DKK kr 1, ISK kr 1, NOK kr 1, SEK kr 1,
  CZK czk, CHF CHF, PLN PLN, BTC ฿, mBTC mBTC, μBTC μBTC, ZAR R, INR ₹, KRW ₩, IDR Rp, PHP PHP,
  VND đ 1, TRY ₺ 1, MYR RM, XPF XPF, BGN BGN, PYG ₲, UYU UYU, ILS ₪`.replace(
    /(^|,\s*)/g,
    "$1currency",
  ),
  (symbol, behind) => currency(symbol, behind === 1),
);

/** Units written in the file itself: "suffix:GPUs", "si:mW", "prefix:~", "time:YYYY", "count:jobs". */
function custom(unit: string): Format | undefined {
  const colon = unit.indexOf(":");
  if (colon <= 0) return undefined;
  const rest = unit.slice(colon + 1);
  switch (unit.slice(0, colon)) {
    case "suffix":
      return plain(rest);
    case "prefix":
      return (v, d) => shown(fixed(v, d), "", rest);
    case "si": {
      const offset = rest[0] ? SI.indexOf(rest[0]) - SI_ONE : -SI_ONE;
      return offset === 0 || offset < -SI_ONE ? si(rest) : si(rest.slice(1), offset);
    }
    case "count":
      return count(rest);
    case "currency": {
      const [kind, symbol, side] = rest.split(":");
      if (kind === "financial" && symbol) return financial(symbol, side === "suffix");
      return currency(rest);
    }
    case "time":
      return dated(rest || ISO);
    case "bool": {
      const slash = rest.indexOf("/");
      return slash < 0 ? words(rest, "-") : words(rest.slice(0, slash), rest.slice(slash + 1));
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
  return /^([kmgtp]?bytes|bits|bin[Bb]ps|[KMGTP]i(Bs|bits))$/.test(unit ?? "");
}
