import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { projectRoot } from "../support/project.js";
import { rpmoci, run } from "../support/run.js";
import { Scene } from "../support/scene.js";

type JsonEvent = Readonly<Record<string, unknown>> & { readonly type: string };

/** Every line must be an event. */
function eventsIn(text: string): readonly JsonEvent[] {
  const lines = text.split("\n");
  assert.equal(lines.pop(), "");
  return lines.map((line) => {
    const { version, time, ...event } = JSON.parse(line);
    assert.equal(version, 1);
    assert.ok(Math.abs(Date.parse(time) - Date.now()) < 600_000, time);
    assert.equal(typeof event.type, "string");
    return event;
  });
}

test("--progress=json writes every event as a line, and --json the result", async (t) => {
  const scene = await Scene.create(t);
  scene.writeManifest({ packages: ["app", "chatty"] });
  const update = await scene.run(["update", "--progress", "json", "--json"]);
  assert.equal(update.code, 0, update.stderr);
  assert.ok(eventsIn(update.stderr).some(({ type }) => type === "resolve-finished"));
  const { changes, ...rest } = JSON.parse(update.stdout);
  assert.deepEqual(rest, { lockfilePath: scene.lockfilePath, keyChanges: [], changed: true, written: true });
  assert.deepEqual(
    changes.map(({ kind, name }: { kind: string; name: string }) => `${kind} ${name}`),
    scene.lockedNames().map((name) => `added ${name}`),
  );

  const built = await scene.build(["--engine", "rpm", "--json"], { env: { RPMOCI_PROGRESS: "json" } });
  assert.equal(built.code, 0, built.stderr);
  const events = eventsIn(built.stderr);
  const of = (type: string): readonly JsonEvent[] => events.filter((event) => event.type === type);
  const names = scene.lockedNames();
  assert.deepEqual(
    of("package-installing").map(({ index, total }) => [index, total]),
    names.map((_, index) => [index + 1, names.length]),
  );
  assert.deepEqual(
    new Set(of("package-installing").map(({ package: nevra }) => String(nevra).replace(/-[^-]+-[^-]+$/, ""))),
    new Set(names),
  );
  assert.deepEqual(of("scriptlet-started"), [
    { type: "scriptlet-started", package: "chatty-1-1.noarch", phase: "%post" },
  ]);
  assert.equal(typeof of("scriptlet-finished")[0]?.seconds, "number");
  assert.equal(of("transfer-started").length, names.length);
  assert.ok(of("transfer-finished").every(({ succeeded }) => succeeded === true));
  const sizes = scene.lockfile().packages.map((entry) => Number((entry as unknown as { size: number }).size));
  assert.deepEqual(of("download-progress").at(-1), {
    type: "download-progress",
    done: names.length,
    files: names.length,
    bytes: sizes.reduce((sum, size) => sum + size, 0),
  });
  assert.deepEqual(of("verify-progress").at(-1)?.done, names.length);
  assert.equal(of("debug").length, 0);
  const result = JSON.parse(built.stdout);
  assert.deepEqual(result, {
    layout: scene.layout,
    tag: "test",
    digest: of("image-written")[0]?.digest,
    images: [{ arch: "x86_64", digest: result.digest }],
    unchanged: false,
    packages: names.length,
  });

  const again = await scene.build(["--engine", "rpm", "--json", "--progress=none"]);
  assert.deepEqual(JSON.parse(again.stdout), { ...result, unchanged: false });
  assert.equal(again.stderr, "");
});

test("dnf's steps are events, too", async (t) => {
  const scene = await Scene.create(t);
  scene.writeManifest({ packages: ["app", "chatty"] });
  const { code, stderr } = await scene.build(["--engine", "dnf", "--progress=json"]);
  assert.equal(code, 0, stderr);
  const events = eventsIn(stderr);
  const installing = events.filter(({ type }) => type === "package-installing");
  assert.equal(installing.length, scene.lockedNames().length);
  assert.ok(
    events.some(({ type, package: nevra }) => type === "scriptlet-started" && nevra === "chatty-1-1.noarch"),
    stderr,
  );
});

test("--progress=json writes errors as events, those of the command line included", async (t) => {
  const scene = await Scene.create(t, { packages: ["filesystem"] });
  scene.writeManifest({ packages: ["no-such-thing"] });
  const cases: readonly (readonly [readonly string[], number, Partial<JsonEvent>])[] = [
    [["update", "--progress=json"], 4, { kind: "resolve" }],
    [["update", "--progress=json", "-f", "none.toml"], 2, { kind: "manifest", code: "MANIFEST_UNREADABLE" }],
    [["update", "--progress=json", "--nonsense"], 2, { kind: "usage", code: "COMMAND_LINE" }],
    [["update", "--nonsense", "--progress", "json"], 2, { kind: "usage", code: "COMMAND_LINE" }],
    [["build", "--progress=json"], 2, { kind: "usage", code: "OPTION_MISSING" }],
  ];
  for (const [args, code, expected] of cases) {
    const result = await scene.run(args);
    assert.equal(result.code, code, result.stderr);
    const error = eventsIn(result.stderr).at(-1) ?? { type: "nothing" };
    assert.deepEqual({ ...error, ...expected }, error);
    assert.deepEqual(Object.keys(error).sort(), ["code", "details", "hint", "kind", "message", "type"]);
    assert.equal(error.type, "error");
    assert.equal(typeof error.message, "string");
  }
});

test("a way to show progress that does not exist is named", async () => {
  for (const [args, env, source] of [
    [["cache", "ls", "--progress=fancy"], {}, "--progress"],
    [["cache", "ls"], { RPMOCI_PROGRESS: "fancy" }, "RPMOCI_PROGRESS"],
  ] as const) {
    const { code, stderr } = await rpmoci(args, { env });
    assert.equal(code, 2);
    assert.match(stderr, new RegExp(`${source}: 'fancy' is none of auto, tty, plain, json, none`));
  }
});

test("a terminal shows bars below the lines while files come, and keeps none of them", async (t) => {
  const probe = await run("sh", ["-c", "command -v script"]);
  if (probe.code !== 0) return t.skip("there is no script(1) to make a terminal");
  const scene = await Scene.create(t);
  scene.writeManifest();
  const env = { TERM: "xterm", LC_ALL: "C", NO_COLOR: "1", XDG_CACHE_HOME: scene.path("cache") };
  const onTerminal = (args: string) =>
    run(
      "script",
      ["-qec", `stty cols 100 rows 24; ${process.execPath} ${join(projectRoot, "dist/main.js")} ${args}`, "/dev/null"],
      {
        cwd: scene.directory,
        env,
      },
    );
  for (const name of readdirSync(scene.repository, { recursive: true, encoding: "utf8" })) {
    if (name.endsWith(".rpm")) scene.server.setFault(`/repo/${name}`, { delay: 1000 });
  }
  const drawn = await onTerminal("build --image image --tag a --engine rpm");
  assert.equal(drawn.code, 0, drawn.stdout);
  assert.match(drawn.stdout, /\[ +\] 0 of 4 {2}0\.0 of 0\.0 MB/);
  assert.match(drawn.stdout, /\[ {12}\] 0\.0 of 0\.0 MB {2}app-2\.0-1\.noarch/);
  const screen = screenOf(drawn.stdout);
  assert.deepEqual(
    screen.filter((line) => /\[[= ]*\]/.test(line)),
    [],
  );
  assert.match(
    screen.join("\n"),
    /^ {12}Fetching 4 packages.*\n {11}Verifying 4 packages\n {10}Installing 4 packages/m,
  );

  const plain = await onTerminal("build --image image --tag b --engine rpm --no-cache --progress plain");
  assert.equal(plain.code, 0, plain.stdout);
  assert.ok(!plain.stdout.includes(ESCAPE));
  assert.doesNotMatch(plain.stdout, /\[[= ]*\]/);
});

const ESCAPE = "\u001b";

/** What stays on a terminal, of the few sequences that are used: a line erased, one line up. */
function screenOf(text: string): readonly string[] {
  const lines: string[] = [""];
  let row = 0;
  for (const token of text.match(new RegExp(`${ESCAPE}\\[[?\\d;]*[A-Za-z]|\\r|\\n|[^${ESCAPE}\\r\\n]+`, "g")) ?? []) {
    if (token === "\n") {
      row += 1;
      lines[row] ??= "";
    } else if (token === `${ESCAPE}[1A`) row -= 1;
    else if (token === `${ESCAPE}[2K`) lines[row] = "";
    else if (token !== "\r" && !token.startsWith(ESCAPE)) lines[row] += token;
  }
  return lines;
}
