import { expect, test } from "vitest"
import TcpOutput from "../../../modules/output/tcp.ts"
import { type ModuleRun, type StartOptions, simulatedPlatform, startModule } from "../../../src/testing/index.ts"
import { PeerServer } from "../peer.ts"

const port = 19283

interface Scene {
  readonly run: ModuleRun<TcpOutput>
  readonly peer: PeerServer
}

/** An output that has connected to its peer. */
async function connected(args: Record<string, unknown> = {}, options: StartOptions = {}): Promise<Scene> {
  const platform = simulatedPlatform()
  const peer = new PeerServer(platform, port)
  await peer.listen()
  const run = await startModule(TcpOutput, { confirm: "written", ...args }, { ...options, platform })
  await run.settle()
  return { run, peer }
}

function numbers(from: number, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `n${from + index}`)
}

function lines(data: readonly unknown[] = []): string {
  return data.map((value) => `${String(value)}\n`).join("")
}

test("sends text and bytes as they are, other data as JSON, a list one line an item", async () => {
  const { run, peer } = await connected()
  await run.send("inbox", "text", Buffer.from([0xff, 0x00]), { a: [1, "ä"] }, ["x", { y: 1 }, 3], 5, null)
  expect(peer.text).toBe('text\n\u00ff\u0000\n{"a":[1,"\u00c3\u00a4"]}\nx\n{"y":1}\n3\n5\nnull\n')
  expect(run.sent["successful"]).toHaveLength(6)
  await run.stop()
})

test("fails data that holds the delimiter, and that alone", async () => {
  const { run, peer } = await connected()
  await run.send("inbox", "one", "t\nwo", ["fine", "no\nt"], Buffer.from("a\nb"), "three")
  expect(peer.text).toBe("one\nthree\n")
  expect(run.sent["failed"]).toEqual(["t\nwo", ["fine", "no\nt"], Buffer.from("a\nb")])
  const [failed] = run.events["failed"] ?? []
  expect(failed?.meta.history[0]).toMatchObject({ kind: "invalid", code: "delimiter" })
  expect(failed?.meta.history[0]?.message).toContain('holds the delimiter "\\n"')
  await run.stop()
})

test("sends data that holds the delimiter when told to", async () => {
  const { run, peer } = await connected({ delimiter_in_data: "allow" })
  await run.send("inbox", "t\nwo", Buffer.from("a\nb"))
  expect(peer.text).toBe("t\nwo\na\nb\n")
  await run.stop()
})

test("ends lines with any delimiter, or with none", async () => {
  const other = await connected({ delimiter: "\r\n--" })
  await other.run.send("inbox", "a\n", "b\r\n--")
  expect(other.peer.text).toBe("a\n\r\n--")
  expect(other.run.sent["failed"]).toEqual(["b\r\n--"])
  await other.run.stop()

  const none = await connected({ delimiter: "" })
  await none.run.send("inbox", "a", ["b", "c"])
  expect(none.peer.text).toBe("abc")
  await none.run.stop()
})

test("sends what `selection` and `payload` say, and fails events that lack it", async () => {
  const selected = await connected({ selection: "data.text" })
  await selected.run.send("inbox", { text: "a" }, { other: 1 }, { text: { b: 1 } })
  expect(selected.peer.text).toBe('a\n{"b":1}\n')
  expect(selected.run.sent["failed"]).toEqual([{ other: 1 }])
  await selected.run.stop()

  const templated = await connected({ payload: "{{ uuid }} {{ data.text }}" })
  const event = templated.run.module.event({ text: "a" })
  await templated.run.send("inbox", event, { other: 1 })
  expect(templated.peer.text).toBe(`${event.uuid} a\n`)
  expect(templated.run.events["failed"]?.[0]?.meta.history[0]?.kind).toBe("invalid")
  await templated.run.stop()

  const native = await connected({ native_events: true })
  await native.run.send("inbox", "a")
  expect(JSON.parse(native.peer.text)).toMatchObject({ data: "a", uuid: expect.any(String) })
  await native.run.stop()
})

test("sends pieces of a chunk as they are", async () => {
  const { run, peer } = await connected()
  const chunk = Buffer.from("one\ntwo\r\nthree\nfo\nur")
  const piece = (start: number, end: number) => run.module.eventOfBytes({ chunk, start, end, encoding: "text" }, 0)
  await run.send("inbox", piece(0, 3), piece(4, 7), piece(9, 14), piece(15, 20), piece(18, 20))
  expect(peer.text).toBe("one\ntwo\nthree\nur\n")
  expect(run.sent["failed"]).toEqual(["fo\nur"])
  await run.stop()
})

test("keeps the order of everything, over many batches", async () => {
  const { run, peer } = await connected()
  const sent = numbers(0, 20_000)
  await run.send("inbox", ...sent)
  expect(peer.text).toBe(lines(sent))
  expect(run.sent).toEqual({ successful: sent })
  await run.stop()
})

test("tells where it is connected, and counts nothing twice", async () => {
  const { run } = await connected()
  await run.send("inbox", "a")
  expect(run.lines).toEqual(["info: connected to 127.0.0.1:19283"])
  expect(run.books.duplicated).toBe(0)
  await run.stop()
})

test("when nobody listens events wait for the first attempt and then fail, in order", async () => {
  const run = await startModule(TcpOutput)
  run.put("inbox", ...numbers(0, 3000))
  expect(run.sent).toEqual({})
  await run.settle()
  expect(run.sent).toEqual({ failed: numbers(0, 3000) })
  expect(run.events["failed"]?.[0]?.meta.history[0]).toMatchObject({ kind: "transient", code: "ECONNREFUSED" })
  expect(run.books.duplicated).toBe(0)
  await run.stop()
})

test("events of the first moment wait for a connection that takes its time", async () => {
  const platform = simulatedPlatform()
  platform.net.setLatency({ minMs: 50, maxMs: 50 })
  const peer = new PeerServer(platform, port)
  await peer.listen()
  const run = await startModule(TcpOutput, {}, { platform })
  await run.send("inbox", "a")
  expect(run.sent).toEqual({})
  await platform.advance(500)
  expect(run.sent).toEqual({ successful: ["a"] })
  expect(peer.text).toBe("a\n")
  await run.stop()
})

test("when nobody takes failed events they wait for the peer, as long as `timeout`", async () => {
  const run = await startModule(TcpOutput, { timeout: "2s" }, { failed: false })
  await run.send("inbox", "early")
  await run.platform.advance(1000)
  expect(run.books).toMatchObject({ in_flight: 1, failed: 0 })
  const peer = new PeerServer(run.platform, port)
  await peer.listen()
  await run.platform.advance(300)
  expect(peer.text).toBe("early\n")
  await run.stop()

  const alone = await startModule(TcpOutput, { timeout: "2s" }, { failed: false })
  await alone.send("inbox", "lost")
  await alone.platform.advance(2500)
  expect(alone.books).toMatchObject({ in_flight: 0, failed: 1 })
  await alone.stop()
})

test("when the peer dies what it may not have got fails in order, and what comes later too", async () => {
  const { run, peer } = await connected()
  run.platform.net.setKernelBytes(4000)
  await run.send("inbox", ...numbers(0, 100))
  peer.ends[0]?.connection.pause()
  await run.send("inbox", ...numbers(100, 9900))
  const delivered = run.sent["successful"]?.length ?? 0
  expect(delivered).toBe(100)
  await peer.die()
  await run.settle()
  await run.send("inbox", "later")
  expect(run.sent["successful"]).toHaveLength(delivered)
  expect(run.sent["failed"]).toEqual([...numbers(delivered, 10_000 - delivered), "later"])
  expect(run.books.duplicated).toBeGreaterThan(0)
  expect(run.books.duplicated).toBeLessThanOrEqual(10_000 - delivered)
  expect(run.lines).toContainEqual(expect.stringMatching(/^warn: lost the connection to 127.0.0.1:19283: .*ECONNRESET/))
  await run.stop()
})

test("is back within a quarter of a second when the peer is, and events flow again", async () => {
  const { run, peer } = await connected()
  await run.send("inbox", "before")
  await peer.die()
  await run.send("inbox", "while dead")
  await run.platform.advance(5000)
  await peer.listen()
  const backMs = run.platform.clock.monotonic()
  await run.platform.runUntil(() => peer.ends.length === 2)
  expect(run.platform.clock.monotonic() - backMs).toBeLessThanOrEqual(250)
  await run.send("inbox", "after")
  expect(peer.ends[1]?.text).toBe("after\n")
  expect(run.sent).toEqual({ successful: ["before", "after"], failed: ["while dead"] })
  expect(run.lines.at(-1)).toBe("info: connected to 127.0.0.1:19283 again")
  await run.stop()
})

test("events that fail while there is no connection share one error without a stack", async () => {
  const run = await startModule(TcpOutput)
  await run.settle()
  await run.send("inbox", "a", "b")
  const [a, b] = (run.events["failed"] ?? []).map((event) => event.meta.history[0])
  expect(a?.message).toBe(b?.message)
  expect(a?.message).toContain("127.0.0.1:19283")
  expect(run.events["failed"]?.[0]?.errors["module"]?.[0]).toBe(0)
  await run.stop()
})

test("stops writing as soon as the peer has closed its end", async () => {
  const { run, peer } = await connected()
  await run.send("inbox", "a")
  await peer.shut()
  peer.ends[0]?.connection.end()
  await run.settle()
  await run.send("inbox", "b")
  expect(run.sent).toEqual({ successful: ["a"], failed: ["b"] })
  expect(peer.text).toBe("a\n")
  expect(run.events["failed"]?.[0]?.meta.history[0]?.kind).toBe("transient")
  await run.stop()
})

test("gives a peer that does not answer `timeout`", async () => {
  const platform = simulatedPlatform()
  platform.net.blackhole(port)
  const run = await startModule(TcpOutput, { timeout: "3s" }, { platform })
  await run.send("inbox", "a")
  await platform.advance(2990)
  expect(run.sent).toEqual({})
  await platform.advance(20)
  expect(run.sent).toEqual({ failed: ["a"] })
  expect(run.events["failed"]?.[0]?.meta.history[0]).toMatchObject({ kind: "transient", code: "ETIMEDOUT" })
  await run.stop()
})

test("waits longer from attempt to attempt for a peer that does not answer", async () => {
  const platform = simulatedPlatform()
  const attempts: number[] = []
  const { connect } = platform.sockets
  platform.net.blackhole(port)
  const sockets = {
    ...platform.sockets,
    connect: (...args: Parameters<typeof connect>) => (attempts.push(platform.clock.monotonic()), connect(...args)),
  }
  Object.assign(platform, { sockets })
  const run = await startModule(TcpOutput, { timeout: "1s" }, { platform })
  await platform.advance(60_000)
  const gaps = attempts.slice(1).map((at, index) => at - (attempts[index] as number) - 1000)
  expect(gaps[0]).toBeLessThan(500)
  expect(gaps.at(-1)).toBeGreaterThanOrEqual(4000)
  expect(Math.max(...gaps)).toBeLessThanOrEqual(6000)
  await run.stop()
})

test("breaks a connection on which nothing moves for `timeout`", async () => {
  const { run } = await connected({ timeout: "2s" })
  run.platform.net.setKernelBytes(1000)
  await run.send("inbox", "before")
  await run.platform.advance(1500)
  run.platform.net.stall(port)
  await run.send("inbox", ...numbers(0, 1000))
  await run.platform.advance(1990)
  expect(run.sent["failed"]).toBeUndefined()
  await run.platform.advance(20)
  expect(run.sent["failed"]).toEqual(numbers(0, 1000))
  expect(run.lines).toContainEqual("warn: lost the connection to 127.0.0.1:19283: the peer has taken nothing for 2000 ms")
  await run.stop()
})

test("a peer that is slow but gets on is left alone", async () => {
  const { run, peer } = await connected({ timeout: "1s" })
  run.platform.net.setKernelBytes(2000)
  const [end] = peer.ends
  const sent = numbers(0, 8000)
  run.put("inbox", ...sent)
  for (let round = 0; round < 40; round++) {
    end?.connection.pause()
    await run.platform.advance(400)
    end?.connection.resume()
    await run.platform.advance(1)
  }
  end?.connection.resume()
  await run.settle()
  expect(run.sent).toEqual({ successful: sent })
  await run.stop()
})

test("takes no more while the kernel takes no more", async () => {
  const { run, peer } = await connected()
  run.platform.net.setKernelBytes(1000)
  run.platform.net.stall(port)
  const event = "x".repeat(1000)
  await run.send("inbox", ...Array.from({ length: 2000 }, () => event))
  expect(run.instance.actor.queues.get("inbox")?.length).toBeGreaterThan(1000)
  run.platform.net.unstall(port)
  await run.settle()
  expect(run.sent["successful"]).toHaveLength(2000)
  expect(peer.text.length).toBe(2000 * 1001)
  await run.stop()
})

test("on stop sends what it has and closes in order", async () => {
  const { run, peer } = await connected()
  run.put("inbox", "a", "b")
  await run.stop()
  await run.settle()
  expect(peer.text).toBe("a\nb\n")
  expect(peer.ends[0]).toMatchObject({ ended: true, closed: true, error: undefined })
  expect(run.platform.net.openEnds(port)).toBe(0)
  await run.platform.advance(10_000)
  expect(peer.ends).toHaveLength(1)
  expect(run.platform.pendingTimers).toBe(0)
})

test("on stop waits no longer than `timeout` for the peer to close", async () => {
  const { run } = await connected({ timeout: "1s" })
  run.platform.net.stall(port)
  const before = run.platform.clock.monotonic()
  await run.stop()
  expect(run.platform.clock.monotonic() - before).toBeLessThan(1100)
})

test("on stop what a stalled peer does not take falls to `failed`, and counts as sent twice if it does after all", async () => {
  const { run, peer } = await connected({ timeout: "20s" })
  run.platform.net.setKernelBytes(100)
  run.platform.net.stall(port)
  run.put("inbox", ...numbers(0, 1000))
  const stopping = run.stop({ timeoutMs: 4000 }).then(() => run.platform.clock.monotonic())
  const unstall = run.platform.outside.timers.after(6000, () => run.platform.net.unstall(port))
  expect(await stopping).toBeLessThan(7000)
  unstall.cancel()
  expect(run.sent).toEqual({ failed: numbers(0, 1000) })
  expect(run.events["failed"]?.[0]?.meta.history[0]?.kind).toBe("stopped")
  expect(peer.text).toBe(lines(numbers(0, 1000)))
  expect(run.books.duplicated).toBe(1000)
})

test("stops while it is connecting", async () => {
  const platform = simulatedPlatform()
  platform.net.blackhole(port)
  const run = await startModule(TcpOutput, {}, { platform })
  await run.settle()
  await run.stop()
  await platform.advance(60_000)
  expect(platform.pendingTimers).toBe(0)
})

test("what the peer says is not listened to", async () => {
  const { run, peer } = await connected()
  peer.ends[0]?.write(Buffer.alloc(1024 * 1024, "x"))
  await run.send("inbox", "a")
  expect(run.sent).toEqual({ successful: ["a"] })
  await run.stop()
})
