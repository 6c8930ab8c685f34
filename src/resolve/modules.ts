/** Chooses module streams for a pool, as `dnf module install` would before packages are looked for. */
import { RpmociError } from "../errors.js";
import type { Emit } from "../events.js";
import { defaultStreams } from "../model/modules.js";
import type { RepositoryMetadata } from "../model/repository.js";
import type { ModuleReport, Pool, ProfilePackage, RefusedModule } from "../native/binding.js";
import { nativeCall } from "../native/call.js";

export interface ModuleSelection {
  /** `name:stream`, with `/profile` for the packages of a profile; all that dnf takes. */
  readonly specs: readonly string[];
  /** `platform:el9` and the like; undefined to take what the repositories' release package says. */
  readonly platformId: string | undefined;
}

/**
 * Hides the packages that streams hide, and returns those that profiles install. With modular repositories, call it
 * before the pool resolves. Throws an `RpmociError` of kind `resolve` when what is asked for cannot be had.
 */
export async function selectModules(
  pool: Pool,
  repositories: readonly RepositoryMetadata[],
  arch: string,
  selection: ModuleSelection,
  emit: Emit,
): Promise<readonly ProfilePackage[]> {
  const modular = repositories.flatMap(({ config, modules }) =>
    modules === null ? [] : [{ repositoryId: config.id, ...modules }],
  );
  for (const { repositoryId, warnings } of modular) {
    for (const warning of warnings) {
      emit({ type: "warning", message: `modules of repository "${repositoryId}": ${warning}; it is ignored` });
    }
  }
  if (modular.length === 0 && selection.specs.length === 0) return [];
  const report = await nativeCall(
    pool.selectModules({
      arch,
      repositories: modular.map(({ repositoryId, builds }) => ({ repositoryId, builds })),
      defaults: defaultStreams(modular.flatMap(({ defaults }) => defaults)),
      specs: selection.specs,
      platformId: selection.platformId ?? null,
    }),
  );
  if (report.refused.length > 0) throw refused(report.refused, report);
  if (report.status !== "good") complain(report, selection.specs.length > 0, emit);
  emit({ type: "debug", message: `active modules: ${report.active.join(", ") || "none"}` });
  return report.profilePackages;
}

/** As dnf: what concerns default streams alone is a warning, and all is as long as no stream was asked for. */
function complain(report: ModuleReport, asked: boolean, emit: Emit): void {
  const details = problemsOf(report);
  if (asked && report.status !== "defaults") {
    throw new RpmociError("Failed to enable module streams", {
      kind: "resolve",
      code: "MODULES_UNSOLVABLE",
      hint: hintOf(report),
      details,
    });
  }
  emit({ type: "warning", message: ["some module streams cannot be active:", ...details].join("\n  ") });
}

function problemsOf({ problems }: ModuleReport): readonly string[] {
  return problems.flatMap(({ messages }, index) =>
    messages.map((message, line) => (line === 0 ? `problem ${index + 1}: ${message}` : `  ${message}`)),
  );
}

function hintOf({ platformId }: ModuleReport): string | undefined {
  return platformId === null
    ? 'no repository tells the platform: set contents.module_platform_id, for example to "platform:el9"'
    : undefined;
}

function refused(modules: readonly RefusedModule[], report: ModuleReport): RpmociError {
  const [first, ...rest] = modules.map(sentenceOf);
  return new RpmociError(first ?? "Failed to enable module streams", {
    kind: "resolve",
    code: "MODULE_UNMATCHED",
    details: [...rest, ...problemsOf(report)],
  });
}

function sentenceOf({ spec, reason, alternatives }: RefusedModule): string {
  const list = alternatives.join(", ");
  switch (reason) {
    case "invalid":
      return `'${spec}' does not name a module stream; the form is name:stream/profile`;
    case "ambiguous":
      return `Module '${spec}' has several streams and none of them is the default: choose one of ${list}`;
    case "taken":
      return `Module '${spec}' cannot be enabled: ${list} is enabled already`;
    case "profile":
      return `Module '${spec}' has no such profile${list === "" ? "" : `; its profiles are ${list}`}`;
    case "inactive":
      return `No build of the module '${spec}' is active`;
    default:
      return `No module available for '${spec}'${list === "" ? "" : `; did you mean ${list}?`}`;
  }
}
