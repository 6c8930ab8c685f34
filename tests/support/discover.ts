/** What is attached to an image in a registry, found as clients find it (OCI distribution specification 1.1). */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";

interface Entry {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface Discovery {
  /** How the list was found: by the registry's own, or by the tag that takes its place. */
  readonly by: "list" | "tag" | null;
  readonly referrers: readonly Entry[];
}

const INDEX = "application/vnd.oci.image.index.v1+json";
const MANIFEST = "application/vnd.oci.image.manifest.v1+json";

/** "Listing Referrers", and "Referrers Tag Schema" where the registry answers with 404. */
export async function discover(host: string, name: string, subject: string, artifactType?: string): Promise<Discovery> {
  const filter = artifactType === undefined ? "" : `?artifactType=${encodeURIComponent(artifactType)}`;
  const list = await fetch(`http://${host}/v2/${name}/referrers/${subject}${filter}`);
  const isKept = ({ artifactType: type }: Entry): boolean => artifactType === undefined || type === artifactType;
  if (list.status === 200) {
    assert.equal(list.headers.get("content-type"), INDEX);
    const { manifests } = (await list.json()) as { readonly manifests: readonly Entry[] };
    return { by: "list", referrers: manifests.filter(isKept) };
  }
  assert.equal(list.status, 404);
  const tag = subject.replace(":", "-");
  const answer = await fetch(`http://${host}/v2/${name}/manifests/${tag}`, { headers: { accept: INDEX } });
  if (answer.status === 404) return { by: null, referrers: [] };
  assert.deepEqual([answer.status, answer.headers.get("content-type")], [200, INDEX]);
  const index = (await answer.json()) as {
    readonly schemaVersion: number;
    readonly mediaType: string;
    readonly manifests: readonly Entry[];
  };
  assert.deepEqual([index.schemaVersion, index.mediaType], [2, INDEX]);
  return { by: "tag", referrers: index.manifests.filter(isKept) };
}

function assertIs(bytes: Buffer, { digest, size }: Pick<Entry, "digest" | "size">): void {
  assert.equal(bytes.length, size);
  assert.equal(`sha256:${createHash("sha256").update(bytes).digest("hex")}`, digest);
}

/** The document that an artifact has, when everything on the way to it is what its descriptor says. */
export async function fetchDocument(host: string, name: string, subject: string, entry: Entry): Promise<Buffer> {
  const get = async (path: string, accept: string): Promise<Buffer> => {
    const answer = await fetch(`http://${host}/v2/${name}/${path}`, { headers: { accept } });
    assert.equal(answer.status, 200, path);
    return Buffer.from(await answer.arrayBuffer());
  };
  assert.equal(entry.mediaType, MANIFEST);
  const bytes = await get(`manifests/${entry.digest}`, MANIFEST);
  assertIs(bytes, entry);
  const manifest = JSON.parse(bytes.toString());
  assert.equal(manifest.artifactType, entry.artifactType);
  assert.equal(manifest.subject.digest, subject);
  const image = await get(`manifests/${subject}`, MANIFEST);
  assertIs(image, manifest.subject);
  assert.deepEqual(manifest.annotations, entry.annotations);
  assertIs(await get(`blobs/${manifest.config.digest}`, "*/*"), manifest.config);
  assert.equal(manifest.layers.length, 1);
  const [layer] = manifest.layers;
  const document = await get(`blobs/${layer.digest}`, "*/*");
  assertIs(document, layer);
  return document;
}
