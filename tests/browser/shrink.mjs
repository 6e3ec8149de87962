// shrink.mjs - a PNG of a page as one of at most 256 colours, a third of the size: pages are flat areas, few hues and smooth text.
import { readFileSync, writeFileSync } from "node:fs";
import { deflateSync, inflateSync } from "node:zlib";

const SIGNATURE = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
const COLOURS = 256;

const CRC = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n >>> 0;
});

function chunk(type, data) {
  const out = Buffer.alloc(12 + data.length);
  out.writeUInt32BE(data.length);
  out.write(type, 4, "latin1");
  data.copy(out, 8);
  let crc = 0xffffffff;
  for (let i = 4; i < 8 + data.length; i++) crc = CRC[(crc ^ out[i]) & 255] ^ (crc >>> 8);
  out.writeUInt32BE((crc ^ 0xffffffff) >>> 0, 8 + data.length);
  return out;
}

function chunksOf(png) {
  if (!png.subarray(0, 8).equals(SIGNATURE)) throw new Error("not a PNG");
  const found = { IDAT: [] };
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at)) {
    const type = png.toString("latin1", at + 4, at + 8);
    const data = png.subarray(at + 8, at + 8 + png.readUInt32BE(at));
    if (type === "IDAT") found.IDAT.push(data);
    else found[type] = data;
  }
  return found;
}

/** The pixels, as 0xRRGGBB; of 8 bits a channel, not interlaced, as Chromium writes them. */
export function pixelsOf(png) {
  const { IHDR, IDAT, PLTE } = chunksOf(png);
  const [width, height] = [IHDR.readUInt32BE(0), IHDR.readUInt32BE(4)];
  const size = { 2: 3, 3: 1, 6: 4 }[IHDR[9]];
  if (IHDR[8] !== 8 || !size || IHDR[12]) throw new Error("a PNG of another kind");
  const raw = inflateSync(Buffer.concat(IDAT));
  const stride = width * size;
  const pixels = new Uint32Array(width * height);
  let above = Buffer.alloc(stride);
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (stride + 1)];
    const line = raw.subarray(y * (stride + 1) + 1, (y + 1) * (stride + 1));
    for (let i = 0; i < stride; i++) {
      const a = i >= size ? line[i - size] : 0;
      const b = above[i];
      const c = i >= size ? above[i - size] : 0;
      const [pa, pb, pc] = [Math.abs(b - c), Math.abs(a - c), Math.abs(a + b - 2 * c)];
      const paeth = pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
      line[i] += [0, a, b, (a + b) >> 1, paeth][filter];
    }
    for (let x = 0; x < width; x++) {
      const at = x * size;
      pixels[y * width + x] =
        size === 1 ? PLTE.readUIntBE(3 * line[at], 3) : (line[at] << 16) | (line[at + 1] << 8) | line[at + 2];
    }
    above = line;
  }
  return { width, height, pixels };
}

const channel = (colour, c) => (colour >> (16 - 8 * c)) & 255;

/** Median cut: the box whose colours differ most, weighed by how often they stand, is split until there are enough. */
function paletteOf(counts) {
  const boxOf = (colours) => {
    let wide = 0, by = 0;
    for (let c = 0; c < 3; c++) {
      let low = 255, high = 0;
      for (const k of colours) [low, high] = [Math.min(low, channel(k, c)), Math.max(high, channel(k, c))];
      if (high - low > wide) [wide, by] = [high - low, c];
    }
    const weight = colours.reduce((sum, k) => sum + counts.get(k), 0);
    return { colours, by, weight, worth: wide * Math.cbrt(weight) };
  };
  const boxes = [boxOf([...counts.keys()])];
  while (boxes.length < COLOURS) {
    const worst = boxes.reduce((a, b) => (b.worth > a.worth ? b : a));
    if (!worst.worth) break;
    const sorted = worst.colours.sort((a, b) => channel(a, worst.by) - channel(b, worst.by));
    let cut = 0, weight = 0;
    while (cut < sorted.length - 1 && (cut === 0 || weight < worst.weight / 2)) weight += counts.get(sorted[cut++]);
    boxes.splice(boxes.indexOf(worst), 1, boxOf(sorted.slice(0, cut)), boxOf(sorted.slice(cut)));
  }
  return boxes.map(({ colours, weight }) => {
    const most = colours.reduce((a, b) => (counts.get(b) > counts.get(a) ? b : a));
    if (2 * counts.get(most) >= weight) return most; // large areas keep their very colour
    const mean = (c) => Math.round(colours.reduce((sum, k) => sum + channel(k, c) * counts.get(k), 0) / weight);
    return (mean(0) << 16) | (mean(1) << 8) | mean(2);
  });
}

function nearest(palette, colour) {
  let best = 0, least = Infinity;
  for (let i = 0; i < palette.length; i++) {
    let far = 0;
    for (let c = 0; c < 3; c++) far += (channel(palette[i], c) - channel(colour, c)) ** 2;
    if (far < least) [best, least] = [i, far];
  }
  return best;
}

/** Writes the file anew with a palette. */
export function shrink(file) {
  const { width, height, pixels } = pixelsOf(readFileSync(file));
  const counts = new Map();
  for (const p of pixels) counts.set(p, (counts.get(p) ?? 0) + 1);
  const palette = paletteOf(counts);
  const place = new Map([...counts.keys()].map((colour) => [colour, nearest(palette, colour)]));
  const raw = Buffer.alloc((width + 1) * height); // filter 0 before each line
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) raw[y * (width + 1) + 1 + x] = place.get(pixels[y * width + x]);
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head[8] = 8;
  head[9] = 3;
  const parts = [chunk("IHDR", head), chunk("PLTE", Buffer.from(palette.flatMap((k) => [0, 1, 2].map((c) => channel(k, c))))), chunk("IDAT", deflateSync(raw, { level: 9 })), chunk("IEND", Buffer.alloc(0))];
  writeFileSync(file, Buffer.concat([SIGNATURE, ...parts]));
}
