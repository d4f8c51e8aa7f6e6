// The program: the command line joined with the built-in modules. The core names no concrete module, so this is the one
// place that knows both. An embedding program hands in its own list instead of starting this file.
import { main } from "../src/cli/main.ts"

// Loaded when a command asks for them: `--help` needs no module.
const components = async () => (await import("../modules/index.ts")).components

// The status is set and not forced: the process ends when nothing is left to do, and what was printed has been written.
process.exitCode = await main(process.argv.slice(2), { components })
