/** The shape of `rpmoci.toml`. Every level refuses keys that it does not know. */
import * as v from "valibot";
import { ARCHITECTURE_NAME, rpmArchitecture } from "../model/architecture.js";
import { parseCapabilities } from "../model/capabilities.js";
import { ANNOTATION_REF_NAME } from "../model/descriptor.js";

/**
 * Enough that a package which changes takes few others with it; some container engines stop at 127, and images that are
 * built from this one need some of these.
 */
export const DEFAULT_MAX_LAYERS = 40;

/** Of each compression; none has no levels. */
export const MAX_LEVEL = { gzip: 9, zstd: 19, none: 0 } as const;

function levelMessage(issue: { readonly input: { readonly compression: keyof typeof MAX_LEVEL } }): string {
  const { compression } = issue.input;
  return compression === "none" ? "has no meaning without compression" : `is above ${MAX_LEVEL[compression]}`;
}

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

/** Those of rpm's `%lang`. */
const language = v.pipe(text, v.regex(/^(?!all$|C$)[\w.@-]+$/, "is not a language such as de or pt_BR"));

/** Of the image, from its root on. */
const rootPath = v.pipe(
  text,
  v.check((path) => /^\/+[^/]/.test(path) && !path.includes("\0"), "is not an absolute path inside the image"),
  v.check((path) => !path.split("/").includes(".."), 'must not have ".." in it'),
  v.check((path) => !/\/\.wh\./.test(path), "has a name that layers take for a deletion"),
);

const archs = v.pipe(
  v.array(
    v.pipe(text, v.transform(rpmArchitecture), v.regex(ARCHITECTURE_NAME, "is not an architecture such as x86_64")),
  ),
  v.minLength(1, "names no architecture"),
  v.check((names) => new Set(names).size === names.length, "have the same architecture twice"),
);

/** Of an image that others are built on. Engines keep theirs where only they can read them. */
const baseImage = v.pipe(
  text,
  v.nonEmpty("names no image"),
  v.check((image) => !image.includes("\0"), "is not the name of an image"),
  v.check(
    (image) => !/^(docker-archive|docker-daemon|podman|containers-storage):/.test(image),
    "is not a layout, an archive of one, or an image of a registry",
  ),
);

const contents = v.strictObject({
  archs: v.optional(archs),
  repositories: v.array(repository),
  packages: texts,
  modules: v.optional(texts, []),
  module_platform_id: v.optional(v.pipe(text, v.regex(/^[^:]+:[^:]+$/, "is not a platform such as platform:el9"))),
  gpgkeys: v.optional(v.array(url), []),
  releasever: v.optional(v.pipe(text, v.regex(/^[^\s/]+$/, "is not a release such as 9 or 3.0"))),
  docs: v.optional(v.boolean(), false),
  langs: v.optional(v.array(language)),
  os_release: v.optional(v.boolean(), true),
  base: v.optional(v.strictObject({ image: baseImage })),
  exclude: v.optional(texts, []),
  remove_files: v.optional(v.array(rootPath), []),
  require_signed: v.optional(v.boolean(), false),
});

const port = v.pipe(
  text,
  v.regex(/^\d{1,5}(-\d{1,5})?(\/(tcp|udp|sctp))?$/, "is not a port such as 8080, 8080/tcp or 53/udp"),
);

const annotations = v.pipe(
  v.record(v.pipe(text, v.nonEmpty("must not be empty")), text),
  v.check((record) => !(ANNOTATION_REF_NAME in record), `must not have ${ANNOTATION_REF_NAME}, which is the tag`),
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
  annotations: v.optional(annotations),
});

const layerGroup = v.strictObject({
  name: v.pipe(text, v.nonEmpty("must not be empty")),
  packages: v.pipe(texts, v.minLength(1, "names no package")),
});

const levelOf = (highest: number) => v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(highest));

const layers = v.pipe(
  v.strictObject({
    compression: v.optional(v.picklist(["gzip", "zstd", "none"]), "gzip"),
    level: v.optional(levelOf(MAX_LEVEL.zstd)),
    strategy: v.optional(v.picklist(["single", "package", "source", "size"]), "single"),
    max: v.optional(v.pipe(v.number(), v.integer(), v.minValue(3), v.maxValue(120))),
    groups: v.optional(v.array(layerGroup), []),
  }),
  v.forward(
    v.check(({ compression, level }) => level === undefined || level <= MAX_LEVEL[compression], levelMessage),
    ["level"],
  ),
  v.forward(
    v.check(
      ({ strategy, max }) => strategy !== "single" || max === undefined,
      'has no meaning without a strategy other than "single"',
    ),
    ["max"],
  ),
  v.forward(
    v.check(
      ({ strategy, groups }) => strategy !== "single" || groups.length === 0,
      'have no meaning without a strategy other than "single"',
    ),
    ["groups"],
  ),
  v.forward(
    v.check(({ groups, max = DEFAULT_MAX_LAYERS }) => groups.length <= max - 3, "are too many for layers.max"),
    ["groups"],
  ),
  v.forward(
    v.check(({ groups }) => new Set(groups.map(({ name }) => name)).size === groups.length, "have the same name twice"),
    ["groups"],
  ),
);

/** As `cache prune --max-size` takes them. */
const SIZE = /^(\d+(?:\.\d+)?)([KMGT]?)(?:iB)?$/;

const UNITS = ["", "K", "M", "G", "T"];

/** A number is one of bytes. */
const size = v.pipe(
  v.union([v.pipe(v.number(), v.integer(), v.minValue(0)), v.pipe(text, v.regex(SIZE, "is not a size such as 500M"))]),
  v.transform((value) => {
    if (typeof value === "number") return value;
    const [, digits = "", unit = ""] = SIZE.exec(value) ?? [];
    return Math.floor(Number(digits) * 1024 ** UNITS.indexOf(unit));
  }),
);

const policy = v.strictObject({
  forbidden: v.optional(texts, []),
  allowed_licenses: v.optional(texts),
  max_package_size: v.optional(size),
  max_installed_size: v.optional(size),
  max_image_size: v.optional(size),
  require_signatures: v.optional(v.boolean(), false),
});

/** The highest one stands for "no change" in system calls. */
const HIGHEST_ID = 0xfffffffe;

const id = v.pipe(
  v.number(),
  v.check((value) => Number.isInteger(value) && value >= 0 && value <= HIGHEST_ID, `is not an id up to ${HIGHEST_ID}`),
);

const ACCOUNT_NAME = "[A-Za-z_][A-Za-z0-9_.-]{0,30}[A-Za-z0-9_.$-]?";

const accountName = v.pipe(text, v.regex(new RegExp(`^${ACCOUNT_NAME}$`), "is not a name of a user or group"));

/** Of passwd(5). */
const field = v.pipe(
  text,
  v.check((value) => !/[:\n\0]/.test(value), "must have neither a colon nor a line's end in it"),
);

const user = v.strictObject({
  name: accountName,
  uid: id,
  gid: v.optional(id),
  home: v.optional(v.pipe(field, rootPath)),
  shell: v.optional(field, "/sbin/nologin"),
  gecos: v.optional(field, ""),
  groups: v.optional(v.array(accountName), []),
});

const group = v.strictObject({ name: accountName, gid: id, members: v.optional(v.array(accountName), []) });

const isUnique = (values: readonly unknown[]): boolean => new Set(values).size === values.length;

const accounts = v.strictObject({
  users: v.optional(
    v.pipe(
      v.array(user),
      v.check((users) => isUnique(users.map(({ name }) => name)), "have the same name twice"),
      v.check((users) => isUnique(users.map(({ uid }) => uid)), "have the same uid twice"),
    ),
    [],
  ),
  groups: v.optional(
    v.pipe(
      v.array(group),
      v.check((groups) => isUnique(groups.map(({ name }) => name)), "have the same name twice"),
      v.check((groups) => isUnique(groups.map(({ gid }) => gid)), "have the same gid twice"),
    ),
    [],
  ),
  run_as: v.optional(
    v.pipe(
      text,
      v.regex(new RegExp(`^(${ACCOUNT_NAME}|\\d+)(:(${ACCOUNT_NAME}|\\d+))?$`), "is not user or user:group"),
    ),
  ),
});

const mode = v.pipe(
  text,
  v.regex(/^[0-7]{3,4}$/, 'is not a mode such as "0755"'),
  v.transform((octal) => Number.parseInt(octal, 8)),
);

const owner = v.union([id, accountName]);

const ownership = { mode: v.optional(mode), uid: v.optional(owner), gid: v.optional(owner) };

/** Beside the manifest. */
const sourcePath = v.pipe(
  text,
  v.check(
    (path) => path !== "" && !path.startsWith("/") && !path.split("/").includes("..") && !path.includes("\0"),
    "is not a relative path below the manifest's directory",
  ),
);

const linkTarget = v.pipe(
  text,
  v.check((target) => target !== "" && !target.includes("\0"), "is not a target of a link"),
);

const pathEntry = v.variant("type", [
  v.strictObject({ type: v.literal("directory"), path: rootPath, ...ownership }),
  v.pipe(
    v.strictObject({
      type: v.literal("file"),
      path: rootPath,
      content: v.optional(text),
      source: v.optional(sourcePath),
      ...ownership,
    }),
    v.check(
      ({ content, source }) => (content === undefined) !== (source === undefined),
      "must have either content or source",
    ),
  ),
  v.strictObject({ type: v.literal("symlink"), path: rootPath, target: linkTarget }),
  v.strictObject({ type: v.literal("hardlink"), path: rootPath, target: rootPath }),
  v.pipe(
    v.strictObject({
      type: v.literal("permissions"),
      path: rootPath,
      recursive: v.optional(v.boolean(), false),
      ...ownership,
    }),
    v.check(
      ({ mode, uid, gid }) => mode !== undefined || uid !== undefined || gid !== undefined,
      "must have mode, uid or gid",
    ),
  ),
  v.strictObject({
    type: v.literal("capabilities"),
    path: rootPath,
    capabilities: v.pipe(
      text,
      v.check((value) => parseCapabilities(value) !== null, "are not capabilities such as cap_net_bind_service=ep"),
    ),
  }),
  v.strictObject({ type: v.literal("remove"), path: rootPath }),
]);

const certificates = v.strictObject({ additional: v.optional(v.array(sourcePath), []) });

export type PathDocument = v.InferOutput<typeof pathEntry>;

export const manifestSchema = v.strictObject({
  include: v.optional(texts, []),
  contents,
  image: v.optional(image, {}),
  layers: v.optional(layers, {}),
  policy: v.optional(policy, {}),
  accounts: v.optional(accounts, {}),
  paths: v.optional(v.array(pathEntry), []),
  certificates: v.optional(certificates, {}),
});

export type ManifestDocument = v.InferOutput<typeof manifestSchema>;
