/**
 * What the OCI image specification demands of its documents; other keys are allowed. An optional member may be null, which
 * is the same as leaving it out ("Image Configuration", "Properties"), and so may lists: Go's types, which most tools
 * write them with, have no empty list of their own.
 */
import * as v from "valibot";
import { MEDIA_TYPE } from "../model/descriptor.js";

const optional = <S extends v.GenericSchema>(schema: S) => v.nullish(schema);

/** A list that is required, in a document of Go's. */
const list = <S extends v.GenericSchema>(item: S) =>
  v.pipe(
    v.nullable(v.array(item)),
    v.transform((items) => items ?? []),
  );

const text = v.string();
const wholeNumber = v.pipe(v.number(), v.integer(), v.minValue(0));

/** "Digests": registered algorithms are checked in full. */
const digest = v.pipe(
  text,
  v.regex(
    /^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}|(?!sha256:|sha512:)[a-z0-9]+([+._-][a-z0-9]+)*:[A-Za-z0-9=_-]+)$/,
    "is not a digest",
  ),
);

const mediaType = v.pipe(text, v.regex(/^[A-Za-z0-9][\w!#$&^.+-]*\/[A-Za-z0-9][\w!#$&^.+-]*$/, "is not a media type"));

/** RFC 3339, section 5.6. */
const time = v.pipe(
  text,
  v.regex(
    /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])[Tt]([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)$/,
    "is not a time of RFC 3339",
  ),
);

const annotations = optional(v.record(v.pipe(text, v.nonEmpty()), text));

const platform = {
  variant: optional(text),
  "os.version": optional(text),
  "os.features": optional(v.array(text)),
} as const;

/** "OCI Content Descriptors". */
export const descriptorSchema = v.looseObject({
  mediaType,
  digest,
  size: wholeNumber,
  urls: optional(v.array(text)),
  annotations,
  data: optional(text),
  artifactType: optional(mediaType),
  platform: optional(v.looseObject({ architecture: text, os: text, ...platform })),
});

export type DescriptorValue = v.InferOutput<typeof descriptorSchema>;

const names = optional(v.record(text, v.looseObject({})));

export const SCHEMAS = {
  layout: v.looseObject({ imageLayoutVersion: v.literal("1.0.0") }),
  index: v.looseObject({
    schemaVersion: v.literal(2),
    mediaType: optional(v.literal(MEDIA_TYPE.index)),
    artifactType: optional(mediaType),
    manifests: list(descriptorSchema),
    subject: optional(descriptorSchema),
    annotations,
  }),
  manifest: v.looseObject({
    schemaVersion: v.literal(2),
    mediaType: optional(v.literal(MEDIA_TYPE.manifest)),
    artifactType: optional(mediaType),
    config: descriptorSchema,
    layers: list(descriptorSchema),
    subject: optional(descriptorSchema),
    annotations,
  }),
  config: v.looseObject({
    created: optional(time),
    author: optional(text),
    architecture: text,
    os: text,
    ...platform,
    config: optional(
      v.looseObject({
        User: optional(text),
        ExposedPorts: names,
        Env: optional(v.array(text)),
        Entrypoint: optional(v.array(text)),
        Cmd: optional(v.array(text)),
        Volumes: names,
        WorkingDir: optional(text),
        Labels: optional(v.record(text, text)),
        StopSignal: optional(text),
      }),
    ),
    rootfs: v.looseObject({ type: v.literal("layers"), diff_ids: list(digest) }),
    history: optional(
      v.array(
        v.looseObject({
          created: optional(time),
          author: optional(text),
          created_by: optional(text),
          comment: optional(text),
          empty_layer: optional(v.boolean()),
        }),
      ),
    ),
  }),
} as const;

/** What readers need, of documents that Docker's tools may have written. */
export const READ_SCHEMAS = {
  index: v.looseObject({ manifests: list(descriptorSchema), subject: optional(descriptorSchema) }),
  manifest: v.looseObject({
    artifactType: optional(text),
    config: descriptorSchema,
    layers: list(descriptorSchema),
    subject: optional(descriptorSchema),
  }),
  config: SCHEMAS.config,
} as const;
