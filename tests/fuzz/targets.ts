/** The parsers in TypeScript that read what users, repositories and mirrors wrote. */
import assert from "node:assert/strict";
import { checkTagOf, formatRepository, isNamedTag, parseDestination } from "../../src/destination/parse.js";
import { RpmociError } from "../../src/errors.js";
import { InvalidArchive, TarParser } from "../../src/layout/tar-parser.js";
import { parseLockfile } from "../../src/lockfile/read.js";
import { formatLockfile } from "../../src/lockfile/write.js";
import { parseManifest } from "../../src/manifest/load.js";
import { findLine } from "../../src/manifest/locate.js";
import type { RepositoryConfig } from "../../src/model/repository.js";
import { DEFAULT_TRANSFER, type Transport } from "../../src/model/transport.js";
import { parseChallenges } from "../../src/registry/challenge.js";
import { InvalidAdvisories, parseAdvisories } from "../../src/repository/advisories.js";
import { expandVariables } from "../../src/repository/expansion.js";
import { parseIni } from "../../src/repository/ini.js";
import { findMirrors } from "../../src/repository/mirrors.js";
import { OptionReader } from "../../src/repository/options.js";
import { InvalidRepomd, parseRepomd } from "../../src/repository/repomd.js";

export interface FuzzTarget {
  /** Throws for a defect; what the parser throws on purpose is none. */
  readonly run: (text: string) => void | Promise<void>;
  /** What makes sense to the parser. */
  readonly tokens: readonly string[];
}

function runIni(text: string): void {
  for (const [section, values] of parseIni(text)) {
    assert.notEqual(section, "");
    for (const [key, value] of Object.entries(values)) assert.equal(`${key}${value}`.includes("\n"), false);
  }
}

const variables = new Map([
  ["basearch", "x86_64"],
  ["releasever", "9"],
  ["nested", "$basearch"],
]);

function runVariables(text: string): void {
  for (const name of expandVariables(text, variables).unknown) assert.match(name, /^\w+$/);
}

/** Lines `name=value`. */
function runOptions(text: string): void {
  const options = Object.fromEntries(
    text.split("\n").map((line) => [line.split("=")[0] ?? "", line.slice(line.indexOf("=") + 1)]),
  );
  const reader = new OptionReader("fuzzed", options);
  reader.text("name");
  reader.list("gpgkey", "baseurl");
  assert.equal(typeof reader.boolean("gpgcheck", true), "boolean");
  assert.equal(Number.isFinite(reader.integer("priority", 99)), true);
  assert.equal(reader.seconds("timeout", 30) >= 0, true);
  reader.finish("refused");
}

async function runMirrors(text: string): Promise<void> {
  const config: RepositoryConfig = {
    id: "fuzzed",
    baseUrls: [],
    mirrorSource: { kind: "metalink", url: "https://mirrors.example.org/" },
    priority: 99,
    cost: 1000,
    gpgcheck: true,
    repoGpgcheck: false,
    gpgkeys: [],
    includePackages: [],
    excludePackages: [],
    moduleHotfixes: false,
    skipIfUnavailable: false,
    metadataExpire: 0,
    definedAt: 0,
    transfer: DEFAULT_TRANSFER,
  };
  const transport: Transport = {
    readBytes: async () => Buffer.from(text),
    fetchFile: async () => assert.fail("nothing else is fetched"),
  };
  const { baseUrls, repomd } = await findMirrors(config, transport);
  for (const url of baseUrls) assert.match(url, /^(https?|file):/);
  for (const { checksum } of repomd) assert.equal(typeof checksum.value, "string");
}

function runRepomd(text: string): void {
  for (const [type, { location, size }] of parseRepomd(text)) {
    assert.equal(typeof type, "string");
    assert.equal(location.split("/").includes("..") || location.startsWith("/"), false);
    assert.equal(size === undefined || Number.isSafeInteger(size), true);
  }
}

/** Blocks of 512 characters, whose checksums are made right: nothing else would be read. */
function runTar(text: string): void {
  const bytes = Buffer.alloc(Math.ceil(text.length / 512) * 512);
  bytes.write(text, "latin1");
  for (let start = 0; start < bytes.length; start += 512) {
    const block = bytes.subarray(start, start + 512).fill(" ", 148, 156);
    const sum = block.reduce((total, byte) => total + byte, 0);
    block.write(`${sum.toString(8).padStart(6, "0")}\0`, 148, "latin1");
  }
  const readIn = (length: number): readonly unknown[] => {
    const events: unknown[] = [];
    const parser = new TarParser((entry) => {
      assert.equal(Number.isSafeInteger(entry.size) && entry.size >= 0, true);
      const contents: string[] = [];
      events.push([entry, contents]);
      return (piece) => contents.push(piece.toString("latin1"));
    });
    try {
      for (let start = 0; start < bytes.length; start += length) parser.push(bytes.subarray(start, start + length));
      parser.end();
    } catch (error) {
      if (!(error instanceof InvalidArchive)) throw error;
      events.push(error.message);
    }
    return events.map((event) => (Array.isArray(event) ? [event[0], event[1].join("")] : event));
  };
  assert.deepEqual(readIn(77), readIn(bytes.length));
}

function runAdvisories(text: string): void {
  for (const { packages, cves } of parseAdvisories(Buffer.from(text), new Set(["tool"]))) {
    for (const { name, evr } of packages) assert.equal(name === "tool" && evr.includes("-"), true);
    for (const cve of cves) assert.equal(typeof cve, "string");
  }
}

function runLocate(text: string): void {
  const lines = text.split("\n").length;
  for (const path of [["contents", "packages"], ["image", "envs", "A.B"], [text.slice(0, 20)], []]) {
    const line = findLine(text, path);
    assert.equal(line === null || (line >= 1 && line <= lines), true);
  }
}

function runLockfile(text: string): void {
  const lock = parseLockfile(text, "fuzzed.lock");
  const written = formatLockfile(lock);
  assert.deepEqual(parseLockfile(written, "fuzzed.lock"), lock);
  assert.equal(formatLockfile(parseLockfile(written, "fuzzed.lock")), written);
}

function runManifest(text: string): void {
  const manifest = parseManifest(text, "/fuzzed/rpmoci.toml");
  assert.equal(manifest.lockfilePath, "/fuzzed/rpmoci.lock");
}

function runDestination(text: string): void {
  isNamedTag(text);
  const destination = parseDestination(text);
  if (destination.kind === "registry") {
    const { repository, tag } = destination;
    const url = new URL(`https://${repository.registry}/v2/${repository.name}/`);
    assert.equal(url.pathname, `/v2/${repository.name}/`);
    assert.equal(`${url.username}${url.password}`, "");
    const again = `registry:${formatRepository(repository)}${tag === undefined ? "" : `:${tag}`}`;
    assert.deepEqual(parseDestination(again), destination);
  }
  checkTagOf(text, destination);
}

function runChallenge(text: string): void {
  for (const { scheme, parameters } of parseChallenges(text.split("\n"))) {
    assert.match(scheme, /^[^\sA-Z]+$/);
    for (const value of Object.values(parameters)) assert.equal(typeof value, "string");
  }
}

const xml = [
  "<",
  "/>",
  "</",
  "<!--",
  "-->",
  "<![CDATA[",
  "]]>",
  "<?xml?>",
  "&lt;",
  "&#x41;",
  "&a;",
  '="',
  "<!DOCTYPE a>",
  "x:",
];
const toml = [
  "[",
  "]",
  "[[",
  "]]",
  "{",
  "}",
  " = ",
  '"""',
  "'''",
  "\n",
  "true",
  "1e9",
  "nan",
  "9223372036854775807",
  "1979-05-27",
  "\\u0000",
  "#",
];

export const targets: Readonly<Record<string, FuzzTarget>> = {
  destination: {
    run: runDestination,
    tokens: [
      "registry:",
      "docker://",
      "oci-archive:",
      "docker-archive:",
      "podman:",
      "localhost",
      "[::1]",
      ":5000",
      "/",
      "@",
      "a.b",
      "__",
      "-",
    ],
  },
  challenge: {
    run: runChallenge,
    tokens: ["Bearer ", "Basic", "realm=", '"', "\\", ",", " = ", "__proto__", "scope", "\n"],
  },
  ini: { run: runIni, tokens: ["[a]", "[", "]", "=", "\n", "\n ", "#", ";", "__proto__", "constructor", "\r\n"] },
  variables: {
    run: runVariables,
    tokens: ["$", "${", "}", "basearch", "$releasever", "{nested}", ":-", ":+", "$$", "\\"],
  },
  options: {
    run: runOptions,
    tokens: [
      "name=",
      "gpgkey=",
      "gpgcheck=",
      "priority=",
      "timeout=",
      "enabled=1",
      "\n",
      ",",
      "true",
      "-1",
      "1.5h",
      "1e9",
      "0x1",
      "__proto__=",
    ],
  },
  mirrors: {
    run: runMirrors,
    tokens: [
      ...xml,
      "<metalink>",
      "<files>",
      "<file>",
      "<resources>",
      "<url preference=",
      "<hash type=",
      "https://",
      "/repodata/repomd.xml",
      "file:",
      "\n",
      "sha256",
    ],
  },
  repomd: {
    run: runRepomd,
    tokens: [
      ...xml,
      "<repomd>",
      "<data type=",
      "<location href=",
      "<checksum type=",
      "<size>",
      "<open-size>",
      "sha256",
      "..",
      "%2e",
      "0".repeat(64),
    ],
  },
  tar: {
    run: runTar,
    tokens: [
      "\0",
      "ustar\0",
      "00000000020\0",
      "x",
      "g",
      "L",
      "K",
      "11 path=a\n",
      "17 size=99999\n",
      "SCHILY.xattr.a=",
      "\u0080",
    ],
  },
  advisories: {
    run: runAdvisories,
    tokens: [
      ...xml,
      "<updates>",
      "<update ",
      "</update>",
      "<pkglist><collection>",
      '<package name="tool" ',
      ' epoch="1" version="2" release="3"',
      '<reference type="cve" id="',
      "<severity>",
    ],
  },
  locate: { run: runLocate, tokens: [...toml, "contents", "packages", "image", "envs", '"A.B"'] },
  lockfile: {
    run: runLockfile,
    tokens: [
      ...toml,
      "pkg_specs",
      "[[packages]]",
      "name",
      "evr",
      "checksum",
      "algorithm",
      "location",
      "size",
      "__proto__",
      "[repo_gpg_config.",
      "keys",
    ],
  },
  manifest: {
    run: runManifest,
    tokens: [
      ...toml,
      "contents",
      "repositories",
      "packages",
      "url",
      "options",
      "exclude",
      "[image.envs]",
      "exposed_ports",
      "__proto__",
      "https://",
      "::",
    ],
  },
};

/** Whether a parser threw that on purpose. */
export function isIntended(error: unknown): boolean {
  return [RpmociError, InvalidRepomd, InvalidAdvisories].some((type) => error instanceof type);
}
