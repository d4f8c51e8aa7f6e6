// The TCP input with a `protocol`: lines that are decoded as units, and streams that are decoded as they come.
import { Packr } from "msgpackr"
import { describe, expect, test } from "vitest"
import TcpInput from "../../../modules/input/tcp.ts"
import JsonDecoder from "../../../modules/protocol/decode-json.ts"
import MsgpackDecoder from "../../../modules/protocol/decode-msgpack.ts"
import PlainDecoder from "../../../modules/protocol/decode-plain.ts"
import { type ModuleRun, type StartOptions, startModule } from "../../../src/testing/index.ts"
import { dial } from "../peer.ts"

const port = 19283
const packr = new Packr({ useRecords: false })
const pack = (...values: readonly unknown[]): Buffer => Buffer.concat(values.map((value) => packr.pack(value)))

function input(
  args: Record<string, unknown>,
  protocol: NonNullable<StartOptions["protocol"]>,
  more: StartOptions = {},
): Promise<ModuleRun<TcpInput>> {
  return startModule(TcpInput, args, { ...more, protocol })
}

describe("lines", () => {
  test("each is a document of its own, cut anywhere on the way", async () => {
    const run = await input({}, JsonDecoder)
    const peer = dial(run.platform, port)
    for (const byte of Buffer.from('{"a":"é"}\r\n\n[1]\n0\n')) {
      peer.write(Buffer.from([byte]))
      await run.settle()
    }
    expect(run.sent).toEqual({ outbox: [{ a: "é" }, [1], 0] })
    await run.stop()
  })

  test("one that cannot be decoded is left out with a warning that counts", async () => {
    const run = await input({}, JsonDecoder)
    const peer = dial(run.platform, port)
    peer.write('{"a":1}\n{oops}\n{oops}\n{oops}\n{"a":2}\n')
    await run.settle()
    expect(run.sent).toEqual({ outbox: [{ a: 1 }, { a: 2 }] })
    await run.stop()
    const warnings = run.lines.filter((line) => line.startsWith("warn"))
    expect(warnings[0]).toContain("a line was dropped")
    expect(warnings[0]).toContain("not a JSON document")
    expect(warnings.at(-1)).toContain("2 more like this")
  })

  test("with answers it is answered `failed invalid` in its place", async () => {
    const run = await input({ acknowledge: "line" }, JsonDecoder)
    const peer = dial(run.platform, port)
    peer.write('{oops}\n{"a":1}\n{oops}\n2\n')
    await run.settle()
    expect(peer.text).toBe("failed invalid\nok\nfailed invalid\nok\n")
    expect(run.sent).toEqual({ outbox: [{ a: 1 }, 2] })
    await run.stop()
  })

  test("a line of several items is answered once: `ok` when all of them are safe, else as the first that failed", async () => {
    const queues = { outbox: { size: 3, whenFull: "drop_new" as const } }
    const run = await input({ acknowledge: "line" }, [PlainDecoder, { delimiter: "," }], { queues })
    run.block("outbox")
    const peer = dial(run.platform, port)
    peer.write("a,b\n,,\nc,d\ne\n")
    await run.settle()
    expect(peer.text).toBe("")
    await run.unblock("outbox")
    // The second line held nothing at all, so nothing of it can get lost.
    expect(peer.text).toBe("ok\nok\nfailed overflow\nfailed overflow\n")
    expect(run.sent).toEqual({ outbox: ["a", "b", "c"] })
    await run.stop()
  })

  test("of a line that can be decoded in part nothing is taken", async () => {
    const run = await input({ acknowledge: "line" }, [JsonDecoder, { delimiter: ";" }])
    const peer = dial(run.platform, port)
    peer.write("1;2;x\n3;4\n")
    await run.settle()
    expect(run.sent).toEqual({ outbox: [3, 4] })
    expect(peer.text).toBe("failed invalid\nok\n")
    await run.stop()
  })

  test("a line without another reply in time is answered `failed timeout`, one with nothing in it `ok`", async () => {
    const run = await input({ acknowledge: "line", reply_timeout: 1 }, [PlainDecoder, { delimiter: "," }])
    run.block("outbox")
    const peer = dial(run.platform, port)
    peer.write(",\na,b\n")
    await run.platform.advance(2000)
    expect(peer.text).toBe("ok\nfailed timeout\n")
    await run.stop()
  })

  test("items land where `destination` says, or are whole events", async () => {
    const placed = await input({ destination: "data.in" }, JsonDecoder)
    dial(placed.platform, port).write('{"a":1}\n')
    await placed.settle()
    expect(placed.sent).toEqual({ outbox: [{ in: { a: 1 } }] })
    await placed.stop()
    const native = await input({ native_events: true }, JsonDecoder)
    dial(native.platform, port).write('{"data":"x","tags":["t"]}\n{"no":"event"}\n')
    await native.settle()
    expect(native.events["outbox"]?.map(({ data, tags }) => [data, tags])).toEqual([["x", ["t"]]])
    await native.stop()
  })
})

describe("streams, without a delimiter", () => {
  test("items come as they complete, and each connection has a decoder of its own", async () => {
    const run = await input({ delimiter: null }, MsgpackDecoder)
    const [one, two] = [dial(run.platform, port), dial(run.platform, port)]
    const [first, second] = [pack("from one", 0), pack("from two", false)]
    one.write(first.subarray(0, 4))
    two.write(second.subarray(0, 6))
    await run.settle()
    expect(run.sent).toEqual({})
    two.write(second.subarray(6))
    one.write(first.subarray(4))
    await run.settle()
    expect(new Set(run.sent["outbox"])).toEqual(new Set(["from one", 0, "from two", false]))
    expect(run.sent["outbox"]).toHaveLength(4)
    await run.stop()
  })

  test("cut after every byte the items are the same", async () => {
    const values = [{ a: [1, null] }, "", 0, "é".repeat(50), []]
    const run = await input({ delimiter: null }, MsgpackDecoder)
    const peer = dial(run.platform, port)
    for (const byte of pack(...values)) {
      peer.write(Buffer.from([byte]))
      await run.settle()
    }
    expect(run.sent).toEqual({ outbox: values })
    await run.stop()
  })

  test("what is left at the end of the connection is one more item, or is refused", async () => {
    const json = await input({ delimiter: null }, JsonDecoder)
    const whole = dial(json.platform, port)
    whole.write('{"a":\n')
    whole.write("1}\n")
    whole.connection.end()
    await json.settle()
    expect(json.sent).toEqual({ outbox: [{ a: 1 }] })
    await json.stop()
    const msgpack = await input({ delimiter: null }, MsgpackDecoder)
    const half = dial(msgpack.platform, port)
    half.write(pack("text").subarray(0, 3))
    half.connection.end()
    await msgpack.settle()
    expect(msgpack.sent).toEqual({})
    expect(msgpack.lines.join("\n")).toContain("ends in the middle of an item")
    await msgpack.stop()
  })

  test("an unfinished item of a connection that breaks is named", async () => {
    const run = await input({ delimiter: null }, MsgpackDecoder)
    const peer = dial(run.platform, port)
    peer.write(pack("text").subarray(0, 3))
    await run.settle()
    peer.connection.destroy()
    run.platform.net.resetAll(port)
    await run.settle()
    expect(run.lines.join("\n")).toContain("an unfinished line was dropped")
    await run.stop()
  })

  test("a stream that cannot be read any further ends its connection; what came before is kept", async () => {
    const run = await input({ delimiter: null }, MsgpackDecoder)
    const [bad, good] = [dial(run.platform, port), dial(run.platform, port)]
    bad.write(Buffer.concat([pack("before"), Buffer.from([0xc1]), pack("after")]))
    good.write(pack("other"))
    await run.settle()
    expect(bad.closed).toBe(true)
    expect(good.closed).toBe(false)
    expect(run.sent).toEqual({ outbox: ["before", "other"] })
    expect(run.lines.join("\n")).toContain("a connection was ended: ")
    await run.stop()
  })

  test("with answers each item has its reply, also the one that broke the stream, and then the connection ends", async () => {
    const run = await input({ delimiter: null, acknowledge: "line" }, MsgpackDecoder)
    const peer = dial(run.platform, port)
    peer.write(pack("one", "two"))
    await run.settle()
    expect(peer.text).toBe("ok\nok\n")
    peer.write(Buffer.concat([pack("three"), Buffer.from([0xd4, 5, 0]), pack("four"), Buffer.from([0xc1])]))
    await run.settle()
    expect(peer.text).toBe("ok\nok\nok\nfailed invalid\nok\nfailed invalid\n")
    expect(peer.ended).toBe(true)
    peer.write(pack("nobody reads this"))
    await run.settle()
    expect(run.sent).toEqual({ outbox: ["one", "two", "three", "four"] })
    await run.stop()
  })
})
