import { spawn } from "node:child_process"
import { PassThrough, Readable, Writable } from "node:stream"
import { describe, expect, test } from "vitest"
import { realStreams } from "../../../src/platform/real-streams.ts"
import { errorCode } from "../../../src/platform/system-error.ts"
import { Recorder, turn, until } from "./recorder.ts"

const noInput = (): Readable => Readable.from([])
const noOutput = (): Writable => new PassThrough()

describe("standard input", () => {
  test("gives its data, then ended, then closed", async () => {
    const saw = new Recorder()
    realStreams(() => Readable.from(["one\n", Buffer.from("two\n")]), noOutput).input(saw)
    expect(saw.seen).toEqual([])
    await until(() => saw.isClosed)
    expect(saw.seen).toEqual(["data", "ended", "closed"])
    expect(saw.text).toBe("one\ntwo\n")
  })

  test("pauses and resumes", async () => {
    const source = new PassThrough()
    const saw = new Recorder()
    const input = realStreams(() => source, noOutput).input(saw)
    input.pause()
    source.write("wait")
    for (let count = 0; count < 5; count += 1) await turn()
    expect(saw.seen).toEqual([])
    input.resume()
    await until(() => saw.text === "wait")
    input.destroy()
    source.write("unheard")
    await until(() => saw.isClosed)
    expect(saw.seen).toEqual(["data", "closed"])
  })

  test("closes with its error", async () => {
    const source = new PassThrough()
    const saw = new Recorder()
    realStreams(() => source, noOutput).input(saw)
    source.destroy(Object.assign(new Error("bad"), { code: "EIO" }))
    await until(() => saw.isClosed)
    expect(saw.seen).toEqual(["closed EIO"])
  })

  test("that is over already still says so", async () => {
    const source = Readable.from(["x"])
    source.resume()
    await new Promise((resolve) => source.once("close", resolve))
    const saw = new Recorder()
    realStreams(() => source, noOutput).input(saw)
    await until(() => saw.isClosed)
    expect(saw.seen).toEqual(["ended", "closed"])
  })
})

describe("standard output", () => {
  test("calls back when the bytes are taken, and not within the call", async () => {
    const target = new PassThrough()
    const { output } = realStreams(noInput, () => target)
    const answers: unknown[] = []
    expect(output.write(Buffer.from("hello"), (error) => answers.push(error))).toBe(true)
    expect(answers).toEqual([])
    await until(() => answers.length === 1)
    expect(answers).toEqual([undefined])
    expect(String(target.read())).toBe("hello")
  })

  test("counts what is pending, and says when it is too much", () => {
    const stuck = new Writable({ write: () => undefined })
    const { output } = realStreams(noInput, () => stuck)
    expect(output.pendingBytes).toBe(0)
    expect(output.write(Buffer.alloc(1000))).toBe(true)
    expect(output.write(Buffer.alloc(64 * 1024))).toBe(false)
    expect(output.pendingBytes).toBe(1000 + 64 * 1024)
  })

  test("gives a broken pipe to the write it broke, and to each later one", async () => {
    const child = spawn(process.execPath, ["-e", "process.stdin.destroy()"], { stdio: ["pipe", "ignore", "ignore"] })
    await new Promise((resolve) => child.once("exit", resolve))
    const { output } = realStreams(noInput, () => child.stdin)
    const answers: (Error | undefined)[] = []
    output.write(Buffer.from("x"), (error) => answers.push(error))
    await until(() => answers.length === 1)
    for (let count = 0; count < 5; count += 1) await turn()
    expect(output.write(Buffer.from("y"), (error) => answers.push(error))).toBe(false)
    output.write(Buffer.from("z"))
    await until(() => answers.length === 2)
    expect(answers.map(errorCode)).toEqual(["EPIPE", "EPIPE"])
  })
})
