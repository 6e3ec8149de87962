// Places in JSON texts: of mistakes, of values.
import assert from "node:assert/strict";
import { test } from "node:test";
import { faultOfJson, lineOf, offsetOf, placesInJson } from "./jsonplace.ts";

const faults: [text: string, line: number, column: number, words: RegExp][] = [
  ["", 1, 1, /ends too early/],
  ["{", 1, 2, /ends too early/],
  ['{"a": x}', 1, 7, /a value is expected/],
  ['{\n  "a": 1\n  "b": 2\n}', 3, 3, /a comma or } is expected/],
  ['{\n  a: 1}', 2, 3, /a name in quotes/],
  ['{"a" 1}', 1, 6, /a colon/],
  ['["a", ]', 1, 7, /a value is expected/],
  ['{"a": 1,}', 1, 9, /a name in quotes/],
  ['{"a": "b\nc"}', 1, 9, /does not end/],
  ['{"a": "\\q"}', 1, 8, /does not end|\\ too much/],
  ["[01]", 1, 2, /a value is expected/],
  ["[1] 2", 1, 5, /nothing may follow/],
  ["[".repeat(100), 1, 66, /deeper than 64/],
];

test("the first mistake has its line and column", () => {
  for (const [text, line, column, words] of faults) {
    const fault = faultOfJson(text);
    assert.ok(fault, text);
    assert.deepEqual(lineOf(text, fault.at), { line, column }, text);
    assert.match(fault.text, words, text);
  }
});

test("what JSON.parse takes is sound, what it refuses is not", () => {
  const texts = ['{"a":[1,-2.5e3,true,false,null,"\\u00e9\\n"],"b":{}}', " [ ] ", '"x"', "-0", "1.", "+1", "nul", "[,]", "{}{}", "\t{}\n"];
  for (const text of texts) {
    let sound = true;
    try {
      JSON.parse(text);
    } catch {
      sound = false;
    }
    assert.equal(faultOfJson(text) === null, sound, text);
  }
});

test("values are found by their paths", () => {
  const text = '{\n "panels": [\n  {"type": "stat"},\n  {"type": "x"}\n ]\n}';
  const [type, none] = placesInJson(text, [["panels", 1, "type"], ["panels", 2]]);
  assert.deepEqual(lineOf(text, type!), { line: 4, column: 12 });
  assert.equal(none, undefined);
  assert.equal(offsetOf(text, 4, 12), type);
  assert.equal(offsetOf(text, 99, 1), text.length);
});
