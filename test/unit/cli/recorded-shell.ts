// A shell whose words are kept: what the command line said, and how it ended.

import { EventEmitter } from "node:events"
// Loaded ahead: virtual time stands still while a command loads it, and nothing in the simulated world would be left to wait for.
import "../../../src/cli/failure.ts"
import { main } from "../../../src/cli/main.ts"
import type { Shell } from "../../../src/cli/shell.ts"
import { type SimulatedPlatform, simulatedPlatform } from "../../../src/platform/simulated/simulated.ts"
import { fakeModules } from "./fake-modules.ts"
import { ProcessTable } from "./process-table.ts"

export class RecordedShell implements Shell {
  stdout = ""
  stderr = ""
  readonly colour = false
  readonly events = new EventEmitter()
  readonly exits: number[] = []
  /** What a person answers; without it nobody can be asked. */
  answer: string | undefined
  readonly asked: string[] = []
  readonly world: SimulatedPlatform
  /** The other processes of that world. */
  readonly table = new ProcessTable()
  #entered: () => void = () => undefined

  constructor(world: SimulatedPlatform = simulatedPlatform()) {
    this.world = world
  }

  readonly out = (text: string): void => void (this.stdout += text)
  readonly err = (text: string): void => void (this.stderr += text)
  readonly platform = (): Promise<SimulatedPlatform> => {
    this.#entered()
    return Promise.resolve(this.world)
  }
  readonly processes = (): Promise<ProcessTable> => Promise.resolve(this.table)
  get interactive(): boolean {
    return this.answer !== undefined
  }
  readonly ask = (question: string): Promise<string> => {
    this.asked.push(question)
    return Promise.resolve(this.answer ?? "")
  }
  readonly exit = (status: number): void => void this.exits.push(status)

  /** Runs a command with the fake modules. */
  call(...argv: string[]): Promise<number> {
    return main(argv, { components: fakeModules, shell: this })
  }

  /** Starts a command and answers when all that it still waits for happens in the simulated world: loading files of the program does not. */
  async start(...argv: string[]): Promise<{ status: Promise<number> }> {
    const entered = new Promise<void>((resolve) => {
      this.#entered = resolve
    })
    const status = this.call(...argv)
    await Promise.race([entered, status])
    return { status }
  }

  /** Runs a command, letting virtual time pass until it ends. */
  async finish(...argv: string[]): Promise<number> {
    const { status } = await this.start(...argv)
    return this.world.complete(status)
  }
}
