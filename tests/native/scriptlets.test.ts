/** Scriptlets of packages, and interpreters for programs of other architectures. */
import assert from "node:assert/strict";
import { join } from "node:path";
import test from "node:test";
import { projectRoot } from "../support/project.js";
import { buildRpms, type RpmFixture } from "../support/rpm-fixture.js";
import { run } from "../support/run.js";
import { temporaryDirectory } from "../support/temporary-directory.js";
import { addon, addonPath } from "./support/rpm-addon.js";

const scripted: RpmFixture = {
  name: "scripted",
  files: { "/usr/lib/scripted": "x" },
  pre: ": nothing\n",
  post: "echo installed\nexit 0\n",
  preun: "exit 0\n",
  scriptlets: [
    { section: "pretrans", interpreter: "<lua>", body: "print(1)\n" },
    { section: "postun", interpreter: "/sbin/ldconfig" },
    { section: "filetriggerin -P 2000000", trigger: "/usr/lib", interpreter: "/sbin/ldconfig" },
    { section: "transfiletriggerpostun", trigger: "/usr/lib", body: "last\n" },
    { section: "filetriggerin", trigger: "/opt", body: "never\n" },
  ],
};

const watching: RpmFixture = {
  name: "watching",
  scriptlets: [
    { section: "triggerprein", trigger: "scripted > 2", body: "never\n" },
    { section: "triggerin", trigger: "scripted < 2", body: "now\n" },
    { section: "triggerun", trigger: "scripted", body: "gone\n" },
  ],
};

test("scriptlets that an installation runs are told with their programs, and triggers that are set off", async (t) => {
  const paths = await buildRpms(temporaryDirectory(t), [scripted, watching]);
  const found = await addon.scriptletsOfInstallation(paths);
  const texts = found.map(({ package: name, phase, trigger, program, body }) => [
    name,
    phase,
    trigger,
    ...program,
    body.trim(),
  ]);
  assert.deepEqual(texts, [
    ["scripted-1-1.noarch", "%pretrans", false, "<lua>", "print(1)"],
    ["scripted-1-1.noarch", "%pre", false, "/bin/sh", ": nothing"],
    ["scripted-1-1.noarch", "%post", false, "/bin/sh", "echo installed\nexit 0"],
    ["scripted-1-1.noarch", "%triggerin", true, "/sbin/ldconfig", ""],
    ["watching-1-1.noarch", "%triggerin", true, "/bin/sh", "now"],
  ]);
  await assert.rejects(addon.scriptletsOfInstallation([join(projectRoot, "package.json")]), { code: "RPM_UNREADABLE" });
});

test("no interpreter is registered for the whole machine", async () => {
  const script = `require(${JSON.stringify(addonPath)}).registerInterpreterSync(":rpmoci:E::rpmoci::/bin/true:")`;
  const { code, stderr } = await run(process.execPath, ["-e", script]);
  assert.notEqual(code, 0);
  assert.match(stderr, /EMULATION/);
});
