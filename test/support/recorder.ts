// Destinations whose lines outlive them: each start writes a file of its own, so that a line torn by a kill can be told from a whole one.

import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { eventually, Program } from "./programs.ts"

const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/${name}.mjs`, import.meta.url))

/** A running destination; `answering` ones give a receipt for each line. */
export class Recorder extends Program {
  readonly file: string
  private readonly answering: boolean

  private constructor(port: number, file: string, answering: boolean) {
    super(process.execPath, [fixture(answering ? "receipts" : "recorder"), String(port), file])
    this.file = file
    this.answering = answering
  }

  /** Listens on `port` when it resolves. */
  static async start(port: number, file: string, { answering = false } = {}): Promise<Recorder> {
    const recorder = new Recorder(port, file, answering)
    await eventually(() => recorder.stdout.includes("\n"), `a recorder on ${port}`, 20_000)
    if (recorder.stdout.includes("error")) throw new Error(`a recorder on ${port}: ${recorder.stdout}`)
    return recorder
  }

  /** Nobody is connected, so everything that was sent to it is in its file. Only of one that gives no receipts. */
  get idle(): boolean {
    if (this.answering) throw new Error("one that gives receipts does not tell")
    return this.status !== undefined || this.stdout.trimEnd().endsWith('{"open":0}')
  }

  lines(): Promise<string[]> {
    return wholeLines(this.file)
  }
}

/** All starts of one destination, dead or alive, in one folder. */
export class Destination {
  readonly port: number
  private readonly folder: string
  private readonly started: Recorder[] = []
  private readonly onStarted: (program: Program) => void

  constructor(options: { port: number; folder: string; onStarted: (program: Program) => void }) {
    this.port = options.port
    this.folder = options.folder
    this.onStarted = options.onStarted
  }

  async start(): Promise<void> {
    const file = join(this.folder, `${this.port}-${this.started.length}.txt`)
    const recorder = await Recorder.start(this.port, file)
    this.started.push(recorder)
    this.onStarted(recorder)
  }

  async kill(): Promise<void> {
    await this.started.at(-1)?.kill()
  }

  get idle(): boolean {
    return this.started.at(-1)?.idle ?? true
  }

  /** What every start has read, in order. */
  async lines(): Promise<string[]> {
    return (await Promise.all(this.started.map((recorder) => recorder.lines()))).flat()
  }
}

/** The lines of a file up to its last LF. */
export async function wholeLines(file: string): Promise<string[]> {
  const text = await readFile(file, "utf8").catch(() => "")
  return text.split("\n").slice(0, -1)
}
