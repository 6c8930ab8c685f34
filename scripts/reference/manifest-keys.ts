/** The keys of the manifest, out of its JSON schema. */

/** What of JSON Schema the manifest's schema has. */
export interface SchemaNode {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: string;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: boolean | SchemaNode;
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
  readonly oneOf?: readonly SchemaNode[];
}

export interface ManifestKey {
  /** `contents.repositories.url`: lists and alternatives are not told apart. */
  readonly path: string;
  readonly node: SchemaNode;
  /** In every alternative that has it. */
  readonly required: boolean;
}

/** In the order of the schema, each once; what several alternatives have is put together. */
export function manifestKeys(schema: SchemaNode): readonly ManifestKey[] {
  const found = new Map<string, ManifestKey>();
  const visit = (node: SchemaNode, path: string): void => {
    for (const [name, value] of Object.entries(node.properties ?? {})) {
      const below = path === "" ? name : `${path}.${name}`;
      const known = found.get(below);
      const required = (node.required ?? []).includes(name);
      found.set(below, {
        path: below,
        node: known === undefined ? value : { ...descriptionOf(known.node, value), oneOf: [known.node, value] },
        required: required && (known?.required ?? true),
      });
      visit(value, below);
    }
    if (node.items !== undefined) visit(node.items, path);
    for (const alternative of [...(node.anyOf ?? []), ...(node.oneOf ?? [])]) visit(alternative, path);
  };
  visit(schema, "");
  return [...found.values()];
}

function descriptionOf({ description }: SchemaNode, { description: other }: SchemaNode): SchemaNode {
  const either = description ?? other;
  return either === undefined ? {} : { description: either };
}

/** The paths of all keys that a manifest has; those of records, such as labels, are not keys of the manifest. */
export function keysUsed(manifest: unknown, known: ReadonlySet<string>, path = ""): ReadonlySet<string> {
  if (Array.isArray(manifest)) return new Set(manifest.flatMap((item) => [...keysUsed(item, known, path)]));
  if (typeof manifest !== "object" || manifest === null) return new Set();
  const used = Object.entries(manifest).flatMap(([name, value]) => {
    const below = path === "" ? name : `${path}.${name}`;
    return known.has(below) ? [below, ...keysUsed(value, known, below)] : [];
  });
  return new Set(used);
}
