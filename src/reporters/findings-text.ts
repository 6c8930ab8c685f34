/** What was found out about a system, as text. */
import type { Finding } from "../index.js";
import { type Colour, continuationLine, statusLine } from "./status-line.js";

const WORDS: Readonly<Record<Finding["status"], readonly [string, Colour]>> = {
  ok: ["Ok", "green"],
  warning: ["Warning", "yellow"],
  failure: ["Failure", "red"],
};

export function findingsText(findings: readonly Finding[], colours: boolean): string {
  const lines = findings.flatMap(({ check, status, message, remedy }) => {
    const [word, colour] = WORDS[status];
    const line = statusLine(word, `${check}: ${message}`, colours ? colour : null);
    return remedy === null ? [line] : [line, continuationLine(remedy)];
  });
  return `${lines.join("\n")}\n`;
}
