import assert from "node:assert/strict";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import test, { type TestContext } from "node:test";
import { checkUserNamespace } from "../../src/host/user-namespace.js";
import type { Finding } from "../../src/index.js";
import { projectRoot } from "../support/project.js";
import { type RunOptions, rpmoci, run } from "../support/run.js";
import { temporaryDirectory } from "../support/temporary-directory.js";

interface Diagnosis {
  readonly code: number | null;
  readonly of: (check: string) => Finding | undefined;
  readonly checks: readonly string[];
}

const program = [process.execPath, join(projectRoot, "dist/main.js"), "doctor", "--json"] as const;

function parsed({ code, stdout, stderr }: { code: number | null; stdout: string; stderr: string }): Diagnosis {
  assert.equal(stderr, "");
  const findings: readonly Finding[] = JSON.parse(stdout);
  for (const { status, remedy } of findings) if (status === "failure") assert.notEqual(remedy, null);
  assert.equal(code, findings.some(({ status }) => status === "failure") ? 1 : 0);
  return {
    code,
    of: (name) => findings.find(({ check }) => check === name),
    checks: findings.map(({ check }) => check),
  };
}

async function diagnosis(options: RunOptions, ...args: readonly string[]): Promise<Diagnosis> {
  return parsed(await rpmoci(["doctor", "--json", ...args], options));
}

const isRoot = process.geteuid?.() === 0;

test("a system on which images are built is found fit, and text says the same as JSON", async () => {
  const { code, checks, of } = await diagnosis({});
  assert.equal(code, 0);
  for (const check of ["libraries", "engine", "sandbox", "cache", "work-directory", "proxies", "certificates"]) {
    assert.ok(checks.includes(check), check);
  }
  assert.match(of("libraries")?.message ?? "", /^librpm \d+\.\d+.*, libsolv \d+\.\d+/);
  assert.match(of("engine")?.message ?? "", /dnf.*, version \d+\.\d+|by librpm/);
  const text = await rpmoci(["doctor"]);
  assert.equal(text.code, 0);
  for (const check of checks) assert.match(text.stdout, new RegExp(`^ +(Ok|Warning) ${check}: `, "m"));
});

test("without programs, what takes them is told", async () => {
  const { of } = await diagnosis({ env: { PATH: "/nowhere" } });
  assert.equal(of("engine")?.message, "packages are installed by librpm, as there is no dnf");
  if (isRoot) assert.equal(of("sandbox")?.status, "warning");
  else assert.equal(of("user-namespace")?.status, "failure");
});

test("proxies, certificates and directories that are of no use are failures, and no password is shown", async (t) => {
  const directory = temporaryDirectory(t);
  writeFileSync(join(directory, "file"), "");
  const env = { https_proxy: "http://user:secret@proxy:3128", no_proxy: "localhost" };
  const fine = await diagnosis({ env });
  assert.equal(fine.of("proxies")?.status, "ok");
  assert.match(fine.of("proxies")?.message ?? "", /https_proxy=http:\/\/proxy:3128.*localhost/);
  const cases: readonly (readonly [string, Readonly<Record<string, string>>, readonly string[]])[] = [
    ["proxies", { http_proxy: "ftp://proxy" }, []],
    ["certificates", { SSL_CERT_FILE: join(directory, "none.pem") }, []],
    ["cache", {}, ["--cache-dir", join(directory, "file")]],
    ["cache", {}, ["--cache-dir", join(directory, "file/below")]],
    ["work-directory", { TMPDIR: join(directory, "file") }, []],
  ];
  for (const [check, variables, args] of cases) {
    const { code, of } = await diagnosis({ env: variables }, ...args);
    assert.deepEqual([check, code, of(check)?.status], [check, 1, "failure"]);
  }
});

test("a working directory without room, or where nothing can be run, is a failure", async (t) => {
  const probe = await run("unshare", ["--mount", "true"]);
  if (probe.code !== 0) return t.skip(`no mount namespace: ${probe.stderr.trim()}`);
  const directory = temporaryDirectory(t);
  for (const [options, message] of [
    ["size=1g,noexec", /noexec/],
    ["size=100m", /has 0\.1 GiB free/],
  ] as const) {
    const script = `mount -t tmpfs -o ${options} none "$TMPDIR" && exec "$@"`;
    const mounted = await run("unshare", ["--mount", "sh", "-c", script, "sh", ...program], {
      env: { TMPDIR: directory, NO_COLOR: "1" },
    });
    const { code, of } = parsed(mounted);
    assert.equal(code, 1);
    assert.match(of("work-directory")?.message ?? "", message);
  }
});

test("an ordinary user is told of ids and user namespaces", async (t) => {
  if (!isRoot) return t.skip("only root can be somebody else");
  const home = temporaryDirectory(t);
  chmodSync(home, 0o777);
  const alone = ["--reuid=4242", "--regid=4242", "--clear-groups", ...program];
  const readable = await run("setpriv", [...alone.slice(0, 3), "test", "-r", program[1]]);
  if (readable.code !== 0) return t.skip(`no access to ${projectRoot}`);
  const env = { HOME: home, XDG_CACHE_HOME: home, TMPDIR: home };
  const { of } = parsed(await run("setpriv", alone, { env }));
  assert.equal(of("subordinate-ids")?.status, "warning");
  assert.match(of("subordinate-ids")?.remedy ?? "", /usermod --add-subuids .* 4242$/);
  assert.notEqual(of("user-namespace"), undefined);
});

test("what forbids user namespaces is named with its remedy", async (t) => {
  const cases: readonly (readonly [Readonly<Record<string, string>>, boolean, RegExp])[] = [
    [{ "proc/sys/kernel/unprivileged_userns_clone": "0\n" }, false, /unprivileged_userns_clone=1/],
    [{ "proc/sys/kernel/apparmor_restrict_unprivileged_userns": "1\n" }, false, /apparmor_restrict/],
    [{ "proc/sys/user/max_user_namespaces": "0\n" }, false, /max_user_namespaces/],
    [{ "proc/sys/user/max_user_namespaces": "9999\n" }, false, /seccomp/],
    [{}, true, /install newuidmap/],
  ];
  for (const [files, subordinateIds, remedy] of cases) {
    const root = temporaryDirectory(t);
    for (const [path, text] of Object.entries(files)) writeIn(root, path, text);
    const finding = await checkUserNamespace({ root, subordinateIds, environment: { PATH: refusing(t) } });
    assert.equal(finding.status, "failure");
    assert.match(finding.remedy ?? "", remedy);
    if (!subordinateIds) assert.match(finding.message, /unshare: unshare failed: Operation not permitted/);
  }
});

function writeIn(root: string, path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

/** A PATH on which `unshare` is refused, as the kernel refuses it. */
function refusing(t: TestContext): string {
  const directory = temporaryDirectory(t);
  const path = join(directory, "unshare");
  const refusal = 'echo "unshare: unshare failed: Operation not permitted" >&2; exit 1';
  writeFileSync(
    path,
    `#!/bin/sh\n[ "$1" = --version ] && { echo "unshare from util-linux 2.38.1"; exit; }\n${refusal}\n`,
  );
  chmodSync(path, 0o755);
  return directory;
}
