/** How commands that look into images take them. */

/** For their help. */
export const IMAGE_ARGUMENT = `An image is \`DIR[:TAG]\` of an OCI image layout, \`FILE[:TAG]\` of an archive of one (oci-archive), or either with
      \`@DIGEST\` in place of the tag, which may be left out where there is one image only.`;

/** For the option \`--arch\`. */
export const ARCHITECTURE =
  "Of an image of several platforms, the one for this architecture: rpm's name, or OCI's; this machine's by default";
