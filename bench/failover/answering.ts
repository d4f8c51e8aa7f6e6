// A destination for `confirm: line`: it writes the number of each line to a file and then answers it. What was answered is in the file.

import { openSync, readFileSync, writeSync } from "node:fs"
import { createServer, type Socket } from "node:net"
import { startTask } from "../processes.ts"
import type { Kind } from "./destinations.ts"

export interface AnsweringTask {
  readonly port: number
  readonly file: string
}

/** Where the number of a line of tools/lineload.c begins and ends, and what it is counted from. */
const numberStart = 7
const numberEnd = 17
const numberBase = 1_000_000_000

/** `benchFile`: the `import.meta.url` of a bench that calls {@link runAnswering} when it is given a task. */
export function answeringKind(benchFile: string): Kind {
  return {
    receiver: (port) => (file) => startTask(benchFile, { port, file } satisfies AnsweringTask),
    counter: (file, times) => {
      const bytes = readFileSync(file)
      for (let at = 0; at + 4 <= bytes.length; at += 4) {
        const line = bytes.readUInt32LE(at)
        if (line < times.length) times[line] = (times[line] ?? 0) + 1
      }
    },
  }
}

/** Listens until it is killed. */
export function runAnswering({ port, file }: AnsweringTask): void {
  const numbers = openSync(file, "w")
  const server = createServer((socket) => receive(socket, numbers))
  server.listen(port, "127.0.0.1", () => console.log("ready"))
  process.on("SIGTERM", () => process.exit(0))
}

function receive(socket: Socket, numbers: number): void {
  let rest: Buffer | undefined
  socket.on("error", () => socket.destroy())
  socket.on("data", (chunk: Buffer) => {
    const whole = rest === undefined ? chunk : Buffer.concat([rest, chunk])
    const end = whole.lastIndexOf(10) + 1
    rest = end === whole.length ? undefined : whole.subarray(end)
    if (end > 0) socket.write("ok\n".repeat(record(whole.subarray(0, end), numbers)))
  })
}

/** Writes the numbers of whole lines; answers how many there are. */
function record(lines: Buffer, numbers: number): number {
  const found: number[] = []
  for (let start = 0; start < lines.length; start = lines.indexOf(10, start) + 1)
    found.push(Number(lines.toString("latin1", start + numberStart, start + numberEnd)) - numberBase)
  writeSync(numbers, new Uint8Array(Uint32Array.from(found).buffer))
  return found.length
}
