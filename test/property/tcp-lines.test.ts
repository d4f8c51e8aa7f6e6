// Whatever bytes a peer sends, and however they are cut on the way: the same lines come out, and the same replies go back.
import fc from "fast-check"
import { expect, test } from "vitest"
import TcpInput from "../../modules/input/tcp.ts"
import { startModule } from "../../src/testing/index.ts"
import { dial } from "../modules/peer.ts"

const port = 19283
const lineBytesMax = 8

/** Bytes that mean something to somebody: ends, returns, NULs, halves of characters, JSON, and anything else. */
const hostile = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom("\n", "\r", "\r\n", "\0", "a", "ok\n", "failed x\n", "{}", '{"data":1}\n').map((text) => Buffer.from(text)),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom([0xc3], [0xa4], [0xff, 0xfe], [0xed, 0xa0, 0x80], [0xf0, 0x9f]).map((bytes) => Buffer.from(bytes)),
  },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)) },
)
const stream = fc.array(hostile, { maxLength: 25 }).map((pieces) => Buffer.concat(pieces))

interface Outcome {
  readonly lines: string[]
  readonly replies: string
}

/** What a line reader that sees everything at once would say. */
function expected(bytes: Buffer): Outcome {
  const parts = bytes.toString("latin1").split("\n")
  const lines = parts.map((line) => line.replace(/\r$/, "")).filter((line) => line !== "")
  return {
    lines: lines.filter((line) => line.length <= lineBytesMax),
    replies: lines.map((line) => (line.length <= lineBytesMax ? "ok\n" : "failed invalid\n")).join(""),
  }
}

async function outcome(pieces: readonly Buffer[]): Promise<Outcome> {
  const run = await startModule(TcpInput, { acknowledge: "line", line_bytes_max: lineBytesMax, encoding: "binary" })
  const peer = dial(run.platform, port)
  await run.settle()
  for (const piece of pieces) {
    peer.write(piece)
    await run.settle()
  }
  peer.connection.end()
  await run.settle()
  const lines = (run.events["outbox"] ?? []).map((event) => (event.data as Buffer).toString("latin1"))
  expect(peer).toMatchObject({ ended: true, closed: true })
  await run.stop()
  return { lines, replies: peer.text }
}

test("any bytes, cut anywhere, give the same lines and the same replies", async () => {
  await fc.assert(
    fc.asyncProperty(stream, fc.array(fc.nat(60), { maxLength: 6 }), async (bytes, cuts) => {
      const places = [0, ...cuts.filter((at) => at < bytes.length).toSorted((a, b) => a - b), bytes.length]
      const pieces = places.slice(1).map((end, index) => bytes.subarray(places[index], end))
      expect(await outcome(pieces)).toEqual(expected(bytes))
    }),
    { numRuns: 150 },
  )
})

test("a stream cut at every single place gives the same as in one piece", async () => {
  const bytes = Buffer.from("ab\r\n\0\n\r\ntoo long a line\ncd\r\r\n\xc3\xa4\nlast", "latin1")
  const whole = await outcome([bytes])
  expect(whole).toEqual(expected(bytes))
  expect(await outcome([...bytes].map((byte) => Buffer.from([byte])))).toEqual(whole)
  for (let at = 1; at < bytes.length; at++) expect(await outcome([bytes.subarray(0, at), bytes.subarray(at)])).toEqual(whole)
})
