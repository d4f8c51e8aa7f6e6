// Sends each event to the queues that templates choose. Every template is evaluated for every event and gives the name of a queue, or
// several names separated by commas; names that are no connected out queue choose nothing. An event that nothing was chosen for goes to
// `nomatch`, once.
//
// Each chosen queue gets the event with `tmp.<instance>` set to `{ original_event_id, queue, payload }`: all but the last get a clone,
// with a uuid of its own, the last gets the event itself. A template that cannot be evaluated fails the event (kind `invalid`) before
// anything is sent. Queues that every instance has (`failed`, …), in queues and `nomatch` cannot be chosen.

import { type Args, deepCopy, defineModule, type Event, FlowModule, templated, z } from "../../src/index.ts"

/** What a literal list of queues may look like: a template without `{{` is text like any other, and would never match. */
const queueNames = z.string().superRefine((text, context) => {
  const names = namesIn(text)
  const refused = names.find((name) => unchoosable.has(name))
  const message = text.includes("{%")
    ? 'a template needs `{{`: write `{{ "errors" if data.level < 4 else "" }}`'
    : names.length === 0 || names.some((name) => !/^[a-z0-9][a-z0-9_]{0,99}$/.test(name))
      ? "expected a template, or names of queues separated by commas"
      : refused !== undefined
        ? `\`${refused}\` cannot be chosen: name a queue that a route starts from`
        : undefined
  // An empty text is what a template may well give: it chooses nothing.
  if (message !== undefined && text !== "") context.addIssue({ code: "custom", message, input: text })
})

const unchoosable = new Set(["inbox", "nomatch", "successful", "failed", "logs", "metrics"])

const template = z.object({
  name: z.string().min(1).describe("What the log calls it."),
  queue: templated(z.string()).describe("Names the queues, separated by commas; usually a template."),
  payload: templated(z.unknown()).default(null).describe("What the event carries along in `tmp.<instance>.payload`."),
})

const spec = defineModule({
  name: "wishbone.flow.queueselect",
  summary: "Sends events to the queues that templates name.",
  arguments: {
    templates: z
      .array(template)
      .superRefine((templates, context) => {
        templates.forEach(({ name, queue }, at) => {
          if (templates.findIndex((other) => other.name === name) < at)
            context.addIssue({ code: "custom", message: `two templates are called \`${name}\``, input: name, path: [at, "name"] })
          const problem = queue.includes("{{") ? undefined : queueNames.safeParse(queue).error?.issues[0]?.message
          if (problem !== undefined) context.addIssue({ code: "custom", message: problem, input: queue, path: [at, "queue"] })
        })
      })
      .default([])
      .describe("Evaluated for each event, all of them."),
    log_matching: z.boolean().default(false).describe("Logs every choice, at level info."),
  },
  queues: {
    inbox: { direction: "in", summary: "Events to choose queues for." },
    nomatch: { direction: "out", summary: "Events that no queue was chosen for, unchanged." },
    "*": { direction: "out", summary: "What can be chosen; the routes name these queues." },
  },
  contract: { acknowledges: "none", waits: { inbox: ["*"] }, failsWithinMs: 0, reorders: false, holds: "nothing" },
  examples: [
    {
      title: "By what is in the data",
      arguments: { templates: [{ name: "level", queue: '{{ "errors" if data.level < 4 else "archive" }}' }] },
    },
    {
      title: "A queue named by the event, and a copy of everything",
      arguments: {
        templates: [
          { name: "customer", queue: "{{ data.customer }}", payload: { seen: "{{ timestamp }}" } },
          { name: "all", queue: "archive" },
        ],
      },
    },
  ],
})

interface Choice {
  readonly queue: string
  readonly payload: unknown
}

export default class Queueselect extends FlowModule<typeof spec> {
  static readonly spec = spec
  override readonly consumers = { inbox: (event: Event, args: Args<typeof spec>) => this.#select(event, args) }
  #queues: ReadonlySet<string> = new Set()

  override preHook(): void {
    this.#queues = new Set(this.outQueues.filter((queue) => queue !== "nomatch"))
  }

  #select(event: Event, { templates }: Args<typeof spec>): undefined {
    const choices: Choice[] = []
    for (const { name, queue, payload } of templates) {
      for (const chosen of new Set(namesIn(queue))) {
        if (!this.#queues.has(chosen)) continue
        choices.push({ queue: chosen, payload })
        if (this.args.log_matching) this.log.info(`template ${name} chose ${chosen} for event ${event.uuid}`)
      }
    }
    if (choices.length === 0) return this.submit(event, "nomatch")
    const original_event_id = event.uuid
    // All clones first: the event itself is changed and handed over last.
    const events = choices.map((_, at) => (at < choices.length - 1 ? event.clone() : event))
    choices.forEach(({ queue, payload }, at) => {
      const chosen = events[at] as Event
      chosen.tmp[this.name] = { original_event_id, queue, payload: deepCopy(payload) }
      this.submit(chosen, queue)
    })
    return undefined
  }
}

function namesIn(text: string): string[] {
  return text
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "")
}
