// Tells how `demo failover` goes on: sentences with their time, and the picture as the graph is now.

import type { Clock } from "../../platform/platform.ts"
import type { Terminal } from "../shell.ts"
import type { Destination } from "./destination.ts"
import { asciiGlyphs, type Glyphs, type Paint, pictureOf, type Scene, unicodeGlyphs } from "./picture.ts"
import { Rate } from "./rate.ts"
import type { Receipts } from "./receipts.ts"
import type { Screen } from "./screen.ts"
import type { Mood } from "./story.ts"

export interface ReporterParts {
  readonly screen: Screen
  readonly graph: { readonly sent: number; readonly onDisk: number }
  readonly destinations: readonly Destination[]
  readonly receipts: Receipts
  readonly clock: Clock
  readonly terminal: Terminal | undefined
  readonly environment: Readonly<Record<string, string | undefined>>
}

const paints: Readonly<Record<Mood, Paint | undefined>> = { blow: "bad", answer: "good", plain: undefined }
const timeWidth = 7

export class Reporter {
  readonly #parts: ReporterParts
  readonly #glyphs: Glyphs
  readonly #startedMs: number
  readonly #sent = new Rate()
  readonly #received: readonly Rate[]
  readonly #stored = new Rate()
  #onDiskMax = 0
  #left = false

  constructor(parts: ReporterParts) {
    this.#parts = parts
    this.#glyphs = glyphsFor(parts.environment)
    this.#startedMs = parts.clock.monotonic()
    this.#received = parts.destinations.map(() => new Rate())
  }

  /** What is about to happen. */
  opening(file: string): void {
    const { screen } = this.#parts
    screen.line()
    screen.line(["wishbone-ts demo failover", "strong"])
    screen.line(["The graph: input -> output_1 -> output_2 -> output_3 -> disk"])
    screen.line(["Each arrow is a route: what failed at one goes on to the next."])
    screen.line([file, "quiet"])
    screen.line()
  }

  tell(caption: string, mood: Mood): void {
    const seconds = ((this.#parts.clock.monotonic() - this.#startedMs) / 1000).toFixed(1)
    this.#parts.screen.line([`${seconds} s`.padStart(timeWidth), "quiet"], [`  ${caption}`, paints[mood]])
  }

  /** Between two acts: where all the events are. The picture says so anyway; where there is none, a line does. */
  rest(): void {
    const { graph, receipts, screen } = this.#parts
    if (screen.draws) return
    const shares = receipts.byListener.map((lines, index) => `listener_${index + 1} ${lines}`)
    screen.line([`${" ".repeat(timeWidth)}  ${graph.sent} sent: ${shares.join(", ")}, disk ${graph.onDisk}`, "quiet"])
  }

  /** Draws the graph as it is now. */
  draw(): void {
    const { screen, terminal } = this.#parts
    if (screen.draws) screen.picture(pictureOf(this.#scene(), { columns: terminal?.columns ?? 80, glyphs: this.#glyphs }))
  }

  /** The last picture stays. */
  leave(): void {
    this.#left = true
    this.draw()
    this.#parts.screen.close()
  }

  verdict(text: string, well: boolean): void {
    this.#parts.screen.line([text, well ? "good" : "bad"])
  }

  #scene(): Scene {
    const { clock, destinations, graph, receipts } = this.#parts
    const nowMs = clock.monotonic()
    const { onDisk, sent } = graph
    this.#onDiskMax = Math.max(onDisk, this.#onDiskMax)
    const grows = this.#stored.note(nowMs, onDisk) > 0
    return {
      sent,
      delivered: receipts.distinct,
      repeated: receipts.repeated,
      sentPerSecond: this.#sent.note(nowMs, sent),
      outputs: destinations.map(({ state }, index) => {
        const received = receipts.byListener[index] ?? 0
        return { name: `output_${index + 1}`, state, received, perSecond: this.#received[index]?.note(nowMs, received) ?? 0 }
      }),
      onDisk,
      onDiskMax: this.#onDiskMax,
      writing: grows && destinations.every(({ state }) => state === "killed"),
      over: this.#left,
    }
  }
}

/** Signs of Unicode unless the terminal is the kernel's own, or the locale says that it speaks something else. */
function glyphsFor(environment: Readonly<Record<string, string | undefined>>): Glyphs {
  const locale = environment["LC_ALL"] || environment["LC_CTYPE"] || environment["LANG"] || "UTF-8"
  return environment["TERM"] !== "linux" && /utf-?8/i.test(locale) ? unicodeGlyphs : asciiGlyphs
}
