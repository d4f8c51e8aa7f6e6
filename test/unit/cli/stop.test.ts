import { beforeEach, describe, expect, test } from "vitest"
import { RecordedShell } from "./recorded-shell.ts"

let shell: RecordedShell

beforeEach(() => {
  shell = new RecordedShell()
})

const file = "/tmp/wishbone.pid"
const pid = 500
const details = { mark: `boot/${pid}`, config: "flow.yaml", log: "/tmp/wishbone.log", stopTimeoutMs: 1000 }

function write(content: string = `${pid}\n${JSON.stringify(details)}\n`): void {
  shell.world.disk.put(file, content)
}

function ended(end: object): void {
  shell.world.disk.put(`${file}.ended`, JSON.stringify({ pid, mark: details.mark, time: "2026-01-01T00:00:00.000Z", status: 0, ...end }))
}

const files = (): string[] => Object.keys(shell.world.disk.snapshot())
const stop = (...options: string[]): Promise<number> => shell.finish("stop", "--pid", file, ...options)
const kill = (...options: string[]): Promise<number> => shell.finish("kill", "--pid", file, ...options)

describe("stop", () => {
  test("tells the process to end, waits until it is gone and says how it ended", async () => {
    write()
    shell.table.add(pid, {
      signalled: () => {
        shell.world.timers.after(700, () => {
          ended({ status: 3, lost: 2 })
          shell.table.remove(pid)
        })
      },
    })
    expect(await stop()).toBe(0)
    expect(shell.table.signals).toEqual([`${pid} SIGTERM`])
    expect(shell.stdout).toBe(`stopped: process ${pid} ended with exit status 3; 2 events were lost\n`)
    expect(files()).toEqual([])
  })

  test("--json gives status and loss", async () => {
    write()
    shell.table.add(pid, {
      signalled: () => {
        ended({ lost: 0 })
        shell.table.remove(pid)
      },
    })
    expect(await stop("--json")).toBe(0)
    expect(JSON.parse(shell.stdout)).toEqual({ pid, status: 0, lost: 0 })
  })

  test("a process that does not end in time is left alone, and `kill` is named", async () => {
    write()
    shell.table.add(pid, { signalled: () => undefined })
    expect(await stop("--timeout", "2s")).toBe(1)
    expect(shell.stderr).toContain(`Process ${pid} still runs 2s after it was told to stop`)
    expect(shell.stderr).toContain("`kill`")
    expect(shell.table.signals).toEqual([`${pid} SIGTERM`])
    expect(files()).toEqual([file])
  })

  test("by default it waits ten seconds longer than the graph may drain", async () => {
    write()
    shell.table.add(pid, { signalled: () => undefined })
    const before = shell.world.clock.monotonic()
    expect(await stop()).toBe(1)
    expect(shell.world.clock.monotonic() - before).toBeCloseTo(11_000, -2)
  })

  test("a graph that is stopping already gets no second signal, which would end it at once", async () => {
    write(`${pid}\n${JSON.stringify({ ...details, stopping: true })}\n`)
    shell.table.add(pid)
    shell.world.timers.after(300, () => {
      ended({ lost: 0 })
      shell.table.remove(pid)
    })
    expect(await stop()).toBe(0)
    expect(shell.table.signals).toEqual([])
    expect(shell.stderr).toContain("stopping already")
  })

  test("a process that dies without a word is told as that", async () => {
    write()
    shell.table.add(pid)
    ended({ pid: 77, mark: "boot/77" })
    expect(await stop()).toBe(1)
    expect(shell.stderr).toContain(`Process ${pid} ended without telling what became of its events`)
    expect(files()).toEqual([`${file}.ended`])
  })
})

describe.each([
  ["stop", stop],
  ["kill", (): Promise<number> => kill("--yes")],
] as const)("%s never signals a process that is not the graph's", (name, run) => {
  test("a pid file whose process is gone is removed, and that is told", async () => {
    write()
    expect(await run()).toBe(1)
    expect(shell.stderr).toContain(`Process ${pid} of \`${file}\` is gone, though nobody had told it to end`)
    expect(files()).toEqual([])
  })

  test("how it ended is told, when it could say so", async () => {
    write()
    ended({ status: 1, lost: 0 })
    expect(await run()).toBe(1)
    expect(shell.stderr).toContain("ended at 2026-01-01T00:00:00.000Z with exit status 1; nothing was lost")
  })

  test.each([
    ["a process of the same number that was started at another time", { mark: "boot/501" }],
    ["a process of the same number in another run of the machine", { mark: `earlier/${pid}` }],
    ["a process of the same number and time that is no graph", { command: ["sleep", "60"] }],
  ])("%s", async (_, entry) => {
    write()
    shell.table.add(pid, entry)
    expect(await run()).toBe(1)
    expect(shell.stderr).toContain(`Process ${pid} of \`${file}\` is another program by now`)
    expect(shell.table.signals).toEqual([])
    expect(files()).toEqual([])
  })

  test("a process that this user may not look at, or signal, is left alone with its pid file", async () => {
    write()
    for (const entry of [{ mark: "" }, { foreignUser: true }]) {
      shell.stderr = ""
      shell.table.add(pid, entry)
      expect(await run()).toBe(1)
      expect(shell.stderr).toContain(`Process ${pid} belongs to another user, so it cannot be ${name === "stop" ? "stopped" : "killed"}`)
      expect(files()).toEqual([file])
    }
  })

  test("the process that runs the command itself", async () => {
    const own = shell.world.pid
    write(`${own}\n${JSON.stringify({ ...details, mark: `boot/${own}` })}\n`)
    shell.table.add(own)
    expect(await run()).toBe(1)
    expect(shell.table.signals).toEqual([])
  })

  test.each([
    ["is empty", ""],
    ["its first line is no process number", "hello\n"],
    ["its first line is no process number", "12x\n{}\n"],
    ["its first line is no process number", "99999999999999999999\n{}\n"],
    ["its first line is no process number", `modules:\n  a: {}\n`],
    ["0 is no number of a process", `0\n${JSON.stringify(details)}\n`],
    ["1 is no number of a process", `1\n${JSON.stringify(details)}\n`],
    ["-1 is no number of a process", `-1\n${JSON.stringify(details)}\n`],
    ["-500 is no number of a process", `-500\n${JSON.stringify(details)}\n`],
    ["4294967296 is no number of a process", `4294967296\n${JSON.stringify(details)}\n`],
    ["does not say which process", `${pid}\n`],
    ["does not say which process", `${pid}\n501\n502\n`],
    ["does not say which process", `${pid}\n{"mark":""}\n`],
    ["does not say which process", `${pid}\n{"mark":5}\n`],
    ["does not say which process", `${pid}\nnull\n`],
    ["it has 5000 bytes", "5".repeat(5000)],
  ])("a file of which it must be said that it %s", async (problem, content) => {
    write(content)
    shell.table.add(pid)
    expect(await run()).toBe(1)
    expect(shell.stderr).toContain(`\`${file}\` is no pid file of \`start\``)
    expect(shell.stderr).toContain(problem)
    expect(shell.table.signals).toEqual([])
    expect(files()).toEqual([file])
  })

  test("a directory, and nothing at all", async () => {
    expect(await run()).toBe(1)
    expect(shell.stderr).toContain(`There is no pid file \`${file}\``)
    await shell.world.files.makeDirectory(file)
    expect(await run()).toBe(1)
    expect(shell.stderr).toContain("it is a directory")
  })

  test("a file that cannot be read", async () => {
    write()
    shell.world.disk.fail({ operation: "readFile", code: "EACCES" })
    expect(await run()).toBe(1)
    expect(shell.stderr).toContain(`The pid file \`${file}\` cannot be read: EACCES`)
  })
})

test("without a pid file, `stop` tells how the last graph ended", async () => {
  ended({ status: 3, lost: 1 })
  expect(await stop()).toBe(1)
  expect(shell.stderr).toContain("The last one ended at 2026-01-01T00:00:00.000Z with exit status 3; 1 event was lost")
})

test("what a pid file says does nothing to a terminal", async () => {
  write(`${pid}\n${JSON.stringify({ ...details, log: "\u001b[2Jevil" })}\n`)
  expect(await stop()).toBe(1)
  expect(shell.stderr).toContain("\\u001b[2Jevil")
  expect(shell.stderr).not.toContain("\u001b")
})

describe("kill", () => {
  beforeEach(() => {
    write()
  })

  test("asks before, saying what is lost, and kills", async () => {
    shell.answer = "y"
    shell.table.add(pid)
    expect(await kill()).toBe(0)
    expect(shell.asked).toEqual([
      `Process ${pid} runs \`flow.yaml\`. What it holds in memory is lost; what is on disk stays. Kill it? [y/N] `,
    ])
    expect(shell.table.signals).toEqual([`${pid} SIGKILL`])
    expect(shell.stdout).toBe(`killed: process ${pid}\n`)
    expect(files()).toEqual([])
  })

  test.each(["", "n", "no", "yesterday"])("does nothing at the answer %j", async (answer) => {
    shell.answer = answer
    shell.table.add(pid)
    expect(await kill()).toBe(1)
    expect(shell.stderr).toContain("nothing was killed")
    expect(shell.table.signals).toEqual([])
  })

  test("kills nothing when nobody can be asked, unless told to", async () => {
    shell.table.add(pid)
    expect(await kill()).toBe(2)
    expect(shell.stderr).toContain("Add `--yes` to kill without being asked")
    expect(shell.table.signals).toEqual([])
    expect(await kill("--yes", "--json")).toBe(0)
    expect(JSON.parse(shell.stdout)).toEqual({ pid, killed: true })
  })

  test("a process that was given away while the person thought is not killed", async () => {
    shell.table.add(pid)
    shell.answer = "y"
    const answered = shell.ask
    Object.defineProperty(shell, "ask", {
      value: (question: string) => {
        shell.table.add(pid, { mark: "boot/later" })
        return answered(question)
      },
    })
    expect(await kill()).toBe(0)
    expect(shell.table.signals).toEqual([])
    expect(shell.stdout).toBe(`process ${pid} had ended by itself\n`)
  })

  test("a process that the system does not let go of is told", async () => {
    shell.table.add(pid, { signalled: () => undefined })
    expect(await kill("--yes")).toBe(1)
    expect(shell.stderr).toContain("still runs 5s after it was told to end")
    expect(shell.stderr).toContain("The system does not let go of it")
  })
})
