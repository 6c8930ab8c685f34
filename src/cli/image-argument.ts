/** For the help of commands that look into images. */
export const IMAGE_ARGUMENT = `An image is \`DIR[:TAG]\` of an OCI image layout, or \`FILE[:TAG]\` of an archive of one (oci-archive); the
      tag may be left out where there is one image only.`;
