import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, normalize } from "node:path";
import test from "node:test";
import { packageRoot } from "../../src/package-root.js";

const root = packageRoot();

/** A string literal, or code with its comments blanked out; line numbers stay as they were. */
interface Token {
  readonly kind: "code" | "string";
  readonly text: string;
}

/**
 * Splits TypeScript into string literals and the code between them. Template literals count as strings, the expressions
 * in them as code. Regular expressions are told from divisions by what stands before them.
 */
function tokens(source: string): readonly Token[] {
  const result: Token[] = [];
  let code = "";
  const string = (text: string): void => {
    result.push({ kind: "code", text: code }, { kind: "string", text });
    code = "";
  };
  /** Scans code from `start`; ends at the end of the text, or at the brace that closes a template's expression. */
  const scan = (start: number, nested: boolean): number => {
    let depth = 0;
    let index = start;
    while (index < source.length) {
      const rest = source.slice(index, index + 2);
      const character = source[index] ?? "";
      if (rest === "//") index = end(source.indexOf("\n", index));
      else if (rest === "/*") {
        const close = end(source.indexOf("*/", index + 2) + 2);
        code += source.slice(index, close).replace(/[^\n]/g, " ");
        index = close;
      } else if (character === '"' || character === "'") {
        const close = closing(index + 1, character);
        string(source.slice(index + 1, close));
        index = close + 1;
      } else if (character === "`") index = template(index + 1);
      else if (character === "/" && /(^|[=(,:;[!&|?{}>~+*%^-]|\breturn|\btypeof|\bcase)\s*$/.test(code)) {
        index = regularExpression(index + 1);
        code += "/r/";
      } else {
        if (character === "{") depth += 1;
        if (character === "}") {
          if (nested && depth === 0) return index;
          depth -= 1;
        }
        code += character;
        index += 1;
      }
    }
    return index;
  };
  const end = (index: number): number => (index < 0 ? source.length : index);
  const closing = (start: number, quote: string): number => {
    let index = start;
    while (index < source.length && source[index] !== quote) index += source[index] === "\\" ? 2 : 1;
    return index;
  };
  const regularExpression = (start: number): number => {
    let index = start;
    let inClass = false;
    while (index < source.length && source[index] !== "\n" && (inClass || source[index] !== "/")) {
      if (source[index] === "[") inClass = true;
      if (source[index] === "]") inClass = false;
      index += source[index] === "\\" ? 2 : 1;
    }
    return index + 1;
  };
  const template = (start: number): number => {
    let index = start;
    let text = "";
    while (index < source.length && source[index] !== "`") {
      if (source.startsWith("${", index)) {
        string(text);
        text = "";
        index = scan(index + 2, true) + 1;
      } else {
        text += source[index];
        index += source[index] === "\\" ? 2 : 1;
      }
    }
    string(text);
    return index + 1;
  };
  scan(0, false);
  result.push({ kind: "code", text: code });
  return result;
}

interface Import {
  readonly specifier: string;
  /** Nothing of it is there when the program runs. */
  readonly typeOnly: boolean;
}

/** The specifiers of `import`, `export … from`, `import()` and `import x = require()`. */
function importsOf(source: string): readonly Import[] {
  const found: Import[] = [];
  let statement = "";
  for (const { kind, text } of tokens(source)) {
    if (kind === "code") {
      statement += text;
      continue;
    }
    const match = statement.match(/(?:^|[^\w$.])(import|export)\b([^;()]*?)(\bfrom)?\s*$/);
    const direct = match !== null && (match[3] === "from" || (match[1] === "import" && /^\s*$/.test(match[2] ?? "")));
    if (direct || /(?:^|[^\w$.])(import|require)\s*\(\s*$/.test(statement)) {
      const names = match?.[2]?.trim() ?? "";
      const inBraces = names
        .match(/^\{(.*)\}$/s)?.[1]
        ?.split(",")
        .filter((name) => name.trim() !== "");
      const typeOnly =
        /^type\b(?!\s*,|\s+from\b)/.test(names) || (inBraces ?? [""]).every((name) => /^\s*type\s/.test(name));
      found.push({ specifier: text, typeOnly: direct && typeOnly });
    }
    statement = "";
  }
  return found;
}

/** The code without comments and the contents of strings. */
function codeOf(source: string): string {
  return tokens(source)
    .map(({ kind, text }) => (kind === "code" ? text : '""'))
    .join("");
}

/** Path below src/ → text. */
type Sources = ReadonlyMap<string, string>;

const STAGES = [
  "host",
  "interchange",
  "policy",
  "manifest",
  "repository",
  "resolve",
  "explain",
  "lockfile",
  "fetch",
  "verify",
  "install",
  "rootfs",
  "plan",
  "layer",
  "image",
  "layout",
  "destination",
  "archive",
  "registry",
  "sbom",
  "inspect",
] as const;
/** What belongs to no folder counts as a folder of its own name. */
const FOUNDATION = ["events", "errors", "processes", "directories", "output-file", "package-root", "programs"] as const;
const BELOW_STAGES = ["model", "native", ...FOUNDATION];
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(FOUNDATION.map((name) => [name, []])),
  // Values share the types of the addon; a rule of its own forbids more than types.
  model: ["native"],
  native: ["errors", "package-root"],
  version: ["package-root"],
  "output-file": ["errors", "processes"],
  ...Object.fromEntries(STAGES.map((stage) => [stage, BELOW_STAGES])),
  pipeline: [...STAGES, "version", ...BELOW_STAGES],
  index: [
    "pipeline",
    "version",
    "lockfile",
    "manifest",
    "resolve",
    "explain",
    "layout",
    "inspect",
    "destination",
    "host",
    "interchange",
    ...BELOW_STAGES,
  ],
  reporters: ["index"],
  cli: ["index", "reporters"],
  main: ["cli"],
};

function folderOf(file: string): string {
  return file.includes("/") ? (file.split("/")[0] ?? "") : file.replace(/\.ts$/, "");
}

function targetsOf(file: string, source: string): readonly (Import & { readonly target: string })[] {
  return importsOf(source)
    .filter(({ specifier }) => specifier.startsWith("."))
    .map((entry) => ({ ...entry, target: normalize(join(dirname(file), entry.specifier)).replace(/\.js$/, ".ts") }));
}

function importFaults(sources: Sources): readonly string[] {
  return [...sources].flatMap(([file, source]) => {
    const folder = folderOf(file);
    const allowed = ALLOWED[folder];
    if (allowed === undefined) return [`${file}: no rule says what ${folder} may import`];
    return targetsOf(file, source).flatMap(({ target, typeOnly }) => {
      if (!sources.has(target)) return [`${file} imports ${target}, which does not exist`];
      const other = folderOf(target);
      if (other !== folder && !allowed.includes(other)) return [`${file} must not import ${target}`];
      if (folder === "model" && other === "native" && !(typeOnly && target === "native/binding.ts"))
        return [`${file} must import types of native/binding.ts only, not ${target}`];
      return [];
    });
  });
}

function terminalFaults(sources: Sources): readonly string[] {
  const terminal = /\bprocess\s*(?:\?\.|\.)\s*(?:stdout|stderr|exitCode|exit\s*\()|\bconsole\s*\.|\bprocess\s*\[/;
  const named = /\b(?:stdout|stderr|exitCode|exit)\b[^;]*\bfrom\s*""/;
  return [...sources].flatMap(([file, source]) => {
    if (["cli", "reporters", "main"].includes(folderOf(file))) return [];
    const code = codeOf(source);
    const importsProcess = importsOf(source).some(({ specifier }) => /^(node:)?(process|console)$/.test(specifier));
    return terminal.test(code) || (importsProcess && named.test(code)) || importsProcess
      ? [`${file} touches the terminal or the exit code`]
      : [];
  });
}

function brandFaults(sources: Sources): readonly string[] {
  const made = /\bas\s+(?:unknown\s+as\s+)?(?:readonly\s+)?VerifiedPackage\b|<\s*VerifiedPackage\s*>\s*[({[]/;
  return [...sources].flatMap(([file, source]) =>
    folderOf(file) !== "verify" && made.test(codeOf(source)) ? [`${file} makes a VerifiedPackage`] : [],
  );
}

/** Every file that can reach itself; type-only imports count, as they do for a reader. */
function cycles(sources: Sources): readonly string[] {
  const graph = new Map([...sources].map(([file, source]) => [file, targetsOf(file, source).map((t) => t.target)]));
  const reaches = (from: string, to: string): boolean => {
    const seen = new Set<string>();
    const open = [...(graph.get(from) ?? [])];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (next === to) return true;
      if (seen.has(next)) continue;
      seen.add(next);
      open.push(...(graph.get(next) ?? []));
    }
    return false;
  };
  return [...graph.keys()].filter((file) => reaches(file, file));
}

const BELOW_NAPI: readonly string[] = ["solv", "rpm", "layer", "sandbox", "transfer"];

function nativeFaults(sources: Sources): readonly string[] {
  return [...sources].flatMap(([file, source]) => {
    const [folder = ""] = file.split("/");
    if (!BELOW_NAPI.includes(folder)) return [];
    const headers = [...source.matchAll(/^\s*#\s*include\s*[<"]([^>"]+)[>"]/gm)].map((match) => match[1] ?? "");
    return headers
      .filter((header) => /^(napi|node_api|js_native_api|uv|v8|node)\b.*\.h$|(^|\/)napi\/|^bindings\//.test(header))
      .map((header) => `native/${file} includes ${header}`);
  });
}

/** The names of the members of `export interface name { … }`. */
function membersOf(source: string, name: string): readonly string[] {
  const code = codeOf(source);
  const start = code.search(new RegExp(`\\binterface ${name} (?:extends \\w+ )?\\{`));
  assert.notEqual(start, -1, `no interface ${name}`);
  const members: string[] = [];
  let depth = 0;
  let line = "";
  for (const character of code.slice(code.indexOf("{", start))) {
    if ("{([".includes(character)) {
      depth += 1;
      if (depth === 2) line += character;
    } else if ("})]".includes(character)) depth -= 1;
    else if (depth === 1) line += character;
    if (depth === 0) break;
    if (depth === 1 && character === ";") {
      const member = line.match(/^[\s{]*(?:readonly\s+)?(\w+)\??\s*[(:]/)?.[1];
      if (member !== undefined) members.push(member);
      line = "";
    }
  }
  return members;
}

function read(directory: string, extension: RegExp): Sources {
  const names = readdirSync(directory, { recursive: true, encoding: "utf8" }).filter((name) => extension.test(name));
  return new Map(names.sort().map((name) => [name, readFileSync(join(directory, name), "utf8")]));
}

const typescript = read(join(root, "src"), /\.ts$/);
const native = read(join(root, "native"), /\.(cc|h)$/);

test("the sources are found", () => {
  for (const file of ["index.ts", "cli/run.ts", "verify/verify.ts", "native/binding.ts"]) assert(typescript.has(file));
  for (const folder of [...BELOW_NAPI, "napi", "bindings"])
    assert([...native.keys()].some((file) => file.startsWith(`${folder}/`)));
  const folders = new Set([...typescript.keys()].map(folderOf));
  assert.deepEqual([...folders].sort(), Object.keys(ALLOWED).sort(), "every folder has a rule, every rule a folder");
});

test("no folder imports what is above it, and no stage another stage", () => {
  assert.deepEqual(importFaults(typescript), []);
});

test("only cli and reporters touch the terminal and the exit code", () => {
  assert.deepEqual(terminalFaults(typescript), []);
});

test("only verify makes verified packages", () => {
  assert.deepEqual(brandFaults(typescript), []);
  assert(
    /\bas VerifiedPackage\b/.test(codeOf(typescript.get("verify/verify.ts") ?? "")),
    "the rule looks for the right name",
  );
});

test("no file depends on itself through others", () => {
  assert.deepEqual(cycles(typescript), []);
});

test("solv, rpm, layer, sandbox and transfer know nothing of N-API", () => {
  assert.deepEqual(nativeFaults(native), []);
});

for (const [file, name] of [
  ["rpmoci.node", "Binding"],
  ["rpmoci-transfer.node", "TransferBinding"],
] as const) {
  test(`${file} exports what binding.ts describes, and nothing else`, (t) => {
    let addon: object;
    try {
      addon = createRequire(import.meta.url)(join(root, "build", "Release", file));
    } catch (error) {
      t.skip(`the addon is not built: ${error}`);
      return;
    }
    const source = typescript.get("native/binding.ts") ?? "";
    const described = [...membersOf(source, "Cancelling"), ...membersOf(source, name)];
    assert.deepEqual(Object.keys(addon).sort(), described.sort());
  });
}

test("every export group is declared, called and defined", () => {
  const declared = [...(native.get("bindings/exports.h") ?? "").matchAll(/void (export_\w+)\(/g)].map(
    (m) => m[1] ?? "",
  );
  assert(declared.length > 0);
  for (const name of declared) {
    const addons = [native.get("addon.cc"), native.get("transfer_addon.cc")];
    assert(
      addons.some((text) => text?.includes(`${name}(env, exports)`)),
      `${name} is not called`,
    );
    const bindings = [...native].filter(([file]) => file.startsWith("bindings/") && file.endsWith(".cc"));
    const definitions = bindings.filter(([, text]) => text.includes(`void ${name}(`));
    assert.equal(definitions.length, 1, `${name} is defined once`);
  }
});

test("the scanner finds every form of import", () => {
  const source = `
    import a from "./a.js";
    import * as b from './b.js';
    import { c,
      d as e } from "./c.js";
    import "./side-effect.js";
    export * from "./star.js";
    export { f } from "./f.js";
    export type { G } from "./type.js";
    import { type H, type I } from "./types.js";
    import { type J, k } from "./mixed.js";
    const l = await import( "./dynamic.js" );
    const m = require("./required.js");
    import type n from "./default-type.js";`;
  assert.deepEqual(
    importsOf(source).map(({ specifier, typeOnly }) => `${specifier}${typeOnly ? " type" : ""}`),
    [
      "./a.js",
      "./b.js",
      "./c.js",
      "./side-effect.js",
      "./star.js",
      "./f.js",
      "./type.js type",
      "./types.js type",
      "./mixed.js",
      "./dynamic.js",
      "./required.js",
      "./default-type.js type",
    ],
  );
});

test("the scanner is not misled by comments, strings, templates and regular expressions", () => {
  const source = [
    '// import "./line.js"',
    '/* import "./block.js" */',
    'const text = "import x from \\"./string.js\\"";',
    "const template = `import './template.js' \u0024{from(`x \u0024{'y'}`)} import './more.js'`;",
    `const expression = /["'\`]/g; const half = 4 / 2; const other = text.match(/[/"]/);`,
    'import real from "./real.js";',
    'const exported = "x"; const from = "./no.js";',
  ].join("\n");
  assert.deepEqual(
    importsOf(source).map(({ specifier }) => specifier),
    ["./real.js"],
  );
  assert.deepEqual(importsOf("const t = `\u0024{await import('./inside.js')}`;"), [
    { specifier: "./inside.js", typeOnly: false },
  ]);
});

const index = ["index.ts", "export {};"] as const;
const badImports: readonly (readonly [string, string, string, string])[] = [
  ["model above", "model/a.ts", 'import "../fetch/b.js";', "fetch/b.ts"],
  ["model and a value of native", "model/a.ts", 'import { x } from "../native/binding.js";', "native/binding.ts"],
  ["model and a type of native's call", "model/a.ts", 'import type { x } from "../native/call.js";', "native/call.ts"],
  ["errors above", "errors.ts", 'import type { M } from "./model/m.js";', "model/m.ts"],
  ["a stage and a stage", "fetch/a.ts", 'export { x } from "../verify/b.js";', "verify/b.ts"],
  ["a stage and the pipeline", "layout/a.ts", 'const x = await import("../pipeline/b.js");', "pipeline/b.ts"],
  ["native and a stage", "native/a.ts", 'import "../layer/b.js";', "layer/b.ts"],
  ["pipeline and the interface", "pipeline/a.ts", 'import "../index.js";', "index.ts"],
  ["cli past the interface", "cli/commands/a.ts", 'import { f } from "../../pipeline/b.js";', "pipeline/b.ts"],
  ["cli and errors", "cli/a.ts", 'import { f } from "../errors.js";', "errors.ts"],
  ["reporters and cli", "reporters/a.ts", 'import { f } from "../cli/b.js";', "cli/b.ts"],
  ["a folder without a rule", "utils/a.ts", 'import { f } from "../index.js";', "index.ts"],
];
for (const [name, file, source, target] of badImports) {
  test(`the import rule refuses: ${name}`, () => {
    const faults = importFaults(new Map([index, [file, source], [target, "export {};"]]).set(file, source));
    assert(
      faults.some((fault) => fault.startsWith(file)),
      faults.join(),
    );
  });
}

test("the import rule refuses a missing file and takes what is right", () => {
  assert.equal(importFaults(new Map([["cli/a.ts", 'import "./b.js";']])).length, 1);
  const right = new Map<string, string>([
    index,
    ["cli/a.ts", 'import "../index.js"; import { p } from "../reporters/p.js"; import { x } from "valibot";'],
    ["reporters/p.ts", "export {};"],
    ["model/m.ts", 'import type { B } from "../native/binding.js"; import { n } from "./n.js";'],
    ["model/n.ts", ""],
    ["native/binding.ts", ""],
  ]);
  assert.deepEqual(importFaults(right), []);
});

test("the terminal rule can fail", () => {
  const bad = [
    'console.log("x")',
    "process.stdout.write(x)",
    "const { write } = process.stderr;",
    "process.exitCode = 1",
    "process . exit (1)",
    "const s = `\u0024{process.stdout.columns}`",
    'process["stdout"]',
    'import { stdout } from "node:process";',
  ];
  for (const source of bad) assert.equal(terminalFaults(new Map([["fetch/a.ts", source]])).length, 1, source);
  for (const source of ["// console.log", "child.stdout.on()", 'const s = "process.exit("', "process.env.HOME"])
    assert.deepEqual(terminalFaults(new Map([["fetch/a.ts", source]])), [], source);
  assert.deepEqual(terminalFaults(new Map([["cli/a.ts", "process.stdout.write(x)"]])), []);
});

test("the rule on verified packages can fail", () => {
  for (const source of ["x as VerifiedPackage", "x as unknown as VerifiedPackage", "x as readonly VerifiedPackage[]"]) {
    assert.equal(brandFaults(new Map([["install/a.ts", source]])).length, 1, source);
    assert.equal(brandFaults(new Map([["verify/a.ts", source]])).length, 0);
  }
  assert.deepEqual(brandFaults(new Map([["install/a.ts", "function f(x: readonly VerifiedPackage[]) {}"]])), []);
});

test("the rule on cycles can fail", () => {
  const sources = new Map([
    ["model/a.ts", 'import "./b.js";'],
    ["model/b.ts", 'import "./c.js";'],
    ["model/c.ts", 'import "./a.js"; import "./d.js";'],
    ["model/d.ts", ""],
  ]);
  assert.deepEqual(cycles(sources), ["model/a.ts", "model/b.ts", "model/c.ts"]);
});

test("the rule on N-API can fail", () => {
  for (const header of ["<napi.h>", '"napi/promise.h"', "<node_api.h>", '"../napi/promise.h"', '"bindings/exports.h"'])
    assert.equal(nativeFaults(new Map([["rpm/a.cc", `#  include ${header}`]])).length, 1, header);
  for (const header of ['"rpm/napi_free.h"', "<map>"])
    assert.deepEqual(nativeFaults(new Map([["rpm/a.cc", `#include ${header}`]])), [], header);
  assert.deepEqual(nativeFaults(new Map([["bindings/a.cc", "#include <napi.h>"]])), []);
});

test("members of an interface are read with nested types and comments", () => {
  const source = `
    interface Other { no(): void; }
    export interface Binding {
      /** Words; with a semicolon and (a bracket. */
      first(a: { x: string; y: number }, b: () => void): Promise<void>;
      readonly second: string;
      third?: (x: string) => void;
      // fourth(): void;
    }`;
  assert.deepEqual(membersOf(source, "Binding"), ["first", "second", "third"]);
});
