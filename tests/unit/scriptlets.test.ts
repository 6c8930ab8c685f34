/** Which scriptlets can be done without running them. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { systemHandler } from "../../src/install/binfmt.js";
import { foreignProgram } from "../../src/install/foreign-program.js";
import { classifyScriptlets } from "../../src/install/scriptlets/classify.js";
import { splitWords } from "../../src/install/scriptlets/configuration.js";
import { compareNames, encodeLibraryCache } from "../../src/install/scriptlets/library-cache.js";
import { parseShell } from "../../src/install/scriptlets/shell.js";
import type { PackageScriptlet } from "../../src/native/binding.js";
import { temporaryDirectory } from "../support/temporary-directory.js";

const words = (script: string): unknown =>
  parseShell(script)?.map(({ connector, words: list }) => [connector, ...list]) ?? null;

test("commands of literal words are understood", () => {
  assert.deepEqual(words(""), []);
  assert.deepEqual(words("# nothing\n\n  # at all"), []);
  assert.deepEqual(words("/sbin/ldconfig\n"), [[";", "/sbin/ldconfig"]]);
  assert.deepEqual(words("a b 'c d' \"e f\"g\\ h # i\n"), [[";", "a", "b", "c d", "e fg h"]]);
  assert.deepEqual(words("a; b && c || :"), [
    [";", "a"],
    [";", "b"],
    ["&&", "c"],
    ["||", ":"],
  ]);
  assert.deepEqual(words("a >/dev/null 2>&1 || :\nb &>/dev/null\nc </dev/null >> /dev/null 2>/dev/null"), [
    [";", "a"],
    ["||", ":"],
    [";", "b"],
    [";", "c"],
  ]);
  assert.deepEqual(words("a \\\n  b ||\n\n c"), [
    [";", "a", "b"],
    ["||", "c"],
  ]);
  assert.deepEqual(words("a --x=y b=c \n"), [[";", "a", "--x=y", "b=c"]]);
});

test("here-documents are what a command reads", () => {
  assert.deepEqual(parseShell("a - <<EOF >/dev/null || :\nu x\n# $\nEOF\nb\n".replace("# $\n", "")), [
    { connector: ";", words: ["a", "-"], input: "u x\n" },
    { connector: "||", words: [":"], input: null },
    { connector: ";", words: ["b"], input: null },
  ]);
  assert.deepEqual(parseShell("a <<-'EOF'\n\t$x `y`\n\tEOF\n"), [{ connector: ";", words: ["a"], input: "$x `y`\n" }]);
  for (const script of ["a <<EOF\nx\n", "a <<EOF\n$x\nEOF\n", "a <<EOF\n`x`\nEOF\n", "a <<A <<B\nA\nB\n"]) {
    assert.equal(parseShell(script), null, script);
  }
});

test("whatever is more than that is not", () => {
  const scripts = [
    'echo "$1"',
    "echo $HOME",
    "echo `id`",
    "echo $(id)",
    'echo "`id`"',
    "X=1 a",
    "X=1",
    "a | b",
    "a &",
    "a & b",
    "if a; then b; fi",
    "for x in a b; do c; done",
    "a() { b; }",
    "{ a; }",
    "(a)",
    "! a",
    "[ -x a ]",
    "[[ -x a ]]",
    "a > b",
    "a >/dev/nullx",
    "a >/dev/null/x",
    "a < b",
    "a *.so",
    "a ?",
    "a ~/b",
    "a {b,c}",
    "a 'b",
    'a "b',
    "a \\",
    "&& a",
    "a &&",
    "a || ; b",
    "a ;; b",
    "case x in x) y;; esac",
    'a "b\\"c"',
    "a 2>b",
    "a >&3",
    "a <<<b",
    "a b>/dev/null",
  ];
  for (const script of scripts) assert.equal(parseShell(script), null, script);
});

function scriptlet(fields: Partial<PackageScriptlet>): PackageScriptlet {
  return {
    package: "p-1-1.noarch",
    phase: "%post",
    trigger: false,
    program: ["/bin/sh"],
    body: "",
    expanded: false,
    ...fields,
  };
}

const lua = (body: string): PackageScriptlet => scriptlet({ program: ["<lua>"], body });

function accepts(...scriptlets: readonly PackageScriptlet[]): boolean {
  return classifyScriptlets(scriptlets, { chkconfigAlternatives: true }).refused.length === 0;
}

test("scriptlets that are done here, and others", () => {
  const done: readonly Partial<PackageScriptlet>[] = [
    { body: "exit 0" },
    { program: ["/sbin/ldconfig"] },
    { program: ["/bin/true"] },
    { program: ["/usr/bin/bash"], body: "ldconfig || true" },
    { body: "systemd-sysusers --inline 'u x -' || :" },
    { body: "/usr/bin/systemd-tmpfiles --create x.conf" },
    { body: "update-alternatives --install /a b /c 1 --slave /d e /f" },
    { body: "alternatives --remove a /b" },
  ];
  for (const fields of done) assert.ok(accepts(scriptlet(fields)), JSON.stringify(fields));
  const refused: readonly Partial<PackageScriptlet>[] = [
    { body: "useradd x" },
    { body: "exit" },
    { phase: "%pretrans", body: ":" },
    { program: ["/bin/sh", "-e"], body: ":" },
    { program: ["/usr/bin/python3"], body: "pass" },
    { program: ["/sbin/ldconfig"], body: "x" },
    { program: ["/opt/ldconfig"] },
    { body: "/opt/bin/ldconfig" },
    { body: "ldconfig -n /opt" },
    { body: "systemd-tmpfiles --remove x.conf" },
    { body: "systemd-sysusers --root=/x" },
    { body: "alternatives --set a /b" },
    { body: "echo %{name}", expanded: true },
  ];
  for (const fields of refused) assert.ok(!accepts(scriptlet(fields)), JSON.stringify(fields));
  const body = "update-alternatives --install /a b /c 1";
  assert.equal(classifyScriptlets([scriptlet({ body })], { chkconfigAlternatives: false }).refused.length, 1);
});

test("Lua runs unless it may start a process", () => {
  const fine = [
    'print("x")',
    'posix.mkdir("/x")',
    'local f = io.open("/x", "w")\nf:write("y")',
    'rpm.expand("%{_arch}")',
  ];
  for (const body of fine) assert.ok(accepts(lua(body)), body);
  const processes = [
    'os.execute("x")',
    'io.popen("x")',
    'posix.exec("/bin/x")',
    "if posix.fork() == 0 then end",
    'rpm.execute("x")',
    'rpm.spawn({"x"})',
    "local p = posix\np.fork()",
    'os["execute"]("x")',
    'load("x")()',
    'rpm.expand("%(id)")',
    '_G["os"].execute("x")',
  ];
  for (const body of processes) assert.ok(!accepts(lua(body)), body);
});

test("several triggers of a package and phase are told apart by nobody", () => {
  const trigger = (fields: Partial<PackageScriptlet>): PackageScriptlet =>
    scriptlet({ phase: "%triggerin", trigger: true, ...fields });
  assert.ok(accepts(trigger({ program: ["/sbin/ldconfig"] }), trigger({ program: ["/sbin/ldconfig"] })));
  assert.ok(!accepts(trigger({ program: ["/sbin/ldconfig"] }), trigger({ body: ":" })));
  assert.ok(!accepts(trigger({ program: ["/sbin/ldconfig"] }), trigger({ program: ["<lua>"], body: "print(1)" })));
  assert.ok(accepts(trigger({ program: ["/sbin/ldconfig"] }), trigger({ package: "q-1-1.noarch", body: ":" })));
});

test("words of sysusers.d and tmpfiles.d", () => {
  assert.deepEqual(splitWords("u  x - \"a b\" '/c d' e", 6), { words: ["u", "x", "-", "a b", "/c d", "e"], rest: "" });
  assert.deepEqual(splitWords("f /x - - - - a  b", 6), { words: ["f", "/x", "-", "-", "-", "-"], rest: "a  b" });
  assert.throws(() => splitWords("u 'x", 6), /does not end/);
});

test("names of libraries are ordered by their numbers", () => {
  const names = ["libb.so.1", "liba.so.10", "liba.so.9", "liba.so", "liba-2.so"];
  assert.deepEqual([...names].sort(compareNames), ["liba-2.so", "liba.so", "liba.so.9", "liba.so.10", "libb.so.1"]);
  const cache = encodeLibraryCache(
    [{ soname: "liba.so.1", path: "/lib/liba.so.1", flags: 3, osVersion: 0 }],
    "g",
    "big",
  );
  assert.equal(cache.toString("latin1", 0, 20), "glibc-ld.so.cache1.1");
  assert.deepEqual([cache.readUInt32BE(20), cache.readUInt8(28)], [1, 3]);
  const [key, value] = [cache.readUInt32BE(52), cache.readUInt32BE(56)];
  assert.equal(cache.toString("latin1", value, value + 15), "/lib/liba.so.1\0");
  assert.equal(key - value, "/lib/".length);
});

test("the system's handler of a program is found by the program's first bytes", async (t) => {
  const directory = join(temporaryDirectory(t), "binfmt");
  mkdirSync(directory);
  const program = foreignProgram("s390x") ?? Buffer.alloc(0);
  const lines = (state: string, magic: string, flags: string): string =>
    `${state}\ninterpreter /usr/bin/qemu\nflags: ${flags}\noffset 0\nmagic ${magic}\nmask ffffffffffff00fffffffffffffffffffffeffff\n`;
  const magic = "7f454c4602020100000000000000000000020016";
  writeFileSync(join(directory, "status"), "enabled\n");
  writeFileSync(join(directory, "off"), lines("disabled", magic, "F"));
  writeFileSync(join(directory, "other"), lines("enabled", magic.replace(/16$/, "17"), "F"));
  assert.equal(await systemHandler(program, directory), null);
  writeFileSync(join(directory, "qemu"), lines("enabled", magic, "OC"));
  assert.deepEqual(await systemHandler(program, directory), { interpreter: "/usr/bin/qemu", flags: "OC" });
  assert.equal(await systemHandler(foreignProgram("x86_64") ?? Buffer.alloc(0), directory), null);
});
