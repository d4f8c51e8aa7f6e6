// What systemd, a container runtime or a shell loop does for a program: starts it, and starts it again when it was killed or ended with a
// status other than 0.

import { eventually, type Program } from "./programs.ts"

export class Supervisor {
  /** In the order of their starts. */
  readonly runs: Program[] = []
  private readonly start: () => Program
  private over = false

  /** `start` starts the program, and sees to it that none outlives the test. */
  constructor(start: () => Program) {
    this.start = start
    this.startAgain()
  }

  /** The run that was started last. */
  get current(): Program {
    return this.runs.at(-1) as Program
  }

  /** It ended with 0: nobody starts it again. */
  get finished(): boolean {
    return this.current.status === 0
  }

  /** Starts nothing any more. */
  close(): void {
    this.over = true
  }

  /** Waits until the `count`-th run says that the graph runs. */
  async running(count = 1): Promise<Program> {
    const said = (): string => this.runs.map(({ stderr }, index) => `run ${index + 1}:\n${stderr.slice(-2000)}`).join("\n")
    await eventually(() => this.runs[count - 1]?.stderr.includes("running") === true, `run ${count}, by then ${said()}`, 30_000)
    return this.runs[count - 1] as Program
  }

  private startAgain(): void {
    const program = this.start()
    this.runs.push(program)
    program.child.once("close", (status) => {
      if (status !== 0 && !this.over) this.startAgain()
    })
  }
}
