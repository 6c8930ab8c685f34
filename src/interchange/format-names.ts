/** What `export` writes; by itself, as the formats are needed by nobody else. */
export const interchangeFormats = ["konflux", "dnf"] as const;

export type InterchangeFormat = (typeof interchangeFormats)[number];
