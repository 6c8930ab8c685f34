import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { DEFECT, exitCodeOf, USAGE } from "../../src/cli/exit-codes.js";
import { type ErrorKind, messageOf, RpmociError } from "../../src/errors.js";
import type { RpmociEvent } from "../../src/events.js";
import { findDnf } from "../../src/install/dnf.js";
import { transactionMacros, writeMacros } from "../../src/install/macros.js";
import { compareNevra, compareText, formatNevra } from "../../src/model/nevra.js";
import { packageRoot } from "../../src/package-root.js";
import { sourceDateEpoch } from "../../src/pipeline/source-date-epoch.js";
import { messageOfEvent } from "../../src/reporters/messages.js";
import { PlainReporter } from "../../src/reporters/plain.js";
import { continuationLine, statusLine } from "../../src/reporters/status-line.js";
import { version } from "../../src/version.js";
import { temporaryDirectory } from "../support/temporary-directory.js";

const KINDS: readonly ErrorKind[] = [
  "usage",
  "manifest",
  "lockfile",
  "resolve",
  "fetch",
  "verify",
  "install",
  "output",
  "policy",
  "environment",
];

test("the exit code tells what kind of error there was", () => {
  const codeOf = (kind: ErrorKind): number => exitCodeOf(new RpmociError("x", { kind, code: "X" }));
  const codes = Object.fromEntries(KINDS.map((kind) => [kind, codeOf(kind)]));
  assert.deepEqual(codes, {
    usage: USAGE,
    manifest: 2,
    lockfile: 3,
    resolve: 4,
    fetch: 5,
    verify: 6,
    policy: 7,
    install: 1,
    output: 1,
    environment: 1,
  });
  assert.equal(exitCodeOf(new Error("a defect")), DEFECT);
  assert.equal(exitCodeOf("thrown text"), DEFECT);
});

test("errors carry what users need", () => {
  const cause = new Error("inner");
  const error = new RpmociError("outer", { kind: "fetch", code: "C", hint: "h", details: ["d"], cause });
  assert.deepEqual(
    [error.name, error.message, error.kind, error.code, error.hint, error.details, error.cause],
    ["RpmociError", "outer", "fetch", "C", "h", ["d"], cause],
  );
  assert.equal("cause" in new RpmociError("x", { kind: "fetch", code: "C" }), false);
  assert.deepEqual([messageOf(cause), messageOf("text"), messageOf(undefined)], ["inner", "text", "undefined"]);
});

test("SOURCE_DATE_EPOCH is a number of seconds in 32 bits", () => {
  for (const [text, seconds] of [
    ["0", 0],
    ["1700000000", 1_700_000_000],
    ["4294967295", 4_294_967_295],
    ["007", 7],
  ] as const)
    assert.equal(sourceDateEpoch({ SOURCE_DATE_EPOCH: text }), seconds);
  for (const text of ["-1", "1.5", "1e9", " 5", "5 ", "now", "0x10", "4294967296", "١"])
    assert.throws(() => sourceDateEpoch({ SOURCE_DATE_EPOCH: text }), {
      kind: "usage",
      message: `Failed to parse SOURCE_DATE_EPOCH '${text}'`,
    });
  for (const environment of [{}, { SOURCE_DATE_EPOCH: "" }]) {
    const now = sourceDateEpoch(environment);
    assert(Number.isInteger(now) && Math.abs(now - Date.now() / 1000) < 2);
  }
});

test("names of packages are formatted and ordered by bytes", () => {
  assert.equal(formatNevra({ name: "a", evr: "1:2-3", arch: "noarch" }), "a-1:2-3.noarch");
  assert.equal(formatNevra({ name: "a", evr: "2-3" }), "a-2-3");
  // Code units would put the emoji before the last private character.
  assert.deepEqual(["\u{1f600}", "\uf8ff", "b", "B", "ä", "a"].sort(compareText), [
    "B",
    "a",
    "b",
    "ä",
    "\uf8ff",
    "\u{1f600}",
  ]);
  const sorted = [
    { name: "a", evr: "1-1" },
    { name: "a", evr: "1-1", arch: "i686" },
    { name: "a", evr: "1-1", arch: "x86_64" },
    { name: "a", evr: "2-1" },
    { name: "ab", evr: "0-1" },
  ];
  assert.deepEqual([...sorted].reverse().sort(compareNevra), sorted);
});

test("the version is package.json's", () => {
  assert.match(version(), /^\d+\.\d+\.\d+/);
  assert.equal(packageRoot().endsWith("/build/js"), false);
});

test("status lines have a verb of twenty columns", () => {
  assert.equal(statusLine("Adding", "x 1-1", null), "              Adding x 1-1");
  assert.equal(statusLine("Adding", "x 1-1", "green"), "\u001b[32m              Adding\u001b[39m x 1-1");
  assert.equal(continuationLine("more"), `${" ".repeat(20)} more`);
});

/** What a reporter writes for `act`. */
function written(
  output: { readonly isTTY?: boolean; readonly environment?: NodeJS.ProcessEnv },
  act: (reporter: PlainReporter) => void,
  verbosity: "error" | "warning" | "status" | "verbose" | "debug" = "status",
): string {
  let text = "";
  const write = (part: string): void => {
    text += part;
  };
  const { isTTY, environment = {} } = output;
  act(new PlainReporter(isTTY === undefined ? { write } : { write, isTTY }, verbosity, environment));
  return text;
}

test("colours are for terminals that want them", () => {
  const act = (reporter: PlainReporter): void => reporter.emit({ type: "resolve-started", specs: 1 });
  const plain = "           Resolving dependencies\n";
  assert.equal(written({ isTTY: true }, act), "\u001b[32m           Resolving\u001b[39m dependencies\n");
  assert.notEqual(written({ isTTY: true, environment: { NO_COLOR: "" } }, act), plain);
  assert.equal(written({}, act), plain);
  assert.equal(written({ isTTY: false }, act), plain);
  assert.equal(written({ isTTY: true, environment: { NO_COLOR: "1" } }, act), plain);
  assert.equal(written({ isTTY: true, environment: { TERM: "dumb" } }, act), plain);
});

test("verbosity decides what is shown", () => {
  const events: readonly RpmociEvent[] = [
    { type: "warning", message: "W" },
    { type: "install-started", packages: 1 },
    { type: "install-output", line: "dnf says" },
    { type: "debug", message: "D" },
  ];
  const lines = (["error", "warning", "status", "verbose", "debug"] as const).map(
    (verbosity) => written({}, (reporter) => events.forEach(reporter.emit), verbosity).split("\n").length - 1,
  );
  assert.deepEqual(lines, [0, 1, 2, 3, 4]);
});

test("errors are shown with details and hint, never with a stack", () => {
  const error = new RpmociError("it failed", { kind: "fetch", code: "C", hint: "try again", details: ["one", "two"] });
  assert.equal(
    written({}, (reporter) => reporter.error(error), "error"),
    [
      statusLine("Error", "it failed", null),
      continuationLine("one"),
      continuationLine("two"),
      statusLine("Hint", "try again", null),
      "",
    ].join("\n"),
  );
});

test("progress is told in no line", () => {
  const act = (reporter: PlainReporter): void => {
    reporter.emit({ type: "download-progress", done: 1, files: 2, bytes: 1 });
    reporter.emit({ type: "layer-progress", bytes: 1_500_000, total: 3_000_000 });
    reporter.emit({ type: "image-started" });
  };
  assert.equal(written({}, act), "             Writing image manifest and config\n");
  assert.equal(written({ isTTY: true, environment: { NO_COLOR: "1" } }, act), written({}, act));
});

test("the words that users search for", () => {
  const lines: readonly (readonly [RpmociEvent, string])[] = [
    [{ type: "lockfile-change", change: { kind: "added", name: "a", evr: "1:2-3" } }, "Adding a 1:2-3"],
    [
      { type: "lockfile-change", change: { kind: "updated", name: "a", from: "1-1", to: "2-1" } },
      "Updating a 1-1 -> 2-1",
    ],
    [
      { type: "key-change", change: { kind: "trusted", repositoryId: "r", fingerprint: "abcd" } },
      'Warning key abcd of repository "r" is new, and trusted from now on',
    ],
    [
      { type: "key-change", change: { kind: "renewed", repositoryId: "r", fingerprint: "abcd" } },
      'Renewing key abcd of repository "r"',
    ],
    [
      { type: "key-change", change: { kind: "dropped", repositoryId: "r", fingerprint: "abcd" } },
      'Dropping key abcd of repository "r"',
    ],
    [{ type: "lockfile-change", change: { kind: "removed", name: "a", evr: "1-1" } }, "Removing a 1-1"],
    [{ type: "resolve-finished", packages: 1 }, "Resolved 1 package"],
    [{ type: "download-started", files: 2, bytes: 1_000_000 }, "Fetching 2 packages (1.0 MB)"],
    [{ type: "download-started", files: 2, bytes: undefined }, "Fetching 2 packages"],
    [{ type: "package-excluded", package: "bash-5-1.x86_64" }, "Excluded bash-5-1.x86_64"],
    [{ type: "warning", message: "careful" }, "Warning careful"],
  ];
  for (const [event, line] of lines) {
    const message = messageOfEvent(event);
    assert.equal(`${message?.verb} ${message?.text}`, line);
  }
});

test("dnf is looked for on PATH", async (t) => {
  for (const environment of [{}, { PATH: "" }, { PATH: ":" }, { PATH: "/nonexistent" }])
    await assert.rejects(findDnf(environment), (error: RpmociError) => {
      assert.equal(error.code, "DNF_MISSING");
      assert.equal(error.kind, "environment");
      assert.match(error.hint ?? "", /apt-get install dnf/);
      return true;
    });
  const directory = mkdtempSync(join(tmpdir(), "rpmoci-test-"));
  t.after(() => rmSync(directory, { recursive: true }));
  for (const name of ["one", "two", "three"]) mkdirSync(join(directory, name));
  const program = (path: string, mode: number): void => {
    writeFileSync(join(directory, path), "#!/bin/sh\n");
    chmodSync(join(directory, path), mode);
  };
  program("one/dnf5", 0o755);
  program("two/dnf", 0o644);
  const PATH = ["one", "two", "three"].map((name) => join(directory, name)).join(":");
  assert.equal(await findDnf({ PATH }), join(directory, "one/dnf5"), "a file that cannot be run does not count");
  program("three/dnf", 0o755);
  assert.equal(await findDnf({ PATH }), join(directory, "three/dnf"), "dnf goes before dnf5");
  mkdirSync(join(directory, "four/dnf"), { recursive: true });
  assert.equal(
    await findDnf({ PATH: `${join(directory, "four")}:${PATH}` }),
    join(directory, "three/dnf"),
    "no folder",
  );
});

test("rpm's macros name the database and switch off the host's plugins", async (t) => {
  const home = temporaryDirectory(t);
  await writeMacros(
    home,
    transactionMacros({ databasePath: "/usr/lib/sysimage/rpm", arch: "x86_64", langs: undefined }),
  );
  const lines = readFileSync(join(home, ".rpmmacros"), "utf8").split("\n");
  for (const line of ["%_dbpath /usr/lib/sysimage/rpm", "%_transaction_color 3", "%__transaction_selinux %{nil}"])
    assert(lines.includes(line), line);
  assert.equal(
    transactionMacros({ databasePath: "/var/lib/rpm", arch: "ppc64le", langs: undefined })._transaction_color,
    "0",
  );
});
