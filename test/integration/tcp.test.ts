// The TCP modules over real sockets of this machine.
import { afterEach, expect, test } from "vitest"
import TcpInput from "../../modules/input/tcp.ts"
import TcpOutput from "../../modules/output/tcp.ts"
import { realPlatform } from "../../src/platform/real.ts"
import { type ModuleRun, startModule } from "../../src/testing/index.ts"

type Input = ModuleRun<TcpInput, ReturnType<typeof realPlatform>>
type Output = ModuleRun<TcpOutput, ReturnType<typeof realPlatform>>

const platform = realPlatform()
const running: { stop(): Promise<void> }[] = []

afterEach(async () => {
  for (const run of running.splice(0).toReversed()) await run.stop()
})

async function input(args: Record<string, unknown> = {}): Promise<Input> {
  const run = await startModule(TcpInput, { port: 0, ...args }, { platform })
  running.push(run)
  return run
}

async function output(port: number, args: Record<string, unknown> = {}): Promise<Output> {
  const run = await startModule(TcpOutput, { port, ...args }, { platform })
  running.push(run)
  return run
}

function portOf(run: Input): number {
  const { address } = run.module
  if (address === undefined || !("port" in address)) throw new Error("it does not listen on a port")
  return address.port
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = platform.clock.monotonic() + 10_000
  while (!condition()) {
    if (platform.clock.monotonic() > deadline) throw new Error("not so after 10 seconds")
    await platform.timers.sleep(2)
  }
}

function count(run: { readonly events: Record<string, unknown[]> }, queue: string): number {
  return run.events[queue]?.length ?? 0
}

test("what one program sends another receives, all of it and in order", async () => {
  const receiver = await input()
  const sender = await output(portOf(receiver))
  const sent = Array.from({ length: 100_000 }, (_, index) => `line ${index} ${"x".repeat(index % 300)}`)
  sender.put("inbox", ...sent)
  await until(() => count(receiver, "outbox") === sent.length)
  expect(receiver.sent["outbox"]).toEqual(sent)
  expect(sender.sent["successful"]).toHaveLength(sent.length)
  expect(sender.sent["failed"]).toBeUndefined()
})

test("a receiver that holds its queue back holds the sender back, and loses nothing", async () => {
  const receiver = await input()
  const sender = await output(portOf(receiver))
  receiver.block("outbox")
  const line = "y".repeat(1000)
  const sent = 40_000
  sender.put("inbox", ...Array.from({ length: sent }, () => line))
  await platform.timers.sleep(300)
  expect(count(sender, "successful")).toBeLessThan(sent)
  await receiver.unblock("outbox")
  await until(() => count(receiver, "outbox") === sent)
  expect(count(sender, "failed")).toBe(0)
})

test("a receiver that goes and comes back is found again", async () => {
  const first = await input()
  const port = portOf(first)
  const sender = await output(port)
  await sender.send("inbox", "one")
  await until(() => count(first, "outbox") === 1)
  await first.stop()
  await until(() => sender.lines.some((line) => line.includes("lost the connection")))
  await sender.send("inbox", "two")
  await until(() => count(sender, "failed") === 1)
  const second = await input({ port })
  const backMs = platform.clock.monotonic()
  await until(() => sender.lines.at(-1)?.includes("again") === true)
  expect(platform.clock.monotonic() - backMs).toBeLessThan(1000)
  await sender.send("inbox", "three")
  await until(() => count(second, "outbox") === 1)
  expect(second.sent).toEqual({ outbox: ["three"] })
  expect(sender.sent).toEqual({ successful: ["one", "three"], failed: ["two"] })
})

test("a reset loses at most what has no confirmation, and says what that is", async () => {
  const ends: { destroy(): void }[] = []
  const listener = await platform.sockets.listen({ address: { host: "127.0.0.1", port: 0 } }, (connection) => {
    connection.pause()
    connection.setEvents({})
    ends.push(connection)
  })
  const port = "port" in listener.address ? listener.address.port : 0
  const sender = await output(port)
  const sent = Array.from({ length: 30_000 }, (_, index) => `${index} ${"z".repeat(1000)}`)
  sender.put("inbox", ...sent)
  await until(() => count(sender, "successful") > 0)
  await platform.timers.sleep(200)
  await listener.close()
  for (const end of ends) end.destroy()
  await until(() => count(sender, "successful") + count(sender, "failed") === sent.length)
  const { successful = [], failed = [] } = sender.sent
  expect([...successful, ...failed]).toEqual(sent)
  expect(failed.length).toBeGreaterThan(1000)
})

test("says what keeps it from listening", async () => {
  const taken = await input()
  const port = portOf(taken)
  await expect(startModule(TcpInput, { port }, { platform })).rejects.toMatchObject({ code: "WB_PORT_IN_USE" })
  const foreign = startModule(TcpInput, { port: 0, host: "192.0.2.1" }, { platform })
  await expect(foreign).rejects.toMatchObject({ code: "WB_LISTEN_FAILED", hint: expect.stringContaining("address of this machine") })
})
