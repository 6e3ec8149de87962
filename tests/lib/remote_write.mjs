// remote_write.mjs - bodies of remote write, 1.0 and 2.0: protobuf messages inside Snappy blocks of literals alone.

function varint(value) {
  let left = BigInt.asUintN(64, BigInt(value));
  const bytes = [];
  for (; left > 127n; left >>= 7n) bytes.push(Number(left & 127n) | 128);
  bytes.push(Number(left));
  return Buffer.from(bytes);
}

const field = (number, wire, bytes) => Buffer.concat([varint((number << 3) | wire), bytes]);
const bytesField = (number, bytes) => field(number, 2, Buffer.concat([varint(bytes.length), bytes]));
const text = (number, value) => bytesField(number, Buffer.from(value));

function double(number, value) {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return field(number, 1, bytes);
}

/** A Snappy block that holds `bytes` as literals. */
export function snappy(bytes) {
  const parts = [varint(bytes.length)];
  for (let at = 0; at < bytes.length; at += 60) {
    const part = bytes.subarray(at, at + 60);
    parts.push(Buffer.from([(part.length - 1) << 2]), part);
  }
  return Buffer.concat(parts);
}

const sample = (time, value) => Buffer.concat([double(1, value), field(2, 0, varint(time))]);

/** A message of 1.0: `series` is a list of [labels, [[time in ms, value], ...]]. */
export function message1(series) {
  return Buffer.concat(series.map(([labels, samples]) => bytesField(1, Buffer.concat([
    ...Object.entries(labels).map(([name, value]) => bytesField(1, Buffer.concat([text(1, name), text(2, value)]))),
    ...samples.map(([time, value]) => bytesField(2, sample(time, value))),
  ]))));
}

/** The same series as a message of 2.0, whose texts stand in a table. */
export function message2(series) {
  const symbols = [''];
  const place = (symbol) => (symbols.includes(symbol) ? symbols.indexOf(symbol) : symbols.push(symbol) - 1);
  const parts = series.map(([labels, samples]) => {
    const refs = Object.entries(labels).flatMap(([name, value]) => [varint(place(name)), varint(place(value))]);
    return bytesField(5, Buffer.concat([bytesField(1, Buffer.concat(refs)), ...samples.map(([time, value]) => bytesField(2, sample(time, value)))]));
  });
  return Buffer.concat([...symbols.map((symbol) => text(4, symbol)), ...parts]);
}
