import { describe, expect, test } from "vitest"
import { type SimulatedPlatform, simulatedPlatform } from "../../../../src/platform/simulated/simulated.ts"
import { connectedPair, Recorder, turn } from "../recorder.ts"

const port = 19283
const address = { host: "127.0.0.1", port }

describe("a restart", () => {
  test("kills timers, immediates and sleeps of the old process; the clock goes on", async () => {
    const old = simulatedPlatform()
    const seen: string[] = []
    old.timers.after(5, () => seen.push("timer"))
    old.timers.every(5, () => seen.push("interval"))
    old.timers.immediate(() => seen.push("immediate"))
    void old.timers.sleep(5).then(() => seen.push("sleep"))
    await old.settle()
    await old.advance(3)
    const next = old.restart()
    old.timers.after(1, () => seen.push("timer of the dead"))
    old.timers.immediate(() => seen.push("immediate of the dead"))
    await next.advance(100)
    expect(seen).toEqual(["immediate"])
    expect(next.clock.monotonic()).toBe(103)
    expect([old.alive, next.alive, old.incarnation, next.incarnation]).toEqual([false, true, 1, 2])
    expect([old.pendingTimers, next.pendingTimers]).toEqual([0, 0])
    expect(next.pid).not.toBe(old.pid)
  })

  test("keeps what was written in a crash, and what was synced in a power cut", async () => {
    const crashed = simulatedPlatform()
    await crashed.files.writeFile("/tmp/a", "written")
    expect((await crashed.restart().files.readFile("/tmp/a")).toString()).toBe("written")
    const survivors = await Promise.all(
      Array.from({ length: 20 }, async (_, seed) => {
        const cut = simulatedPlatform({ seed })
        await cut.files.writeFile("/tmp/a", "written")
        return (await cut.restart({ powerCut: true }).files.list("/tmp")).length
      }),
    )
    expect(new Set(survivors)).toEqual(new Set([0, 1]))
  })

  test("settles nothing for the old process, and does nothing it asks for", async () => {
    const old = simulatedPlatform()
    const file = await old.files.open("/tmp/a", "create")
    const next = old.restart()
    const settled: string[] = []
    const note = (what: string, work: Promise<unknown>): void => {
      const add = (): void => void settled.push(what)
      work.then(add, add)
    }
    note("handle", file.write([Buffer.from("x")], 0))
    note("open", old.files.open("/tmp/b", "create"))
    note("writable", old.files.writable("/tmp"))
    note(
      "listen",
      old.sockets.listen({ address }, () => undefined),
    )
    old.sockets.connect(address, new Recorder())
    old.streams.output.write(Buffer.from("zombie"), () => settled.push("output"))
    await next.advance(1000)
    expect(settled).toEqual([])
    expect(await next.files.list("/tmp")).toEqual(["a"])
    expect(next.streams.written).toBe("")
    expect(next.net.openEnds(port)).toBe(0)
  })

  test("frees the addresses of the old process", async () => {
    const old = simulatedPlatform()
    const lock = { path: "\0lock" }
    await old.sockets.listen({ address: lock }, () => undefined)
    await expect(old.sockets.listen({ address: lock }, () => undefined)).rejects.toMatchObject({ code: "EADDRINUSE" })
    const next = old.restart()
    await next.sockets.listen({ address: lock }, () => undefined)
  })

  async function withPeer(platform: SimulatedPlatform): Promise<{ inside: Recorder; outside: Recorder }> {
    const outside = new Recorder()
    await platform.outside.sockets.listen({ address, halfOpen: true }, (connection) => {
      outside.connection = connection
      connection.setEvents(outside)
    })
    const inside = new Recorder()
    inside.connection = platform.sockets.connect(address, inside)
    await platform.settle()
    return { inside, outside }
  }

  test("ends connections in a crash: what the kernel had taken arrives, then FIN; the dead hear nothing", async () => {
    const old = simulatedPlatform()
    const { inside, outside } = await withPeer(old)
    old.net.setLatency({ minMs: 10, maxMs: 10 })
    inside.connection?.write(Buffer.from("under way"))
    await old.settle()
    const next = old.restart()
    await next.advance(20)
    expect(outside.seen).toEqual(["data", "ended"])
    outside.connection?.write(Buffer.from("anyone?"))
    await next.advance(40)
    expect(outside.seen).toEqual(["data", "ended", "closed ECONNRESET"])
    expect(inside.seen).toEqual(["connected"])
  })

  test("leaves peers in silence after a power cut, until they write", async () => {
    const old = simulatedPlatform()
    const { inside, outside } = await withPeer(old)
    inside.connection?.write(Buffer.from("lost"))
    const next = old.restart({ powerCut: true })
    await next.advance(60_000)
    expect(outside.seen).toEqual([])
    outside.connection?.write(Buffer.from("anyone?"))
    await next.settle()
    expect(outside.seen).toEqual(["closed ECONNRESET"])
  })

  test("leaves other machines as they are", async () => {
    const old = simulatedPlatform()
    const seen: string[] = []
    old.outside.timers.after(10, () => seen.push("outside"))
    const { client, serverSaw } = await connectedPair(old.outside.sockets)
    const next = old.restart({ powerCut: true })
    client.write(Buffer.from("still here"))
    await next.advance(10)
    expect(seen).toEqual(["outside"])
    expect(serverSaw.text).toBe("still here")
  })

  test("goes on with randomness where it was: no uuid comes twice", () => {
    const old = simulatedPlatform()
    const first = old.random.uuid()
    expect(old.restart().random.uuid()).not.toBe(first)
  })
})

describe("a run", () => {
  /** A little program that uses everything at once, and its trace. */
  async function trace(seed: number): Promise<string[]> {
    const seen: string[] = []
    const platform = simulatedPlatform({ seed })
    platform.disk.setLatency({ minMs: 1, maxMs: 20 })
    platform.net.setLatency({ minMs: 1, maxMs: 20 })
    platform.net.splitChunks = true
    await platform.outside.sockets.listen({ address }, (connection) =>
      connection.setEvents({ data: (chunk) => seen.push(`${platform.clock.now()} got ${chunk.length}`) }),
    )
    const client = platform.sockets.connect(address, {})
    platform.timers.every(7, () => {
      const uuid = platform.random.uuid()
      client.write(Buffer.from(uuid))
      void platform.files.writeFile(`/tmp/${uuid}`, uuid).then(() => seen.push(`${platform.clock.now()} wrote ${uuid}`))
    })
    await platform.advance(200)
    const next = platform.restart({ powerCut: true })
    seen.push(...(await next.complete(next.files.list("/tmp"))))
    return seen
  }

  test("is the same for the same seed, and another for another", async () => {
    const first = await trace(11)
    expect(first.length).toBeGreaterThan(60)
    await turn()
    expect(await trace(11)).toEqual(first)
    expect(await trace(12)).not.toEqual(first)
  })
})

describe("standard streams", () => {
  test("give what is fed, and its end", async () => {
    const platform = simulatedPlatform()
    const saw = new Recorder()
    platform.streams.feed("before ")
    const input = platform.streams.input(saw)
    expect(saw.seen).toEqual([])
    await platform.settle()
    input.pause()
    platform.streams.feed("paused")
    await platform.settle()
    expect(saw.text).toBe("before ")
    input.resume()
    platform.streams.endInput()
    await platform.settle()
    expect(saw.text).toBe("before paused")
    expect(saw.seen).toEqual(["data", "ended", "closed"])
  })

  test("collect what is written, and break on demand", async () => {
    const platform = simulatedPlatform()
    const answers: string[] = []
    const note = (error: Error | undefined): void => void answers.push(error?.message ?? "ok")
    expect(platform.streams.output.write(Buffer.from("hello\n"), note)).toBe(true)
    expect(answers).toEqual([])
    platform.streams.breakOutput()
    expect(platform.streams.output.write(Buffer.from("lost"), note)).toBe(false)
    await platform.settle()
    expect(platform.streams.written).toBe("hello\n")
    expect(answers).toEqual(["ok", "write EPIPE"])
  })

  test("leave unread input to the next process", async () => {
    const old = simulatedPlatform()
    const dead = new Recorder()
    old.streams.input(dead)
    await old.settle()
    const next = old.restart()
    next.streams.feed("for the living")
    const saw = new Recorder()
    next.streams.input(saw)
    await next.settle()
    expect([dead.text, saw.text]).toEqual(["", "for the living"])
  })
})
