import assert from "node:assert/strict";
import test from "node:test";
import type { RpmociEvent } from "../../src/index.js";
import { TransactionSteps } from "../../src/install/steps.js";
import { ProgressView } from "../../src/reporters/progress-view.js";
import { Rate } from "../../src/reporters/rate.js";

/** What an engine's lines become, without the lines themselves. */
function stepsOf(lines: readonly string[], total: number): readonly RpmociEvent[] {
  const events: RpmociEvent[] = [];
  const steps = new TransactionSteps(total, (event) => events.push(event));
  for (const line of lines) steps.emit({ type: "install-output", line });
  const told = events.filter(({ type }) => type === "install-output");
  assert.equal(told.length, lines.length, "every line is handed on");
  return events.filter(({ type }) => type !== "install-output");
}

test("librpm's steps are events", () => {
  const lines = [
    "Running %pretrans of b-1-1.noarch",
    "It ran for 0.01 s",
    "Installing a-2:1-1.x86_64 (1/2)",
    "a line that a scriptlet printed: Installing nothing",
    "Running %post of a-2:1-1.x86_64",
    "hello",
    "It ran for 1.50 s",
    "It ran for 2.00 s",
    "Installing b-1-1.noarch (2/2)",
  ];
  const a = "a-2:1-1.x86_64";
  const b = "b-1-1.noarch";
  assert.deepEqual(stepsOf(lines, 2), [
    { type: "scriptlet-started", package: b, phase: "%pretrans" },
    { type: "scriptlet-finished", package: b, phase: "%pretrans", seconds: 0.01 },
    { type: "package-installing", package: a, index: 1, total: 2 },
    { type: "scriptlet-started", package: a, phase: "%post" },
    { type: "scriptlet-finished", package: a, phase: "%post", seconds: 1.5 },
    { type: "package-installing", package: b, index: 2, total: 2 },
  ]);
});

test("dnf 4's steps are events, without the phase that it does not tell", () => {
  const lines = [
    "  Preparing        :                                                        1/1 ",
    "  Installing       : app-1-1.noarch                                         1/2 ",
    "  Running scriptlet: app-1-1.noarch                                         1/2 ",
    "  Verifying        : app-1-1.noarch                                         1/2 ",
  ];
  assert.deepEqual(stepsOf(lines, 2), [
    { type: "package-installing", package: "app-1-1.noarch", index: 1, total: 2 },
    { type: "scriptlet-started", package: "app-1-1.noarch", phase: null },
  ]);
});

test("dnf 5's steps are events, without the epoch that it adds", () => {
  const lines = [
    "[1/4] Verify package files             100% | 200.0   B/s |   2.0   B |  00m00s",
    "[3/4] Installing app-0:1-1.noarch      100% |  12.2 KiB/s | 100.0   B |  00m00s",
    ">>> Running post-install scriptlet: app-0:1-1.noarch",
    ">>> Finished post-install scriptlet: app-0:1-1.noarch",
    "[4/4] Installing other-1:2-1.noarch    100% |  12.2 KiB/s | 100.0   B |  00m00s",
    ">>> Running trigger-install scriptlet: other-1:2-1.noarch",
    ">>> Stop trigger-install scriptlet: other-1:2-1.noarch",
  ];
  const events = stepsOf(lines, 2).map((event) => ("seconds" in event ? { ...event, seconds: 0 } : event));
  assert.deepEqual(events, [
    { type: "package-installing", package: "app-1-1.noarch", index: 1, total: 2 },
    { type: "scriptlet-started", package: "app-1-1.noarch", phase: "%post" },
    { type: "scriptlet-finished", package: "app-1-1.noarch", phase: "%post", seconds: 0 },
    { type: "package-installing", package: "other-1:2-1.noarch", index: 2, total: 2 },
    { type: "scriptlet-started", package: "other-1:2-1.noarch", phase: "trigger-install" },
    { type: "scriptlet-finished", package: "other-1:2-1.noarch", phase: "trigger-install", seconds: 0 },
  ]);
});

test("a rate is that of the last seconds, once it can be told", () => {
  const rate = new Rate();
  rate.add(0, 0);
  assert.equal(rate.perSecond(), null);
  rate.add(1000, 500);
  assert.equal(rate.perSecond(), 500);
  for (let time = 2000; time <= 12_000; time += 1000) rate.add(time, 500 + (time - 1000) * 2);
  assert.equal(rate.perSecond(), 2000);
});

test("downloads are shown with bars of their own, the sum, the rate and what is left", () => {
  let now = 0;
  const view = new ProgressView({ charset: "ascii", colours: false }, () => now);
  const started = (id: number, name: string): void =>
    view.hear({ type: "transfer-started", id, what: `package ${name} from repository "r"`, bytes: 40_000_000 });
  view.hear({ type: "download-started", files: 3, bytes: 100_000_000 });
  started(1, "a-1-1.noarch");
  started(2, "b-1-1.noarch");
  view.lines(100, 24);
  now = 2000;
  view.hear({ type: "transfer-progress", id: 1, received: 10_000_000 });
  view.hear({ type: "transfer-finished", id: 2, succeeded: true });
  view.hear({ type: "download-progress", done: 1, files: 3, bytes: 40_000_000 });
  const margin = " ".repeat(21);
  assert.deepEqual(view.lines(120, 24), [
    `${margin}[============            ] 1 of 3   50.0 of 100.0 MB  25.0 MB/s  0:02 left`,
    `${margin}[===         ] 10.0 of 40.0 MB  a-1-1.noarch`,
  ]);
  for (const line of view.lines(50, 24)) assert.ok(line.length < 50, line);
  for (let id = 3; id < 20; id += 1) started(id, `c${id}-1-1.noarch`);
  assert.equal(view.lines(100, 24).length, 10);
  assert.ok(view.lines(100, 10).length < 10);
  view.hear({ type: "verify-started", packages: 4 });
  view.hear({ type: "verify-progress", done: 1, packages: 4 });
  assert.equal(view.lines(100, 24)[0], `${margin}[======                  ] 1 of 4`);
});

test("a name cannot move the cursor", () => {
  const view = new ProgressView({ charset: "utf8", colours: false }, () => 0);
  view.hear({ type: "transfer-started", id: 1, what: "evil\u001b[2J\nname\u009b1A", bytes: undefined });
  assert.match(view.lines(100, 24).join("|"), /^ +0\.0 MB {2}evil\?\[2J\?name\?1A$/);
});
