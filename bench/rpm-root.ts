/** Roots that rpm alone makes, without scriptlets. */
import { execFileSync } from "node:child_process";

export const DATABASE_PATH = "/usr/lib/sysimage/rpm";

/** `-i` installs, `-U` replaces older versions as well. */
export function rpm(root: string, mode: "-i" | "-U", files: readonly string[]): void {
  const options = ["--nodeps", "--noscripts", "--notriggers", "--nosignature", "--nodigest"];
  const macros = ["--define", `_dbpath ${DATABASE_PATH}`, "--define", "_db_backend sqlite"];
  execFileSync("rpm", ["--root", root, ...macros, ...options, mode, ...files], { stdio: "ignore" });
}
