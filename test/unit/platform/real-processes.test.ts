// Real processes: who is behind a number, signals, and how the end of one is told.

import { spawn } from "node:child_process"
import { readFile, stat } from "node:fs/promises"
import { join } from "node:path"
import { describe, expect, onTestFinished, test } from "vitest"
import { identifyByProc, identifyByPs, realProcesses } from "../../../src/platform/real-processes.ts"
import { temporaryDirectory } from "../../support/programs.ts"

const processes = realProcesses([])

/** A process that does nothing, for a while. */
async function sleeper(): Promise<{ pid: number; gone: Promise<unknown> }> {
  const child = spawn(process.execPath, ["-e", "setTimeout(() => {}, 60000)"], { stdio: "ignore" })
  const gone = new Promise((resolve) => child.on("exit", resolve))
  await new Promise((resolve) => child.once("spawn", resolve))
  onTestFinished(async () => {
    child.kill("SIGKILL")
    await gone
  })
  return { pid: child.pid ?? 0, gone }
}

describe.each([
  ["/proc", identifyByProc],
  ["ps", identifyByPs],
])("by %s", (_, identify) => {
  test("a process is told by the time of its start, and has its arguments", async () => {
    const { pid } = await sleeper()
    const first = await identify(pid)
    expect(first?.mark).toMatch(/\S/)
    expect(first?.command.join(" ")).toContain("setTimeout")
    expect((await identify(pid))?.mark).toBe(first?.mark)
  })

  test("nobody is behind the number of a process that has ended", async () => {
    const { pid, gone } = await sleeper()
    processes.signal(pid, "SIGKILL")
    await gone
    expect(await identify(pid)).toBeUndefined()
  })

  test("a process that has ended and that nobody noticed counts as gone", async () => {
    // A shell that becomes `sleep` and never asks for its child.
    const parent = spawn("sh", ["-c", "sleep 0 & echo $!; exec sleep 60"], { stdio: ["ignore", "pipe", "ignore"] })
    onTestFinished(() => void parent.kill("SIGKILL"))
    const pid = Number(await new Promise<string>((resolve) => parent.stdout.once("data", (text: Buffer) => resolve(text.toString()))))
    await expect.poll(async () => readFile(`/proc/${pid}/stat`, "utf8"), { timeout: 10_000 }).toMatch(/\) Z /)
    expect(await identify(pid)).toBeUndefined()
  })

  test("processes that began at different times have different marks", async () => {
    const first = await identify(1)
    const { pid } = await sleeper()
    expect((await identify(pid))?.mark).not.toBe(first?.mark)
  })
})

test("a program's name with brackets and spaces does not shift what is read", async () => {
  const child = spawn(
    process.execPath,
    ["-e", "process.title = ') R 1 2 (x'; setTimeout(() => {}, 60000); process.stdout.write('ready')"],
    {
      stdio: ["ignore", "pipe", "ignore"],
    },
  )
  onTestFinished(() => void child.kill("SIGKILL"))
  await new Promise((resolve) => child.stdout.once("data", resolve))
  const boot = (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim()
  expect((await identifyByProc(child.pid ?? 0))?.mark).toMatch(new RegExp(`^${boot}/\\d+$`))
})

test("a signal to nobody is ESRCH", async () => {
  const { pid, gone } = await sleeper()
  processes.signal(pid, "SIGTERM")
  await gone
  expect(() => processes.signal(pid, "SIGTERM")).toThrow(expect.objectContaining({ code: "ESRCH" }))
})

describe("a process in the background", () => {
  const program = (code: string): ReturnType<typeof realProcesses> => realProcesses(["-e", code, "--"])

  test("is told things, tells things, and what it prints lies in a log that only its user may read", async () => {
    const log = join(await temporaryDirectory(onTestFinished), "out.log")
    const told: unknown[] = []
    const code = `process.once("message", (m) => { console.log("out", process.argv.slice(1)); console.error("err"); process.send(m); process.disconnect() })`
    const child = await program(code).background(["a", "b"], { log, told: (message) => told.push(message) })
    child.tell({ set: new Map([["a", 1]]) })
    expect(await child.ended).toEqual({ status: 0, signal: null })
    expect(told).toEqual([{ set: new Map([["a", 1]]) }])
    expect(await readFile(log, "utf8")).toBe("out [ 'a', 'b' ]\nerr\n")
    expect((await stat(log)).mode & 0o777).toBe(0o600)
    expect(child.logOffset).toBe(0)
  })

  test("adds to a log that is there", async () => {
    const log = join(await temporaryDirectory(onTestFinished), "out.log")
    const again = program("console.log('again'); process.disconnect()")
    await (await again.background([], { log, told: () => undefined })).ended
    const second = await again.background([], { log, told: () => undefined })
    await second.ended
    expect(second.logOffset).toBe(6)
    expect(await readFile(log, "utf8")).toBe("again\nagain\n")
  })

  test("has all that it said heard before its end is", async () => {
    const log = join(await temporaryDirectory(onTestFinished), "out.log")
    const told: unknown[] = []
    const code = "for (let i = 0; i < 2000; i++) process.send(i); process.exitCode = 3"
    const child = await program(code).background([], { log, told: (message) => told.push(message) })
    expect(await child.ended).toEqual({ status: 3, signal: null })
    expect(told).toHaveLength(2000)
  })

  test("goes on alone when it is let go", async () => {
    const log = join(await temporaryDirectory(onTestFinished), "out.log")
    const code = `process.on("disconnect", () => { console.log("alone"); process.exit() }); process.send("ready")`
    let ready: () => void = () => undefined
    const said = new Promise<void>((resolve) => {
      ready = resolve
    })
    const child = await program(code).background([], { log, told: () => ready() })
    await said
    child.release()
    await expect.poll(() => readFile(log, "utf8"), { timeout: 10_000 }).toBe("alone\n")
  })

  test("without a place for its log is not made", async () => {
    const made = program("").background([], { log: "/nowhere/out.log", told: () => undefined })
    await expect(made).rejects.toMatchObject({ code: "ENOENT" })
  })
})
