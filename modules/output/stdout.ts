// Prints events on standard output, one line each.
//
// What an event holds cannot drive the terminal: control sequences in it are left out (with `colorize` its own colours stay). Bytes
// that are no text are shown as well as they can be; programs that need them as they are should not read them from a terminal's stream.

import { type Batch, defineModule, type Event, OutputModule, type StandardStreams, templated, textOrBytes, z } from "../../src/index.ts"

const colours = ["BLACK", "RED", "GREEN", "YELLOW", "BLUE", "MAGENTA", "CYAN", "WHITE"] as const
const colourOrReset = z.enum([...colours, "RESET"])
const styles = { DIM: 2, NORMAL: 22, BRIGHT: 1 } as const

const spec = defineModule({
  name: "wishbone.output.stdout",
  summary: "Prints events on standard output.",
  arguments: {
    prefix: templated(z.string()).default("").describe("Text before each event."),
    counter: z.boolean().default(false).describe("Numbers the events: `1 - `, `2 - ` and so on."),
    pid: z.boolean().default(false).describe("Names the process: `PID-4711: `."),
    colorize: z.boolean().default(false).describe("Prints in colour, and lets colours in the data through."),
    foreground_color: colourOrReset.default("WHITE").describe("Colour of the text, with `colorize`."),
    background_color: colourOrReset.default("RESET").describe("Colour behind the text, with `colorize`."),
    color_style: z.enum(["DIM", "NORMAL", "BRIGHT"]).default("NORMAL").describe("Strength of the text, with `colorize`."),
  },
  queues: { inbox: { direction: "in", summary: "Events to print." } },
  // Whoever reads standard output may stop reading for any time.
  contract: { acknowledges: "accepted", waits: { inbox: [] }, failsWithinMs: Number.POSITIVE_INFINITY, reorders: false, holds: "nothing" },
  memory: (_args, { inflightBytes }) => inflightBytes,
  examples: [
    { title: "Data as it is", arguments: {} },
    { title: "Whole events in green", arguments: { native_events: true, colorize: true, foreground_color: "GREEN" } },
  ],
})

export default class Stdout extends OutputModule<typeof spec> {
  static readonly spec = spec
  override readonly batches = { inbox: (batch: Batch) => this.#print(batch) }
  readonly #before = this.args.colorize ? colourSequence(this.args) : ""
  readonly #after = this.args.colorize ? "\u001b[0m\n" : "\n"
  readonly #output: StandardStreams["output"] = this.platform.streams.output
  #count = 0

  #print(batch: Batch): Promise<void> | undefined {
    let text = ""
    batch.events.forEach((event, at) => {
      try {
        text += this.#line(event, batch.args(at))
      } catch (thrown) {
        batch.failed(at, thrown)
      }
    })
    if (batch.unsettled === 0) return undefined
    let written: () => void = () => undefined
    const room = this.#output.write(Buffer.from(text), (error) => {
      if (error === undefined) batch.delivered()
      else batch.failRest(error)
      written()
    })
    // While its pipe is full the next batch waits for this one.
    return room ? undefined : new Promise((resolve) => (written = resolve))
  }

  #line(event: Event, args: Stdout["args"]): string {
    const { prefix, pid, counter, colorize } = args
    const data = printable(String(textOrBytes(this.payloadOf(event, args))), colorize)
    const process = pid ? `PID-${this.platform.pid}: ` : ""
    const number = counter ? `${++this.#count} - ` : ""
    return this.#before + printable(prefix, colorize) + process + number + data + this.#after
  }
}

function colourSequence(args: Stdout["args"]): string {
  const { foreground_color, background_color, color_style } = args
  const codes = [colourCode(foreground_color, 30), colourCode(background_color, 40), styles[color_style]]
  return `\u001b[${codes.join(";")}m`
}

/** The first of eight colours has the code `base`; the code of the terminal's own colour is nine more. */
function colourCode(colour: z.infer<typeof colourOrReset>, base: number): number {
  return base + (colour === "RESET" ? 9 : colours.indexOf(colour))
}

// Written with names, as control characters are hard to read in an expression.
const esc = "\u001b"
const bel = "\u0007"
const stringEnd = "\u009c"
/** All control characters but tab and line feed. */
const anyControl = "[\u0000-\u0008\u000b-\u001f\u007f-\u009f]"
/** A command with its parameters: colours, cursor, clearing. */
const command = `(?:${esc}\\[|\u009b)[0-?]*[ -/]*[@-~]?`
/** The kinds that carry a text, such as a window's title. */
const text = `(?:${esc}[\\]PX^_]|[\u0090\u0098\u009d-\u009f])[^${bel}${esc}${stringEnd}]*(?:${bel}|${esc}\\\\|${stringEnd})?`
const otherEscape = `${esc}[ -/]*[0-~]?`
const control = new RegExp(anyControl)
// Each alternative reads on until its end or the next escape, so the work is linear.
const sequences = new RegExp([command, text, otherEscape, anyControl].join("|"), "g")
const ownColours = new RegExp(`^${esc}\\[[0-9;:]*m$`)

/** Text without what a terminal would obey; `coloured` keeps colours. */
function printable(data: string, coloured: boolean): string {
  if (!control.test(data)) return data
  return data.replace(sequences, (found) => (coloured && ownColours.test(found) ? found : ""))
}
