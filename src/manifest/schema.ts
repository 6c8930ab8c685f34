/** The shape of `rpmoci.toml`. Every level refuses keys that it does not know. */
import * as v from "valibot";

const text = v.string();
const texts = v.array(text);
const url = v.pipe(
  text,
  v.check((value) => URL.canParse(value), "is not a URL"),
);

/** The original takes strings only; numbers and booleans mean what their text means in a `.repo` file. */
const optionValue = v.pipe(v.union([text, v.boolean(), v.number()]), v.transform(String));

const repository = v.union([
  text,
  v.strictObject({
    url: url,
    id: v.optional(text),
    options: v.optional(v.record(text, optionValue), {}),
  }),
]);

const contents = v.strictObject({
  repositories: v.array(repository),
  packages: texts,
  modules: v.optional(texts, []),
  module_platform_id: v.optional(v.pipe(text, v.regex(/^[^:]+:[^:]+$/, "is not a platform such as platform:el9"))),
  gpgkeys: v.optional(v.array(url), []),
  releasever: v.optional(v.pipe(text, v.regex(/^[^\s/]+$/, "is not a release such as 9 or 3.0"))),
  docs: v.optional(v.boolean(), false),
  os_release: v.optional(v.boolean(), true),
  exclude: v.optional(texts, []),
});

const port = v.pipe(
  text,
  v.regex(/^\d{1,5}(-\d{1,5})?(\/(tcp|udp|sctp))?$/, "is not a port such as 8080, 8080/tcp or 53/udp"),
);

const image = v.strictObject({
  user: v.optional(text),
  workingdir: v.optional(text),
  stopsignal: v.optional(text),
  author: v.optional(text),
  entrypoint: v.optional(texts, []),
  cmd: v.optional(texts, []),
  exposed_ports: v.optional(v.array(port), []),
  volumes: v.optional(texts, []),
  envs: v.optional(v.record(text, text), {}),
  labels: v.optional(v.record(text, text), {}),
});

export const manifestSchema = v.strictObject({
  contents,
  image: v.optional(image, {}),
});

export type ManifestDocument = v.InferOutput<typeof manifestSchema>;
