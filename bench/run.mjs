// Builds the package as it is published, with the benches beside it, and runs one: `node bench/run.mjs chain --rounds 20`.
//
// Why not run the TypeScript sources directly: a loader that compiles on the fly gives functions names at run time and keeps itself in
// memory. The same chain was 10 to 20 % slower that way and took 30 MB more. What counts is what users run.
import { spawnSync } from "node:child_process"
import { copyFileSync, mkdirSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("..", import.meta.url))
const built = join(root, "node_modules/.cache/wishbone-ts/bench")
const [name, ...rest] = process.argv.slice(2)

function run(args) {
  const { status } = spawnSync(process.execPath, args, { stdio: "inherit", cwd: root })
  if (status !== 0) process.exit(status ?? 1)
}

mkdirSync(join(built, "bin"), { recursive: true })
for (const file of ["package.json", "bin/wishbone-ts.cjs"]) copyFileSync(join(root, file), join(built, file))
run([join(root, "node_modules/typescript/bin/tsc"), "-p", join(root, "bench/tsconfig.json")])
run([join(built, "dist/bench", `${name}.js`), ...rest])
