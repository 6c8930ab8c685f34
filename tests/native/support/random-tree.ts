/** Trees of everything that a file system takes. */
import { randomIntegers, shuffled } from "../../support/random.js";
import {
  type DataPart,
  hex,
  type Kind,
  type PlannedNode,
  plannedNode,
  type TreePlan,
} from "../../support/tree-plan.js";

export interface RandomTreeOptions {
  readonly names: number;
  /** Kinds that cannot be made here. */
  readonly without: ReadonlySet<Kind>;
}

/** What some reader or other gives a meaning to. */
const ODD_NAMES = [
  " ",
  "-",
  "--",
  "-C",
  "--checkpoint-action=exec=false",
  "...",
  "..x",
  "~",
  "*",
  "?[a]",
  "a:b",
  "host:file",
  "#",
  "=",
  "%",
  "name ",
  " name",
  "name.",
  "back\\",
  "\\",
  "\\n",
  "\\101",
  "\\0",
  "new\nline",
  "ends\n",
  "\n",
  "\r",
  "\t",
  "\x01\x7f",
  '"quoted"',
  "'",
  "$(x)",
  "`x`",
  "@LongLink",
  "@PaxHeader",
  "PaxHeaders.0",
  "GNUSparseFile.0",
  "pax_global_header",
  "12 path=x\n",
  "16 path=evil\n0",
  "ustar",
  "000000",
  ".wh",
  "wh.x",
  "größe",
  // Composed and decomposed.
  "\u00e9",
  "e\u0301",
  "\ufeff",
  "\ufffd",
  "日本語",
  "🐧",
] as const;

/** Lengths around those of ustar's fields, and the longest there are. */
const LENGTHS = [96, 99, 100, 101, 154, 155, 156, 200, 254, 255] as const;
const LARGE_IDS = [2_097_151, 2_097_152, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 2] as const;
const SIZES = [0, 1, 511, 512, 513, 1024, 2 ** 20 - 1536, 2 ** 20, 2 ** 20 + 1, 2 ** 21] as const;
/** Seconds; the file system takes a few centuries. */
const TIMES = [0, 1, -1, -1_250_000_000, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 33 - 1, 2 ** 33] as const;

/** A path on this machine, with the folder that the tree is in, must stay below PATH_MAX. */
const LONGEST_PATH = 3800;
/** What ext4 has room for, with an entry for each attribute. */
const MOST_ATTRIBUTES = 3500;

export class RandomTree {
  readonly #random: (limit: number) => number;
  readonly #nodes: PlannedNode[] = [];
  readonly #names: { readonly path: Buffer; readonly node: number }[] = [];
  readonly #taken = new Set<string>();
  readonly #directories: Buffer[] = [];

  /** Equal arguments give equal trees. */
  static plan(seed: number, options: RandomTreeOptions): TreePlan {
    const tree = new RandomTree(seed);
    tree.#grow(options);
    return { nodes: tree.#nodes, names: tree.#names.map(({ path, node }) => ({ path: hex(path), node })) };
  }

  /** The same tree, made in another order. */
  static inAnotherOrder(plan: TreePlan, seed: number): TreePlan {
    return { ...plan, names: shuffled(plan.names, randomIntegers(seed)) };
  }

  private constructor(seed: number) {
    this.#random = randomIntegers(seed);
  }

  #grow({ names, without }: RandomTreeOptions): void {
    this.#add(Buffer.alloc(0), this.#node("directory"));
    while (this.#names.length < names) {
      const path = this.#newPath();
      if (path === null) continue;
      const linked = this.#chance(6) ? this.#pick(this.#names).node : undefined;
      if (linked !== undefined && this.#nodes[linked]?.kind !== "directory") {
        this.#addName(path, linked);
        continue;
      }
      const kind = this.#kind();
      if (!without.has(kind)) this.#add(path, this.#node(kind));
    }
  }

  #add(path: Buffer, node: PlannedNode): void {
    this.#nodes.push(node);
    this.#addName(path, this.#nodes.length - 1);
    if (node.kind === "directory") this.#directories.push(path);
  }

  #addName(path: Buffer, node: number): void {
    this.#taken.add(hex(path));
    this.#names.push({ path, node });
  }

  #chance(outOf: number): boolean {
    return this.#random(outOf) === 0;
  }

  #pick<T>(items: readonly T[]): T {
    return items[this.#random(items.length)] as T;
  }

  #bytes(size: number): Buffer {
    return Buffer.from(Array.from({ length: size }, () => this.#random(256)));
  }

  /** Null when it cannot be. */
  #newPath(): Buffer | null {
    // Half of them in what was made last, so that paths become long.
    const parent = this.#chance(2) ? this.#directories.at(-1) : this.#pick(this.#directories);
    const name = this.#name();
    const path = parent === undefined || parent.length === 0 ? name : Buffer.concat([parent, Buffer.from("/"), name]);
    const refused = ["", ".", ".."].includes(name.toString("latin1")) || name.toString("latin1").startsWith(".wh.");
    return refused || path.length > LONGEST_PATH || this.#taken.has(hex(path)) ? null : path;
  }

  #name(): Buffer {
    switch (this.#random(5)) {
      case 0:
        return Buffer.from(this.#pick(ODD_NAMES));
      case 1:
        return this.#nameBytes(1 + this.#random(40));
      case 2: {
        const text = "n".repeat(this.#pick(LENGTHS) - 3) + this.#random(1000).toString().padStart(3, "0");
        return Buffer.from(text);
      }
      case 3:
        return this.#chance(2) ? this.#nameBytes(this.#pick(LENGTHS)) : Buffer.from("ü".repeat(127));
      default:
        return Buffer.from(`file-${this.#random(10_000)}`);
    }
  }

  #nameBytes(size: number): Buffer {
    return this.#bytes(size).map((byte) => (byte === 0 || byte === 0x2f ? 0xff : byte)) as Buffer;
  }

  #kind(): Kind {
    const kinds = ["fifo", "socket", "character", "block", "symlink", "symlink", "directory", "directory"] as const;
    return this.#chance(2) ? "file" : this.#pick(kinds);
  }

  #node(kind: Kind): PlannedNode {
    const mayHaveAttributes = kind === "file" || kind === "directory";
    return plannedNode(kind, {
      mode: this.#chance(3) ? this.#random(0o10000) : this.#pick([0o644, 0o755, 0, 0o4755, 0o2755, 0o1777]),
      uid: this.#id(),
      gid: this.#id(),
      mtime: `${this.#time()}${this.#random(1e9).toString().padStart(9, "0")}`,
      xattrs: mayHaveAttributes && this.#chance(3) ? this.#attributes(kind) : [],
      target: kind === "symlink" ? hex(this.#target()) : "",
      device: kind === "character" || kind === "block" ? [this.#random(4096), this.#random(1 << 20)] : [0, 0],
      ...(kind === "file" ? this.#contents() : {}),
    });
  }

  #id(): number {
    if (this.#chance(3)) return 0;
    return this.#chance(2) ? this.#random(100_000) : this.#pick(LARGE_IDS);
  }

  #time(): number {
    return this.#chance(4) ? this.#pick(TIMES) : this.#random(2_000_000_000);
  }

  #target(): Buffer {
    switch (this.#random(6)) {
      case 0:
        return this.#nameBytes(this.#pick([1, 99, 100, 101, 255, 1000]));
      case 1:
        return Buffer.from("../".repeat(this.#random(10)) + this.#pick(ODD_NAMES));
      case 2:
        return Buffer.from(`/${this.#pick(ODD_NAMES)}/`);
      case 3:
        return Buffer.from("x/".repeat(2047));
      default:
        return this.#pick(this.#names).path.length === 0 ? Buffer.from(".") : Buffer.from("/etc/passwd");
    }
  }

  #contents(): Pick<PlannedNode, "size" | "data"> {
    const part = (offset: number, size: number): DataPart => ({
      offset,
      size,
      seed: this.#random(2 ** 31),
      repeats: this.#pick([0, 1, 7, 4096, 40_000]),
    });
    if (this.#chance(12)) {
      const size = this.#random(4_000_000);
      const starts = Array.from({ length: this.#random(5) }, () => this.#random(size));
      return { size, data: starts.map((start) => part(start, Math.min(size - start, this.#random(100_000)))) };
    }
    const size = this.#chance(3) ? this.#pick(SIZES) : this.#random(this.#chance(10) ? 3_000_000 : 20_000);
    return { size, data: [part(0, size)] };
  }

  #attributes(kind: Kind): PlannedNode["xattrs"] {
    const attributes = new Map<string, string>();
    let room = MOST_ATTRIBUTES;
    const add = (name: Buffer, value: Buffer): void => {
      // A sum of entries as large as the file system's, rounded up.
      const size = name.length + value.length + 32;
      if (size > room || attributes.has(hex(name))) return;
      room -= size;
      attributes.set(hex(name), hex(value));
    };
    // What it may do, in effect, by the second revision of the format.
    const capability = Buffer.concat([Buffer.from([1, 0, 0, 2]), this.#bytes(4), Buffer.alloc(12)]);
    if (kind === "file" && this.#chance(2)) add(Buffer.from("security.capability"), capability);
    if (this.#chance(3)) add(Buffer.from("trusted.rpmoci"), Buffer.from("of this machine"));
    for (let count = this.#chance(4) ? 60 : this.#random(5); count > 0; count -= 1) {
      const value = this.#bytes(this.#random(this.#chance(5) ? 3000 : 60));
      add(Buffer.concat([Buffer.from("user."), this.#attributeName()]), value);
    }
    return [...attributes];
  }

  /** Without "=", which a tar cannot have, and "%", which GNU tar gives a meaning of its own. */
  #attributeName(): Buffer {
    const name = this.#chance(2) ? Buffer.from(`name.${this.#random(1000)}`) : this.#bytes(1 + this.#random(40));
    return name.map((byte) => ([0, 0x3d, 0x25].includes(byte) ? 0x5f : byte)) as Buffer;
  }
}
