// The TCP modules over real sockets of this machine, stopped when the test ends.

import { onTestFinished } from "vitest"
import TcpInput from "../../modules/input/tcp.ts"
import TcpOutput from "../../modules/output/tcp.ts"
import { realPlatform } from "../../src/platform/real.ts"
import { type ModuleRun, startModule } from "../../src/testing/index.ts"

export const platform = realPlatform()

export type Input = ModuleRun<TcpInput, typeof platform>
export type Output = ModuleRun<TcpOutput, typeof platform>

export async function input(args: Record<string, unknown> = {}): Promise<Input> {
  const run = await startModule(TcpInput, { port: 0, ...args }, { platform })
  onTestFinished(() => run.stop())
  return run
}

export async function output(port: number, args: Record<string, unknown> = {}): Promise<Output> {
  const run = await startModule(TcpOutput, { port, ...args }, { platform })
  onTestFinished(() => run.stop())
  return run
}

export function portOf(run: Input): number {
  const { address } = run.module
  if (address === undefined || !("port" in address)) throw new Error("it does not listen on a port")
  return address.port
}

export async function until(condition: () => boolean, withinMs = 10_000): Promise<void> {
  const deadline = platform.clock.monotonic() + withinMs
  while (!condition()) {
    if (platform.clock.monotonic() > deadline) throw new Error(`not so after ${withinMs} ms`)
    await platform.timers.sleep(2)
  }
}

export function count(run: { readonly events: Record<string, unknown[]> }, queue: string): number {
  return run.events[queue]?.length ?? 0
}
