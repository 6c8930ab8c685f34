import assert from "node:assert/strict";
import { once } from "node:events";
import test from "node:test";
import { watched } from "../../src/install/watchdog.js";

const told: readonly (readonly [string, string, string])[] = [
  ["dnf 4's", "  Installing       : app-1-1.noarch       3/5", "`Installing : app-1-1.noarch 3/5`"],
  ["librpm's", "Running %post of app-1-1.noarch", "`Running %post of app-1-1.noarch`"],
  [
    "dnf 5's, which has ended",
    "[4/5] Installing app-0:1-1.noarch        100% | 12.2 KiB/s | 100.0   B |  00m00s",
    "what comes after `[4/5] Installing app-0:1-1.noarch`",
  ],
  ["nothing", "a scriptlet printed this", "a scriptlet"],
];
for (const [what, line, name] of told) {
  test(`a step that hangs is called by the last line that told of one: ${what}`, async () => {
    const options = { task: "install packages", limit: 0.1, directory: "/" };
    const heard: string[] = [];
    const hanging = watched(
      options,
      (event) => heard.push(event.type),
      async (abort, emit) => {
        emit({ type: "install-output", line });
        await once(abort, "abort");
        throw abort.reason;
      },
    );
    await assert.rejects(hanging, {
      code: "SCRIPTLET_TIMEOUT",
      message: `failed to install packages: ${name} did not end within 0.1 s and was stopped`,
      details: [line],
    });
    assert.deepEqual(heard, ["install-output"]);
  });
}
