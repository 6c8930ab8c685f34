/** A small tree with an entry of each kind and each attribute that a layer can have. */
import { hex, type PlannedNode, plannedNode, type TreePlan } from "../../support/tree-plan.js";

const long = (name: string, size: number): string => name.padEnd(size, name);
const bytes = (...parts: readonly (string | number)[]): Uint8Array =>
  Buffer.concat(parts.map((part) => (typeof part === "number" ? Buffer.from([part]) : Buffer.from(part))));

/** cap_net_raw=ep, as setcap(8) writes it. */
const CAPABILITY = "0100000200200000000000000000000000000000";

const file = (given: Partial<PlannedNode> & { size: number }): PlannedNode =>
  plannedNode("file", { data: [{ offset: 0, size: given.size, seed: given.size, repeats: 3000 }], ...given });
const symlink = (target: string | Uint8Array): PlannedNode => plannedNode("symlink", { target: hex(target) });
const attributes = (given: Readonly<Record<string, string | Uint8Array>>): PlannedNode["xattrs"] =>
  Object.entries(given).map(([name, value]) => [hex(name), hex(value)]);

/** Paths, and the node of each, or the path of which it is another name. */
const ENTRIES: readonly (readonly [string | Uint8Array, PlannedNode | string])[] = [
  ["", plannedNode("directory", { mode: 0o750, uid: 7, gid: 8, xattrs: attributes({ "user.of-root": "r" }) })],
  [
    "dir",
    plannedNode("directory", { mode: 0o2775, gid: 50, xattrs: attributes({ "user.of-dir": bytes("d", 0, 255) }) }),
  ],
  ["dir/closed", plannedNode("directory", { mode: 0, mtime: "1000000000999999999" })],
  ["dir/closed/inside", file({ size: 5 })],
  ["tmp", plannedNode("directory", { mode: 0o1777 })],
  ["empty", file({ size: 0 })],
  ["block", file({ size: 512 })],
  ["large", file({ size: 3_000_001 })],
  ["noise", file({ size: 2_500_000, data: [{ offset: 0, size: 2_500_000, seed: 1, repeats: 0 }] })],
  ["sparse", file({ size: 9_000_000, data: [{ offset: 4_000_000, size: 70_000, seed: 2, repeats: 0 }] })],
  ["setuid", file({ size: 10, mode: 0o4755 })],
  ["setgid", file({ size: 10, mode: 0o2711, gid: 12 })],
  ["nothing-allowed", file({ size: 10, mode: 0 })],
  [
    "capable",
    file({ size: 10, mode: 0o755, xattrs: attributes({ "security.capability": Buffer.from(CAPABILITY, "hex") }) }),
  ],
  [
    "attributes",
    file({
      size: 10,
      xattrs: attributes({
        "user.text": "text",
        "user.binary": bytes(0, 1, "\n", 255, "=", 0),
        "user.long": bytes(long("value", 3000)),
        "user.with space and größe": "odd name",
        "user.100%25": "not decoded",
        "trusted.of-this-machine": "is left out",
      }),
    }),
  ],
  ["owner-of-21-bits", file({ size: 1, uid: 2_097_151, gid: 2_097_151 })],
  ["owner-of-22-bits", file({ size: 1, uid: 2_097_152, gid: 3_000_000 })],
  ["owner-of-32-bits", file({ size: 1, uid: 2 ** 32 - 2, gid: 2 ** 32 - 2 })],
  ["empty-attribute", file({ size: 1, xattrs: attributes({ "user.empty": "" }) })],
  ["before-the-epoch", file({ size: 1, mtime: "-1500000000" })],
  ["epoch", file({ size: 1, mtime: "0" })],
  ["nanoseconds", file({ size: 1, mtime: "1599999999999999999" })],
  ["later-than-the-image", file({ size: 1, mtime: "1900000000000000000" })],
  ["dir/first-link", file({ size: 700, mode: 0o4711, uid: 3, xattrs: attributes({ "user.of-links": "l" }) })],
  ["dir/second-link", "dir/first-link"],
  ["a-link", "dir/first-link"],
  ["relative", symlink("dir/first-link")],
  ["absolute", symlink("/dir/first-link")],
  ["up", symlink("../../../etc/passwd")],
  ["to-nothing", symlink("nothing/at all\n")],
  ["to-bytes", symlink(bytes("x", 0xff, 0xc0, "y"))],
  ["to-100", symlink(long("t", 100))],
  ["to-101", symlink(long("t", 101))],
  ["to-4000", symlink(long("t/", 4000))],
  ["owned", plannedNode("symlink", { target: hex("tmp"), uid: 5, gid: 3_000_000, mtime: "1234567890000000000" })],
  ["link-of-symlink", "relative"],
  ["fifo", plannedNode("fifo", { mode: 0o620, uid: 9 })],
  ["link-of-fifo", "fifo"],
  ["null", plannedNode("character", { mode: 0o666, device: [1, 3] })],
  ["largest-device", plannedNode("block", { mode: 0o660, gid: 6, device: [4095, 2 ** 20 - 1] })],
  ["link-of-device", "null"],
  ["socket", plannedNode("socket")],
  ["ends with a space ", file({ size: 1 })],
  ["-rf", file({ size: 1 })],
  ["new\nline", file({ size: 1 })],
  ["back\\slash", file({ size: 1 })],
  ["back\\101", file({ size: 1 })],
  ["größe", file({ size: 1 })],
  [bytes("latin-", 0xe9), file({ size: 1 })],
  [bytes("bytes-", 0xff, 0xfe, 1, "\t"), plannedNode("directory")],
  [bytes("bytes-", 0xff, 0xfe, 1, "\t/", 0x80), symlink("x")],
  [long("n", 255), file({ size: 1 })],
  [long("d", 200), plannedNode("directory")],
  [`${long("d", 200)}/${long("e", 200)}`, plannedNode("directory")],
  [`${long("d", 200)}/${long("e", 200)}/${long("f", 200)}`, file({ size: 1, mtime: "1111111111000000000" })],
  [`${long("d", 200)}/link`, `${long("d", 200)}/${long("e", 200)}/${long("f", 200)}`],
];

/** The tree. All times are before 2030 but one in each of 1970 and 2030. */
export const oneOfEverything: TreePlan = planOf(ENTRIES);

function planOf(entries: typeof ENTRIES): TreePlan {
  const nodes: PlannedNode[] = [];
  const numbers = new Map<string, number>();
  for (const [path, node] of entries) {
    if (typeof node === "string") {
      numbers.set(hex(path), numbers.get(hex(node)) ?? 0);
    } else {
      numbers.set(hex(path), nodes.push(node) - 1);
    }
  }
  return { nodes, names: [...numbers].map(([path, node]) => ({ path, node })) };
}
