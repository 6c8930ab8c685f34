import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { EXIT_CODES, exitCodeOf } from "../../src/cli/exit-codes.js";
import { type ErrorKind, RpmociError } from "../../src/index.js";
import { projectRoot } from "../support/project.js";
import { rpmoci } from "../support/run.js";

const sources = readdirSync(join(projectRoot, "src"), { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .map((name) => ({ name, text: readFileSync(join(projectRoot, "src", name), "utf8") }));

/** Texts in capitals that are no codes: variables, fields of files, codes of Node, of registries and of the addon that are translated. */
const NOT_CODES = new Set(
  `ALL_PROXY BROKEN_OFF DEPENDS_ON DIGEST_INVALID DNF_VAR_name EAI_AGAIN ERR_ENCODING_INVALID_ENCODED_DATA HTTPS_PROXY
  HTTP_PROXY ID_LIKE NAME_INVALID NAME_UNKNOWN NO_COLOR OPERATING_SYSTEM PRETTY_NAME RPMOCI_IN_USER_NAMESPACE
  RPMOCI_PROGRESS SOURCE_DATE_EPOCH SSL_CERT_FILE VARIANT_OF VERSION_ID XDG_CACHE_HOME`.split(/\s+/),
);

/** All strings like `OPTION_MISSING`, the keys of the table of the addon's codes, and codes of one word. */
function codesInSources(): ReadonlySet<string> {
  const found = sources.flatMap(({ name, text }) => [
    ...[...text.matchAll(/"([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)"/g)].map(([, code = ""]) => code),
    ...[...text.matchAll(/\bkind: "[a-z]+",\s*code: "([A-Z]+)"/g)].map(([, code = ""]) => code),
    ...(name === "native/call.ts" ? [...text.matchAll(/^ {2}([A-Z_]+): "/gm)].map(([, code = ""]) => code) : []),
    ...(name === "resolve/resolve.ts" ? [...text.matchAll(/\bcode: "([A-Z]+)"/g)].map(([, code = ""]) => code) : []),
  ]);
  return new Set(found.filter((code) => !NOT_CODES.has(code)));
}

const documented = readFileSync(join(projectRoot, "docs/errors.md"), "utf8");
const sections = [...documented.matchAll(/^## (\w+)\n\n([\s\S]*?)(?=\n#|$(?![\s\S]))/gm)].map(
  ([, code = "", text = ""]) => ({ code, text: text.trim() }),
);

test("every code in the sources is documented, and no other", () => {
  const made = ["DEFECT", "INTERRUPTED"];
  const codes = [...codesInSources(), ...made];
  assert.ok(codes.length > 90);
  for (const code of ["OFFLINE", "UNSOLVABLE", "RPMDB_WRITE", "DISK_FULL", "BLOB_SIZE"])
    assert.ok(codes.includes(code));
  assert.deepEqual(
    sections.map(({ code }) => code).sort(),
    codes.sort(),
    "document the code in docs/errors.md, or list it in NOT_CODES",
  );
});

test("what is documented has the kind that the sources give it, and that kind's exit code", () => {
  const kindsOf = new Map<string, Set<string>>();
  for (const { text } of sources) {
    for (const [, kind = "", code = ""] of text.matchAll(/\bkind: "([a-z]+)",\s*code: "([A-Z_]+)"/g)) {
      kindsOf.set(code, (kindsOf.get(code) ?? new Set()).add(kind));
    }
    for (const [, code = "", kind = ""] of text.matchAll(/^ {2}(REGISTRY_[A-Z]+): "([a-z]+)",$/gm)) {
      kindsOf.set(code, new Set([kind]));
    }
  }
  assert.ok(kindsOf.size > 60);
  for (const { code, text } of sections) {
    const told = [...text.matchAll(/(?:^Kind|the\s+kind\s+is)\s+`(\w+)`(?:,|\s+and\s+the)\s+exit\s+code\s+(\d+)/g)];
    for (const [, kind, exitCode] of told) {
      const error = new RpmociError("", { kind: kind as ErrorKind, code });
      assert.equal(exitCodeOf(error), Number(exitCode), code);
      assert.ok(EXIT_CODES.some(([known]) => known === Number(exitCode)));
    }
    if (told.length === 0) continue;
    for (const kind of kindsOf.get(code) ?? []) {
      assert.ok(
        told.some(([, known]) => known === kind),
        `${code} is of kind ${kind}, too`,
      );
    }
  }
});

test("explain prints what is documented, whatever the case of letters", async () => {
  for (const code of ["PACKAGE_WITHDRAWN", "package_withdrawn"]) {
    const { code: status, stdout } = await rpmoci(["explain", code]);
    assert.equal(status, 0);
    const section = sections.find((entry) => entry.code === "PACKAGE_WITHDRAWN");
    assert.equal(stdout, `PACKAGE_WITHDRAWN\n\n${section?.text}\n`);
  }
  for (const code of ["NOTHING", "", "PACKAGE", "PACKAGE_WITHDRAWN\nKind"]) {
    const { code: status, stderr } = await rpmoci(["explain", code]);
    assert.equal(status, 2, stderr);
    assert.match(stderr, /no error has the code/);
  }
});

test("an error's code is told with -v", async () => {
  const args = ["update", "-f", "/nowhere/rpmoci.toml"];
  assert.doesNotMatch((await rpmoci(args)).stderr, /Code/);
  assert.match(
    (await rpmoci([...args, "-v"])).stderr,
    / Code MANIFEST_UNREADABLE \(rpmoci explain MANIFEST_UNREADABLE\)/,
  );
});
