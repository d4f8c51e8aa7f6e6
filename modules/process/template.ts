// Fills in templates and puts what they give into the event: `templates` by dotted path, and the text of a template file at
// `destination`. All of them see the event as it came. When one fails, or its place cannot be set, the event fails (kind `invalid`) and
// nothing of it has been changed.
//
// The file is read once, at start; it belongs to the bootstrap file, so whoever may write it decides what the graph does.

import {
  type Args,
  type Template as CompiledTemplate,
  deepCopy,
  defineModule,
  type Event,
  EventDraft,
  eventPath,
  isWishboneError,
  mapByPath,
  type PathSteps,
  ProcessModule,
  parsePath,
  path,
  templated,
  WishboneError,
  z,
} from "../../src/index.ts"

const fileBytesMax = 1024 * 1024

/** Without `{{` it would be text like any other: somebody meant a template. */
const value = templated(
  z
    .unknown()
    .refine((text) => typeof text !== "string" || !text.includes("{%"), 'a template needs `{{` somewhere: write `{{ "" }}` before it'),
)

const spec = defineModule({
  name: "wishbone.process.template",
  summary: "Puts what templates give into the event.",
  arguments: {
    templates: mapByPath(value, "writable").default({}).describe("Path to set, and the template (or the value) to put there."),
    filename: path().nullable().default(null).describe("A template file of at most 1 MiB, read at start."),
    destination: eventPath("writable").default("data").describe("Where the text of `filename` goes."),
  },
  queues: {
    inbox: { direction: "in", summary: "Events to change." },
    outbox: { direction: "out", summary: "Changed events." },
  },
  contract: { acknowledges: "none", waits: { inbox: ["outbox"] }, failsWithinMs: 0, reorders: false, holds: "nothing" },
  examples: [
    {
      title: "A greeting, and a number that stays one",
      arguments: { templates: { "data.greeting": "Hello {{ data.name }}", "tmp.count": "{{ data.count }}" } },
    },
    { title: "The text of a mail from a file", arguments: { filename: "/etc/wishbone/mail.txt", destination: "data.body" } },
  ],
})

export default class Template extends ProcessModule<typeof spec> {
  static readonly spec = spec
  override readonly consumers = { inbox: (event: Event, args: Args<typeof spec>) => this.#fill(event, args) }
  readonly #destination = parsePath(this.args.destination)
  readonly #places = Object.keys(this.args.templates).map((place): [string, PathSteps] => [place, parsePath(place)])
  #file: CompiledTemplate | undefined

  override async preHook(): Promise<void> {
    const { filename } = this.args
    if (filename !== null) this.#file = this.template(await this.#read(filename))
  }

  #fill(event: Event, { templates }: Args<typeof spec>): undefined {
    const draft = new EventDraft(event)
    // The file first: it may make the very map that other templates put something into.
    if (this.#file !== undefined) draft.set(this.#destination, deepCopy(this.#file.render(event)))
    for (const [place, steps] of this.#places) draft.set(steps, deepCopy(templates[place]))
    draft.commit()
    return this.submit(event)
  }

  async #read(file: string): Promise<string> {
    const refuse = (problem: string, code?: string, cause?: unknown): WishboneError =>
      new WishboneError("WB_TEMPLATE_FILE", { instance: this.name, file, problem, code }, { cause })
    let content: Buffer
    try {
      const bytes = (await this.platform.files.stat(file))?.size ?? 0
      if (bytes > fileBytesMax) throw refuse(`it has ${bytes} bytes, and a template file at most ${fileBytesMax}`)
      content = await this.platform.files.readFile(file)
    } catch (thrown) {
      if (isWishboneError(thrown)) throw thrown
      const { code, message } = thrown as NodeJS.ErrnoException
      throw refuse(code === "ENOENT" ? "there is no such file" : message, code, thrown)
    }
    const text = content.toString("utf8")
    if (!content.equals(Buffer.from(text))) throw refuse("it is no UTF-8 text")
    return text
  }
}
