/** The least of the shell's language: commands of literal words. */

export interface ShellCommand {
  /** What is between it and the command before: always, after success, after failure. */
  readonly connector: ";" | "&&" | "||";
  readonly words: readonly string[];
  /** What it reads, as a here-document has it; null for nothing. */
  readonly input: string | null;
}

/**
 * A script's commands in their order, or null for a script that has anything else: expansions, substitutions,
 * assignments, pipes, background commands, compound commands, output that goes elsewhere than to /dev/null.
 */
export function parseShell(script: string): readonly ShellCommand[] | null {
  try {
    return new Parser(script).parse();
  } catch (error) {
    if (error instanceof NotLiteral) return null;
    throw error;
  }
}

class NotLiteral extends Error {}

/** With these, a command is none of the above, or the rest of the script is not. */
const RESERVED = new Set(
  "if then else elif fi case esac for select while until do done in function time coproc { } ! [[ ]]".split(" "),
);

/** Of an unquoted word. Others are operators, expansions, or patterns. */
const PLAIN = /[\w./:@%+,=^-]/;

interface HereDocument {
  readonly delimiter: string;
  readonly quoted: boolean;
  readonly stripsTabs: boolean;
}

class Parser {
  #at = 0;
  readonly #commands: { connector: ShellCommand["connector"]; words: string[]; input: string | null }[] = [];
  #connector: ShellCommand["connector"] = ";";
  #words: string[] = [];
  #document: HereDocument | null = null;
  /** Of the commands of a line, those whose here-documents follow it. */
  #waiting: { readonly command: { input: string | null }; readonly document: HereDocument }[] = [];

  constructor(private readonly text: string) {}

  parse(): readonly ShellCommand[] {
    while (this.#at < this.text.length) this.#next();
    this.#endCommand();
    if (this.#waiting.length > 0 || this.#connector !== ";") throw new NotLiteral();
    return this.#commands;
  }

  #next(): void {
    const character = this.text[this.#at] ?? "";
    const pair = this.text.slice(this.#at, this.#at + 2);
    if (character === " " || character === "\t") this.#at += 1;
    else if (pair === "\\\n") this.#at += 2;
    else if (character === "\n") {
      this.#at += 1;
      // A line may end after an operator.
      if (this.#words.length > 0) this.#endCommand(";");
      this.#readDocuments();
    } else if (character === "#") this.#at = this.#endOfLine();
    else if (pair === "&&" || pair === "||") {
      this.#at += 2;
      this.#endCommand(pair, true);
    } else if (character === ";" && pair !== ";;") {
      this.#at += 1;
      this.#endCommand(";", true);
    } else if (!this.#redirection()) this.#words.push(this.#word());
  }

  #endOfLine(): number {
    const end = this.text.indexOf("\n", this.#at);
    return end < 0 ? this.text.length : end;
  }

  #endCommand(next: ShellCommand["connector"] = ";", needed = false): void {
    const [first] = this.#words;
    if (first === undefined) {
      if (needed || this.#document !== null) throw new NotLiteral();
      return;
    }
    if (RESERVED.has(first) || /^\w+\+?=/.test(first)) throw new NotLiteral();
    const command = { connector: this.#connector, words: this.#words, input: null };
    this.#commands.push(command);
    if (this.#document !== null) this.#waiting.push({ command, document: this.#document });
    this.#document = null;
    this.#connector = next;
    this.#words = [];
  }

  /** To and from /dev/null, of one output to the other, and here-documents. */
  #redirection(): boolean {
    const rest = this.text.slice(this.#at);
    const silent = /^(?:[012]?(?:>>?|>\||<)|&>>?)[ \t]*\/dev\/null(?![^\s;&|])/.exec(rest);
    const joined = /^[12]?>&[12](?![^\s;&|])/.exec(rest);
    const found = silent ?? joined;
    if (found !== null) {
      this.#at += found[0].length;
      return true;
    }
    const here = /^0?<<(-?)[ \t]*(?:'(\w+)'|"(\w+)"|\\(\w+)|(\w+))(?![^\s;&|>])/.exec(rest);
    if (here === null) return false;
    if (this.#document !== null) throw new NotLiteral();
    const delimiter = here[2] ?? here[3] ?? here[4] ?? here[5] ?? "";
    this.#document = { delimiter, quoted: here[5] === undefined, stripsTabs: here[1] === "-" };
    this.#at += here[0].length;
    return true;
  }

  #readDocuments(): void {
    for (const { command, document } of this.#waiting.splice(0)) {
      const lines: string[] = [];
      for (;;) {
        if (this.#at >= this.text.length) throw new NotLiteral();
        const end = this.#endOfLine();
        const raw = this.text.slice(this.#at, end);
        const line = document.stripsTabs ? raw.replace(/^\t+/, "") : raw;
        this.#at = end + 1;
        if (line === document.delimiter) break;
        if (!document.quoted && /[$`\\]/.test(line)) throw new NotLiteral();
        lines.push(`${line}\n`);
      }
      command.input = lines.join("");
    }
  }

  #word(): string {
    let word = "";
    const start = this.#at;
    for (;;) {
      const character = this.text[this.#at] ?? "";
      if (character === "'" || character === '"') word += this.#quoted(character);
      else if (character === "\\") word += this.#escaped();
      else if (character !== "" && PLAIN.test(character)) {
        // A number before a redirection is its file descriptor, and looked for where the word begins.
        word += character;
        this.#at += 1;
      } else break;
    }
    const after = this.text[this.#at] ?? "\n";
    if (this.#at === start || !/[\s;&|]/.test(after)) throw new NotLiteral();
    return word;
  }

  #quoted(quote: string): string {
    const end = this.text.indexOf(quote, this.#at + 1);
    if (end < 0) throw new NotLiteral();
    const inner = this.text.slice(this.#at + 1, end);
    if (quote === '"' && /[$`\\!]/.test(inner)) throw new NotLiteral();
    this.#at = end + 1;
    return inner;
  }

  #escaped(): string {
    const next = this.text[this.#at + 1];
    this.#at += 2;
    if (next === undefined) throw new NotLiteral();
    return next === "\n" ? "" : next;
  }
}
