/** The keys that a schema knows. */

/** What valibot's schemas have in common, as far as it matters here. */
interface SchemaShape {
  readonly kind: "schema";
  readonly entries?: Readonly<Record<string, SchemaShape>>;
  /** Of an array. */
  readonly item?: SchemaShape;
  /** Of a union; texts are those that one may choose of. */
  readonly options?: readonly (SchemaShape | string)[];
  /** Of what may be left out. */
  readonly wrapped?: SchemaShape;
}

/** Those of the table below `path`, whatever alternative it is; empty where there is none. An index stands for any item. */
export function knownKeys(schema: SchemaShape, path: readonly string[]): readonly string[] {
  const { entries, item, options, wrapped } = schema;
  if (wrapped !== undefined) return knownKeys(wrapped, path);
  if (options !== undefined) {
    return [...new Set(options.flatMap((option) => (typeof option === "string" ? [] : knownKeys(option, path))))];
  }
  const [key, ...rest] = path;
  if (key === undefined) return Object.keys(entries ?? {});
  const next = item ?? entries?.[key];
  return next === undefined ? [] : knownKeys(next, rest);
}
