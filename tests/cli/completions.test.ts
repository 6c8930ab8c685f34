import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import pMap from "p-map";
import { rpmoci, run, runSuccessfully } from "../support/run.js";
import { temporaryDirectory } from "../support/temporary-directory.js";

/** A folder with the shell's script, a lockfile, and something to complete. */
async function sceneFor(t: TestContext, shell: string): Promise<string> {
  const directory = temporaryDirectory(t);
  const { code, stdout, stderr } = await rpmoci(["completions", shell]);
  assert.deepEqual([code, stderr], [0, ""]);
  writeFileSync(join(directory, "script"), stdout);
  mkdirSync(join(directory, "image one"));
  writeFileSync(join(directory, "image file"), "");
  writeFileSync(
    join(directory, "rpmoci.lock"),
    '[[packages]]\nname = "openssl"\n[[packages]]\nname = "openssl-libs"\n[[packages]]\nname = "$(touch hacked)"\n[layer_plan]\nname = "not-a-package"\n',
  );
  return directory;
}

type Complete = (words: readonly string[], directory: string) => Promise<readonly string[]>;

/** As readline calls the function; "=" is a word of its own. */
const inBash: Complete = async (words, cwd) => {
  const script = `source ./script; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _rpmoci; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const output = await runSuccessfully("bash", ["--norc", "-c", script, "bash", ...words], { cwd });
  return output.split("\n").filter((line) => line !== "");
};

const inFish: Complete = async (words, cwd) => {
  const line = words.join(" ").replaceAll(" = ", "=");
  const output = await runSuccessfully(
    "fish",
    ["--no-config", "-c", `source ./script; complete -C ${JSON.stringify(line)}`],
    {
      cwd,
      env: { HOME: cwd, XDG_CONFIG_HOME: cwd },
    },
  );
  // What comes before "=" is repeated, a description follows behind a tabulator.
  return output
    .split("\n")
    .map((text) => (text.split("\t")[0] ?? "").replace(/^--[\w-]+=/, "").replace(/\/$/, ""))
    .filter((text) => text !== "");
};

/** On a terminal of its own, since only there completion works; `compadd` is made to tell what is offered. */
const inZsh: Complete = async (words, cwd) => {
  const line = words.join(" ").replaceAll(" = ", "=");
  const script = String.raw`
    zmodload zsh/zpty
    zpty shell zsh -f -i
    send() { zpty -w shell "$1"; }
    send 'PS1= RPS1=; stty -echo; unsetopt zle_bracketed_paste'
    send 'autoload -U compinit && compinit -u -d ./zcompdump; source ./script'
    send 'compadd() { local -a offered; builtin compadd -O offered "$@"; print -l -- $offered >>offers; builtin compadd "$@" }'
    send 'print ready >ready'
    repeat 100; do [[ -e ready ]] && break; sleep 0.1; done
    zpty -w -n shell "$1"$'\t'
    repeat 50; do [[ -s offers ]] && break; sleep 0.1; done
    sleep 0.1
    zpty -w -n shell $'\C-u'
    send 'print done >done'
    repeat 100; do [[ -e done ]] && break; sleep 0.1; done
    cat offers; true`;
  const { stdout } = await run("zsh", ["-f", "-c", script, "zsh", line], { cwd, timeout: 30_000 });
  return [...new Set(stdout.split("\n"))].filter((text) => text !== "");
};

interface Case {
  readonly words: readonly string[];
  /** All that is offered. */
  readonly all?: readonly string[];
  /** Some of it. */
  readonly some?: readonly string[];
  readonly none?: readonly string[];
}

const cases: readonly Case[] = [
  { words: ["rpmoci", "bui"], all: ["build"] },
  { words: ["rpmoci", ""], some: ["build", "cache", "completions", "layout", "update", "why"], none: ["ls", "gc"] },
  { words: ["rpmoci", "cache", ""], all: ["ls", "prune", "verify"] },
  { words: ["rpmoci", "build", "--sc"], all: ["--scriptlet-timeout"] },
  { words: ["rpmoci", "build", "--no-"], all: ["--no-cache", "--no-sandbox"] },
  { words: ["rpmoci", "update", "--d"], all: ["--dry-run"] },
  { words: ["rpmoci", "cache", "prune", "--max"], all: ["--max-age", "--max-size"] },
  { words: ["rpmoci", "-v", "build", "--progress", "j"], all: ["json"] },
  { words: ["rpmoci", "build", "--progress", "=", "t"], all: ["tty"] },
  { words: ["rpmoci", "build", "--tag", "x", "--engine", ""], all: ["dnf", "rpm"] },
  { words: ["rpmoci", "build", "--image", "im"], all: ["image one"] },
  { words: ["rpmoci", "layout", "gc", "im"], all: ["image one"] },
  { words: ["rpmoci", "import", "im"], some: ["image file"] },
  { words: ["rpmoci", "update", "-f", "im"], some: ["image file"] },
  { words: ["rpmoci", "export", "--format", ""], all: ["dnf", "konflux"] },
  { words: ["rpmoci", "sbom", "--format", ""], all: ["cyclonedx", "spdx"] },
  { words: ["rpmoci", "size", "--by", "d"], all: ["directory"] },
  { words: ["rpmoci", "size", "im"], some: ["image file"] },
  { words: ["rpmoci", "build", "--sbom-dir", "im"], all: ["image one"] },
  { words: ["rpmoci", "completions", ""], all: ["bash", "fish", "zsh"] },
  { words: ["rpmoci", "why", ""], all: ["openssl", "openssl-libs"] },
  { words: ["rpmoci", "update", "openssl", "openssl-"], all: ["openssl-libs"] },
];

function check({ words, all, some = [], none = [] }: Case, offered: readonly string[]): void {
  const told = `${words.join(" ")}: ${offered.join(", ")}`;
  if (all !== undefined) assert.deepEqual([...offered].sort(), [...all].sort(), told);
  for (const word of some) assert.ok(offered.includes(word), told);
  for (const word of none) assert.ok(!offered.includes(word), told);
}

async function isThere(shell: string): Promise<boolean> {
  return (await run("sh", ["-c", `command -v ${shell}`])).code === 0;
}

test("bash completes commands, options, their values, files and locked packages", async (t) => {
  const directory = await sceneFor(t, "bash");
  const registered = await runSuccessfully("bash", ["--norc", "-c", "source ./script; complete -p rpmoci"], {
    cwd: directory,
  });
  assert.equal(registered, "complete -F _rpmoci rpmoci\n");
  for (const entry of cases) check(entry, await inBash(entry.words, directory));
});

test("fish completes the same", async (t) => {
  if (!(await isThere("fish"))) return t.skip("fish is not here");
  const directory = await sceneFor(t, "fish");
  for (const entry of cases) check(entry, await inFish(entry.words, directory));
});

test("zsh completes the same", async (t) => {
  if (!(await isThere("zsh"))) return t.skip("zsh is not here");
  await pMap(cases, async (entry) => check(entry, await inZsh(entry.words, await sceneFor(t, "zsh"))), {
    concurrency: 4,
  });
});

test("a shell that is not known is refused", async () => {
  const { code, stderr } = await rpmoci(["completions", "csh"]);
  assert.equal(code, 2);
  assert.match(stderr, /there is no completion for 'csh', but for bash, zsh, fish/);
});
