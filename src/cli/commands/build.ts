import { Command, Option } from "clipanion";
import { build, type CommonOptions, type Emit, RpmociError } from "../../index.js";
import { RpmociCommand, required } from "../command.js";
import { needsUserNamespace, runInUserNamespace } from "../user-namespace.js";

export class BuildCommand extends RpmociCommand {
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
  vendorDirectory = Option.String("--vendor-dir", { description: "Take the packages from this folder" });

  refresh = Option.Boolean("--refresh", false, {
    description: "Ask repositories for their metadata even when what is kept of it has not expired",
  });

  protected async run(options: CommonOptions & { readonly emit: Emit }): Promise<number> {
    const layout = required("--image", this.image);
    const tag = required("--tag", this.tag);
    const labels = Object.fromEntries(this.labels.map(parseLabel));
    if (needsUserNamespace()) return runInUserNamespace(process.argv.slice(1));
    const { locked, vendorDirectory, refresh } = this;
    await build({ ...options, layout, tag, locked, vendorDirectory, labels, refresh });
    return 0;
  }
}

function parseLabel(text: string): readonly [string, string] {
  const index = text.indexOf("=");
  if (index > 0) return [text.slice(0, index), text.slice(index + 1)];
  throw new RpmociError(`--label: \`${text}\` should be of the form KEY=VALUE.`, {
    kind: "usage",
    code: "LABEL_INVALID",
  });
}
