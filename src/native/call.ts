/** Calls into the addon: its errors become `RpmociError`s with the caller's stack. */
import { type ErrorKind, RpmociError } from "../errors.js";

/** Every code that the addon rejects with; another one is a defect of the addon. */
const KIND_OF_CODE: Readonly<Record<string, ErrorKind>> = {
  REPOSITORY_UNREADABLE: "fetch",
  METADATA_UNREADABLE: "fetch",
  RPM_UNREADABLE: "verify",
  KEY_UNREADABLE: "verify",
  BASE_UNPACK_FAILED: "install",
  RPMDB_UNREADABLE: "install",
  RPMDB_UNSUPPORTED: "install",
  RPMDB_WRITE: "output",
  RPM_CONFIGURATION: "environment",
  LAYER_READ: "output",
  LAYER_WRITE: "output",
  POOL_CLOSED: "usage",
};

/** Awaits `promise`, which came from the addon. */
export async function nativeCall<T>(promise: Promise<T>): Promise<T> {
  const caller = new Error("called from");
  try {
    return await promise;
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    const kind = KIND_OF_CODE[code ?? ""];
    if (kind === undefined || code === undefined) throw error;
    const failure = new RpmociError(message, { kind, code });
    failure.stack = `${failure.name}: ${message}\n${caller.stack?.split("\n").slice(2).join("\n") ?? ""}`;
    throw failure;
  }
}
