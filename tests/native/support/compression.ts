/** The compressions that metadata comes in, by the system's own tools: Node has not all of them. */
import { execFileSync } from "node:child_process";
import { toolEnvironment } from "./rpm-tools.js";

export const compressions = ["gzip", "xz", "bzip2", "zstd"] as const;
export type Compression = (typeof compressions)[number];

const arguments_: Record<Compression, readonly string[]> = {
  gzip: ["-c", "-n"],
  xz: ["-c", "-1"],
  bzip2: ["-c"],
  zstd: ["-c", "-q"],
};

export function compress(compression: Compression, bytes: Uint8Array): Buffer {
  return execFileSync(compression, arguments_[compression], {
    input: bytes,
    env: toolEnvironment,
    maxBuffer: 64 << 20,
  });
}
