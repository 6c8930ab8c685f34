/** The process in which packages are erased; see `erase.ts`. */
import { messageOf } from "../errors.js";
import { binding } from "../native/load.js";
import type { EraseAnswer, EraseMessage } from "./erase.js";

process.once("message", ({ root, dbPath, names }: EraseMessage) => {
  process.umask(0o022);
  const answer = (value: EraseAnswer): void => {
    process.send?.(value, () => process.disconnect());
  };
  try {
    answer({ result: binding().erasePackagesSync({ root, dbPath }, names) });
  } catch (error) {
    answer({ error: messageOf(error) });
  }
});
