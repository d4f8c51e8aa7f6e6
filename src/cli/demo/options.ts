// What `demo` is called with.

export interface DemoOptions {
  /** About how long it may take. */
  readonly seconds: number
  /** Lines, even on a terminal. */
  readonly plain?: boolean
  /** Print the bootstrap file, run nothing. */
  readonly showConfig?: boolean
}
