import assert from "node:assert/strict";
import { test } from "node:test";
import { routeOf, sharedParams } from "../ui/state.ts";
import { alertsOf, groupsOf, shownValue } from "./alertdata.ts";
import { ownAnchor, sectionOf } from "./runbook.ts";
import { plainError } from "./scrapeerror.ts";
import { fits, jobsOf, stepsOf } from "./targetdata.ts";
import { ago, count, duration, shortAge, timeOf, took } from "./words.ts";

test("paths lead to dashboards or to the pages beside them, also by Prometheus's names", () => {
  const to = (path: string): string => {
    const { uid, place } = routeOf(path, "");
    return uid ? `d ${uid}` : place;
  };
  assert.equal(to("/d/algalon-gpu/words"), "d algalon-gpu");
  assert.equal(to("/d/a%20b"), "d a b");
  assert.equal(to("/targets"), "targets");
  assert.equal(to("/rules"), "alerts");
  assert.equal(to("/graph"), "explore");
  assert.equal(to("/targets/more"), "");
  assert.equal(to("/"), "");
});

test("other pages are given time and refreshing, not what is a page's own", () => {
  const query = new URLSearchParams("from=now-1h&to=now&var-host=a&expr=up&refresh=off");
  assert.equal(sharedParams(query).toString(), "from=now-1h&to=now&refresh=off");
});

test("numbers become words", () => {
  assert.equal(count(1, "target"), "1 target");
  assert.equal(count(1234, "address", "addresses"), "1,234 addresses");
  assert.equal(ago(Number.NaN), "never");
  assert.equal(ago(5_000, 5_400), "just now");
  assert.equal(ago(5_000, 9_400), "4 seconds ago");
  assert.equal(shortAge(0, 59_000), "59 s");
  assert.equal(shortAge(0, 3_600_000), "1 h");
  assert.equal(shortAge(0, 3 * 86_400_000), "3 d");
  assert.equal(took(0), "");
  assert.equal(took(0.0004), "< 1 ms");
  assert.equal(took(0.0123), "12 ms");
  assert.equal(took(3.14), "3.1 s");
  assert.equal(duration(0), "0 s");
  assert.equal(duration(300), "5 min");
  assert.equal(duration(5_400), "1 h 30 min");
  assert.ok(Number.isNaN(timeOf("0001-01-01T00:00:00Z")));
  assert.equal(timeOf("1970-01-01T00:00:01Z"), 1000);
});

test("errors of scrapes are put into plain words", () => {
  const asked = { url: "http://gpu-01:9400/metrics", timeout: "5s" };
  const cases: [error: string, what: RegExp][] = [
    ["timed out: Operation timed out after 5001 milliseconds", /No answer within 5s/],
    ["Failed to connect to gpu-01 port 9400: Connection refused", /Nothing listens at gpu-01:9400/],
    ["Could not connect to server", /Nothing listens/],
    ["Could not resolve host: gpu-01", /gpu-01:9400 is not known to DNS/],
    ["SSL certificate problem: self-signed certificate", /TLS/],
    ["the target answered with HTTP status 401", /user and a password/],
    ["the target answered with HTTP status 404", /no metrics under this path/],
    ["the target answered with HTTP status 500", /failed \(HTTP 500\)/],
    ["no line could be read: <html>", /no Prometheus text/],
    ["more samples than sample_limit (10)", /more samples/],
    ["a series has 40 labels, label_limit is 30", /labels/],
    ["body of more than 1000 bytes", /larger than allowed/],
  ];
  for (const [error, what] of cases) {
    const plain = plainError(error, asked);
    assert.match(plain?.what ?? "", what, error);
    assert.ok(plain!.advice.length > 10, error);
  }
  assert.equal(plainError("the moon is full", asked), null);
});

const active = [
  { scrapePool: "a", scrapeUrl: "http://x:10", labels: { instance: "x:10" }, health: "up" },
  { scrapePool: "a", scrapeUrl: "http://x:9", labels: { instance: "x:9", rack: "R7" }, health: "up" },
  { scrapePool: "a", scrapeUrl: "http://z:1", labels: { instance: "z:1" }, health: "down", lastError: "no" },
];

test("targets are sorted into jobs, what fails first", () => {
  const jobs = jobsOf(
    { activeTargets: active, droppedTargetCounts: { b: 3 } },
    { discoveries: [{ scrapePool: "b", kind: "http", found: 3, looks: 2 }] },
    { scrapePools: ["b", "a"] },
  );
  assert.deepEqual(
    jobs.map((j) => [j.name, j.dropped, j.discoveries.length, j.targets.map((t) => t.instance)]),
    [
      ["b", 3, 1, []],
      ["a", 0, 0, ["z:1", "x:9", "x:10"]],
    ],
  );
  const [down, nine] = jobs[1]!.targets;
  assert.ok(fits(nine!, "rack=r7", ""));
  assert.ok(!fits(nine!, "", "down"));
  assert.ok(fits(down!, "NO", "down"));
  assert.equal(down!.samples, null);
});

test("answers of any shape make no target that is not there", () => {
  assert.deepEqual(jobsOf(null, "x", [1]), []);
  assert.equal(jobsOf({ activeTargets: [null] }, {}, {})[0]!.targets[0]!.health, "unknown");
});

test("steps of relabelling say what each rule changed", () => {
  const rule = (r: object): object => ({ source_labels: [], regex: "(.*)", separator: ";", ...r });
  const steps = stepsOf(
    {
      steps: [
        {
          rule: rule({ action: "replace", source_labels: ["a", "b"], target_label: "c", replacement: "$1" }),
          output: { a: "1", c: "1;2" },
          keep: true,
        },
        {
          rule: rule({ action: "drop", source_labels: ["c"], regex: "1.*" }),
          output: {},
          keep: false,
        },
      ],
    },
    { a: "1", b: "2" },
  );
  assert.deepEqual(steps, [
    {
      rule: 'a;b → c = "$1"',
      changes: [
        { name: "b", from: "2", to: null },
        { name: "c", from: null, to: "1;2" },
      ],
      kept: true,
    },
    { rule: 'drop: c =~ "1.*"', changes: [], kept: false },
  ]);
});

test("alerts are sorted by what matters; rules know their state", () => {
  const alert = (state: string, severity: string, at: string): object => ({
    state,
    labels: { alertname: "A", severity },
    activeAt: `2026-01-01T00:00:0${at}Z`,
  });
  const groups = groupsOf({
    groups: [
      {
        name: "g",
        rules: [
          {
            type: "alerting",
            health: "ok",
            query: "q",
            alerts: [
              alert("pending", "critical", "1"),
              alert("firing", "warning", "2"),
              alert("firing", "warning", "3"),
              alert("firing", "critical", "1"),
            ],
          },
          { type: "recording", health: "err", lastError: "no" },
          { type: "recording", health: "unknown" },
        ],
      },
      null,
    ],
  });
  assert.deepEqual(
    groups[0]!.rules.map((r) => r.state),
    ["firing", "failing", "waiting"],
  );
  assert.deepEqual(
    alertsOf(groups).map((a) => [a.state, a.labels.severity, new Date(a.since).getUTCSeconds()]),
    [
      ["firing", "critical", 1],
      ["firing", "warning", 3],
      ["firing", "warning", 2],
      ["pending", "critical", 1],
    ],
  );
  assert.equal(alertsOf(groups)[0]!.labels.alertname, undefined);
});

test("values of alerts are printed as people read them", () => {
  assert.equal(shownValue("9.1e+01"), "91");
  assert.equal(shownValue("1.23456e+00"), "1.235");
  assert.equal(shownValue("2.5e+12"), "2.500e+12");
  assert.equal(shownValue("+Inf"), "+Inf");
});

test("a runbook is found by the anchor that an annotation names", () => {
  const text = "# Runbooks\n\nwords\n\n## GpuLost\n\nreset it\n\n## Too hot, by far\n\ncool it\n";
  assert.equal(ownAnchor("docs/runbooks.md#gpulost"), "gpulost");
  assert.equal(ownAnchor("https://x/docs/runbooks.md#gpulost"), "");
  assert.match(sectionOf(text, "gpulost"), /^## GpuLost\n\nreset it/);
  assert.match(sectionOf(text, "too-hot-by-far"), /cool it/);
  assert.equal(sectionOf(text, "nothing"), "");
});
