// Puts the command line and the library into few files: Node takes longer to find and read two hundred small ones than
// a resolution takes. Declarations are the compiler's.
import { chmodSync, rmSync } from "node:fs";
import { build } from "esbuild";

rmSync("dist", { recursive: true, force: true });
await build({
  entryPoints: {
    main: "src/main.ts",
    index: "src/index.ts",
    // A process of its own, looked for beside the file that starts it.
    "transaction-child": "src/install/transaction-child.ts",
  },
  outdir: "dist",
  bundle: true,
  // What is imported late stays in a file of its own.
  splitting: true,
  platform: "node",
  // The CycloneDX library writes XML with it where it is there.
  external: ["xmlbuilder2"],
  format: "esm",
  target: "node20",
  minifySyntax: true,
  legalComments: "external",
  // Libraries in CommonJS call it.
  banner: {
    js: 'import { createRequire as createCommonJsRequire } from "node:module"; const require = createCommonJsRequire(import.meta.url);',
  },
  logLevel: "warning",
});
chmodSync("dist/main.js", 0o755);
