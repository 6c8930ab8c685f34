import { Command, Option } from "clipanion";
import { RpmociError } from "../../index.js";
import { RpmociCommand } from "../command.js";
import type { CommandModel } from "../command-models.js";
import { SHELLS } from "../shells.js";

type Shell = (typeof SHELLS)[number];

export class CompletionsCommand extends RpmociCommand {
  static override paths = [["completions"]];
  static override usage = Command.Usage({
    category: "Help",
    description: "Write a shell's completion of this command line",
    examples: [
      ["In ~/.bashrc", "source <(rpmoci completions bash)"],
      ["In ~/.zshrc, after compinit", "source <(rpmoci completions zsh)"],
      ["In ~/.config/fish/config.fish", "rpmoci completions fish | source"],
    ],
  });

  shell = Option.String({ name: "SHELL" });

  protected async run(): Promise<number> {
    const { shell } = this;
    if (!isShell(shell)) {
      throw new RpmociError(`there is no completion for '${shell}', but for ${SHELLS.join(", ")}`, {
        kind: "usage",
        code: "SHELL_UNKNOWN",
      });
    }
    const { commandModels } = await import("../command-models.js");
    this.print(await completion(shell, commandModels(this.cli.definitions())));
    return 0;
  }
}

function isShell(text: string): text is Shell {
  return (SHELLS as readonly string[]).includes(text);
}

async function completion(shell: Shell, models: readonly CommandModel[]): Promise<string> {
  switch (shell) {
    case "bash":
      return (await import("../completions/bash.js")).bashCompletion(models);
    case "zsh":
      return (await import("../completions/zsh.js")).zshCompletion(models);
    case "fish":
      return (await import("../completions/fish.js")).fishCompletion(models);
  }
}
