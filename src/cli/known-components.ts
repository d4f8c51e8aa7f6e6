// The components that `list` and `show` speak of: those of the program, and with `--config` those that a bootstrap file brings.

import type { Registry } from "../router/registry.ts"
import type { Context } from "./command.ts"

/** What can be wrong with a file that keeps commands from knowing its components. */
const componentCodes = /^WB_(PACKAGE|COMPONENT|FILE|YAML|BOOTSTRAP_EMPTY|MODULE_DUPLICATE)/

/**
 * The components that a command may name: those of the program and, with a bootstrap file, those that the file brings. `status` is 2 when
 * some of them could not be loaded, which was told.
 */
export async function knownComponents(
  config: string | undefined,
  { registry, shell }: Context,
): Promise<{ registry: Registry; status: number }> {
  const own = await registry()
  if (config === undefined) return { registry: own, status: 0 }
  // Commands without a file have no use for what reads one.
  const [{ loadBootstrap }, { problemsText }] = await Promise.all([import("./load.ts"), import("../bootstrap/report.ts")])
  const platform = await shell.platform()
  const loaded = await loadBootstrap({ config, registry: own, platform })
  const problems = loaded.problems.filter(({ code, severity }) => severity === "error" && componentCodes.test(code))
  const status = problems.length === 0 ? 0 : 2
  if (status !== 0) shell.err(problemsText(problems, loaded.sources))
  return { registry: loaded.registry, status }
}
