/** What a child process of the bench of the spool does. */
export interface SpoolTask {
  readonly side: "bare" | "ours" | "backlog"
  readonly what: "write" | "read"
  readonly directory: string
  readonly count: number
  /** Bytes of a payload. */
  readonly size: number
}
