import { Packr } from "msgpackr"
import { expect, test } from "vitest"
import Stdin from "../../../modules/input/stdin.ts"
import Testevent from "../../../modules/input/testevent.ts"
import JsonDecoder from "../../../modules/protocol/decode-json.ts"
import MsgpackDecoder from "../../../modules/protocol/decode-msgpack.ts"
import { startModule } from "../../../src/testing/index.ts"

const packr = new Packr({ useRecords: false })

test("decodes each line; one that cannot be decoded is left out with a warning", async () => {
  const run = await startModule(Stdin, {}, { protocol: JsonDecoder })
  run.platform.streams.feed('{"a":1}\n{oops\n2\n')
  run.platform.streams.endInput()
  await run.settle()
  expect(run.sent).toEqual({ outbox: [{ a: 1 }, 2] })
  expect(run.lines.join("\n")).toContain("warn: a line of standard input was dropped: not a JSON document")
  await run.stop()
})

test("decodes a stream as it comes", async () => {
  const run = await startModule(Stdin, { delimiter: null }, { protocol: MsgpackDecoder })
  const bytes = Buffer.concat([packr.pack("one"), packr.pack(false), packr.pack([2])])
  for (const byte of bytes) run.platform.streams.feed(Buffer.from([byte]))
  await run.settle()
  expect(run.sent).toEqual({ outbox: ["one", false, [2]] })
  run.platform.streams.endInput()
  await run.settle()
  expect(run.ended).toBe(true)
  await run.stop()
})

test("ends when the stream cannot be read any further, with an error and with what came before", async () => {
  const run = await startModule(Stdin, { delimiter: null }, { protocol: MsgpackDecoder })
  run.platform.streams.feed(Buffer.concat([packr.pack("one"), Buffer.from([0xc1])]))
  run.platform.streams.feed(packr.pack("two"))
  await run.settle()
  expect(run.sent).toEqual({ outbox: ["one"] })
  expect(run.lines).toContain("error: standard input is read no further, as it cannot be decoded: the byte 0xc1 is no MessagePack")
  expect(run.ended).toBe(true)
  await run.stop()
})

test("an input that makes text itself has it decoded, as exactly one item", async () => {
  const run = await startModule(Testevent, { message: '{"a":1}', interval: 1 }, { protocol: JsonDecoder })
  await run.settle()
  expect(run.sent).toEqual({ outbox: [{ a: 1 }] })
  await run.stop()
})
