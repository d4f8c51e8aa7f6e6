// The module that `new module` begins with, for each kind: source, test, and its place in an example graph. Small, and each shows what
// its kind is about; none holds anything that has to be taken out again but its one line of behaviour.

import type { ModuleKind } from "../spec/spec.ts"

/** What is put into the texts. */
export interface ScaffoldNames {
  /** `acme.flow.enrich` */
  readonly id: string
  /** `Enrich` */
  readonly className: string
  /** `enrich`, of the source file without its ending */
  readonly file: string
  /** `enrich`, of the instance in the example */
  readonly instance: string
}

/** One kind's texts. */
export interface ModuleTexts {
  readonly source: (names: ScaffoldNames) => string
  readonly test: (names: ScaffoldNames) => string
  /** Arguments of the instance in the example, as YAML. */
  readonly arguments: string
}

const testHead = ({ className, file }: ScaffoldNames): string => `import assert from "node:assert/strict"
import { test } from "node:test"
import { startModule } from "wishbone-ts/testing"
import ${className} from "../src/${file}.ts"
`

const input: ModuleTexts = {
  arguments: "{ message: hello, interval: 1s }",
  source: ({ id, className }) => `// Makes an event with a message at an interval.

import { defineModule, duration, InputModule, z } from "wishbone-ts"

const spec = defineModule({
  name: "${id}",
  summary: "Makes an event with a message at an interval.",
  arguments: {
    message: z.string().describe("What each event says."),
    interval: duration({ minMs: 10 }).default(1000).describe("Time between two events."),
  },
  queues: {
    outbox: { direction: "out", summary: "The events." },
  },
  contract: { acknowledges: "none", waits: {}, failsWithinMs: 0, reorders: false, holds: "nothing" },
  examples: [{ title: "A greeting a second", arguments: { message: "hello" } }],
})

export default class ${className} extends InputModule<typeof spec> {
  static readonly spec = spec
  readonly #stopping = new AbortController()

  override preHook(): void {
    // \`incoming\` puts the value where the argument \`destination\` says, which every input has.
    this.generate(this.args.interval, this.#stopping.signal, () => this.incoming(this.args.message))
  }

  override stopTaking(): void {
    this.#stopping.abort()
  }
}
`,
  test: (names) => `${testHead(names)}
test("makes an event at once and then at each interval, until it is stopped", async () => {
  const run = await startModule(${names.className}, { message: "hello", interval: 10 })
  await run.platform.advance(20_000)
  assert.deepEqual(run.sent, { outbox: ["hello", "hello", "hello"] })
  await run.stop()
})
`,
}

const flow: ModuleTexts = {
  arguments: "{ length_max: 100 }",
  source: ({ id, className }) => `// Sends text that is too long another way.

import { defineModule, type Event, FlowModule, Invalid, z } from "wishbone-ts"

const spec = defineModule({
  name: "${id}",
  summary: "Sends text that is too long another way.",
  arguments: {
    length_max: z.int().min(1).default(100).describe("Characters at most of a text that passes."),
  },
  queues: {
    inbox: { direction: "in", summary: "Texts." },
    outbox: { direction: "out", summary: "Texts that are short enough." },
    long: { direction: "out", summary: "All others." },
  },
  contract: { acknowledges: "none", waits: { inbox: ["outbox", "long"] }, failsWithinMs: 0, reorders: false, holds: "nothing" },
  examples: [{ title: "What fits a line of a terminal", arguments: { length_max: 80 } }],
})

export default class ${className} extends FlowModule<typeof spec> {
  static readonly spec = spec
  override readonly consumers = { inbox: (event: Event) => this.#route(event) }

  #route(event: Event): void {
    const { data } = event
    // Throwing is how an event reaches \`failed\`, where the routing table takes over.
    if (typeof data !== "string") throw new Invalid("the data is no text")
    this.submit(event, data.length <= this.args.length_max ? "outbox" : "long")
  }
}
`,
  test: (names) => `${testHead(names)}
test("short text passes, long text goes another way", async () => {
  const run = await startModule(${names.className}, { length_max: 3 })
  await run.send("inbox", "abc", "abcd")
  assert.deepEqual(run.sent, { outbox: ["abc"], long: ["abcd"] })
  await run.stop()
})

test("what is no text fails", async () => {
  const run = await startModule(${names.className})
  await run.send("inbox", { text: "abc" })
  assert.deepEqual(run.sent, { failed: [{ text: "abc" }] })
  await run.stop()
})
`,
}

const process: ModuleTexts = {
  arguments: `{ path: data.note, value: "from {{ data.user }}" }`,
  source: ({ id, className }) => `// Sets a value in each event.

import { defineModule, type Event, eventPath, ProcessModule, templated, z } from "wishbone-ts"

const spec = defineModule({
  name: "${id}",
  summary: "Sets a value in each event.",
  arguments: {
    path: eventPath("writable").describe("Where the value goes, such as \`data.note\`."),
    value: templated(z.string()).describe("The value; \`{{ data.name }}\` in it is filled in for each event."),
  },
  queues: {
    inbox: { direction: "in", summary: "Events." },
    outbox: { direction: "out", summary: "The same with the value." },
  },
  contract: { acknowledges: "none", waits: { inbox: ["outbox"] }, failsWithinMs: 0, reorders: false, holds: "nothing" },
  examples: [{ title: "Names the user", arguments: { path: "data.note", value: "from {{ data.user }}" } }],
})

export default class ${className} extends ProcessModule<typeof spec> {
  static readonly spec = spec
  override readonly consumers = { inbox: (event: Event, args: ${className}["args"]) => this.#set(event, args) }

  /** \`args\` are those of the bootstrap file with their templates filled in for this event. */
  #set(event: Event, { path, value }: ${className}["args"]): void {
    event.set(path, value)
    this.submit(event)
  }
}
`,
  test: (names) => `${testHead(names)}
test("sets the value, filled in for each event", async () => {
  const run = await startModule(${names.className}, { path: "data.note", value: "from {{ data.user }}" })
  await run.send("inbox", { user: "ada" }, { user: "bob" })
  assert.deepEqual(run.sent, {
    outbox: [
      { user: "ada", note: "from ada" },
      { user: "bob", note: "from bob" },
    ],
  })
  await run.stop()
})

test("an event without what the value needs fails", async () => {
  const run = await startModule(${names.className}, { path: "data.note", value: "from {{ data.user }}" })
  await run.send("inbox", {})
  assert.deepEqual(run.sent, { failed: [{}] })
  await run.stop()
})
`,
}

const output: ModuleTexts = {
  arguments: `{ prefix: "got: " }`,
  source: ({ id, className }) => `// Writes events to the log.

import { defineModule, type Event, OutputModule, textOrBytes, z } from "wishbone-ts"

const spec = defineModule({
  name: "${id}",
  summary: "Writes events to the log.",
  arguments: {
    prefix: z.string().default("").describe("Text before each event."),
  },
  queues: {
    inbox: { direction: "in", summary: "Events to write." },
  },
  contract: { acknowledges: "accepted", waits: { inbox: [] }, failsWithinMs: 0, reorders: false, holds: "nothing" },
  examples: [{ title: "One value of each event", arguments: { selection: "data.user" } }],
})

export default class ${className} extends OutputModule<typeof spec> {
  static readonly spec = spec
  override readonly consumers = { inbox: (event: Event, args: ${className}["args"]) => this.#write(event, args) }

  /** An event whose handler returns has been delivered; one whose handler throws goes to \`failed\`. */
  #write(event: Event, args: ${className}["args"]): void {
    // What leaves is for the arguments \`selection\`, \`payload\` and \`native_events\` to say, which every output has.
    this.log.info(args.prefix + String(textOrBytes(this.payloadOf(event, args))))
  }
}
`,
  test: (names) => `${testHead(names)}
test("writes what is selected to the log", async () => {
  const run = await startModule(${names.className}, { prefix: "got: ", selection: "data.user" })
  await run.send("inbox", { user: "ada" })
  assert.deepEqual(run.lines, ["info: got: ada"])
  assert.deepEqual(run.sent, { successful: [{ user: "ada" }] })
  await run.stop()
})

test("an event without what is selected fails", async () => {
  const run = await startModule(${names.className}, { selection: "data.user" })
  await run.send("inbox", { name: "ada" })
  assert.deepEqual(run.sent, { failed: [{ name: "ada" }] })
  await run.stop()
})
`,
}

export const moduleTexts: Readonly<Record<ModuleKind, ModuleTexts>> = { input, flow, process, output }
