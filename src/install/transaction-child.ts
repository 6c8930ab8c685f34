/** The process in which librpm changes a root; see `transaction.ts`. */
import { messageOf } from "../errors.js";
import { binding } from "../native/load.js";
import type { TransactionAnswer, TransactionMessage } from "./transaction.js";

process.once("message", (message: TransactionMessage) => {
  process.umask(0o022);
  const answer = (value: TransactionAnswer): void => {
    process.send?.(value, () => process.disconnect());
  };
  try {
    const { erase, install } = message;
    if (erase !== undefined) answer({ erased: binding().erasePackagesSync(erase.database, erase.names) });
    if (install !== undefined) answer({ installed: binding().installPackagesSync(install) });
  } catch (error) {
    answer({ error: messageOf(error) });
  }
});
