// Outputs with a `protocol`: what leaves is what its encoder makes of the payload.
import { Unpackr } from "msgpackr"
import { expect, test } from "vitest"
import Stdout from "../../../modules/output/stdout.ts"
import TcpOutput from "../../../modules/output/tcp.ts"
import BinaryEncoder from "../../../modules/protocol/encode-binary.ts"
import JsonEncoder from "../../../modules/protocol/encode-json.ts"
import MsgpackEncoder from "../../../modules/protocol/encode-msgpack.ts"
import { type ModuleRun, type StartOptions, simulatedPlatform, startModule } from "../../../src/testing/index.ts"
import { PeerServer } from "../peer.ts"

const port = 19283

async function connected(
  args: Record<string, unknown>,
  protocol: NonNullable<StartOptions["protocol"]>,
): Promise<{ run: ModuleRun<TcpOutput>; peer: PeerServer }> {
  const platform = simulatedPlatform()
  const peer = new PeerServer(platform, port)
  await peer.listen()
  const run = await startModule(TcpOutput, { confirm: "written", ...args }, { platform, protocol })
  await run.settle()
  return { run, peer }
}

test("over TCP any payload becomes one line of JSON, a list too", async () => {
  const { run, peer } = await connected({}, [JsonEncoder, { sort_keys: true }])
  const bytes = run.module.eventOfBytes({ chunk: Buffer.from("a line"), start: 0, end: 6, encoding: "text" }, 0)
  await run.send("inbox", "text", { b: 1, a: 2 }, [1, 2], null, bytes)
  expect(peer.text).toBe('"text"\n{"a":2,"b":1}\n[1,2]\nnull\n"a line"\n')
  expect(run.sent["successful"]).toHaveLength(5)
  await run.stop()
})

test("over TCP items of MessagePack follow each other without a delimiter", async () => {
  const { run, peer } = await connected({ delimiter: "", confirm: "tail" }, MsgpackEncoder)
  await run.send("inbox", "one\n", 0, { a: [null] })
  const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true })
  expect(unpackr.unpackMultiple(Buffer.from(peer.text, "latin1"))).toEqual(["one\n", 0, { a: [null] }])
  await run.stop()
})

test("what the encoder refuses fails, and that alone", async () => {
  const { run, peer } = await connected({}, [BinaryEncoder, { charset: "latin1" }])
  await run.send("inbox", "é", "€", 5, "ok")
  expect(peer.text).toBe("\u00e9\nok\n")
  expect(run.sent["failed"]).toEqual(["€", 5])
  expect(run.events["failed"]?.map(({ meta }) => meta.history[0]?.kind)).toEqual(["invalid", "invalid"])
  await run.stop()
})

test("the payload, the selection or the whole event is what is encoded", async () => {
  const printed = async (args: Record<string, unknown>): Promise<string> => {
    const run = await startModule(Stdout, args, { protocol: JsonEncoder })
    await run.send("inbox", { a: "x" })
    await run.stop()
    return run.platform.streams.written
  }
  expect(await printed({ selection: "data.a" })).toBe('"x"\n')
  expect(await printed({ payload: { line: "{{ data.a }}!" } })).toBe('{"line":"x!"}\n')
  expect(JSON.parse(await printed({ native_events: true }))).toMatchObject({ data: { a: "x" }, ttl: 253 })
})
