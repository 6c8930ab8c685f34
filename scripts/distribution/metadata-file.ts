/** The files of `repodata/`, written as a stream: file lists do not fit into memory. */
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";

/** What repomd.xml says of one file. */
export interface MetadataRecord {
  readonly type: string;
  readonly checksum: string;
  readonly size: number;
  readonly openChecksum: string;
  readonly openSize: number;
}

/** The root element, and the schema of its namespace, of each type of file. */
const documents = {
  primary: { root: "metadata", schema: "common" },
  filelists: { root: "filelists", schema: "filelists" },
} as const;

/** Writes a compressed file of `entries`, of which there are so many, into `folder`, which is `repodata` itself. */
export async function writeMetadataFile(
  folder: string,
  type: keyof typeof documents,
  packages: number,
  entries: AsyncIterable<string>,
): Promise<MetadataRecord> {
  const { root, schema } = documents[type];
  const openHash = createHash("sha256");
  let openSize = 0;
  async function* text(): AsyncGenerator<Buffer> {
    for await (const part of document(root, schema, packages, entries)) {
      const bytes = Buffer.from(part);
      openHash.update(bytes);
      openSize += bytes.length;
      yield bytes;
    }
  }
  const temporary = join(folder, `${type}.xml.gz`);
  await pipeline(text(), createGzip(), createWriteStream(temporary));
  const hash = createHash("sha256");
  let size = 0;
  for await (const chunk of createReadStream(temporary) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    size += chunk.length;
  }
  const record = { type, checksum: hash.digest("hex"), size, openChecksum: openHash.digest("hex"), openSize };
  renameSync(temporary, join(folder, nameOf(record)));
  return record;
}

export function writeRepomd(folder: string, records: readonly MetadataRecord[]): void {
  const data = records.map(
    (record) => `  <data type="${record.type}">
    <checksum type="sha256">${record.checksum}</checksum>
    <open-checksum type="sha256">${record.openChecksum}</open-checksum>
    <location href="repodata/${nameOf(record)}"/>
    <timestamp>0</timestamp>
    <size>${record.size}</size>
    <open-size>${record.openSize}</open-size>
  </data>
`,
  );
  const repomd = `<?xml version="1.0" encoding="UTF-8"?>
<repomd xmlns="http://linux.duke.edu/metadata/repo" xmlns:rpm="http://linux.duke.edu/metadata/rpm">
  <revision>0</revision>
${data.join("")}</repomd>
`;
  writeFileSync(join(folder, "repomd.xml"), repomd);
}

function nameOf({ checksum, type }: MetadataRecord): string {
  return `${checksum}-${type}.xml.gz`;
}

async function* document(
  root: string,
  schema: string,
  packages: number,
  entries: AsyncIterable<string>,
): AsyncGenerator<string> {
  const namespaces = `xmlns="http://linux.duke.edu/metadata/${schema}" xmlns:rpm="http://linux.duke.edu/metadata/rpm"`;
  yield `<?xml version="1.0" encoding="UTF-8"?>\n<${root} ${namespaces} packages="${packages}">\n`;
  yield* entries;
  yield `</${root}>\n`;
}
