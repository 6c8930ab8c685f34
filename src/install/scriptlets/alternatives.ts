/** alternatives(8), chkconfig's: links to one of several programs, in the form of its own state. */
import {
  lstatSync,
  readFileSync,
  readlinkSync,
  renameSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import type { ToolRun } from "./tool.js";

const LINKS = "/etc/alternatives";
const STATE = "/var/lib/alternatives";

interface Link {
  /** In `LINKS`. */
  readonly name: string;
  /** What leads there. */
  readonly path: string;
}

interface Alternative {
  readonly target: string;
  readonly priority: number;
  readonly family: string | null;
  /** Of followers, by their names. */
  readonly followers: ReadonlyMap<string, string>;
}

interface State {
  mode: "auto" | "manual";
  readonly link: Link;
  followers: readonly Link[];
  readonly alternatives: Alternative[];
}

type Say = ToolRun["say"];

class Usage extends Error {}

export function runAlternatives({ arguments: args, say }: ToolRun): number {
  try {
    for (const directory of [LINKS, STATE]) {
      if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() !== true) {
        throw new Usage(`there is no directory ${directory}`);
      }
    }
    if (args[0] === "--install") install(args.slice(1), say);
    else remove(args[1] ?? "", args[2] ?? "", say);
    return 0;
  } catch (error) {
    if (!(error instanceof Usage)) throw error;
    say(`alternatives: ${error.message}`);
    return 2;
  }
}

function install(args: readonly string[], say: Say): void {
  const [path = "", name = "", target = "", priority = "", ...options] = args;
  checkLink(path, name, target);
  if (!/^-?\d+$/.test(priority)) throw new Usage(`${priority} is not a priority`);
  const links: Link[] = [];
  const followers = new Map<string, string>();
  let family: string | null = null;
  for (let at = 0; at < options.length; ) {
    const option = options[at];
    if (option === "--slave" || option === "--follower") {
      const [link = "", title = "", file = ""] = options.slice(at + 1, at + 4);
      checkLink(link, title, file);
      links.push({ path: link, name: title });
      followers.set(title, file);
      at += 4;
    } else if (option === "--family") {
      family = options[at + 1] ?? "";
      at += 2;
    } else throw new Usage(`the option ${option} is not known`);
  }
  const added: Alternative = { target, priority: Number(priority), family, followers };
  const state = readState(name);
  if (state === null) {
    const first: State = { mode: "auto", link: { name, path }, followers: links, alternatives: [added] };
    writeState(first, bestOf(first), false, say);
    return;
  }
  if (state.link.path !== path) throw new Usage(`the link of ${name} must be ${state.link.path}`);
  const index = state.alternatives.findIndex((other) => other.target === target);
  const known = new Set(state.followers.map((link) => link.path));
  let all = [...state.followers, ...links.filter((link) => !known.has(link.path))];
  if (index < 0) state.alternatives.push(added);
  else {
    state.alternatives[index] = added;
    // Of those that nobody has any more, the links go.
    const provided = (link: Link): boolean => state.alternatives.some((other) => other.followers.has(link.name));
    for (const link of all.filter((candidate) => !provided(candidate))) removeLink(link);
    all = all.filter(provided);
  }
  state.followers = all.sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
  writeState(state, state.mode === "auto" ? bestOf(state) : currentOf(state), index >= 0, say);
}

function remove(name: string, target: string, say: Say): void {
  const state = readState(name);
  const index = state?.alternatives.findIndex((other) => other.target === target) ?? -1;
  if (state === null || index < 0) throw new Usage(`${target} is no alternative for ${name}`);
  const current = currentOf(state);
  if (state.alternatives.length === 1) {
    for (const link of [state.link, ...state.followers]) removeLink(link);
    unlinkSync(`${STATE}/${name}`);
    return;
  }
  const last = state.alternatives.pop();
  if (last !== undefined && index < state.alternatives.length) state.alternatives[index] = last;
  const family = current?.family ?? null;
  const best = bestOf(state, family);
  if (current?.target === target) {
    const stays = family !== null && best?.family === family;
    if (!stays) state.mode = "auto";
    writeState(state, best, stays, say);
  } else writeState(state, state.mode === "auto" ? best : current, false, say);
}

function checkLink(path: string, name: string, target: string): void {
  if (path.startsWith("/") && target.startsWith("/") && name !== "" && !name.includes("/")) return;
  throw new Usage(`not a link, a name and a path: ${path} ${name} ${target}`);
}

/** The first of those with the highest priority, of a family if there is one. */
function bestOf({ alternatives }: State, family: string | null = null): Alternative | undefined {
  const relatives = alternatives.filter((alternative) => family !== null && alternative.family === family);
  const candidates = relatives.length > 0 ? relatives : alternatives;
  const highest = Math.max(...candidates.map(({ priority }) => priority));
  return candidates.find(({ priority }) => priority === highest);
}

function currentOf(state: State): Alternative | undefined {
  const target = readLink(`${LINKS}/${state.link.name}`);
  return state.alternatives.find((other) => other.target === target);
}

/** Null when there is none. */
function readState(name: string): State | null {
  let text: string;
  try {
    text = readFileSync(`${STATE}/${name}`, "latin1");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  const lines = text.split("\n");
  const next = (): string => lines.shift() ?? "";
  const mode = next() === "manual" ? "manual" : "auto";
  const link: Link = { name, path: next() };
  const followers: Link[] = [];
  for (let title = next(); title !== ""; title = next()) followers.push({ name: title, path: next() });
  const alternatives: Alternative[] = [];
  for (let target = next(); target !== ""; target = next()) {
    const [, family, priority = "0"] = /^(?:@([^@]+)@)?(-?\d+)/.exec(next()) ?? [];
    const files = followers.map(({ name: title }) => [title, next()] as const).filter(([, file]) => file !== "");
    alternatives.push({ target, priority: Number(priority), family: family ?? null, followers: new Map(files) });
  }
  const state: State = { mode, link, followers, alternatives };
  // A link that somebody else has set is his choice.
  if (readLink(`${LINKS}/${name}`) !== null && currentOf(state)?.target !== bestOf(state)?.target)
    state.mode = "manual";
  return state;
}

function writeState(state: State, chosen: Alternative | undefined, force: boolean, say: Say): void {
  const { mode, link, followers, alternatives } = state;
  const head = [mode, link.path, ...followers.flatMap(({ name, path }) => [name, path]), ""];
  const body = alternatives.flatMap(({ target, priority, family, followers: files }) => [
    target,
    `${family === null ? "" : `@${family}@`}${priority}`,
    ...followers.map(({ name }) => files.get(name) ?? ""),
  ]);
  const path = `${STATE}/${link.name}`;
  writeFileSync(`${path}.new`, Buffer.from([...head, ...body, ""].join("\n"), "latin1"), { mode: 0o644 });
  renameSync(`${path}.new`, path);
  if ((mode !== "auto" && !force) || chosen === undefined) return;
  makeLink(link, chosen.target, say);
  for (const follower of followers) {
    const target = chosen.followers.get(follower.name);
    if (target === undefined) removeLink(follower);
    else makeLink(follower, target, say);
  }
}

function makeLink({ name, path }: Link, target: string, say: Say): void {
  const present = lstatSync(path, { throwIfNoEntry: false });
  if (present === undefined || present.isSymbolicLink()) relink(path, `${LINKS}/${name}`);
  else say(`alternatives: ${path} is no symlink, and stays`);
  relink(`${LINKS}/${name}`, target);
}

function relink(path: string, target: string): void {
  try {
    if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) unlinkSync(path);
    symlinkSync(Buffer.from(target, "latin1"), Buffer.from(path, "latin1"));
  } catch (error) {
    throw new Usage(`${path} cannot be linked: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function removeLink({ name, path }: Link): void {
  for (const link of [`${LINKS}/${name}`, path]) {
    if (lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink() === true) unlinkSync(link);
  }
}

function readLink(path: string): string | null {
  try {
    return readlinkSync(path, "latin1");
  } catch {
    return null;
  }
}
