import assert from "node:assert/strict";
import test from "node:test";
import { isGlob, matchesGlob } from "../../src/model/glob.js";
import { mergeComps, parseComps } from "../../src/repository/comps.js";
import { expandGroupSpecs } from "../../src/repository/group-specs.js";
import { runSuccessfully } from "../support/run.js";

const PATTERNS = [
  "*",
  "a*",
  "*b",
  "a?c",
  "[ab]c",
  "[!ab]c",
  "[a-c]",
  "[c-a]",
  "[]]",
  "[!]]",
  "[a",
  "a[",
  "[]",
  "a.b",
  "a+b",
  "(a)",
  "a-b",
  "[-a]b",
  "[a-]b",
  "a\\b",
  "[\\]b",
  "{a,b}",
  "^a",
  "a$",
  "[^a]b",
  "a/*",
  "\u{1f600}?",
  "**b",
];
const TEXTS = [
  "",
  "a",
  "b",
  "c",
  "d",
  "ab",
  "ac",
  "bc",
  "cc",
  "abc",
  "a.b",
  "axb",
  "a+b",
  "aab",
  "(a)",
  "a-b",
  "-b",
  "]",
  "[a",
  "a[",
  "[]",
  "a\\b",
  "\\b",
  "{a,b}",
  "^a",
  "a$",
  "^b",
  "a/b/c",
  "\u{1f600}x",
  "A",
  "AC",
  "a\nc",
];

test("patterns mean what they mean to dnf", async () => {
  const program = `import fnmatch, json, re, sys
patterns, texts = json.load(sys.stdin)
json.dump([[bool(re.match(fnmatch.translate(p), t, flags)) for t in texts] for p in patterns for flags in (0, re.I)], sys.stdout)`;
  const input = JSON.stringify([PATTERNS, TEXTS]);
  const expected = JSON.parse(await runSuccessfully("python3", ["-c", program], { input })) as boolean[][];
  for (const [row, pattern] of PATTERNS.flatMap((pattern) => [pattern, pattern]).entries()) {
    const ignoreCase = row % 2 === 1;
    const actual = TEXTS.map((text) => matchesGlob(pattern, text, { ignoreCase }));
    assert.deepEqual(actual, expected[row], `${pattern}${ignoreCase ? " without case" : ""}`);
  }
  assert.deepEqual(["a*", "a?", "[a]", "a-1.0"].map(isGlob), [true, true, true, false]);
});

const group = (id: string, content: string): string => `<group><id>${id}</id>${content}</group>`;

test("comps data is read whole, with entities, translations and unknown elements", () => {
  const comps = parseComps(`<comps><x:more xmlns:x="urn:x"><group/></x:more>
    ${group(
      "g",
      `<name>A &amp; B</name><name xml:lang="fr">C</name><packagelist>
      <packagereq> spaced </packagereq><packagereq type="strange" requires="y" basearchonly="true">p</packagereq>
    </packagelist>`,
    )}
    <environment><id>e</id><grouplist><groupid>g</groupid></grouplist><optionlist><groupid>h</groupid></optionlist></environment>
    <category><id>c</id></category></comps>`);
  assert.deepEqual(
    [...comps.groups.values()],
    [
      {
        id: "g",
        name: "A & B",
        translations: ["C"],
        packages: [
          { name: "spaced", type: "mandatory", requires: "", baseArchitectureOnly: false },
          { name: "p", type: "strange", requires: "y", baseArchitectureOnly: true },
        ],
      },
    ],
  );
  assert.deepEqual([...comps.environments.values()], [{ id: "e", name: "", translations: [], groups: ["g"] }]);
});

test("large comps data is read", () => {
  const packages = '<packagereq type="default">p &amp; q</packagereq>'.repeat(200);
  const text = `<comps>${Array.from({ length: 300 }, (_, index) => group(`g${index}`, `<name>N &amp; M</name><packagelist>${packages}</packagelist>`)).join("")}</comps>`;
  const comps = parseComps(text);
  assert.equal(comps.groups.size, 300);
  assert.equal(comps.groups.get("g299")?.packages[199]?.name, "p & q");
});

test("what is no comps data is refused", () => {
  for (const text of ["", "<comps>", "<repomd/>", "no xml"]) assert.throws(() => parseComps(text), Error, text);
});

test("documents are united by id, the later one holds", () => {
  const first = parseComps(
    `<comps>${group("g", '<name>One</name><packagelist><packagereq type="optional">a</packagereq><packagereq>b</packagereq></packagelist>')}</comps>`,
  );
  const second = parseComps(
    `<comps>${group("g", '<packagelist><packagereq type="default">a</packagereq></packagelist>')}${group("h", "")}</comps>`,
  );
  const both = mergeComps([first, second]);
  assert.deepEqual([...both.groups.keys()], ["g", "h"]);
  assert.equal(both.groups.get("g")?.name, "One");
  assert.deepEqual(
    both.groups.get("g")?.packages.map(({ name, type }) => `${name} ${type}`),
    ["b mandatory", "a default"],
  );
});

test("a document type is passed over, as real comps data has one, unless it defines something", () => {
  const text = `<comps>${group("g", "")}</comps>`;
  const type = '<!DOCTYPE comps PUBLIC "-//Red Hat, Inc.//DTD Comps info//EN" "comps.dtd">';
  assert.deepEqual([...parseComps(`<?xml version="1.0"?>\n${type}\n${text}`).groups.keys()], ["g"]);
  assert.throws(() => parseComps(`<!DOCTYPE comps [<!ENTITY a "b">]>${text}`), /document type/);
});

test("a package that two groups list is one member with both", () => {
  const list = (text: string): string => `<packagelist>${text}</packagelist>`;
  const comps = parseComps(
    `<comps>${group("g", list("<packagereq>a</packagereq>"))}${group("f", list('<packagereq>a</packagereq><packagereq type="conditional" requires="x">a</packagereq>'))}</comps>`,
  );
  const { members } = expandGroupSpecs(["@g", "@f"], comps);
  assert.deepEqual(members, [
    { spec: "@g", name: "a", condition: null, baseArchitectureOnly: false, groups: ["f", "g"] },
    { spec: "@f", name: "a", condition: "x", baseArchitectureOnly: false, groups: ["f"] },
  ]);
});
