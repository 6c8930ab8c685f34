/** Those of `words` that may be meant by `word`, sorted: it is their beginning, or two letters away. */
export function similarWords(word: string, words: readonly string[]): readonly string[] {
  return [...new Set(words)].filter((other) => other.startsWith(word) || distance(other, word) <= 2).sort();
}

/** Levenshtein's: how many letters must be inserted, removed or replaced. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...b].entries()) {
      const replaced = (row[j] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
