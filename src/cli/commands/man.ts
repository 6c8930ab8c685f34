import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Command, Option } from "clipanion";
import { RpmociError } from "../../index.js";
import { RpmociCommand } from "../command.js";

export class ManCommand extends RpmociCommand {
  static override paths = [["man"]];
  static override usage = Command.Usage({
    category: "Help",
    description: "Write a manual page, or all of them",
    details: `
      Writes the page of a command, or without one that of rpmoci itself, to standard output; with \`--out-dir\`, all
      pages as files. They are of the day of \`SOURCE_DATE_EPOCH\`, or of none.
    `,
    examples: [
      ["Read about builds", "rpmoci man build | man -l -"],
      ["Install all pages", "rpmoci man --out-dir /usr/local/share/man/man1"],
    ],
  });

  words = Option.Rest({ name: "COMMAND" });
  directory = Option.String("--out-dir", { description: "Folder for the pages; made when it is missing" });

  protected async run(): Promise<number> {
    const { commandModels } = await import("../command-models.js");
    const { manualPages } = await import("../manual.js");
    const pages = manualPages(commandModels(this.cli.definitions()), date());
    if (this.directory !== undefined) {
      if (this.words.length > 0) throw misuse("--out-dir takes all pages: name no command");
      await writePages(this.directory, pages);
      return 0;
    }
    const file = `${["rpmoci", ...this.words].join("-")}.1`;
    const page = pages.find((candidate) => candidate.file === file);
    if (page === undefined) throw misuse(`there is no page for '${this.words.join(" ")}'`);
    this.print(page.text);
    return 0;
  }
}

function date(): string {
  const seconds = Number(process.env.SOURCE_DATE_EPOCH);
  return seconds > 0 && seconds < 2 ** 37 ? new Date(seconds * 1000).toISOString().slice(0, 10) : "";
}

async function writePages(directory: string, pages: readonly { file: string; text: string }[]): Promise<void> {
  try {
    await mkdir(directory).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
    for (const { file, text } of pages) await writeFile(join(directory, file), text);
  } catch (error) {
    throw new RpmociError(`Failed to write manual pages: ${error instanceof Error ? error.message : String(error)}`, {
      kind: "output",
      code: "MANUAL_UNWRITABLE",
      cause: error,
    });
  }
}

function misuse(message: string): RpmociError {
  return new RpmociError(message, {
    kind: "usage",
    code: "MANUAL_UNKNOWN",
    hint: "rpmoci --help lists commands",
  });
}
