/** Events in words. */
import type { KeyChange, PackageChange, RpmociEvent } from "../index.js";

export type Verbosity = "error" | "warning" | "status" | "verbose" | "debug";

export interface Message {
  readonly level: Exclude<Verbosity, "error">;
  readonly verb: string;
  readonly text: string;
}

const RANK: Readonly<Record<Verbosity, number>> = { error: 0, warning: 1, status: 2, verbose: 3, debug: 4 };

/** Whether what has `level` is told to whoever asked for `verbosity`. */
export function shows(verbosity: Verbosity, level: Verbosity): boolean {
  return RANK[level] <= RANK[verbosity];
}

/** The line for an event; null for progress, which only a terminal shows. */
export function messageOfEvent(event: RpmociEvent): Message | null {
  const status = (verb: string, text: string): Message => ({ level: "status", verb, text });
  switch (event.type) {
    case "lockfile-outdated":
      return status("Generating", `new lock file. The existing lock file ${event.path} is not up-to-date.`);
    case "lockfile-written":
      return { level: "verbose", verb: "Wrote", text: event.path };
    case "lockfile-differs":
      return status("Differs", `${event.path}: the same packages, other checksums, keys or specifications`);
    case "lockfile-change":
      return describeChange(event.change);
    case "key-change":
      return describeKeyChange(event.change);
    case "architecture-started":
      return status("Target", `${event.arch} (${event.index} of ${event.total})`);
    case "metadata-started":
      return { level: "verbose", verb: "Reading", text: `metadata of repository ${event.repositoryId}` };
    case "metadata-reused":
      return {
        level: "verbose",
        verb: "Reusing",
        text: `metadata of repository ${event.repositoryId}, which is from ${ago(event.age)} (--refresh asks again)`,
      };
    case "resolve-started":
      return status("Resolving", "dependencies");
    case "resolve-finished":
      return status("Resolved", `${count(event.packages, "package")}`);
    case "download-started":
      return status(
        "Fetching",
        `${count(event.files, "package")}${event.bytes === undefined ? "" : ` (${megabytes(event.bytes)})`}`,
      );
    case "base-pulled":
      return status(
        "Fetching",
        `${count(event.blobs, "blob")} (${megabytes(event.bytes)}) of base image ${event.image}`,
      );
    case "base-unpacking":
      return status("Unpacking", `${count(event.layers, "layer")} of base image ${event.image}`);
    case "base-change":
      return describeBaseChange(event.image, event.from, event.to);
    case "verify-started":
      return status("Verifying", count(event.packages, "package"));
    case "engine-chosen":
      return status("Using", "librpm to install packages, as dnf was not found on PATH");
    case "emulation-chosen":
      return status("Using", describeEmulation(event));
    case "install-started":
      return status("Installing", count(event.packages, "package"));
    case "install-output":
      return { level: "verbose", verb: "", text: event.line };
    case "install-finished":
      return status("Installed", "packages successfully");
    case "package-excluded":
      return status("Excluded", event.package);
    case "layer-started":
      return status("Creating", "root filesystem layer");
    case "layers-reused":
      return status("Reusing", `${event.reused} of ${count(event.layers, "layer")}`);
    case "image-started":
      return status("Writing", "image manifest and config");
    case "image-written":
      return status(
        "Success",
        `image ${event.layout === null ? "" : `'${event.layout}:${event.tag}' `}created in ${event.seconds.toFixed(1)}s (${event.digest})`,
      );
    case "image-unchanged":
      return status("Unchanged", `image '${event.layout}:${event.tag}' is up to date (${event.digest})`);
    case "copy-started":
      return status("Copying", `${count(event.blobs, "blob")} (${megabytes(event.bytes)}) to ${event.destination}`);
    case "copy-finished":
      return status("Copied", `to ${event.destination} in ${event.seconds.toFixed(1)}s (${event.digest})`);
    case "documents-attached":
      return status("Attached", event.documents.join(", "));
    case "vendored":
      return status("Vendored", `${count(event.packages, "package")} in ${event.directory}`);
    case "warning":
      return { level: "warning", verb: "Warning", text: event.message };
    case "debug":
      return { level: "debug", verb: "Debug", text: event.message };
    case "download-progress":
    case "transfer-started":
    case "transfer-progress":
    case "transfer-finished":
    case "verify-progress":
    case "package-installing":
    case "scriptlet-started":
    case "scriptlet-finished":
    case "layer-progress":
    case "copy-progress":
      return null;
  }
}

function describeEmulation(event: RpmociEvent & { readonly type: "emulation-chosen" }): string {
  const { arch, emulation, interpreter, scriptlets, insteadOfDnf } = event;
  switch (emulation) {
    case "compatible":
      return `this machine's processor for scriptlets of ${arch}`;
    case "system":
      return `${interpreter ?? "an interpreter"}, which the system has in binfmt_misc, for scriptlets of ${arch}`;
    case "namespace":
      return `${interpreter}, in a user namespace, for scriptlets of ${arch}`;
    case "none": {
      const done = `${count(scriptlets ?? 0, "scriptlet")} done by rpmoci itself`;
      return `no emulation for ${arch}: files only, ${done}${insteadOfDnf ? ", installed by librpm instead of dnf" : ""}`;
    }
  }
}

function describeChange(change: PackageChange): Message {
  const where = change.arch === undefined ? "" : ` (${change.arch})`;
  switch (change.kind) {
    case "added":
      return { level: "status", verb: "Adding", text: `${change.name} ${change.evr}${where}` };
    case "updated":
      return { level: "status", verb: "Updating", text: `${change.name} ${change.from} -> ${change.to}${where}` };
    case "removed":
      return { level: "status", verb: "Removing", text: `${change.name} ${change.evr}${where}` };
  }
}

function describeBaseChange(image: string, from: string | null, to: string | null): Message {
  if (from === null) return { level: "status", verb: "Adding", text: `base image ${image} ${to}` };
  if (to === null) return { level: "status", verb: "Removing", text: `base image ${image} ${from}` };
  return { level: "status", verb: "Updating", text: `base image ${image} ${from} -> ${to}` };
}

function describeKeyChange({ kind, repositoryId, fingerprint }: KeyChange): Message {
  const key = `key ${fingerprint} of repository "${repositoryId}"`;
  switch (kind) {
    case "trusted":
      return { level: "warning", verb: "Warning", text: `${key} is new, and trusted from now on` };
    case "renewed":
      return { level: "status", verb: "Renewing", text: key };
    case "dropped":
      return { level: "status", verb: "Dropping", text: key };
  }
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

function ago(seconds: number): string {
  for (const [unit, length] of [
    ["day", 86_400],
    ["hour", 3600],
    ["minute", 60],
  ] as const) {
    if (seconds >= length) return `${count(Math.floor(seconds / length), unit)} ago`;
  }
  return `${count(seconds, "second")} ago`;
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
