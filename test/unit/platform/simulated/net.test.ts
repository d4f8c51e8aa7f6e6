import { describe, expect, test } from "vitest"
import { type SimulatedPlatform, simulatedPlatform } from "../../../../src/platform/simulated/simulated.ts"
import { connectedPair, Recorder } from "../recorder.ts"

const port = 19283
const address = { host: "127.0.0.1", port }

/** A listener on another machine, and everything its connections saw. */
async function server(platform: SimulatedPlatform, halfOpen = false): Promise<Recorder[]> {
  const seen: Recorder[] = []
  await platform.outside.sockets.listen({ address: { host: "0.0.0.0", port }, halfOpen }, (connection) => {
    const saw = new Recorder()
    saw.connection = connection
    connection.setEvents(saw)
    seen.push(saw)
  })
  return seen
}

function connect(platform: SimulatedPlatform, halfOpen = false): Recorder {
  const saw = new Recorder()
  saw.connection = platform.sockets.connect(address, saw, { halfOpen })
  return saw
}

describe("connection attempts", () => {
  test("are refused on demand, until they are accepted again", async () => {
    const platform = simulatedPlatform()
    await server(platform)
    platform.net.refuse(port)
    const first = connect(platform)
    await platform.settle()
    expect(first.seen).toEqual(["closed ECONNREFUSED"])
    platform.net.accept(port)
    const second = connect(platform)
    await platform.settle()
    expect(second.seen).toEqual(["connected"])
  })

  test("get no answer from a black hole, and can be given up", async () => {
    const platform = simulatedPlatform()
    await server(platform)
    platform.net.blackhole(port)
    const saw = connect(platform)
    await platform.advance(1_000_000)
    expect(saw.seen).toEqual([])
    saw.connection?.destroy()
    await platform.settle()
    expect(saw.seen).toEqual(["closed"])
    expect(platform.net.openEnds(port)).toBe(0)
  })

  test("find nobody on a path that does not exist", async () => {
    const platform = simulatedPlatform()
    const saw = new Recorder()
    platform.sockets.connect({ path: "/run/none.sock" }, saw)
    await platform.settle()
    expect(saw.seen).toEqual(["closed ENOENT"])
  })

  test("distinguish hosts with one port, and rules can name one of them", async () => {
    const platform = simulatedPlatform()
    const reached: string[] = []
    for (const host of ["10.0.0.1", "10.0.0.2"]) {
      await platform.outside.sockets.listen({ address: { host, port } }, () => reached.push(host))
    }
    platform.net.refuse({ host: "10.0.0.1", port })
    const saw = [new Recorder(), new Recorder()]
    platform.sockets.connect({ host: "10.0.0.1", port }, saw[0] as Recorder)
    platform.sockets.connect({ host: "10.0.0.2", port }, saw[1] as Recorder)
    await platform.settle()
    expect(reached).toEqual(["10.0.0.2"])
    expect(saw.map((one) => one.seen)).toEqual([["closed ECONNREFUSED"], ["connected"]])
  })

  test("take as long as the way there", async () => {
    const platform = simulatedPlatform()
    await server(platform)
    platform.net.setLatency({ minMs: 20, maxMs: 20 })
    const saw = connect(platform)
    await platform.advance(19)
    expect(saw.seen).toEqual([])
    await platform.advance(1)
    expect(saw.seen).toEqual(["connected"])
  })
})

describe("open connections", () => {
  test("are reset on demand, at both ends, and what was under way is lost", async () => {
    const platform = simulatedPlatform()
    const servers = await server(platform)
    const saw = connect(platform)
    await platform.settle()
    saw.connection?.write(Buffer.from("lost"))
    platform.net.resetAll(port)
    await platform.settle()
    expect(saw.seen).toEqual(["connected", "closed ECONNRESET"])
    expect(servers[0]?.seen).toEqual(["closed ECONNRESET"])
    expect(platform.net.openEnds(port)).toBe(0)
  })

  test("are cut in order: what the listener's end wrote arrives, then FIN", async () => {
    const platform = simulatedPlatform()
    const servers = await server(platform)
    const saw = connect(platform)
    await platform.settle()
    servers[0]?.connection?.write(Buffer.from("bye"))
    platform.net.cut(port)
    await platform.settle()
    expect(saw.seen).toEqual(["connected", "data", "ended", "closed"])
    expect(servers[0]?.seen).toEqual(["ended", "closed"])
  })

  test("reset whoever goes on writing after a cut", async () => {
    const platform = simulatedPlatform()
    await server(platform)
    const saw = connect(platform, true)
    await platform.settle()
    platform.net.cut(port)
    await platform.settle()
    expect(saw.seen).toEqual(["connected", "ended"])
    saw.connection?.write(Buffer.from("unheard"))
    await platform.settle()
    expect(saw.seen).toEqual(["connected", "ended", "closed ECONNRESET"])
  })

  test("fall silent when stalled: the kernel takes what it has room for, and all of it arrives later", async () => {
    const platform = simulatedPlatform()
    platform.net.setKernelBytes(100_000)
    const servers = await server(platform)
    const saw = connect(platform)
    await platform.settle()
    platform.net.stall(port)
    let taken = 0
    const block = Buffer.alloc(40_000, "x")
    for (let count = 0; count < 5; count += 1) {
      saw.connection?.write(block, (error) => {
        if (error === undefined) taken += 1
      })
    }
    await platform.advance(60_000)
    expect(servers[0]?.seen).toEqual([])
    expect(taken).toBe(2)
    expect(saw.connection?.pendingBytes).toBe(100_000)
    platform.net.unstall(port)
    await platform.settle()
    expect(servers[0]?.text).toHaveLength(200_000)
    expect(saw.seen).toEqual(["connected", "drained"])
  })

  test("are reset although they are stalled", async () => {
    const platform = simulatedPlatform()
    await server(platform)
    const saw = connect(platform)
    await platform.settle()
    platform.net.stall(port)
    saw.connection?.write(Buffer.from("x"))
    await platform.settle()
    platform.net.resetAll(port)
    await platform.settle()
    expect(saw.seen).toEqual(["connected", "closed ECONNRESET"])
  })

  test("keep the order of bytes, whatever the latency becomes", async () => {
    const platform = simulatedPlatform({ seed: 3 })
    const servers = await server(platform)
    const saw = connect(platform)
    await platform.settle()
    let sent = ""
    for (let index = 0; index < 50; index += 1) {
      platform.net.setLatency({ minMs: 0, maxMs: index % 2 === 0 ? 30 : 0 })
      const text = `${index} `
      sent += text
      saw.connection?.write(Buffer.from(text))
      await platform.settle()
    }
    await platform.advance(100)
    expect(servers[0]?.text).toBe(sent)
  })

  test("hand over copies, so that neither end can change what the other holds", async () => {
    const platform = simulatedPlatform()
    const servers = await server(platform)
    const saw = connect(platform)
    const bytes = Buffer.from("mine")
    saw.connection?.write(bytes)
    await platform.settle()
    servers[0]?.chunks[0]?.fill("!")
    expect(bytes.toString()).toBe("mine")
  })

  test("split chunks anywhere when asked to, the same way for the same seed", async () => {
    const lengths = async (seed: number, split: boolean): Promise<number[]> => {
      const platform = simulatedPlatform({ seed })
      platform.net.splitChunks = split
      const { client, serverSaw } = await connectedPair(platform.sockets)
      client.write(Buffer.alloc(100_000, "x"))
      await platform.settle()
      expect(serverSaw.text).toBe("x".repeat(100_000))
      return serverSaw.chunks.map((chunk) => chunk.length)
    }
    expect(await lengths(1, false)).toEqual([65536, 34464])
    const split = await lengths(1, true)
    expect(split.length).toBeGreaterThan(4)
    expect(await lengths(1, true)).toEqual(split)
    expect(await lengths(2, true)).not.toEqual(split)
  })

  test("do not tell a paused end of a reset before it resumes, when much is unread", async () => {
    const platform = simulatedPlatform()
    const { client, server: accepted, serverSaw } = await connectedPair(platform.sockets)
    accepted.pause()
    client.write(Buffer.alloc(50_000))
    await platform.settle()
    client.pause()
    accepted.write(Buffer.from("unread"))
    await platform.settle()
    client.destroy()
    await platform.settle()
    expect(serverSaw.seen).toEqual([])
    accepted.resume()
    await platform.settle()
    expect(serverSaw.seen).toEqual(["data", "closed ECONNRESET"])
  })
})
