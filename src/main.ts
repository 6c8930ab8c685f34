#!/usr/bin/env node
import { setFlagsFromString } from "node:v8";

// How much of itself a function has run when V8 optimises it: three times the default. A resolution ends before that
// pays, and the compiler would take 5 MiB; what runs for seconds is optimised as ever. It counts for modules that are
// loaded afterwards. Later versions of V8 have no such flag, and would say so.
if (Number.parseInt(process.versions.node, 10) <= 22) setFlagsFromString("--interrupt-budget=400000");
const { runCli } = await import("./cli/run.js");

// Whoever stops reading, as `head` does, does not stop the work.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}

process.exitCode = await runCli(process.argv.slice(2));
