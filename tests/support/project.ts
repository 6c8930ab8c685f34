/** Where things are, seen from a compiled test in build/js/tests/support. */
import { join, resolve } from "node:path";

export const projectRoot = resolve(import.meta.dirname, "../../../..");

/** For what tests may keep from one run to the next. */
export const fixturesCache = join(projectRoot, "build/fixtures-cache");
