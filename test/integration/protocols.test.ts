// The example of protocols and functions, run by the real program: JSON lines in over TCP, functions and templates on the way,
// MessagePack out over TCP.

import { readFile, writeFile } from "node:fs/promises"
import { connect, createServer, type Socket } from "node:net"
import { join } from "node:path"
import { Unpackr } from "msgpackr"
import { expect, onTestFinished, test } from "vitest"
import { eventually, freePorts, temporaryDirectory, wishbone } from "../support/programs.ts"

/** A destination that keeps all bytes it gets. */
async function destination(port: number): Promise<{ bytes: () => Buffer }> {
  const chunks: Buffer[] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on("data", (chunk) => chunks.push(chunk))
    socket.on("error", () => undefined)
  })
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve))
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  return { bytes: () => Buffer.concat(chunks) }
}

/** A client that keeps its replies. */
async function client(port: number): Promise<{ socket: Socket; replies: () => string }> {
  let text = ""
  const socket = connect(port, "127.0.0.1")
  socket.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk
  })
  socket.on("error", () => undefined)
  onTestFinished(() => void socket.destroy())
  await new Promise<void>((resolve) => socket.once("connect", resolve))
  return { socket, replies: () => text }
}

test("JSON comes in, functions and templates work on it, MessagePack goes out", async () => {
  const [inPort = 0, outPort = 0] = await freePorts(2)
  const folder = await temporaryDirectory(onTestFinished)
  const file = join(folder, "protocols.yaml")
  const example = await readFile(new URL("../../bootstrap/protocols.yaml", import.meta.url), "utf8")
  await writeFile(file, example.replaceAll("19283", String(inPort)).replaceAll("19284", String(outPort)))
  const out = await destination(outPort)
  const program = wishbone(["debug", "--config", file, "--report", join(folder, "report.json")])
  onTestFinished(() => program.kill())
  await eventually(() => program.stderr.includes("listening on"), `the input to listen\n${program.stderr}`)

  const { socket, replies } = await client(inPort)
  // Cut in the middle of a line and of a character.
  const bytes = Buffer.from('{"name":"ada é","at":0}\n{"name":"bob","at":86400}\n{"name":"eve"}\n{oops}\n{"name":"dan","at":172800}\n')
  socket.write(bytes.subarray(0, 14))
  await new Promise<void>((resolve) => setImmediate(resolve))
  socket.write(bytes.subarray(14))
  // `eve` has no time, which a template needs: it lies on disk, and so is safe.
  await eventually(() => replies().split("\n").length === 6, `five replies\n${program.stderr}`)
  expect(replies()).toBe("ok\nok\nok\nfailed invalid\nok\n")

  const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true })
  expect(unpackr.unpackMultiple(out.bytes())).toEqual([
    { name: "ADA É", mark: "paris-1", day: "1970-01-01" },
    { name: "BOB", mark: "paris-2", day: "1970-01-02" },
    { name: "DAN", mark: "paris-1", day: "1970-01-03" },
  ])
  program.signal("SIGTERM")
  expect(await program.exit()).toBe(0)
  const report = JSON.parse(await readFile(join(folder, "report.json"), "utf8")) as Record<string, unknown>
  expect(report).toMatchObject({ in: 4, delivered: 3, waiting: 1, lost: 0, failed: 0 })
})
