// An example of bootstrap/, checked like any file and run by the real router on the simulated platform: lines in, lines out.

import { readFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import { expect } from "vitest"
import { checkBootstrap } from "../../src/bootstrap/check.ts"
import type { Report } from "../../src/ledger.ts"
import type { Log } from "../../src/log.ts"
import { simulatedPlatform } from "../../src/platform/simulated/simulated.ts"
import { Router } from "../../src/router/router.ts"
import { builtins } from "./plans.ts"

const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, fatal: () => {} }

/** An example that runs. */
export interface RunningExample {
  /** Feeds lines to standard input, waits until nothing moves, and gives what was printed meanwhile. */
  say(...lines: readonly string[]): Promise<string[]>
  advance(ms: number): Promise<void>
  /** Stops the graph and gives its books, which must balance. */
  stop(): Promise<Report>
}

/** Starts `bootstrap/<name>`, of which nothing may be said but `warnings`. */
export async function runExample(name: string, warnings: readonly string[]): Promise<RunningExample> {
  const path = fileURLToPath(new URL(`../../bootstrap/${name}`, import.meta.url))
  const registry = builtins()
  const { plan, problems } = await checkBootstrap({ bytes: await readFile(path), file: name, folder: "/flows", registry, environment: {} })
  expect(problems.map(({ message }) => message)).toEqual(warnings)
  if (plan === undefined) throw new Error(`${name} gives no plan`)
  const platform = simulatedPlatform()
  const router = Router.fromPlan(plan, { registry, platform, logs: () => silent })
  await platform.complete(router.start())
  let printed = 0
  return {
    async say(...lines) {
      platform.streams.feed(lines.map((line) => `${line}\n`).join(""))
      await platform.settle()
      const all = platform.streams.written.split("\n").slice(0, -1)
      return all.slice(printed, (printed = all.length))
    },
    advance: (ms) => platform.advance(ms),
    async stop() {
      await platform.complete(router.stop({ timeoutMs: 10_000 }))
      expect(router.status().imbalances).toEqual([])
      return router.report()
    },
  }
}
