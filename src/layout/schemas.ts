/** What the OCI image specification demands of its documents; other keys are allowed. */
import * as v from "valibot";
import { MEDIA_TYPE } from "../model/descriptor.js";

const wholeNumber = v.pipe(v.number(), v.integer(), v.minValue(0));

/** "Digests": registered algorithms are checked in full. */
const digest = v.pipe(
  v.string(),
  v.regex(
    /^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}|(?!sha256:|sha512:)[a-z0-9]+([+._-][a-z0-9]+)*:[A-Za-z0-9=_-]+)$/,
    "is not a digest",
  ),
);

const mediaType = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9][\w!#$&^.+-]*\/[A-Za-z0-9][\w!#$&^.+-]*$/, "is not a media type"),
);

const annotations = v.optional(v.record(v.pipe(v.string(), v.nonEmpty()), v.string()));

/** "OCI Content Descriptors". */
const descriptorSchema = v.looseObject({
  mediaType,
  digest,
  size: wholeNumber,
  annotations,
  platform: v.optional(v.looseObject({ architecture: v.string(), os: v.string() })),
});

export type DescriptorValue = v.InferOutput<typeof descriptorSchema>;

export const SCHEMAS = {
  layout: v.looseObject({ imageLayoutVersion: v.literal("1.0.0") }),
  index: v.looseObject({
    schemaVersion: v.literal(2),
    mediaType: v.optional(v.literal(MEDIA_TYPE.index)),
    manifests: v.array(descriptorSchema),
    annotations,
  }),
  manifest: v.looseObject({
    schemaVersion: v.literal(2),
    mediaType: v.optional(v.literal(MEDIA_TYPE.manifest)),
    config: descriptorSchema,
    layers: v.array(descriptorSchema),
    annotations,
  }),
  config: v.looseObject({
    architecture: v.string(),
    os: v.string(),
    created: v.optional(v.pipe(v.string(), v.isoTimestamp())),
    rootfs: v.looseObject({ type: v.literal("layers"), diff_ids: v.array(digest) }),
    history: v.optional(v.array(v.looseObject({ empty_layer: v.optional(v.boolean()) }))),
  }),
} as const;
