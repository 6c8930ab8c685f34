/** Identifiers that depend on nothing but what they identify. */
import { createHash } from "node:crypto";
import type { InventoryPackage } from "../native/binding.js";

/** Of the names in the namespace of documents that this tool writes. */
const NAMESPACE = "0f6f2a2e-6c1c-5a55-9d0c-6f1b3c9f7e52";

/** A UUID of version 5 (RFC 9562, section 5.5) in a namespace of this tool's own. */
export function uuidOf(name: string): string {
  const hash = createHash("sha1")
    .update(Buffer.from(NAMESPACE.replaceAll("-", ""), "hex"))
    .update(name)
    .digest();
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x50;
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80;
  return hash.toString("hex", 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** Tells names apart that would be the same: each call returns a name that no call before returned. */
export function distinctNames(): (name: string) => string {
  const seen = new Set<string>();
  return (name) => {
    let distinct = name;
    for (let number = 2; seen.has(distinct); number += 1) distinct = `${name}-${number}`;
    seen.add(distinct);
    return distinct;
  };
}

/** `[epoch:]version-release`, without an epoch of 0. */
export function evrOf({ epoch, version, release }: InventoryPackage): string {
  return `${epoch ? `${epoch}:` : ""}${version}-${release}`;
}
