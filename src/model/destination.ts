/** Where an image can go. */

/** A repository of a registry (OCI distribution specification, "Pulling manifests", `<name>`). */
export interface Repository {
  /** A host name, with a port where it has one. */
  readonly registry: string;
  readonly name: string;
}

/** Each without a tag gets the tags that are given for all. */
export type Destination =
  | { readonly kind: "layout"; readonly directory: string; readonly tag: undefined }
  | { readonly kind: "oci-archive"; readonly file: string; readonly tag: string | undefined }
  /** Without a name, the image is loaded without one. */
  | {
      readonly kind: "docker-archive";
      readonly file: string;
      readonly name: string | undefined;
      readonly tag: string | undefined;
    }
  | {
      readonly kind: "engine";
      readonly engine: "docker" | "podman";
      readonly name: string;
      readonly tag: string | undefined;
    }
  | { readonly kind: "registry"; readonly repository: Repository; readonly tag: string | undefined };
