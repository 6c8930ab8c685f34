import { existsSync } from "node:fs";
import { Command, Option } from "clipanion";
import { build, RpmociError, tagUnchanged } from "../../index.js";
import { RepositoryCommand, type Run, required } from "../command.js";
import { needsUserNamespace, runInUserNamespace } from "../user-namespace.js";

export class BuildCommand extends RepositoryCommand {
  static override paths = [["build"]];
  static override usage = Command.Usage({
    description: "Build an OCI image",
    details: `
      Installs the locked packages into an empty root and adds it to an OCI image layout. Without a lockfile that fits
      the manifest, one is made first and written beside the manifest; \`--locked\` makes that an error.
    `,
    examples: [["Build ./rpmoci.toml into ./image", "rpmoci build --image image --tag latest"]],
  });

  image = Option.String("--image", { description: "OCI image layout to create or add to (required)" });
  tag = Option.String("--tag", { description: "Tag of the image; one that exists is replaced (required)" });
  locked = Option.Boolean("--locked", false, { description: "Fail when the lockfile is missing or out of date" });
  labels = Option.Array("--label", [], { description: "KEY=VALUE; wins over the manifest's labels" });
  annotations = Option.Array("--annotation", [], { description: "KEY=VALUE; wins over the manifest's annotations" });

  gitAnnotations = Option.Boolean("--git-annotations", false, {
    description: "Annotate the image with the commit and the origin of the git clone that the manifest is in",
  });

  vendorDirectory = Option.String("--vendor-dir", { description: "Take the packages from this folder" });

  engine = Option.String("--engine", {
    description: "dnf or rpm: what installs the packages; dnf where there is one. The image is the same",
  });

  sandbox = Option.Boolean("--sandbox", {
    description:
      "Fail when scriptlets cannot be shut in a sandbox; --no-sandbox does without; by default there is one if possible",
  });

  scriptletTimeout = Option.String("--scriptlet-timeout", {
    description: "Stop a scriptlet after so many seconds (600; 0 lets it run)",
  });

  cache = Option.Boolean("--cache", true, {
    description: "Use layers and images that earlier builds made of the same inputs; --no-cache makes all anew",
  });

  previous = Option.String("--previous", {
    description: "LAYOUT[:TAG]: use layers of an earlier image that is in another layout",
  });

  refresh = Option.Boolean("--refresh", false, {
    description: "Ask repositories for their metadata even when what is kept of it has not expired",
  });

  protected async run(run: Run): Promise<number> {
    const layout = required("--image", this.image);
    const tag = required("--tag", this.tag);
    const labels = Object.fromEntries(this.labels.map((text) => parsePair("--label", "LABEL_INVALID", text)));
    const annotations = parseAnnotations(this.annotations);
    const { locked, gitAnnotations, vendorDirectory, sandbox, cache, refresh } = this;
    const scriptletTimeout = this.scriptletTimeout === undefined ? undefined : parseSeconds(this.scriptletTimeout);
    const engine = this.engine === undefined ? undefined : parseEngine(this.engine);
    const previous = this.previous === undefined ? undefined : parsePrevious(this.previous);
    const request = {
      ...this.commonOptions(run),
      layout,
      tag,
      locked,
      vendorDirectory,
      engine,
      sandbox,
      scriptletTimeout,
      labels,
      annotations,
      gitAnnotations,
      cache,
      previous,
      refresh,
    };
    if (needsUserNamespace()) {
      return (await tagUnchanged(request)) === null ? runInUserNamespace(process.argv.slice(1), run.emit) : 0;
    }
    await build(request);
    return 0;
  }
}

function parseEngine(text: string): "dnf" | "rpm" {
  if (text === "dnf" || text === "rpm") return text;
  throw new RpmociError(`--engine: \`${text}\` is neither dnf nor rpm.`, { kind: "usage", code: "ENGINE_INVALID" });
}

function parseSeconds(text: string): number {
  if (/^\d{1,7}$/.test(text)) return Number(text);
  throw new RpmociError(`--scriptlet-timeout: \`${text}\` is not a number of seconds.`, {
    kind: "usage",
    code: "SCRIPTLET_TIMEOUT_INVALID",
  });
}

/** A directory may have a colon in its name. */
function parsePrevious(text: string): { readonly layout: string; readonly tag?: string } {
  const [, layout, tag] = /^(.+):([^/]+)$/.exec(text) ?? [];
  if (layout !== undefined && tag !== undefined && !existsSync(text)) return { layout, tag };
  return { layout: text };
}

function parsePair(option: string, code: string, text: string): readonly [string, string] {
  const index = text.indexOf("=");
  if (index > 0) return [text.slice(0, index), text.slice(index + 1)];
  throw new RpmociError(`${option}: \`${text}\` should be of the form KEY=VALUE.`, { kind: "usage", code });
}

/** The name of the tag is the layout's to write. */
function parseAnnotations(texts: readonly string[]): Readonly<Record<string, string>> | undefined {
  if (texts.length === 0) return undefined;
  const pairs = texts.map((text) => parsePair("--annotation", "ANNOTATION_INVALID", text));
  const tag = pairs.find(([key]) => key === "org.opencontainers.image.ref.name");
  if (tag === undefined) return Object.fromEntries(pairs);
  throw new RpmociError(`--annotation: ${tag[0]} is the tag.`, {
    kind: "usage",
    code: "ANNOTATION_INVALID",
    hint: "give it with --tag",
  });
}
