/** Pushes an image: its blobs, then its documents, then its tags (OCI distribution specification, "Push"). */
import { createHash } from "node:crypto";
import pMap from "p-map";
import * as v from "valibot";
import type { Emit } from "../events.js";
import { type Descriptor, type Digest, MEDIA_TYPE } from "../model/descriptor.js";
import type { ImageDocument, LayoutImage } from "../model/layout-image.js";
import { BlobUpload, type CountBytes } from "./blob-upload.js";
import type { PushRecords } from "./push-records.js";
import type { RegistryClient } from "./registry-client.js";

/** Blobs that are uploaded at a time. */
const CONCURRENT = 4;

export interface PushRequest {
  readonly image: LayoutImage;
  /** Without any, the image is there by its digest. */
  readonly tags: readonly string[];
  readonly records: PushRecords;
  readonly emit: Emit;
  readonly count: CountBytes;
}

/**
 * Pushes all that the image leads to and what is attached to it. Nothing gets a tag before everything is there. What the
 * registry has is not sent again. Throws an `RpmociError` of kind `output`, and the signal's reason.
 */
export async function pushImage(
  client: RegistryClient,
  { image, tags, records, emit, count }: PushRequest,
): Promise<void> {
  await pMap(image.blobs, (blob) => new BlobUpload(client, records, blob, count, emit).run(), {
    concurrency: CONCURRENT,
  });
  for (const document of image.documents) {
    const references = document === image.top && tags.length > 0 ? tags : [document.descriptor.digest];
    let lists = true;
    for (const reference of references) lists = await putDocument(client, document, reference);
    if (document.subject !== undefined && !lists) await listReferrer(client, document, document.subject);
  }
}

/** Whether the registry lists by itself what is attached to an image. */
async function putDocument(client: RegistryClient, document: ImageDocument, reference: string): Promise<boolean> {
  const { descriptor, bytes } = document;
  const what = `the manifest ${reference}`;
  const headers = { "content-type": descriptor.mediaType };
  const answer = await client.request("PUT", client.url(`manifests/${reference}`), { what, headers, body: bytes });
  if (answer.status < 200 || answer.status >= 300) throw client.faults.of(answer, what);
  const [stored = descriptor.digest] = answer.lines("docker-content-digest");
  if (stored !== descriptor.digest) {
    throw client.faults.make(
      "REGISTRY_REFUSED",
      `${client.repository.registry} changes ${what}: it is ${stored} there, and not ${descriptor.digest}`,
    );
  }
  return answer.lines("oci-subject").length > 0;
}

const listSchema = v.looseObject({
  manifests: v.nullish(v.array(v.looseObject({ digest: v.string() })), []),
});

/** The registry has no list of its own ("Pushing Manifests with Subject", "Referrers Tag Schema"). */
async function listReferrer(client: RegistryClient, document: ImageDocument, subject: Digest): Promise<void> {
  const tag = subject.replace(":", "-");
  const what = `the manifest ${tag}`;
  const url = client.url(`manifests/${tag}`);
  const answer = await client.request("GET", url, { what, headers: { accept: MEDIA_TYPE.index } });
  if (answer.status !== 200 && answer.status !== 404) throw client.faults.of(answer, what);
  let list: v.InferOutput<typeof listSchema> = { manifests: [] };
  try {
    if (answer.status === 200) list = v.parse(listSchema, JSON.parse(answer.body.toString()));
  } catch {
    throw client.faults.make("REGISTRY_REFUSED", `${tag} there is not a list of what is attached to an image`);
  }
  const { descriptor, artifactType, annotations } = document;
  const listed = list.manifests ?? [];
  if (listed.some(({ digest }) => digest === descriptor.digest)) return;
  const entry = { ...descriptor, ...(artifactType && { artifactType }), ...(annotations && { annotations }) };
  const bytes = Buffer.from(
    JSON.stringify({ ...list, schemaVersion: 2, mediaType: MEDIA_TYPE.index, manifests: [...listed, entry] }),
  );
  const digest: Digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  const index: Descriptor = { mediaType: MEDIA_TYPE.index, digest, size: bytes.length };
  await putDocument(
    client,
    { descriptor: index, bytes, subject: undefined, artifactType: undefined, annotations: undefined },
    tag,
  );
}
