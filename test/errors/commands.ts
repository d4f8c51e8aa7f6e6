// Provocations of commands that cannot do what they are asked: `events`, `lint --fix`, `list`, `schema`, the demo.

import { freePorts } from "../../src/cli/demo/free-ports.ts"
import { Receipts } from "../../src/cli/demo/receipts.ts"
import { playStory } from "../../src/cli/demo/story.ts"
import { simulatedPlatform } from "../../src/platform/simulated/simulated.ts"
import { systemError } from "../../src/platform/system-error.ts"
import type { RecordedShell } from "../unit/cli/recorded-shell.ts"
import { append, openWriter, record } from "./spool.ts"
import { called, type Provocations, thrown } from "./told.ts"

const old = `modules:
  source: { module: test.module.input.counter }
  sink: { module: test.output.sink }
routingtable:
  - source.outbox -> sink.inbox
`
/** \`number\` is a former name to one of them and a name of its own to the other. */
const shared = `modules:
  a: { module: test.input.counter, arguments: &same { number: 3 } }
  b: { module: test.input.strict, arguments: *same }
  sink: { module: test.output.sink }
routingtable:
  - a.outbox -> sink.inbox
  - b.outbox -> sink.inbox
`

const holds =
  (text: string, path = "/flow/flow.yaml") =>
  ({ world }: RecordedShell): void =>
    world.disk.put(path, text)

async function twoEvents({ world }: RecordedShell): Promise<void> {
  const writer = await openWriter(world)
  await world.complete(append(writer, record(world, "one"), record(world, "two")))
  await world.complete(writer.close())
}

export const commandProvocations: Provocations = {
  WB_EVENTS_PLACE: called("events list"),
  WB_EVENTS_INSTANCE: called("events list --config /flow/flow.yaml --instance snk", {
    before: holds(old.replace("test.output.sink }", "test.output.sink, queues: { inbox: { store: disk } } }")),
    when: "where `sink` is what has a durable queue",
  }),
  WB_EVENTS_SELECTION: called("events purge --directory /spool"),
  WB_EVENTS_TARGET: called("events move --directory /spool --all"),
  WB_EVENTS_UNCONFIRMED: called("events purge --directory /spool --all", { before: twoEvents, when: "in a pipe" }),
  WB_EVENTS_NOT_FOUND: called("events show --directory /spool --sequence 12", { before: twoEvents, when: "where two events wait" }),

  WB_FIX_SYNTAX: called("lint --config /flow/flow.yaml --fix", {
    before: holds(old.replace("sink }", "sink")),
    when: "with a brace that is not closed",
  }),
  WB_FIX_UNSAFE: called("lint --config /flow/flow.yaml --fix", {
    before: holds(shared),
    when: "where `number` is a former name to one of two modules that share their arguments",
  }),
  WB_FIX_CHANGED: called("lint --config /flow/flow.yaml --fix", {
    before: (shell) => {
      holds(old)(shell)
      const { files } = shell.world
      const read = files.readFile.bind(files)
      // An editor writes the file while `lint` looks at it.
      files.readFile = async (path) => {
        const content = await read(path)
        holds(`${old}# more\n`)(shell)
        return content
      }
    },
    when: "while an editor writes the file",
  }),
  WB_FIX_WRITE: called("lint --config /flow/flow.yaml --fix", {
    before: (shell) => {
      holds(old)(shell)
      shell.world.disk.setReadOnly(true)
    },
    when: "on a disk that is mounted read-only",
  }),
  WB_NAMESPACE_UNKNOWN: called("list --namespace tset", { when: "where `test` is known" }),
  WB_OUT_FILE: called("schema --out /nowhere/schema.json"),

  WB_DEMO_LISTENER: thrown("`wishbone-ts demo failover`, for a user who may not listen on any port.", () => {
    const { random, sockets } = simulatedPlatform()
    const listen = () => Promise.reject(systemError("EACCES", "listen", { address: "127.0.0.1", port: 20_000 }))
    return freePorts({ random, sockets: { ...sockets, listen } }, 3)
  }),
  WB_DEMO_STUCK: thrown("`wishbone-ts demo failover`, on a machine where nothing gets through.", async () => {
    const platform = simulatedPlatform()
    const { clock, timers } = platform
    const destinations = [1, 2, 3].map((number) => ({ name: `listener_${number}`, start: async () => {}, kill: async () => {} }))
    const graph = { sent: 0, onDisk: 0 }
    const { signal } = new AbortController()
    const stage = { destinations, receipts: new Receipts(3), graph, clock, timers, signal, pace: 1, tell: () => {}, rest: () => {} }
    await platform.complete(playStory(stage))
  }),
}
