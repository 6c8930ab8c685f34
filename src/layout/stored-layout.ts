/** A layout that is read: its index, and the documents that it leads to. */
import { createHash } from "node:crypto";
import * as v from "valibot";
import { messageOf, type RpmociError } from "../errors.js";
import { ANNOTATION_REF_NAME, type Descriptor, type Digest } from "../model/descriptor.js";
import { algorithmOf } from "./algorithm.js";
import { type BlobStore, type Extent, openBlobStore, readBlob, readStoredDocument } from "./blob-store.js";
import { LARGEST_INDEX } from "./document.js";
import { damaged, unknownImage } from "./image-faults.js";
import { formatReference, type ImageReference } from "./image-reference.js";
import { INDEX_FILE, indexSchema, LAYOUT_FILE } from "./index-file.js";
import { descriptorSchema } from "./schemas.js";

export class StoredLayout {
  private constructor(
    /** What the user asked for; errors tell it. */
    readonly reference: ImageReference,
    readonly store: BlobStore,
    /** Of `index.json`, as far as they were looked at: none need be valid. */
    readonly entries: readonly Descriptor[],
  ) {}

  /**
   * The layout, or the archive of one, that a reference names. Throws an `RpmociError` of kind `usage` when none is
   * there, of kind `verify` for a damaged index.
   */
  static async open(reference: ImageReference): Promise<StoredLayout> {
    const { path } = reference;
    let store: BlobStore;
    let index: Buffer;
    try {
      store = await openBlobStore(path);
      await readStoredDocument(store, LAYOUT_FILE).catch((error: unknown) => {
        throw new Error(`${LAYOUT_FILE}: ${messageOf(error)}`);
      });
      index = await readStoredDocument(store, INDEX_FILE, LARGEST_INDEX).catch((error: unknown) => {
        throw new Error(`${INDEX_FILE}: ${messageOf(error)}`);
      });
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const reason = code === "ENOENT" ? "nothing is there" : messageOf(error);
      throw unknownImage(
        `there is no OCI image layout at ${path}: ${reason}`,
        "an image is DIR[:TAG] of a layout, or FILE[:TAG] of an archive of one",
        error,
      );
    }
    const { manifests } = parseDocument(index, indexSchema, INDEX_FILE, path);
    return new StoredLayout(reference, store, manifests as unknown as readonly Descriptor[]);
  }

  /** The image, as the user named it. */
  get name(): string {
    return formatReference(this.reference);
  }

  /** Where a blob is; null when it is missing. Throws an `RpmociError` of kind `verify` when that cannot be told. */
  async find(digest: Digest): Promise<Extent | null> {
    return this.store.find(blobName(digest)).catch((error: unknown) => {
      throw this.damaged(digest, messageOf(error), error);
    });
  }

  /** The stored bytes of a blob, verified by nobody. Throws for one that is missing, and what reading throws. */
  open(digest: Digest): AsyncIterable<Buffer> {
    return readBlob(this.store, blobName(digest));
  }

  /** The bytes of a document. Throws an `RpmociError` of kind `verify` unless they are what its descriptor says. */
  async readBytes(descriptor: Descriptor): Promise<Buffer> {
    const { digest, size } = descriptor;
    if (!v.is(descriptorSchema, descriptor)) throw this.damaged(digest, "its descriptor is not valid");
    const algorithm = algorithmOf(digest);
    if (algorithm === undefined) throw this.damaged(digest, "its digest is of an unknown kind");
    let bytes: Buffer;
    try {
      bytes = await readStoredDocument(this.store, blobName(digest));
    } catch (error) {
      throw this.damaged(digest, messageOf(error), error);
    }
    const actual = `${algorithm}:${createHash(algorithm).update(bytes).digest("hex")}`;
    if (actual !== digest) throw this.damaged(digest, `its bytes are those of ${actual}`);
    if (bytes.length === size) return bytes;
    throw this.damaged(digest, `it has ${bytes.length} bytes, and its descriptor says ${size}`);
  }

  /** A document of that shape. Throws as `readBytes` and `parse`. */
  async readJson<S extends v.GenericSchema>(descriptor: Descriptor, schema: S): Promise<v.InferOutput<S>> {
    return this.parse(await this.readBytes(descriptor), schema, descriptor.digest);
  }

  /** Throws an `RpmociError` of kind `verify` for bytes that are no document of that shape; `subject` is what they are. */
  parse<S extends v.GenericSchema>(bytes: Buffer, schema: S, subject: string): v.InferOutput<S> {
    return parseDocument(bytes, schema, subject, this.name);
  }

  damaged(subject: string, reason: string, cause?: unknown): RpmociError {
    return damaged(this.name, subject, reason, cause);
  }
}

/** The name that a blob has in a layout (OCI image specification, "Image Layout", "Blobs"). */
export function blobName(digest: Digest): string {
  return `blobs/${digest.replace(":", "/")}`;
}

export function tagOf({ annotations }: Descriptor): string | undefined {
  return annotations?.[ANNOTATION_REF_NAME];
}

/** Throws an `RpmociError` of kind `verify` for bytes that are no document of that shape; `subject` is what they are. */
export function parseDocument<S extends v.GenericSchema>(
  bytes: Buffer,
  schema: S,
  subject: string,
  name: string,
): v.InferOutput<S> {
  let document: unknown;
  try {
    document = JSON.parse(bytes.toString());
  } catch (error) {
    throw damaged(name, subject, messageOf(error), error);
  }
  const result = v.safeParse(schema, document);
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw damaged(name, subject, `${v.getDotPath(issue) ?? "the document"}: ${issue.message}`);
}
