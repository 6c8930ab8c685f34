/** `node verify-stage.js KEY FILE...`: verifies RPM files with a key. Fails unless all are good. */
import { readFileSync } from "node:fs";
import { binding } from "../src/native/load.js";

const [key = "", ...files] = process.argv.slice(2);
const verifications = await binding().verifyPackages(files, [readFileSync(key, "utf8")]);
const bad = verifications.filter(({ verdict }) => verdict !== "good");
if (bad.length > 0) throw new Error(`${bad.length} packages are not good: ${bad[0]?.path} ${bad[0]?.verdict}`);
