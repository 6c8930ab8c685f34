import type { ToolRun } from "./perform.js";
export function runLdconfig(_: ToolRun): number {
  throw new Error("later");
}
