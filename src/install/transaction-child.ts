/** The process in which a root is changed; see `transaction.ts`. */
import { spawn } from "node:child_process";
import { writeSync } from "node:fs";
import { messageOf } from "../errors.js";
import { binding } from "../native/load.js";
import { chooseEmulation } from "./choose-emulation.js";
import type { Emulation } from "./emulation.js";
import type { ProcessResult } from "./process.js";
import { Performer } from "./scriptlets/perform.js";
import type { TransactionAnswer, TransactionMessage, TransactionMessageBack, TransactionWork } from "./transaction.js";

process.once("message", (message: TransactionMessage) => {
  process.umask(0o022);
  // What a power failure leaves of a root that is being made, nobody wants.
  binding().ignoreSynchronizationSync();
  const { sandbox, interpreter } = message;
  try {
    if (interpreter !== null) binding().registerInterpreterSync(interpreter);
  } catch (error) {
    end({ kind: "answer", answer: { error: messageOf(error) } });
    return;
  }
  if (sandbox !== null) {
    try {
      binding().enterSandboxSync(sandbox);
    } catch (error) {
      end({ kind: "refused", reason: messageOf(error) });
      return;
    }
    process.send?.({ kind: "sandboxed" } satisfies TransactionMessageBack);
  }
  perform(message).then(
    (answer) => end({ kind: "answer", answer }),
    (error) => end({ kind: "answer", answer: { error: messageOf(error) } }),
  );
});

function end(message: TransactionMessageBack): void {
  process.send?.(message, () => process.disconnect());
}

async function perform({ erase, install, run, emulate, actions }: TransactionWork): Promise<TransactionAnswer> {
  const now = Number(process.env.SOURCE_DATE_EPOCH ?? 0);
  const performer = actions && new Performer(actions, now, say);
  const answer: TransactionAnswer =
    erase !== undefined
      ? { erased: binding().erasePackagesSync(erase.database, erase.names, performer?.perform) }
      : install !== undefined
        ? { installed: binding().installPackagesSync(install, performer?.perform) }
        : run !== undefined
          ? { ran: await runProgram(run) }
          : { emulations: await emulationsOf(emulate) };
  return performer === undefined ? answer : { ...answer, failedActions: performer.failed };
}

async function emulationsOf(emulate: TransactionWork["emulate"]): Promise<readonly Emulation[]> {
  if (emulate === undefined) return [];
  const { RPMOCI_ADDON, ...environment } = process.env;
  return Promise.all(emulate.arches.map((arch) => chooseEmulation(arch, { environment, scratch: emulate.scratch })));
}

/** Where scriptlets print, before librpm says what comes next. */
function say(line: string): void {
  writeSync(1, `${line}\n`);
}

/** One pipe for both outputs keeps their lines in order. */
function runProgram([program, ...args]: readonly [string, ...string[]]): Promise<ProcessResult> {
  const { RPMOCI_ADDON, ...env } = process.env;
  const child = spawn(program, args, { env, stdio: ["ignore", 1, 1] });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ code, signal }));
  });
}
