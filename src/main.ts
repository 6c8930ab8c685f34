#!/usr/bin/env node
import { runCli } from "./cli/run.js";

// Whoever stops reading, as `head` does, does not stop the work.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}

process.exitCode = await runCli(process.argv.slice(2));
