/**
 * The effective definitions of system repositories: what the files say, and what plugins of the host's dnf (such as
 * subscription-manager) make of it. Plugins are programs, so that only dnf itself can tell.
 */
import { spawn } from "node:child_process";
import { open, stat } from "node:fs/promises";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { messageOf, RpmociError } from "../errors.js";
import type { Emit } from "../events.js";
import { hasPlugins, pluginDirectories } from "./dnf-plugins.js";
import { DNF_SCRIPT } from "./dnf-script.js";
import { parseDumpedOptions } from "./dnf5-dump.js";
import {
  type DnfConfiguration,
  type RepositoryDefinition,
  readSystemRepositories,
  type SystemRepositories,
} from "./system.js";
import type { Variables } from "./variables.js";

export interface DefinitionRequest {
  /** The system repositories that are wanted. */
  readonly ids: readonly string[];
  readonly configuration: DnfConfiguration;
  readonly variables: Variables;
  readonly systemRoot: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly findDnf?: () => Promise<string>;
  readonly emit?: Emit;
  readonly signal?: AbortSignal | undefined;
}

/** What the script answers. */
interface Answer {
  readonly error?: string;
  readonly messages: readonly string[];
  readonly known: readonly string[];
  readonly repositories: Readonly<
    Record<
      string,
      {
        readonly options: Readonly<Record<string, string>>;
        readonly headers: readonly (readonly [string, string])[];
        readonly file: string | null;
      }
    >
  >;
}

/**
 * The definitions as dnf has them, or as the files have them when no plugin is installed (asking takes a while) or dnf
 * cannot be asked, of which there is a warning. Throws an `RpmociError` of kind `environment` when a plugin refuses to go
 * on, as dnf would.
 */
export async function effectiveRepositories(request: DefinitionRequest): Promise<SystemRepositories> {
  const { configuration, systemRoot, findDnf, emit = () => {} } = request;
  const written = await readSystemRepositories(configuration);
  if (findDnf === undefined || !(await hasPlugins(configuration, systemRoot))) {
    emit({ type: "debug", message: "repository definitions are read from their files: dnf has no plugins" });
    return written;
  }
  try {
    const dnf = await findDnf();
    const interpreter = await interpreterOf(dnf);
    return interpreter === null
      ? await askDnf5(dnf, request, written)
      : await askDnf4(interpreter, { ...request, emit }, written);
  } catch (error) {
    request.signal?.throwIfAborted();
    if (error instanceof RpmociError && error.code === "DNF_PLUGIN_FAILED") throw error;
    const message = `dnf cannot be asked what its plugins make of the system's repositories, so that these are used as their files have them: ${messageOf(error)}`;
    emit({ type: "warning", message });
    return written;
  }
}

/** The words after `#!`; null for a program in machine code, as dnf 5 is. */
async function interpreterOf(program: string): Promise<readonly [string, ...string[]] | null> {
  const file = await open(program);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(256), 0, 256, 0);
    const [command, ...args] =
      buffer
        .toString("utf8", 0, bytesRead)
        .match(/^#!(.*)/)?.[1]
        ?.trim()
        .split(/\s+/) ?? [];
    return command === undefined ? null : [command, ...args];
  } finally {
    await file.close();
  }
}

async function askDnf4(
  [interpreter, ...args]: readonly [string, ...string[]],
  request: DefinitionRequest & { readonly emit: Emit },
  written: SystemRepositories,
): Promise<SystemRepositories> {
  const { configuration, systemRoot, emit } = request;
  const question = {
    ids: request.ids,
    configuration: configuration.path,
    reposdir: configuration.repositoryDirectories,
    varsdir: configuration.variableDirectories,
    ...pluginDirectories(configuration, systemRoot),
    variables: Object.fromEntries(request.variables),
  };
  const output = await runProgram([interpreter, ...args, "-c", DNF_SCRIPT, JSON.stringify(question)], request);
  for (const line of `${output.stdout}\n${output.stderr}`.split("\n")) {
    if (line.trim() !== "") emit({ type: "debug", message: `dnf: ${line}` });
  }
  const answer = JSON.parse(output.answer) as Answer;
  if (answer.error !== undefined) {
    throw new RpmociError(`a plugin of this system's dnf failed: ${answer.error}`, {
      kind: "environment",
      code: "DNF_PLUGIN_FAILED",
      hint: "dnf repolist shows the same; repositories that the manifest gives by their URLs do not depend on it",
    });
  }
  // Of a plugin's exception dnf logs the whole trace.
  for (const message of answer.messages) emit({ type: "warning", message: `dnf: ${lastLine(message)}` });
  const definitions = new Map<string, RepositoryDefinition>(written.definitions);
  for (const id of answer.known) if (!definitions.has(id)) definitions.set(id, { options: {}, definedAt: 0 });
  for (const [id, { options, headers, file }] of Object.entries(answer.repositories)) {
    definitions.set(id, {
      options,
      headers: Object.fromEntries(headers.map(([name, value]) => [name.trim().toLowerCase(), value.trim()])),
      definedAt: file === null ? 0 : await changeTimeOf(file),
    });
  }
  return { definitions, directories: written.directories };
}

async function askDnf5(
  dnf: string,
  request: DefinitionRequest,
  written: SystemRepositories,
): Promise<SystemRepositories> {
  const { configuration, ids } = request;
  const list = (name: string, directories: readonly string[]): string => `--setopt=${name}=${directories.join(",")}`;
  const output = await runProgram(
    [
      dnf,
      `--config=${configuration.path}`,
      list("reposdir", configuration.repositoryDirectories),
      list("varsdir", configuration.variableDirectories),
      ...[...request.variables]
        .filter(([name]) => !/^(arch|basearch|releasever_m)/.test(name))
        .map(([name, value]) => `--setvar=${name}=${value}`),
      `--dump-repo-config=${ids.join(",")}`,
    ],
    request,
  );
  const definitions = new Map(written.definitions);
  for (const [id, options] of parseDumpedOptions(output.stdout)) {
    const file = definitions.get(id);
    definitions.set(id, { options: { ...file?.options, ...options }, definedAt: file?.definedAt ?? 0 });
  }
  return { definitions, directories: written.directories };
}

interface ProgramOutput {
  readonly stdout: string;
  readonly stderr: string;
  /** What came through file descriptor 3. */
  readonly answer: string;
}

async function runProgram(
  [program = "", ...args]: readonly string[],
  { environment, signal }: DefinitionRequest,
): Promise<ProgramOutput> {
  const child = spawn(program, args, {
    env: { ...environment, LC_ALL: "C.UTF-8" },
    cwd: "/",
    stdio: ["ignore", "pipe", "pipe", "pipe"],
    ...(signal === undefined ? {} : { signal }),
  });
  const ended = new Promise<number | null>((resolve, reject) => child.on("error", reject).on("close", resolve));
  const [code, stdout, stderr, answer] = await Promise.all([
    ended,
    ...[1, 2, 3].map((descriptor) => text(child.stdio[descriptor] as Readable)),
  ]);
  if (code !== 0) throw new Error(`${program} failed: ${lastLine(stderr ?? "") || `status ${code}`}`);
  return { stdout: stdout ?? "", stderr: stderr ?? "", answer: answer ?? "" };
}

async function changeTimeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => null))?.mtimeMs ?? 0;
}

function lastLine(message: string): string {
  return message.trimEnd().split("\n").at(-1)?.trim() ?? "";
}
