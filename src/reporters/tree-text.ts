/** Dependency trees as text. */
import { basename } from "node:path";
import { describeRequest, type Tree, type TreeNode } from "../index.js";
import type { Charset } from "./charset.js";
import { packageLabel } from "./package-label.js";

interface Branch {
  readonly label: string;
  readonly children: readonly Branch[];
}

interface Strokes {
  readonly child: string;
  readonly last: string;
  readonly through: string;
}

const STROKES: Readonly<Record<Charset, Strokes>> = {
  utf8: { child: "\u251c\u2500\u2500 ", last: "\u2514\u2500\u2500 ", through: "\u2502   " },
  ascii: { child: "|-- ", last: "`-- ", through: "|   " },
};

/** One tree below the manifest, or one for each package that was asked about. `(*)` marks what is shown elsewhere. */
export function treeText(tree: Tree, charset: Charset): string {
  const strokes = STROKES[charset];
  const whole = tree.roots.some(({ request }) => request !== null) || tree.roots.length === 0;
  const lines = whole
    ? linesOf({ label: basename(tree.manifestPath), children: rootBranches(tree) }, strokes)
    : tree.roots.flatMap(({ node }) => linesOf(branchOf(node), strokes));
  const unreached = tree.unreached.map((entry) => `  ${packageLabel(entry)}`);
  const more = unreached.length === 0 ? [] : ["", "Nothing is known to ask for:", ...unreached];
  return `${[...lines, ...more].join("\n")}\n`;
}

/** Roots with what they are there for, where the manifest names them in other words. */
function rootBranches({ roots }: Tree): readonly Branch[] {
  return roots.map(({ request, node }) => {
    const branch = branchOf(node);
    const spec = request?.localPackage ?? request?.text;
    if (request === null || spec === node.package.name) return branch;
    const words = request.reason === "os_release" ? "os_release = true" : `"${spec}"`;
    return { ...branch, label: `${branch.label}  ${words}` };
  });
}

function branchOf(node: TreeNode): Branch {
  const requests = node.requests.map((request): Branch => ({ label: describeRequest(request), children: [] }));
  const label = `${packageLabel(node.package)}${node.repeated ? " (*)" : ""}`;
  return { label, children: [...requests, ...node.children.map(branchOf)] };
}

function linesOf({ label, children }: Branch, strokes: Strokes): readonly string[] {
  const below = children.flatMap((child, index) => {
    const last = index === children.length - 1;
    const [first = "", ...rest] = linesOf(child, strokes);
    return [
      `${last ? strokes.last : strokes.child}${first}`,
      ...rest.map((line) => `${last ? "    " : strokes.through}${line}`),
    ];
  });
  return [label, ...below];
}
