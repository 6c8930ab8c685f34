import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { parseCapabilities } from "../../src/model/capabilities.js";
import { run, runSuccessfully } from "../support/run.js";
import { temporaryDirectory } from "../support/temporary-directory.js";

const GOOD = [
  "cap_net_raw=ep",
  "cap_net_raw,cap_setuid+ep",
  "CAP_CHOWN=p",
  "cap_chown=p cap_chown+e",
  "cap_chown,cap_kill=eip cap_kill-i",
  "cap_bpf=ep cap_perfmon,cap_checkpoint_restore+ep",
  "cap_sys_admin=i",
  "cap_chown=ep cap_chown=p",
  "cap_audit_read=ei",
  "cap_net_raw=p+i-p",
];
const BAD = [
  "cap_fly=ep",
  "cap_chown",
  "cap_chown=x",
  "cap_chown=P",
  "cap_chown=p cap_kill=ep",
  "cap_chown =p",
  "cap_chown,=p",
];

test("capabilities are what setcap makes of the same text", async (t) => {
  for (const text of [...BAD, "", "=", "all=ep", "cap_chown="]) assert.equal(parseCapabilities(text), null, text);
  const file = join(temporaryDirectory(t), "file");
  writeFileSync(file, "");
  const probe = await run("setcap", ["cap_chown=p", file]).catch(() => null);
  if (probe?.code !== 0) return t.skip(`no capabilities can be set here: ${probe?.stderr}`);
  const script = 'import os, sys; print(os.getxattr(sys.argv[1], "security.capability").hex())';
  for (const text of GOOD) {
    await runSuccessfully("setcap", [text, file]);
    const expected = (await runSuccessfully("python3", ["-c", script, file])).trim();
    assert.equal(Buffer.from(parseCapabilities(text) ?? []).toString("hex"), expected, text);
  }
  for (const text of BAD) assert.notEqual((await run("setcap", [text, file])).code, 0, text);
});
