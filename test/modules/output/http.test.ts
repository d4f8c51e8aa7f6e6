// The HTTP output on virtual time, before a server that a test scripts. What goes over real sockets is in test/integration.
import { describe, expect, onTestFinished, test } from "vitest"
import HttpOutput from "../../../modules/output/http.ts"
import type { HttpPool, HttpRequest, HttpResponse } from "../../../src/index.ts"
import { redactArguments } from "../../../src/spec/marked.ts"
import { type ModuleRun, type SimulatedPlatform, type StartOptions, simulatedPlatform, startModule } from "../../../src/testing/index.ts"

interface Pending extends HttpRequest {
  answer(status: number, headers?: HttpResponse["headers"]): void
  fail(code: string): void
}

/** A server beyond the platform's HTTP: requests stay until the test answers them. */
class Peer {
  readonly requests: Pending[] = []
  readonly platform: SimulatedPlatform = simulatedPlatform()
  closed = false
  private seen = 0

  constructor() {
    const pool: HttpPool = {
      request: (request) =>
        new Promise((resolve, reject) => {
          const answer: Pending["answer"] = (status, headers = {}) => resolve({ status, headers, body: Buffer.alloc(0), cut: false })
          this.requests.push({ ...request, answer, fail: (code) => reject(Object.assign(new Error(code), { code })) })
        }),
      close: async () => {
        this.closed = true
      },
    }
    Object.assign(this.platform, { http: { ...this.platform.http, pool: () => Promise.resolve(pool) } })
  }

  /** The next request, which must be there. */
  next(): Pending {
    const request = this.requests[this.seen]
    if (request === undefined) throw new Error(`there are only ${this.requests.length} requests`)
    this.seen += 1
    return request
  }

  get waiting(): number {
    return this.requests.length - this.seen
  }

  get bodies(): string[] {
    return this.requests.map(({ body }) => body?.toString() ?? "")
  }
}

type Run = ModuleRun<HttpOutput, SimulatedPlatform>

async function start(args: Record<string, unknown> = {}, options: Partial<StartOptions> = {}): Promise<{ run: Run; peer: Peer }> {
  const peer = new Peer()
  const run = await startModule(HttpOutput, { url: "http://peer", ...args }, { ...options, platform: peer.platform })
  onTestFinished(() => run.stop())
  return { run, peer }
}

async function down(run: Run, peer: Peer, times: number): Promise<void> {
  for (let time = 0; time < times; time++) {
    peer.next().fail("ECONNREFUSED")
    await run.settle()
  }
}

describe("bodies", () => {
  test("go out when they are full, when their time has come, or when the one before is answered", async () => {
    const { run, peer } = await start({ batch: { events: 2, wait: "1s" } })
    await run.send("inbox", "a", "b", "c")
    expect(peer.bodies).toEqual(["a\nb\n"])
    peer.next().answer(200)
    await run.settle()
    await run.platform.advance(999)
    expect(peer.waiting).toBe(0)
    await run.platform.advance(1)
    expect(peer.bodies).toEqual(["a\nb\n", "c\n"])
    peer.next().answer(200)
    await run.settle()
    expect(run.sent).toEqual({ successful: ["a", "b", "c"] })
    expect(run.platform.pendingTimers).toBe(0)
  })

  test("fill up while there is nobody to take them, without waiting of their own", async () => {
    const { run, peer } = await start({ batch: { events: 3 } })
    await run.send("inbox", "a")
    await run.send("inbox", "b")
    await run.send("inbox", "c")
    expect(peer.bodies).toEqual(["a\n"])
    peer.next().answer(200)
    await run.settle()
    expect(peer.bodies).toEqual(["a\n", "b\nc\n"])
    peer.next().answer(200)
    await run.settle()
  })

  test("that are put together ahead are bounded: the rest stays in the queue", async () => {
    const { run, peer } = await start({ batch: { events: 2 } }, { instance: { inflight: { events: 3, bytes: 1e6 } } })
    run.put("inbox", ...Array.from({ length: 50 }, (_, index) => index))
    await run.settle()
    expect(run.books.in_flight).toBe(50)
    expect(run.instance.actor.queues.get("inbox")?.inMemory).toBeGreaterThan(40)
    while (peer.waiting > 0) {
      peer.next().answer(200)
      await run.settle()
    }
    expect(run.sent["successful"]).toEqual(Array.from({ length: 50 }, (_, index) => index))
  })

  test("hold what a body can hold: an event with a line end, or one that is no JSON, fails alone", async () => {
    const { run, peer } = await start({ batch: { events: 10, wait: "1s" } })
    await run.send("inbox", "a\nb", Buffer.from("c\nd"), "e", () => 1, ["f", "g\nh"])
    await run.platform.advance(1000)
    expect(peer.bodies).toEqual(["e\n"])
    peer.next().answer(200)
    await run.settle()
    expect(run.events["failed"]?.map((event) => event.meta.history[0]?.kind)).toEqual(["invalid", "invalid", "invalid", "invalid"])
  })

  test.each([
    [{ batch: { events: 2, format: "single" } }, "batch.events"],
    [{ url: "{{ data.url }}" }, "url"],
    [{ url: "ftp://peer" }, "url"],
    [{ tls: true }, "tls"],
    [{ headers: { host: "a\nb" } }, "headers"],
  ])("%o ends the start", async (args, argument) => {
    await expect(start(args)).rejects.toMatchObject({ code: "WB_ARGUMENT_INVALID", details: { argument } })
  })

  test("a simulated run has no HTTP, and says who wanted it", async () => {
    await expect(startModule(HttpOutput)).rejects.toMatchObject({
      code: "WB_HTTP_SIMULATED",
      message: expect.stringContaining("instance `"),
    })
  })
})

describe("while requests fail", () => {
  test("and nobody takes over failed events, what waits is not lost, and goes out in order when one is answered", async () => {
    const { run, peer } = await start({}, { failed: false })
    run.put("inbox", 1, 2, 3, 4, 5, 6, 7, 8)
    await run.settle()
    await down(run, peer, 5)
    expect(run.books.failed).toBe(5)
    expect(peer.waiting).toBe(0)
    // Probes with the oldest that waits, again and again.
    for (const delay of [240, 480, 960]) {
      await run.platform.advance(delay)
      expect(peer.waiting).toBe(1)
      await down(run, peer, 1)
    }
    expect(peer.bodies.slice(5)).toEqual(["6", "6", "6"])
    await run.platform.advance(2000)
    for (let left = 3; left > 0; left--) {
      peer.next().answer(200)
      await run.settle()
    }
    expect(run.sent).toEqual({ successful: [6, 7, 8] })
    expect(run.books.failed).toBe(5)
  })

  test("a probe whose event is the trouble does not stand in the way of others", async () => {
    const { run, peer } = await start({}, { failed: false })
    run.put("inbox", 1, 2, 3, 4, 5, 6, 7)
    await run.settle()
    await down(run, peer, 5)
    await run.platform.advance(240)
    peer.next().answer(500)
    await run.settle()
    expect(run.books.failed).toBe(6)
    await run.platform.advance(480)
    expect(peer.bodies.at(-1)).toBe("7")
    peer.next().answer(503)
    await run.settle()
    expect(run.books.failed).toBe(6)
    await run.platform.advance(960)
    peer.next().answer(200)
    await run.settle()
    expect(run.sent).toEqual({ successful: [7] })
  })

  test("they fail over at once, and the probe is the next event that comes", async () => {
    const { run, peer } = await start({ connections: 2 })
    run.put("inbox", 1, 2, 3, 4, 5, 6, 7)
    await run.settle()
    while (peer.waiting > 0) await down(run, peer, 1)
    // The sixth was under way beside the fifth.
    expect(run.sent["failed"]).toEqual([1, 2, 3, 4, 5, 7, 6])
    expect(peer.requests.length).toBeLessThanOrEqual(6)
    await run.send("inbox", "at once")
    expect(run.sent["failed"]?.at(-1)).toBe("at once")
    await run.platform.advance(240)
    await run.send("inbox", "probe", "beside it")
    expect(run.sent["failed"]?.at(-1)).toBe("beside it")
    peer.next().answer(200)
    await run.settle()
    expect(run.sent["successful"]).toEqual(["probe"])
    expect(run.instance.actor.circuits[0]?.state).toBe("closed")
  })

  test("`Retry-After` reaches whoever honours it, and the probe waits for it", async () => {
    const { run, peer } = await start()
    const failed = run.instance.actor.port("failed").queue
    if (failed !== null) failed.retries = true
    for (let time = 0; time < 5; time++) {
      await run.send("inbox", time)
      peer.next().answer(503, { "retry-after": "30" })
      await run.settle()
    }
    const [event] = run.events["failed"] ?? []
    expect(event?.meta.wish).toMatchObject({ afterMs: 30_000 })
    expect(event?.meta.history[0]).toMatchObject({ kind: "transient", message: "http://peer answered 503" })
    await run.platform.advance(29_000)
    await run.send("inbox", "early")
    expect(peer.waiting).toBe(0)
    await run.platform.advance(1100)
    await run.send("inbox", "probe")
    peer.next().answer(200)
    await run.settle()
  })

  test("halves of a refused body go before anything newer", async () => {
    const { run, peer } = await start({ batch: { events: 3 } })
    await run.send("inbox", "first")
    await run.send("inbox", "a", "b", "bad")
    await run.send("inbox", "newer")
    peer.next().answer(200)
    await run.settle()
    for (let time = 0; time < 4; time++) {
      const request = peer.next()
      request.answer(request.body?.includes("bad") === true ? 422 : 200)
      await run.settle()
    }
    expect(peer.bodies).toEqual(["first\n", "a\nb\nbad\n", "a\nb\n", "bad\n", "newer\n"])
    expect(run.sent).toEqual({ successful: ["first", "a", "b", "newer"], failed: ["bad"] })
  })
})

describe("at the end", () => {
  test("what arrives after the stop had lost patience counts as sent twice", async () => {
    const { run, peer } = await start()
    await run.send("inbox", "a", "b")
    const stopped = run.stop({ timeoutMs: 2000 })
    await stopped
    peer.next().answer(200)
    await run.settle()
    expect(run.sent).toEqual({ failed: ["a", "b"] })
    expect(run.books.duplicated).toBe(1)
    expect(peer.waiting).toBe(0)
    expect(peer.closed).toBe(true)
  })
})

test("secrets are not printed", () => {
  const args = { url: "http://me:pw@peer/", auth: { username: "me", password: "pw", token: "t0" } }
  expect(redactArguments(HttpOutput.spec, args)).toEqual({
    url: "http://me:***@peer/",
    auth: { username: "me", password: "***", token: "***" },
  })
})
