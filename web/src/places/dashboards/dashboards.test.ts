// Dashboard files before they are saved: hints, uids, what a look at the queries found.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { lineOf } from "../../model/jsonplace.ts";
import { byPlace } from "./findings.ts";
import { hintsOf } from "./hints.ts";
import { renamed, uidOf, uidOfTitle } from "./kept.ts";

const file = (panel: object, more: object = {}): string =>
  JSON.stringify({ uid: "u", title: "T", panels: [{ id: 1, type: "stat", gridPos: {}, ...panel }], ...more }, null, 1);

const hints: [text: string, words: RegExp][] = [
  ["{}", /no list of "panels"/],
  [file({}, { title: "" }), /no "title"/],
  [file({ type: "flowchart" }), /"flowchart" are not drawn here/],
  [file({ type: undefined }), /no "type"/],
  [file({ gridPos: undefined }), /no "gridPos"/],
  [file({ fieldConifg: {} }), /"fieldConifg" means nothing here: is "fieldConfig" meant/],
  [file({}, { refesh: "5s" }), /is "refresh" meant/],
  [file({}, { timezone: "Mars/Base" }), /no time zone/],
  [file({}, { time: { from: "yesterday" } }), /"yesterday" is no time/],
  [file({ transformations: [{ id: "regression2" }] }), /"regression2" is left out: it is not known/],
  [file({ targets: [{ expr: 'up{h="$host"}' }] }), /uses \$host, and there is no such variable/],
  [file({ targets: [{ datasource: { type: "loki" } }] }), /data source "loki"/],
  [file({ targets: [], datasource: { type: "mysql" } }, { panels: [{ type: "row", panels: [{ id: 1, type: "x", gridPos: {} }] }] }), /"x" are not drawn/],
  [file({}, { templating: { list: [{ name: "a", type: "quary" }] } }), /type "quary"/],
  [file({}, { panels: [{ id: 1, type: "stat", title: "A", gridPos: {} }, { id: 1, type: "stat", title: "B", gridPos: {} }] }), /two panels have the id 1: "A" and "B"/],
];

test("hints name what would not be understood", () => {
  for (const [text, words] of hints) {
    const found = hintsOf(text);
    assert.ok(found.some((x) => words.test(x.text)), `${words}: ${found.map((x) => x.text).join("; ")}`);
  }
  const [hint] = hintsOf(file({ type: "flowchart" }));
  assert.equal(lineOf(file({ type: "flowchart" }), hint!.at).line, 7);
});

test("files of the second schema are not looked through, library panels have to be in the file", () => {
  const second = JSON.stringify({ metadata: { name: "two" }, spec: { title: "T", elements: { a: {} }, layout: { kind: "GridLayout" } } });
  assert.deepEqual(hintsOf(second).map((x) => x.text.includes("second schema")), [true]);
  assert.equal(second.slice(hintsOf(second)[0]!.at).startsWith('{"a"'), true);
  assert.equal(uidOf(second), "two");
  assert.equal(uidOf(renamed(second, "three")), "three");
  const library = { type: undefined, libraryPanel: { uid: "l" } };
  assert.match(hintsOf(file(library))[0]!.text, /export the dashboard with it/);
  assert.deepEqual(hintsOf(file(library, { __elements: { l: { uid: "l" } } })), []);
});

test("the shipped dashboards need no hint", () => {
  const folder = join(process.env.ALGALON_SOURCE!, "dashboards");
  for (const name of readdirSync(folder).filter((n) => n.endsWith(".json")))
    assert.deepEqual(hintsOf(readFileSync(join(folder, name), "utf8")), [], name);
});

test("uids are read, made, and put in", () => {
  assert.equal(uidOf('{"dashboard":{"uid":"in","panels":[]}}'), "in");
  assert.equal(uidOf("{"), "");
  assert.equal(uidOfTitle("GPU nodes, west (2)"), "gpu-nodes-west-2");
  assert.equal(uidOfTitle("Übersicht"), "ubersicht");
  assert.equal(uidOfTitle("日本"), "dashboard");
  assert.deepEqual(JSON.parse(renamed('{"dashboard":{"id":7,"uid":"a","title":"T","panels":[]}}', "b")), {
    uid: "b",
    id: null,
    title: "T",
    panels: [],
  });
});

test("findings stand together by place, the worst first", () => {
  const of = (place: string, level: string): Parameters<typeof byPlace>[0][0] => ({ place, level, line: 0, text: "", advice: "" });
  const places = byPlace([of("panel 1", "ok"), of("panel 2", "warning"), of("panel 2", "error"), of("", "error")]);
  assert.deepEqual(places.map((p) => [p.place, p.level]), [["panel 1", "ok"], ["panel 2", "error"]]);
});
