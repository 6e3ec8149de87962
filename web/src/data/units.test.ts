// Units: what a number in a unit is read as.
import assert from "node:assert/strict";
import { test } from "node:test";
import { formattedText, formatValue, isBinaryUnit, isUnit } from "./units.ts";

const cases: [unit: string, value: number, decimals: number | undefined, wanted: string][] = [
  ["none", 12.3456, undefined, "12.3"],
  ["none", 1.5, undefined, "1.50"],
  ["none", 0.09, undefined, "0.0900"],
  ["none", 1e7, undefined, "10000000"],
  ["none", -0.0001, 2, "0.00"],
  ["short", 1234567, undefined, "1.23 Mil"],
  ["short", 999.96, 1, "1000.0"],
  ["percent", 98.123, undefined, "98.1%"],
  ["percent", 50, 0, "50%"],
  ["percentunit", 0.256, undefined, "25.6%"],
  ["bytes", 0, undefined, "0 B"],
  ["bytes", 1024, undefined, "1 KiB"],
  ["bytes", 85520809984, undefined, "79.6 GiB"],
  ["bytes", 0.5, undefined, "0.500 B"],
  ["decbytes", 85520809984, undefined, "85.5 GB"],
  ["decmbytes", 1500, undefined, "1.50 GB"],
  ["decmbytes", 0.5, undefined, "500 kB"],
  ["mbytes", 2048, undefined, "2 GiB"],
  ["bits", 2048, undefined, "2 Kib"],
  ["Bps", 1500, undefined, "1.50 kB/s"],
  ["binBps", 2048, undefined, "2 KiB/s"],
  ["bps", 1e9, undefined, "1 Gb/s"],
  ["watt", 5870, undefined, "5.87 kW"],
  ["watt", 0.25, undefined, "250 mW"],
  ["kwatth", 1.5, undefined, "1.50 kWh"],
  ["kwatth", 2500, undefined, "2.50 MWh"],
  ["joule", 360000, undefined, "360 kJ"],
  ["celsius", 64.4, undefined, "64.4 °C"],
  ["hertz", 2.4e9, undefined, "2.40 GHz"],
  ["rotmhz", 1980, undefined, "1.98 GHz"],
  ["rotmhz", 345, undefined, "345 MHz"],
  ["rotrpm", 3000, undefined, "3000 rpm"],
  ["s", 0.0123, undefined, "12.3 ms"],
  ["s", 90, undefined, "1.50 mins"],
  ["s", 3600, undefined, "1 hour"],
  ["s", 7776000, undefined, "12.9 weeks"],
  ["ms", 1500, undefined, "1.50 s"],
  ["dtdurations", 93784, 1, "1 day, 2 hours"],
  ["dtdurations", 59, undefined, "59 seconds"],
  ["dthms", 3725, undefined, "01:02:05"],
  ["dtdhms", 93784, undefined, "1 d 02:03:04"],
  ["dateTimeAsIso", 0, undefined, "1970-01-01 00:00:00"],
  ["bool_yes_no", 1, undefined, "Yes"],
  ["hex0x", 255, undefined, "0xFF"],
  ["currencyUSD", 1234, 2, "$1.23K"],
  ["suffix:GPUs", 8, undefined, "8 GPUs"],
  ["prefix:~", 8, undefined, "~8"],
  ["si:B", 1500, undefined, "1.50 kB"],
  ["furlongs", 3, undefined, "3 furlongs"],
  ["watt", NaN, undefined, "NaN"],
  ["bytes", Infinity, undefined, "∞"],
];

test("a number is written as its unit wants it", () => {
  for (const [unit, value, decimals, wanted] of cases)
    assert.equal(
      formattedText(formatValue(value, unit, decimals, "utc")),
      wanted,
      `${value} ${unit}`,
    );
});

test("names of objects are no units", () => {
  assert.equal(isUnit("constructor"), false);
  assert.equal(formattedText(formatValue(1, "toString")), "1 toString");
});

test("units that step by 1024 are known for axes", () => {
  assert.equal(isBinaryUnit("bytes"), true);
  assert.equal(isBinaryUnit("decbytes"), false);
  assert.equal(isBinaryUnit(undefined), false);
});
