/** Why packages are asked for, and why they cannot be had. */
import type { ChainLink, HiddenPackage, PackageRequest, ProblemRule } from "../native/binding.js";

/** What was asked for, and where. */
export interface LocatedRequest extends PackageRequest {
  /** Absolute path of the manifest; null for a request that no manifest makes. */
  readonly file: string | null;
  /** From 1; null when it is not known. */
  readonly line: number | null;
  /**
   * `packages`: the manifest lists it; `os_release`: the manifest asks for /etc/os-release by that key or its default;
   * `local-package`: the lockfile has it as a requirement of the local package `localPackage`.
   */
  readonly reason: "packages" | "os_release" | "local-package";
  /** The specification in the manifest that means the local RPM, or the name of the locked local package. */
  readonly localPackage: string | null;
}

/** The shortest way from the manifest to a package. */
export interface LocatedChain {
  readonly request: LocatedRequest;
  /** At least one; the last is the package in question. */
  readonly links: readonly ChainLink[];
}

export type LocatedRule = Omit<ProblemRule, "request" | "packageChain" | "otherChain"> & {
  readonly request: LocatedRequest | null;
  readonly packageChain: LocatedChain | null;
  readonly otherChain: LocatedChain | null;
};

export type ResolutionProblem =
  | {
      readonly kind: "unmatched-spec";
      readonly request: LocatedRequest;
      /** Packages that would match, but for one thing. */
      readonly hidden: readonly HiddenPackage[];
      /** Names that resemble it, the closest first. */
      readonly similar: readonly string[];
    }
  | {
      /** Requirements, conflicts and requests that cannot all be met. */
      readonly kind: "unsolvable";
      /** The most telling first. */
      readonly rules: readonly LocatedRule[];
    };

/** Finds where a request comes from. */
export type Locate = (request: PackageRequest) => LocatedRequest;
