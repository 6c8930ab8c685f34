/** Why a test is skipped that makes, or has other programs unpack, files of all kinds. */
export const needsRoot = process.geteuid?.() !== 0 && "only root can make and unpack all kinds of files";
