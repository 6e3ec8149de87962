// Colours: the names that dashboard files use, in a set made for each theme, and scales.

export type Theme = "dark" | "light";

/** Named hues, each from very light to dark: super-light, light, plain, semi-dark, dark. */
const HUES: Record<string, [string, string, string, string, string]> = {
  red: ["#ffb3ae", "#f98b86", "#ee5f5b", "#d3413f", "#b02a2c"],
  orange: ["#ffd0a1", "#fbb16f", "#f29144", "#d8742a", "#b3591a"],
  yellow: ["#fbe7a3", "#f2d470", "#e5bd3f", "#c59c22", "#9c7a12"],
  green: ["#b9e8c4", "#86d49a", "#4fb96c", "#349a52", "#22783c"],
  blue: ["#bcd9fb", "#8bbcf3", "#5599e6", "#3b7dcb", "#2760a6"],
  purple: ["#dccbfa", "#bfa2f0", "#9f78e0", "#835bc6", "#67429f"],
};

const SHADE: Record<string, number> = {
  "super-light": 0,
  light: 1,
  "": 2,
  "semi-dark": 3,
  dark: 4,
};

/** Plain hues where they are text or lines on a light ground: dark enough to read (AA). */
const ON_LIGHT: Record<string, string> = {
  red: "#c62f32",
  orange: "#a85208",
  yellow: "#866500",
  green: "#1d7a3d",
  blue: "#1f66b8",
  purple: "#7646bd",
};

/** Series colours, ordered so that neighbours stay apart also for red-green blind eyes. */
const SERIES: Record<Theme, string[]> = {
  dark: [
    "#4cc3b5",
    "#e8a33d",
    "#7aa7f0",
    "#e0705c",
    "#b48be8",
    "#a3c75b",
    "#e58fc0",
    "#5fc0e8",
    "#d9c36a",
    "#8f9cf5",
    "#6fcf8e",
    "#f0a58f",
    "#9fb4c8",
    "#c98a4b",
    "#74d6d0",
    "#d977a8",
  ],
  light: [
    "#0d8577",
    "#b86a00",
    "#2f6bd0",
    "#c24a35",
    "#7d4fc4",
    "#5d8414",
    "#b5447f",
    "#0f7fae",
    "#8c7300",
    "#5560cf",
    "#1f8a4c",
    "#b9623f",
    "#56708a",
    "#91581c",
    "#128c96",
    "#a63d78",
  ],
};

const SCALES: Record<string, string[]> = {
  GrYlRd: ["green", "yellow", "red"],
  RdYlGr: ["red", "yellow", "green"],
  BlYlRd: ["blue", "yellow", "red"],
  YlRd: ["super-light-yellow", "red"],
  BlPu: ["blue", "purple"],
  YlBl: ["super-light-yellow", "blue"],
  blues: ["super-light-blue", "dark-blue"],
  reds: ["super-light-red", "dark-red"],
  greens: ["super-light-green", "dark-green"],
  purples: ["super-light-purple", "dark-purple"],
  viridis: ["#440154", "#3b528b", "#21918c", "#5ec962", "#fde725"],
  magma: ["#000004", "#51127c", "#b73779", "#fc8961", "#fcfdbf"],
  plasma: ["#0d0887", "#7e03a8", "#cc4778", "#f89540", "#f0f921"],
  inferno: ["#000004", "#57106e", "#bc3754", "#f98e09", "#fcffa4"],
  cividis: ["#00224e", "#434e6c", "#7d7c78", "#bcae6c", "#fee838"],
};

/** Schemes of heatmaps, low to high. Those of one hue start from the ground they lie on. */
const SCHEMES: Record<string, string[]> = {
  turbo: ["#30123b", "#4686fb", "#1ae4b6", "#a4fc3c", "#fb7e21", "#7a0403"],
  warm: ["#6e40aa", "#e4419d", "#ff8c38", "#aff05b"],
  cool: ["#6e40aa", "#417de0", "#1ac7c2", "#aff05b"],
  cubehelixdefault: ["#000000", "#1a5a40", "#a0794a", "#cfaedb", "#ffffff"],
  spectral: ["#5e4fa2", "#66c2a5", "#ffffbf", "#fdae61", "#9e0142"],
  rdylgn: ["#006837", "#a6d96a", "#ffffbf", "#fdae61", "#a50026"],
  rdylbu: ["#313695", "#abd9e9", "#ffffbf", "#fdae61", "#a50026"],
  rdbu: ["#053061", "#92c5de", "#f7f7f7", "#f4a582", "#67001f"],
  rdgy: ["#1a1a1a", "#bababa", "#ffffff", "#f4a582", "#67001f"],
  puor: ["#2d004b", "#b2abd2", "#f7f7f7", "#fdb863", "#7f3b08"],
  piyg: ["#276419", "#b8e186", "#f7f7f7", "#f1b6da", "#8e0152"],
  prgn: ["#00441b", "#a6dba0", "#f7f7f7", "#c2a5cf", "#40004b"],
  brbg: ["#003c30", "#80cdc1", "#f5f5f5", "#dfc27d", "#543005"],
};
const GROUND: Record<Theme, string> = { dark: "#1c2530", light: "#f2f5f8" };
const ENDS: [RegExp, string][] = [
  [/^(oranges|ylorbr)$/, "orange"],
  [/^(reds|orrd|ylorrd)$/, "red"],
  [/^(greens|bugn|ylgn)$/, "green"],
  [/^(blues|gnbu|pubu|ylgnbu|pubugn)$/, "blue"],
  [/^(purples|bupu|purd|rdpu)$/, "purple"],
  [/^greys$/, "gray"],
];

/** The colour at `share` (0 to 1) of a heatmap's scheme. */
export function schemeColor(scheme: string, share: number, theme: Theme, reverse = false): string {
  const name = scheme.replace(/^interpolate/, "").toLowerCase();
  const hue = ENDS.find(([re]) => re.test(name))?.[1] ?? "orange";
  const bright = `${theme === "dark" ? "light" : "dark"}-${hue}`;
  const single = [GROUND[theme], namedColor(hue === "gray" ? hue : bright, theme, true)];
  const stops = SCHEMES[name] ?? (SCALES[name]?.[0]?.startsWith("#") ? SCALES[name]! : single);
  return alongStops(stops, reverse ? 1 - share : share);
}

const OTHER: Record<string, string> = {
  gray: "#8e99a6",
  grey: "#8e99a6",
  white: "#ffffff",
  black: "#000000",
  pink: "#e58fc0",
  brown: "#a0703f",
  cyan: "#4cc3d8",
};

/** A colour of a file ("dark-red", "text", "#c00", "rgb(...)") as CSS. `surface`: it fills an area
 * and need not be read as text, so that it may be bright on a light ground. */
export function namedColor(name: string, theme: Theme, surface = false): string {
  if (name === "text") return theme === "dark" ? "#dbe3ea" : "#1c252e";
  if (name === "transparent") return "rgba(0, 0, 0, 0)";
  const m = /^(?:(super-light|light|semi-dark|dark)-)?(red|orange|yellow|green|blue|purple)$/.exec(
    name,
  );
  if (m) {
    if (theme === "light" && !m[1] && !surface) return ON_LIGHT[m[2]!]!;
    return HUES[m[2]!]![SHADE[m[1] ?? ""] ?? 2]!;
  }
  if (OTHER[name]) return OTHER[name]!;
  if (/^#([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})$/i.test(name)) return name;
  if (/^(rgb|hsl)a?\([\d\s.,%/deg]+\)$/i.test(name)) return name;
  return OTHER.gray!;
}

export function seriesColor(index: number, theme: Theme): string {
  const set = SERIES[theme];
  return set[((index % set.length) + set.length) % set.length]!;
}

/** A colour that stays with a name whatever else is drawn. */
export function colorByName(name: string, theme: Theme): string {
  let hash = 0;
  for (let i = 0; i < name.length; i++) hash = (hash * 31 + name.charCodeAt(i)) | 0;
  return seriesColor(Math.abs(hash), theme);
}

export interface Rgba {
  r: number;
  g: number;
  b: number;
  a: number;
}

export function parseColor(css: string): Rgba {
  const hex = /^#([0-9a-f]+)$/i.exec(css)?.[1];
  if (hex) {
    const wide = hex.length <= 4 ? [...hex].map((c) => c + c).join("") : hex;
    const n = (i: number): number => parseInt(wide.slice(i, i + 2), 16);
    return { r: n(0), g: n(2), b: n(4), a: wide.length === 8 ? n(6) / 255 : 1 };
  }
  const parts = /^rgba?\(([^)]+)\)$/i
    .exec(css)?.[1]
    ?.split(/[\s,/]+/)
    .map(parseFloat);
  if (parts && parts.length >= 3)
    return { r: parts[0]!, g: parts[1]!, b: parts[2]!, a: parts[3] ?? 1 };
  return { r: 142, g: 153, b: 166, a: 1 };
}

export function withAlpha(css: string, alpha: number): string {
  const { r, g, b, a } = parseColor(css);
  return `rgba(${r}, ${g}, ${b}, ${+(a * alpha).toFixed(3)})`;
}

export function mix(a: string, b: string, share: number): string {
  const p = parseColor(a);
  const q = parseColor(b);
  const at = (x: number, y: number): number => Math.round(x + (y - x) * share);
  return `rgb(${at(p.r, q.r)}, ${at(p.g, q.g)}, ${at(p.b, q.b)})`;
}

function luminance(css: string): number {
  const { r, g, b } = parseColor(css);
  const [x, y, z] = [r, g, b].map((v) => {
    const c = v / 255;
    return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * x! + 0.7152 * y! + 0.0722 * z!;
}

/** Contrast of two colours as WCAG 2 counts it: 1 to 21. */
export function contrast(a: string, b: string): number {
  const [hi, lo] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (hi! + 0.05) / (lo! + 0.05);
}

/** Black or white, whichever reads better on `ground`. */
export function textOn(ground: string): string {
  return contrast(ground, "#10161c") >= contrast(ground, "#ffffff") ? "#10161c" : "#ffffff";
}

export function isScale(mode: string): boolean {
  return mode.startsWith("continuous-");
}

/** The colour at `share` (0 to 1) of a continuous mode. */
export function scaleColor(mode: string, share: number, theme: Theme, surface = false): string {
  const stops = SCALES[mode.replace(/^continuous-/, "")] ?? SCALES.GrYlRd!;
  return alongStops(
    stops.map((s) => namedColor(s, theme, surface)),
    share,
  );
}

function alongStops(colors: string[], share: number): string {
  const at = Math.min(1, Math.max(0, Number.isFinite(share) ? share : 0)) * (colors.length - 1);
  const i = Math.min(colors.length - 2, Math.floor(at));
  return mix(colors[i]!, colors[i + 1]!, at - i);
}
