/** RPM files on this machine, on their way into the root. */
import type { LockedPackage } from "./lockfile.js";
import type { Nevra } from "./nevra.js";

/** An RPM file whose bytes have the locked checksum, or a local RPM, for which nothing is locked but its name. */
export interface FetchedPackage {
  readonly path: string;
  /** Null for a local RPM. */
  readonly locked: LockedPackage | null;
}

declare const verified: unique symbol;

/** Made in `verify/` and nowhere else; `install/` accepts nothing else. */
export interface VerifiedPackage extends Nevra {
  readonly path: string;
  readonly [verified]: true;
}
