import { Command, Option } from "clipanion";
import {
  type BuildOptions,
  type BuildResult,
  build,
  checkDestinations,
  checkReachable,
  type Destination,
  type Emit,
  parseDestination,
  parseImageReference,
  push,
  RpmociError,
  tagImage,
  tagUnchanged,
  withTemporaryLayout,
} from "../../index.js";
import { JSON_RESULT, ResolvingCommand, type Run, required } from "../command.js";
import { parseAnnotations, parseLabels } from "../labels.js";
import { DESTINATIONS, IMAGE_REFERENCES, writePushed } from "../pushed.js";
import { parseSbomFormats } from "../sbom-formats.js";
import { needsUserNamespace, runInUserNamespace } from "../user-namespace.js";

/** What `--json` has. */
type PrintedResult = Pick<BuildResult, "layout" | "tag" | "digest" | "images" | "unchanged"> & {
  readonly packages: number;
};

function resultOf({ layout, tag, digest, images, unchanged, lockfile }: BuildResult): PrintedResult {
  return { layout, tag, digest, images, unchanged, packages: lockfile.packages.length };
}

export class BuildCommand extends ResolvingCommand {
  static override paths = [["build"]];
  static override usage = Command.Usage({
    description: "Build an OCI image",
    details: `
      Installs the locked packages into an empty root and adds it to an OCI image layout. Without a lockfile that fits
      the manifest, one is made first and written beside the manifest; \`--locked\` makes that an error.

      The image can go elsewhere, too. ${DESTINATIONS} Its digest is printed on standard output.
    `,
    examples: [
      ["Build ./rpmoci.toml into ./image", "rpmoci build --image image --tag latest"],
      [
        "Build, and push under two tags",
        "rpmoci build --image registry:registry.example.com/app --tag 1.0 --tag latest",
      ],
    ],
  });

  images = Option.Array("--image", [], {
    description: "OCI image layout to create or add to, or another destination (required, repeatable)",
  });

  tags = Option.Array("--tag", [], {
    description: "Tag of the image; one that exists is replaced (required where a destination has none, repeatable)",
  });

  locked = Option.Boolean("--locked", false, { description: "Fail when the lockfile is missing or out of date" });
  archs = Option.Array("--arch", [], {
    description: "Architecture to build for, such as aarch64, over those of the manifest; several give an image index",
  });
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

  imageReferences = Option.String("--image-refs", { description: IMAGE_REFERENCES });
  digestFile = Option.String("--digest-file", { description: "Write the image's digest to this file" });

  /** Where the process in a user namespace builds; the one outside copies the image to where it belongs. */
  onlyLayout = Option.String("--only-layout", { hidden: true });

  refresh = Option.Boolean("--refresh", false, {
    description: "Ask repositories for their metadata even when what is kept of it has not expired",
  });

  sbom = Option.String("--sbom", {
    description: "spdx, cyclonedx, or both with a comma: attach bills of materials to the image",
  });

  sbomFiles = Option.Boolean("--sbom-files", false, {
    description: "Bills of materials list the packages' files, too",
  });
  provenance = Option.Boolean("--provenance", false, { description: "Attach SLSA provenance to the image" });
  builderId = Option.String("--builder-id", {
    description: "URI of the system that runs the build, for the provenance",
  });
  sbomDirectory = Option.String("--sbom-dir", {
    description: "Write what is attached as files, too: TAG.spdx.json, TAG.cdx.json, TAG.intoto.json",
  });

  json = Option.Boolean("--json", false, { description: JSON_RESULT });

  protected async run(run: Run): Promise<number> {
    const destinations = this.#destinations();
    const own = destinations.findIndex(({ kind }) => kind === "layout");
    const target = destinations[own];
    const options = this.#options(run);
    if (target?.kind === "layout") {
      // It is built into, and whatever else there is gets the image from it.
      const others = this.images.filter((_, index) => index !== own);
      return this.#buildAndCopy({ ...options, layout: target.directory, tag: required("--tag", this.tags[0]) }, others);
    }
    const emit = withoutLayout(run.emit);
    // Files that tell about the image are named after it.
    const tag = this.tags[0] ?? destinations.find((destination) => destination.tag !== undefined)?.tag ?? "image";
    return withTemporaryLayout(options, (layout) => this.#buildAndCopy({ ...options, emit, layout, tag }, this.images));
  }

  /** Throws an `RpmociError` of kind `usage` where the command line says too little of them, or what cannot be. */
  #destinations(): readonly Destination[] {
    required("--image", this.images[0]);
    checkDestinations(this.images, this.tags);
    const destinations = this.images.map(parseDestination);
    if (destinations.some((destination) => destination.tag === undefined)) required("--tag", this.tags[0]);
    if (this.offline && destinations.some(({ kind }) => kind === "registry")) {
      throw new RpmociError("nothing can be pushed to a registry offline", {
        kind: "usage",
        code: "OPTIONS_CONFLICT",
        hint: "build into a layout, and push it later with: rpmoci push",
      });
    }
    return destinations;
  }

  async #buildAndCopy(options: BuildOptions & Run, destinations: readonly string[]): Promise<number> {
    if (this.onlyLayout !== undefined) {
      this.printJson(resultOf(await build({ ...options, layout: this.onlyLayout })));
      return 0;
    }
    const { tags } = this;
    const copies = { ...options, tags, destinations };
    // Nobody wants to wait for an image that cannot go anywhere.
    await checkReachable(copies);
    const built = await this.#build(options);
    if (typeof built === "number") return built;
    const { layout: path, tag, digest } = built;
    if (tags.length > 1 && tag === tags[0]) await tagImage(path, tag, tags);
    const pushed =
      destinations.length === 0 ? { digest, references: [] } : await push({ ...copies, image: { path, tag } });
    await writePushed(pushed, this);
    if (this.json) {
      // One that nobody named is gone in a moment.
      const isNamed = this.images.some((image) => parseDestination(image).kind === "layout");
      this.printJson({ ...built, layout: isNamed ? path : null });
    } else {
      this.print(`${digest}\n`);
    }
    return 0;
  }

  /** The exit code of a process in a user namespace that did not succeed, which has said why. */
  async #build(options: BuildOptions & Run): Promise<PrintedResult | number> {
    if (!needsUserNamespace()) return resultOf(await build(options));
    const known = await tagUnchanged(options);
    if (known !== null) return resultOf(known);
    let output = "";
    const args = [...process.argv.slice(1), "--only-layout", options.layout];
    const code = await runInUserNamespace(args, options.emit, (text) => {
      output += text;
    });
    return code === 0 ? JSON.parse(output) : code;
  }

  /** What the image is built of, and how. */
  #options(run: Run): Omit<BuildOptions, "layout" | "tag"> & Run {
    const { locked, vendorDirectory, sandbox, cache, refresh, gitAnnotations, sbomFiles, provenance, sbomDirectory } =
      this;
    const sbom = this.sbom === undefined ? [] : parseSbomFormats("--sbom", this.sbom, 2);
    if (sbom.length === 0 && (sbomFiles || (sbomDirectory !== undefined && !provenance))) {
      const [option, others] = sbomFiles ? ["--sbom-files", "--sbom"] : ["--sbom-dir", "--sbom or --provenance"];
      throw new RpmociError(`${option} needs ${others}`, { kind: "usage", code: "OPTION_MISSING" });
    }
    if (this.builderId !== undefined && !provenance) {
      throw new RpmociError("--builder-id needs --provenance", { kind: "usage", code: "OPTION_MISSING" });
    }
    return {
      ...this.commonOptions(run),
      locked,
      archs: this.archs,
      vendorDirectory,
      engine: this.engine === undefined ? undefined : parseEngine(this.engine),
      sandbox,
      scriptletTimeout: this.scriptletTimeout === undefined ? undefined : parseSeconds(this.scriptletTimeout),
      labels: parseLabels(this.labels),
      annotations: parseAnnotations(this.annotations),
      gitAnnotations,
      cache,
      previous: this.previous === undefined ? undefined : parsePrevious(this.previous),
      refresh,
      sbom,
      sbomFiles,
      provenance,
      builderId: this.builderId === undefined ? undefined : parseBuilderId(this.builderId),
      sbomDirectory,
    };
  }
}

/** Nobody needs to know of a layout that is gone in a moment. */
function withoutLayout(emit: Emit): Emit {
  return (event) => emit(event.type === "image-written" ? { ...event, layout: null } : event);
}

function parseEngine(text: string): "dnf" | "rpm" {
  if (text === "dnf" || text === "rpm") return text;
  throw new RpmociError(`--engine: \`${text}\` is neither dnf nor rpm.`, { kind: "usage", code: "ENGINE_INVALID" });
}

function parseBuilderId(text: string): string {
  if (URL.canParse(text)) return text;
  throw new RpmociError(`--builder-id: \`${text}\` is not a URI.`, {
    kind: "usage",
    code: "BUILDER_ID_INVALID",
    hint: "give that by which verifiers know the system, such as https://ci.example.com/builder",
  });
}

function parseSeconds(text: string): number {
  if (/^\d{1,7}$/.test(text)) return Number(text);
  throw new RpmociError(`--scriptlet-timeout: \`${text}\` is not a number of seconds.`, {
    kind: "usage",
    code: "SCRIPTLET_TIMEOUT_INVALID",
  });
}

function parsePrevious(text: string): { readonly layout: string; readonly tag?: string } {
  const { path: layout, tag } = parseImageReference(text);
  return tag === undefined ? { layout } : { layout, tag };
}
