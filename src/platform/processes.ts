// Other processes of this machine, as `start`, `stop` and `kill` need them: who is behind a process number, a signal to it, and a process
// of one's own that outlives the one that started it. The graph itself never looks here.

/** Who is behind a process number just now. */
export interface ProcessIdentity {
  /**
   * Says which of all processes that ever had this number it is: when it was started, and in which run of the machine. Only good for being
   * compared. Empty when this user may not look.
   */
  readonly mark: string
  /** Its program and arguments; empty when this user may not look. */
  readonly command: readonly string[]
}

/** A process that was started in the background. */
export interface BackgroundProcess {
  readonly pid: number
  /** Bytes the log had before. */
  readonly logOffset: number
  /** How it ended, once it has. */
  readonly ended: Promise<ProcessEnd>
  /** Hands it something; what it says itself comes to `told`. */
  tell(message: unknown): void
  /** Lets it go on alone: this process no longer hears of it, nor waits for it. */
  release(): void
}

/** `status` of a process that ended by itself, else the signal that ended it. */
export interface ProcessEnd {
  readonly status: number | null
  readonly signal: string | null
}

/** The process that started this one in the background. */
export interface ParentProcess {
  /** The first thing it said; rejects when it went away without a word. */
  readonly first: Promise<unknown>
  /** Does nothing when it is gone. */
  tell(message: unknown): void
}

export interface Processes {
  /** `undefined` when nobody has the number, or somebody who has ended and whose parent did not notice yet. */
  identify(pid: number): Promise<ProcessIdentity | undefined>
  /** @throws ESRCH when nobody has the number, EPERM when it is another user's */
  signal(pid: number, signal: "SIGTERM" | "SIGKILL"): void
  /**
   * Starts this very program with other arguments, in a session of its own. What it prints goes to the end of `log` (made with 0600), and
   * it has no standard input. Rejects when the log cannot be opened or the process cannot be made.
   */
  background(args: readonly string[], options: { log: string; told: (message: unknown) => void }): Promise<BackgroundProcess>
  /** Absent unless this process was started by {@link background}. */
  readonly parent: ParentProcess | undefined
}
