import assert from "node:assert/strict";
import { test } from "node:test";
import { nextOf } from "./kiosk.ts";
import { type Command, matching } from "./palette.ts";
import { shareLink } from "./share.ts";
import { timezoneOf } from "./timezone.ts";

test("commands are found by words, those that begin with them first", () => {
  const all = ["Utilisation", "GPU power", "Power of nodes", "Health"].map(
    (title): Command => ({ title, group: "Panel", run: () => undefined }),
  );
  const titles = (text: string): string[] => matching(all, text).map((c) => c.title);
  assert.deepEqual(titles("power"), ["Power of nodes", "GPU power"]);
  assert.deepEqual(titles("power gpu"), ["GPU power"]);
  assert.deepEqual(titles("pan hea"), ["Health"]);
  assert.equal(titles("").length, 4);
  assert.deepEqual(titles("nothing"), []);
});

test("a shared link can hold the very moments, and leave the head away", () => {
  const here = "http://x:3000/d/a?from=now-1h&to=now&var-h=b";
  assert.equal(shareLink(here, null, false), here);
  assert.equal(
    shareLink(here, { from: 1000.4, to: 2000 }, true),
    "http://x:3000/d/a?from=1000&to=2000&var-h=b&kiosk=1",
  );
});

test("the address decides on the time zone before the dashboard does", () => {
  assert.equal(timezoneOf(new URLSearchParams("timezone=utc"), "browser"), "utc");
  assert.equal(timezoneOf(new URLSearchParams(), "utc"), "utc");
  assert.equal(timezoneOf(new URLSearchParams("timezone=Mars")), "browser");
});

test("dashboards follow one another in a circle", () => {
  assert.equal(nextOf(["a", "b"], "a"), "b");
  assert.equal(nextOf(["a", "b"], "b"), "a");
  assert.equal(nextOf(["a", "b"], "gone"), "a");
  assert.equal(nextOf([], "a"), "a");
});
