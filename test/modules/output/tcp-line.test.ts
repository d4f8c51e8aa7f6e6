// `confirm: line`: the peer answers each line.
import { expect, test } from "vitest"
import TcpInput from "../../../modules/input/tcp.ts"
import TcpOutput from "../../../modules/output/tcp.ts"
import { type ModuleRun, type StartOptions, simulatedPlatform, startModule } from "../../../src/testing/index.ts"
import { PeerServer } from "../peer.ts"

const port = 19283

interface Scene {
  readonly run: ModuleRun<TcpOutput>
  readonly peer: PeerServer
}

async function connected(args: Record<string, unknown> = {}, options: StartOptions = {}): Promise<Scene> {
  const platform = simulatedPlatform()
  const peer = new PeerServer(platform, port)
  await peer.listen()
  const run = await startModule(TcpOutput, { confirm: "line", ...args }, { ...options, platform })
  await run.settle()
  return { run, peer }
}

async function answer({ run, peer }: Scene, text: string): Promise<void> {
  peer.ends.at(-1)?.write(text)
  await run.settle()
}

test("an event is delivered when its line is answered, in order", async () => {
  const scene = await connected()
  const { run } = scene
  await run.send("inbox", "a", "b", "c")
  await run.platform.advance(5000)
  expect(run.sent).toEqual({})
  await answer(scene, "ok\no")
  expect(run.sent).toEqual({ successful: ["a"] })
  await answer(scene, "k\nok\n")
  expect(run.sent).toEqual({ successful: ["a", "b", "c"] })
  await run.stop()
})

test("`failed invalid` is for good, any other kind may pass", async () => {
  const scene = await connected()
  const { run } = scene
  await run.send("inbox", "a", "b", "c", "d")
  await answer(scene, "failed invalid\nok\nfailed overflow\nfailed unheard_of\n")
  expect(run.sent).toEqual({ successful: ["b"], failed: ["a", "c", "d"] })
  const failures = (run.events["failed"] ?? []).map((event) => event.meta.history[0])
  expect(failures.map((failure) => [failure?.kind, failure?.code])).toEqual([
    ["invalid", "peer_invalid"],
    ["transient", "peer_overflow"],
    ["transient", "peer_error"],
  ])
  await run.stop()
})

test("a list has a reply for each item, an empty line none, and one bad reply fails the event", async () => {
  const scene = await connected()
  const { run } = scene
  await run.send("inbox", "", ["a", "", "b"], [], "c", ["d", "e", "f"], "\r", "g\nh", "i")
  expect(run.sent).toEqual({ successful: [""], failed: ["g\nh"] })
  await answer(scene, "ok\n")
  expect(run.sent["successful"]).toEqual([""])
  await answer(scene, "ok\n")
  expect(run.sent["successful"]).toEqual(["", ["a", "", "b"], []])
  await answer(scene, "ok\nok\nfailed overflow\nok\nok\n")
  expect(run.sent["successful"]).toEqual(["", ["a", "", "b"], [], "c", "\r", "i"])
  expect(run.sent["failed"]).toEqual(["g\nh", ["d", "e", "f"]])
  await run.stop()
})

test("data that holds the delimiter has a reply for each of its lines", async () => {
  const scene = await connected({ delimiter_in_data: "allow" })
  await scene.run.send("inbox", "a\nb\n\nc", Buffer.from("d\r\n\r\n"), "e")
  await answer(scene, "ok\n".repeat(4))
  expect(scene.run.sent["successful"]).toEqual(["a\nb\n\nc", Buffer.from("d\r\n\r\n")])
  await answer(scene, "ok\n")
  expect(scene.run.sent["successful"]).toHaveLength(3)
  await scene.run.stop()
})

test("settles batches one after another, however the replies are cut", async () => {
  const scene = await connected()
  const { run } = scene
  run.platform.net.splitChunks = true
  const sent = Array.from({ length: 3000 }, (_, index) => `n${index}`)
  await run.send("inbox", ...sent)
  await answer(scene, sent.map((_, index) => (index % 7 === 3 ? "failed error\n" : "ok\n")).join(""))
  expect(run.sent["successful"]).toEqual(sent.filter((_, index) => index % 7 !== 3))
  expect(run.sent["failed"]).toEqual(sent.filter((_, index) => index % 7 === 3))
  await run.stop()
})

test.each([
  ["a reply without a question", "ok\nok\n", "a reply came without a question"],
  ["something else than a reply", "ok\nHTTP/1.1 400 Bad Request\r\n", "a reply is neither `ok` nor `failed <kind>`"],
  ["a reply without an end", "ok\n".concat("x".repeat(100)), "a reply is too long"],
])("%s breaks the connection and says what the peer may be", async (_, text, problem) => {
  const scene = await connected()
  const { run } = scene
  await run.send("inbox", "a")
  await answer(scene, text)
  expect(run.sent["successful"]).toEqual(["a"])
  expect(run.lines).toContainEqual(
    `warn: lost the connection to 127.0.0.1:19283: ${problem}; the peer may not be an input with \`acknowledge: line\``,
  )
  await run.stop()
})

test("no reply for `reply_timeout` breaks the connection and fails what is unanswered", async () => {
  const scene = await connected({ reply_timeout: "20s" })
  const { run } = scene
  await run.send("inbox", "a", "b")
  await run.platform.advance(15_000)
  await answer(scene, "ok\n")
  await run.platform.advance(19_900)
  expect(run.sent).toEqual({ successful: ["a"] })
  await run.platform.advance(200)
  expect(run.sent).toEqual({ successful: ["a"], failed: ["b"] })
  expect(run.lines).toContainEqual(
    expect.stringContaining("no reply within 20000 ms; the peer may not be an input with `acknowledge: line`"),
  )
  expect(run.events["failed"]?.[0]?.meta.history[0]?.kind).toBe("transient")
  await run.stop()
})

test("when the connection breaks what is unanswered fails in order, counted as sent twice", async () => {
  const scene = await connected()
  const { run, peer } = scene
  const sent = Array.from({ length: 1000 }, (_, index) => `n${index}`)
  await run.send("inbox", ...sent)
  await answer(scene, "ok\n".repeat(400))
  await peer.die()
  await run.settle()
  expect(run.sent).toEqual({ successful: sent.slice(0, 400), failed: sent.slice(400) })
  expect(run.books.duplicated).toBe(600)
  await run.stop()
})

test("an idle connection asks nothing and stays", async () => {
  const { run, peer } = await connected()
  await run.platform.advance(3_600_000)
  expect(peer.ends).toHaveLength(1)
  await run.stop()
  expect(run.platform.pendingTimers).toBe(0)
})

test("says at start when lines cannot be counted", async () => {
  const start = (args: Record<string, unknown>) => startModule(TcpOutput, { confirm: "line", ...args })
  await expect(start({ delimiter: "" })).rejects.toMatchObject({ code: "WB_ARGUMENT_INVALID", hint: "Name what ends a line." })
  await expect(start({ delimiter: "--", delimiter_in_data: "allow" })).rejects.toMatchObject({ code: "WB_ARGUMENT_INVALID" })
})

test("an input that answers and an output that asks understand each other, whatever happens between them", async () => {
  const platform = simulatedPlatform({ seed: 3 })
  platform.net.splitChunks = true
  platform.net.setKernelBytes(3000)
  const input = await startModule(TcpInput, { acknowledge: "line", line_bytes_max: 50, unanswered_max: 100 }, { platform })
  const output = await startModule(TcpOutput, { confirm: "line" }, { platform })
  const sent = Array.from({ length: 5000 }, (_, index) => (index % 10 === 9 ? "x".repeat(60) : index % 10 === 8 ? "" : `line ${index}`))
  await output.send("inbox", ...sent)
  const arrived = sent.filter((line) => line.startsWith("line"))
  expect(input.sent["outbox"]).toEqual(arrived)
  expect(output.sent["successful"]).toEqual(sent.filter((line) => !line.startsWith("x")))
  expect(output.sent["failed"]).toHaveLength(500)
  expect(output.events["failed"]?.every((event) => event.meta.history[0]?.kind === "invalid")).toBe(true)
  await output.stop()
  await input.stop()
})
