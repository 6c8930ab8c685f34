/** The manifest's shape as JSON Schema (draft 7, which TOML's editors read), made of what manifests are validated by. */
import type { JsonSchema } from "@valibot/to-json-schema";
import { toJsonSchema } from "@valibot/to-json-schema";
import { DESCRIPTIONS } from "./descriptions.js";
import { MAX_LEVEL, manifestSchema } from "./schema.js";

/** What valibot checks with code: `URL.canParse`, for one. */
const URL_PATTERN = "^[A-Za-z][A-Za-z0-9+.-]*:.";
const URLS = new Set(["contents.repositories.url", "contents.gpgkeys"]);

/** What holds between the keys of `[layers]`, but for numbers and names of groups, which this language cannot compare. */
const LAYERS_RULES: readonly JsonSchema[] = [
  rule({ properties: { strategy: { const: "single" } } }, { max: false, groups: { maxItems: 0 } }),
  rule({ properties: { compression: { const: "gzip" } } }, { level: { maximum: MAX_LEVEL.gzip } }),
  rule({ properties: { compression: { const: "none" } }, required: ["compression"] }, { level: false }),
];

/** What holds for properties under a condition. The language's word `then` is what objects have that are awaited. */
function rule(condition: JsonSchema, properties: NonNullable<JsonSchema["properties"]>): JsonSchema {
  const consequence = "then";
  return { if: condition, [consequence]: { properties } };
}

/** What holds of a manifest as a whole, which one that includes others need not be by itself. */
const RULES: JsonSchema = {
  if: { properties: { include: true }, required: ["include"] },
  else: {
    properties: {
      contents: { properties: { repositories: true, packages: true }, required: ["repositories", "packages"] },
      layers: { allOf: [...LAYERS_RULES] },
    },
    required: ["contents"],
  },
};

const WHOLES = new Set(["", "contents"]);

/** A manifest that it refuses is refused by `parseManifest`, too. */
export function manifestJsonSchema(): JsonSchema {
  const schema = toJsonSchema(manifestSchema, { target: "draft-07", typeMode: "input", errorMode: "ignore" });
  return { ...described(schema, ""), ...RULES, title: "rpmoci package manifest" };
}

function described(schema: JsonSchema, path: string): JsonSchema {
  const result: JsonSchema = { ...schema };
  if (schema.properties !== undefined) {
    const entries = Object.entries(schema.properties).map(([key, value]) => {
      const below = path === "" ? key : `${path}.${key}`;
      if (typeof value === "boolean") return [key, value];
      const description = DESCRIPTIONS[below];
      return [key, { ...described(value, below), ...(description === undefined ? {} : { description }) }];
    });
    result.properties = Object.fromEntries(entries);
  }
  if (typeof schema.items === "object" && !Array.isArray(schema.items)) result.items = described(schema.items, path);
  for (const key of ["anyOf", "oneOf"] as const) {
    const alternatives = schema[key]?.map((one) => (typeof one === "boolean" ? one : described(one, path)));
    if (alternatives !== undefined) result[key] = alternatives;
  }
  if (URLS.has(path) && schema.type === "string") result.pattern = URL_PATTERN;
  if (WHOLES.has(path)) delete result.required;
  return result;
}
