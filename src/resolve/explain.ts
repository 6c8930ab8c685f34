/** Problems of a resolution in words. */
import { relative } from "node:path";
import type { LocatedChain, LocatedRequest, LocatedRule, ResolutionProblem } from "../model/explanation.js";
import { formatNevra } from "../model/nevra.js";
import type { HiddenPackage, PackageReference } from "../native/binding.js";

/** A sentence with what goes with it: reasons and remedies under a few labels. */
interface Block {
  readonly sentence: string;
  readonly notes: readonly Note[];
}

interface Note {
  readonly label: "asked for by" | "there is only" | "modular" | "other arch" | "excluded" | "did you mean";
  /** Each of one line or several. */
  readonly entries: readonly (readonly string[])[];
}

const LABEL_WIDTH = "there is only".length;
/** A longer chain is broken before its arrows. Characters. */
const CHAIN_WIDTH = 80;
const MOST_BLOCKS = 8;
const MOST_ENTRIES = 5;
const ARROW = "\u2192";

/** Sentences, each followed by its indented notes; never empty for a list of problems that is not. */
export function explainProblems(problems: readonly ResolutionProblem[]): readonly string[] {
  const blocks = merged(problems.flatMap(blocksOf));
  const lines = blocks.slice(0, MOST_BLOCKS).flatMap(({ sentence, notes }) => [sentence, ...notes.flatMap(noteLines)]);
  return blocks.length > MOST_BLOCKS ? [...lines, `and ${blocks.length - MOST_BLOCKS} more`] : lines;
}

/** What to do about them, when that is known: the first remedy only. */
export function suggestion(problems: readonly ResolutionProblem[]): string | undefined {
  for (const problem of problems) {
    if (problem.kind === "unmatched-spec") {
      if (problem.request.reason !== "os_release") continue;
      return `set os_release = false below [contents] when the image can do without ${problem.request.text}`;
    }
    for (const { kind, other, request } of problem.rules) {
      if (kind !== "best" || other === null || request === null) continue;
      return `${packageText(other)} can be installed: write "${other.name}-${other.evr}" instead of "${request.text}"`;
    }
  }
  return undefined;
}

/** Where a request stands, as compilers name a place, and its words. */
export function describeRequest({ text, file, line, reason, localPackage }: LocatedRequest): string {
  const place = file === null ? "" : `${placeText(file)}${line === null ? "" : `:${line}`}: `;
  if (reason === "os_release") return `${place}os_release = true${line === null ? " (the default)" : ""}: "${text}"`;
  if (reason === "local-package") return `${place}local package ${localPackage ?? "of the lockfile"}: "${text}"`;
  return `${place}packages: "${localPackage ?? text}"`;
}

function placeText(file: string): string {
  const path = relative(process.cwd(), file);
  return path.startsWith("..") ? file : path;
}

function blocksOf(problem: ResolutionProblem): readonly Block[] {
  if (problem.kind === "unmatched-spec") {
    const { request, hidden, similar } = problem;
    return [
      {
        sentence: `No packages available for spec '${request.text}'`,
        notes: [note("asked for by", [[describeRequest(request)]]), ...hiddenNotes(hidden), ...similarNotes(similar)],
      },
    ];
  }
  // What follows from a cause is told by the chain that leads to it.
  const causes = problem.rules.filter(({ kind }) => !["requires", "best", "request"].includes(kind));
  return (causes.length > 0 ? causes : problem.rules).map(blockOf);
}

function blockOf(rule: LocatedRule): Block {
  const chains = [rule.packageChain, rule.otherChain].filter((chain) => chain !== null).map(chainLines);
  const own = chains.length === 0 && rule.request !== null ? [[describeRequest(rule.request)]] : [];
  return {
    sentence: sentenceOf(rule),
    notes: [
      note("asked for by", [...chains, ...own]),
      ...(rule.kind === "not-installable" ? [] : hiddenNotes(rule.hidden)),
      ...similarNotes(rule.similar),
    ],
  };
}

function sentenceOf({ kind, package: subject, other, dependency, request, hidden }: LocatedRule): string {
  const a = subject === null ? "a package" : packageText(subject);
  const b = other === null ? "a package" : packageText(other);
  const wanted = request === null ? "what was asked for" : `"${request.text}"`;
  switch (kind) {
    case "not-a-dependency":
      return `${wanted} is not an RPM dependency`;
    case "nothing-provides":
      return `nothing provides ${dependency}${subject === null ? "" : ` needed by ${a}`}`;
    case "not-installable":
      return `${a} ${hidden[0] === undefined ? "cannot be installed" : HIDDEN_SENTENCES[hidden[0].reason]}`;
    case "inferior-architecture":
      return `${a} can only be installed together with the same version for the base architecture`;
    case "conflicts":
      return subject !== null && other !== null && packageText(subject) === packageText(other)
        ? `${a} conflicts with ${dependency}, which it provides itself`
        : `${a} conflicts with ${dependency}, provided by ${b}`;
    case "obsoletes":
      return `${a} obsoletes ${dependency}, provided by ${b}`;
    case "both-obsolete":
      return `both ${a} and ${b} obsolete ${dependency}`;
    case "same-name":
      return `only one of ${a} and ${b} can be installed`;
    case "requires":
      return `${a} requires ${dependency}, but none of its providers can be installed`;
    case "best":
      return `the best candidate for ${wanted}${subject === null ? "" : `, ${a},`} cannot be installed`;
    case "request":
      return `nothing that satisfies ${wanted} can be installed`;
    case "other":
      return dependency ?? "the requests contradict each other";
  }
}

const HIDDEN_SENTENCES: Readonly<Record<HiddenPackage["reason"], string>> = {
  excluded: "is hidden by excludepkgs",
  "not-included": "is hidden by includepkgs",
  module: "is hidden by module streams",
  architecture: "is for another architecture",
  version: "has another version",
};

/** Of packages that are in no repository. */
const PLACES: ReadonlyMap<string, string> = new Map([
  ["@commandline", "a local package"],
  ["@base", "in the base image"],
]);

function packageText(reference: PackageReference): string {
  const { repositoryId } = reference;
  const place = PLACES.get(repositoryId) ?? repositoryId;
  return `${formatNevra(reference)} (${place})`;
}

/** One line, or one a package when that would be too long. */
function chainLines({ request, links }: LocatedChain): readonly string[] {
  const steps = links.map(({ package: reference, dependency }) => {
    const plain = dependency === null || /^[^ (]*/.exec(dependency)?.[0] === reference.name;
    return `${ARROW} ${formatNevra(reference)}${plain ? "" : ` for ${dependency}`}`;
  });
  const line = [describeRequest(request), ...steps].join(" ");
  return line.length <= CHAIN_WIDTH ? [line] : [describeRequest(request), ...steps.map((step) => `  ${step}`)];
}

function note(label: Note["label"], entries: Note["entries"]): Note {
  return { label, entries };
}

function hiddenNotes(hidden: readonly HiddenPackage[]): readonly Note[] {
  const of = (reason: HiddenPackage["reason"]): readonly HiddenPackage[] =>
    hidden.filter((entry) => entry.reason === reason);
  const names = (entries: readonly HiddenPackage[]): string =>
    entries.map((entry) => packageText(entry.package)).join(", ");
  const hiddenBy = (option: string, entries: readonly HiddenPackage[]): Note["entries"] =>
    entries.length === 0 ? [] : [[`${names(entries)}, by ${option}`]];
  return [
    note(
      "there is only",
      of("version").map(({ package: reference, offers }) => {
        const ownName = offers === null || offers.split(" ")[0] === reference.name;
        return [`${packageText(reference)}${ownName ? "" : `, which provides ${offers}`}`];
      }),
    ),
    note("modular", of("module").length === 0 ? [] : [[`${names(of("module"))}: no active stream has it`]]),
    note("excluded", [...hiddenBy("excludepkgs", of("excluded")), ...hiddenBy("includepkgs", of("not-included"))]),
    note("other arch", of("architecture").length === 0 ? [] : [[names(of("architecture"))]]),
  ];
}

function similarNotes(similar: readonly string[]): readonly Note[] {
  return similar.length === 0 ? [] : [note("did you mean", [[`${similar.join(", ")}?`]])];
}

function noteLines({ label, entries }: Note): readonly string[] {
  const more = entries.length > MOST_ENTRIES ? [`and ${entries.length - MOST_ENTRIES} more`] : [];
  const lines = [...entries.slice(0, MOST_ENTRIES).flat(), ...more];
  return lines.map((line, index) => `  ${(index === 0 ? label : "").padEnd(LABEL_WIDTH)}  ${line}`);
}

/** Problems that end in the same are told once, with all that ask for it. */
function merged(blocks: readonly Block[]): readonly Block[] {
  const known = new Map<string, Block>();
  for (const { sentence, notes } of blocks) {
    const before = known.get(sentence)?.notes ?? notes.map(({ label }) => note(label, []));
    const both = before.map(({ label, entries }, index) => {
      const all = [...entries, ...(notes[index]?.entries ?? [])];
      return note(label, [...new Map(all.map((entry) => [entry.join("\n"), entry])).values()]);
    });
    known.set(sentence, { sentence, notes: both });
  }
  return [...known.values()];
}
