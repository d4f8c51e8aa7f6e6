// The sending side of lines that are answered: every non-empty line is a question, and its reply, in the order of the lines, is `ok` or
// `failed <kind>`, ended by LF. `failed invalid` fails the event for good, any other kind may pass. A reply without a question, one of
// another form, or none for `timeoutMs` means that the peer is no such input, or is not well: then the connection is given up.

import { Failure, failureKinds, TransientError } from "../errors.ts"
import type { Clock, Timer, Timers } from "../platform/platform.ts"
import type { Batch } from "./batch.ts"
import { LineSplit } from "./line-split.ts"
import type { Confirmation, Sent } from "./link.ts"

/** In place of a number of replies: the event is not among what was sent. */
export const notSent = 0xffff_ffff

/** Bytes of the longest reply; ours have at most 18. */
const replyBytesMax = 64
const hint = "the peer may not be an input with `acknowledge: line`"
const failedReply = /^failed ([a-z_]+)$/

export interface LineQuestionsOptions {
  /** How long the oldest question may go without a reply. */
  readonly timeoutMs: number
  readonly timers: Timers
  readonly clock: Clock
  /** The connection is of no use. */
  broken(error: Error): void
  /** Replies came for `count` events that had been given up before. */
  tooLate(count: number): void
}

interface Question {
  readonly batch: Batch
  readonly replies: Uint32Array
  /** The event whose reply is next. */
  at: number
  /** Replies that it still gets. */
  left: number
  failure: Failure | null
  /** Events before `at` that succeeded and have not been told. */
  well: number
  unanswered: number
}

export class LineQuestions implements Confirmation {
  any = false
  private readonly options: LineQuestionsOptions
  private readonly questions: Question[] = []
  private readonly failures = new Map<string, Failure>()
  private readonly lines: LineSplit
  private timer: Timer | undefined = undefined
  /** Since when the oldest question has been the oldest. */
  private sinceMs = 0
  private over = false
  /** The chunk in hand brought a reply. */
  private replied = false

  constructor(options: LineQuestionsOptions) {
    this.options = options
    this.lines = new LineSplit({
      delimiter: "\n",
      lineBytesMax: replyBytesMax,
      line: (chunk, start, end) => this.reply(chunk, start, end),
      tooLong: () => this.strange("a reply is too long"),
    })
  }

  handed({ batch, count, replies }: Sent): void {
    if (replies === undefined) return
    const question: Question = { batch, replies, at: -1, left: 0, failure: null, well: 0, unanswered: count }
    this.questions.push(question)
    if (this.questions.length > 1) return
    this.sinceMs = this.options.clock.monotonic()
    this.advance()
    this.tell(question)
    if (this.questions.length > 0) this.timer ??= this.arm(this.options.timeoutMs)
  }

  written(): void {}

  data(chunk: Buffer): void {
    this.replied = false
    const from = this.lines.unfinishedBytes === 0 ? this.takeGood(chunk) : 0
    if (from < chunk.length) this.lines.push(from === 0 ? chunk : chunk.subarray(from))
    if (this.replied) this.sinceMs = this.options.clock.monotonic()
    const [oldest] = this.questions
    if (oldest !== undefined && !this.over) this.tell(oldest)
  }

  finished(): void {}

  close(): ReturnType<Confirmation["close"]> {
    this.over = true
    this.timer?.cancel()
    const rest = this.questions.splice(0)
    for (const question of rest) this.tell(question)
    return { unconfirmed: rest.map(({ batch, unanswered }) => ({ batch, count: unanswered, cost: 0 })), presumed: [] }
  }

  /** Nearly all replies are `ok`: those with which a chunk begins are counted without looking for the ends of lines. Answers where others begin. */
  private takeGood(chunk: Buffer): number {
    let at = 0
    while (chunk[at] === 0x6f && chunk[at + 1] === 0x6b && chunk[at + 2] === 0x0a && !this.over) {
      this.replyWith(null)
      at += 3
    }
    return at
  }

  private reply(chunk: Buffer, start: number, end: number): void {
    if (this.over) return
    const ok = end - start === 2 && chunk[start] === 0x6f && chunk[start + 1] === 0x6b
    const failure = ok ? null : this.failureOf(chunk.toString("latin1", start, end))
    if (failure === undefined) this.strange("a reply is neither `ok` nor `failed <kind>`")
    else this.replyWith(failure)
  }

  private replyWith(failure: Failure | null): void {
    const [question] = this.questions
    if (question === undefined) return this.strange("a reply came without a question")
    this.any = true
    this.replied = true
    question.failure ??= failure
    question.left -= 1
    if (question.left > 0) return
    this.finish(question)
    this.advance()
  }

  /** What a reply other than `ok` says; `undefined` when it says nothing. */
  private failureOf(text: string): Failure | undefined {
    const kind = failedReply.exec(text)?.[1]
    if (kind === undefined) return undefined
    const known = failureKinds.find((name) => name === kind) ?? "error"
    let failure = this.failures.get(known)
    if (failure === undefined) {
      const ours = known === "invalid" ? "invalid" : "transient"
      failure = new Failure(ours, `peer_${known}`, `the peer answered \`failed ${known}\``)
      this.failures.set(known, failure)
    }
    return failure
  }

  /** All replies of one event are there. */
  private finish(question: Question): void {
    const { failure } = question
    if (failure === null) {
      question.well += 1
      return
    }
    this.tell(question)
    const before = question.batch.unsettled
    question.batch.failed(question.at, failure)
    question.failure = null
    question.unanswered -= 1
    if (question.batch.unsettled === before) this.options.tooLate(1)
  }

  /** Goes on to the next event that gets replies; those without any have arrived when what was before them has. */
  private advance(): void {
    for (let question = this.questions[0]; question !== undefined; question = this.questions[0]) {
      if (next(question)) return
      this.tell(question)
      this.questions.shift()
    }
  }

  /** Settles what went well, many at a time. */
  private tell(question: Question): void {
    const { well, batch } = question
    if (well === 0) return
    question.well = 0
    question.unanswered -= well
    const before = batch.unsettled
    batch.delivered(well)
    const late = well - (before - batch.unsettled)
    if (late > 0) this.options.tooLate(late)
  }

  private strange(what: string): void {
    if (this.over) return
    this.over = true
    this.options.broken(new TransientError(`${what}; ${hint}`, { code: "strange_reply" }))
  }

  private arm(delayMs: number): Timer {
    return this.options.timers.after(delayMs, () => this.look(), { background: true })
  }

  /** One timer: it looks now and then whether the oldest question has waited too long. */
  private look(): void {
    const { timeoutMs, clock } = this.options
    this.timer = undefined
    if (this.questions.length === 0) return
    const leftMs = this.sinceMs + timeoutMs - clock.monotonic()
    if (leftMs > 0) this.timer = this.arm(leftMs)
    else this.options.broken(new TransientError(`no reply within ${timeoutMs} ms; ${hint}`, { code: "ETIMEDOUT" }))
  }
}

/** Answers whether another event of the batch gets replies. */
function next(question: Question): boolean {
  const { replies } = question
  for (question.at += 1; question.at < replies.length; question.at += 1) {
    question.left = replies[question.at] as number
    if (question.left === notSent) continue
    if (question.left > 0) return true
    question.well += 1
  }
  return false
}
