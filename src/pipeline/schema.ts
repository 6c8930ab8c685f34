/** `rpmoci schema`. */

/** The manifest's shape as a document of JSON Schema, draft 7. */
export async function manifestSchema(): Promise<Readonly<Record<string, unknown>>> {
  const { manifestJsonSchema } = await import("../manifest/json-schema.js");
  return { ...manifestJsonSchema() };
}
