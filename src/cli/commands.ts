/** All commands, in the order in which help lists them. */
import { BuildCommand } from "./commands/build.js";
import { CacheLsCommand, CachePruneCommand, CacheVerifyCommand } from "./commands/cache.js";
import { CheckCommand } from "./commands/check.js";
import { CompletionsCommand } from "./commands/completions.js";
import { DiffCommand } from "./commands/diff.js";
import { DoctorCommand } from "./commands/doctor.js";
import { ExplainCommand } from "./commands/explain.js";
import { ExportCommand } from "./commands/export.js";
import { FilesCommand } from "./commands/files.js";
import { ImportCommand } from "./commands/import.js";
import { InitCommand } from "./commands/init.js";
import { LayersCommand } from "./commands/layers.js";
import { LayoutGcCommand } from "./commands/layout-gc.js";
import { LayoutValidateCommand } from "./commands/layout-validate.js";
import { ManCommand } from "./commands/man.js";
import { PushCommand } from "./commands/push.js";
import { SbomCommand } from "./commands/sbom.js";
import { SchemaCommand } from "./commands/schema.js";
import { SizeCommand } from "./commands/size.js";
import { TreeCommand } from "./commands/tree.js";
import { UpdateCommand } from "./commands/update.js";
import { VendorCommand } from "./commands/vendor.js";
import { VerifyCommand } from "./commands/verify.js";
import { WhyCommand } from "./commands/why.js";

export const COMMANDS = [
  InitCommand,
  BuildCommand,
  UpdateCommand,
  CheckCommand,
  VendorCommand,
  WhyCommand,
  TreeCommand,
  LayersCommand,
  PushCommand,
  SbomCommand,
  FilesCommand,
  SizeCommand,
  DiffCommand,
  VerifyCommand,
  LayoutGcCommand,
  LayoutValidateCommand,
  CacheLsCommand,
  CacheVerifyCommand,
  CachePruneCommand,
  ExportCommand,
  ImportCommand,
  DoctorCommand,
  ExplainCommand,
  SchemaCommand,
  CompletionsCommand,
  ManCommand,
] as const;
