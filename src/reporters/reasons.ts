/** Why packages are in an image, in words. */
import { describeRequest, type ExplainedChain, type ExplainedLink, type PackageReasons } from "../index.js";
import { type Charset, withArrows } from "./charset.js";
import { packageLabel } from "./package-label.js";

/** A paragraph for each package: the requests, and below each the packages that lead from it to the one in question. */
export function reasonsText(reasons: readonly PackageReasons[], charset: Charset): string {
  const paragraphs = reasons.map(({ package: subject, chains, total }) => {
    const lines = chains.length === 0 ? ["nothing in the manifest is known to ask for it"] : mergedLines(chains);
    const more = total > chains.length ? [`and ${total - chains.length} more chains`] : [];
    return [packageLabel(subject), ...[...lines, ...more].map((line) => `  ${line}`)].join("\n");
  });
  return withArrows(`${paragraphs.join("\n\n")}\n`, charset);
}

function mergedLines(chains: readonly ExplainedChain[]): readonly string[] {
  return chains.flatMap(({ request, links }) => [
    describeRequest(request),
    ...(links.length === 1 ? [] : stepsOf(links).map((step) => `  \u2192 ${step}`)),
  ]);
}

/** The packages below each other, what they are there for in a column of its own. */
function stepsOf(links: readonly ExplainedLink[]): readonly string[] {
  const labels = links.map((link) => packageLabel(link.package));
  const width = Math.max(...labels.map((label) => label.length));
  return links.map((link, index) => `${(labels[index] ?? "").padEnd(width)}  ${purposeOf(link)}`.trimEnd());
}

function purposeOf({ package: { name }, edge }: ExplainedLink): string {
  if (edge === null) return "";
  const [first = "", ...others] = edge.dependencies;
  if (edge.kind === "requires" && first === name) return "";
  const words = { requires: "for", recommends: "recommended as", supplements: "supplements" }[edge.kind];
  return `${words} ${first}${others.length === 0 ? "" : ` and ${others.length} more`}`;
}
