import { describe, expect, test } from "vitest"
import Queueselect from "../../../modules/flow/queueselect.ts"
import { checkArguments } from "../../../src/spec/arguments.ts"
import { startModule } from "../../../src/testing/index.ts"

const one = { name: "one", queue: '{{ "queue_1" if data.one == 1 else "queue_2" }}' }
const outQueues = ["queue_1", "queue_2"]

test("sends an event where a template says", async () => {
  const run = await startModule(Queueselect, { templates: [one] }, { outQueues })
  await run.send("inbox", { one: 1 }, { one: 2 })
  expect(run.sent).toEqual({ queue_1: [{ one: 1 }], queue_2: [{ one: 2 }] })
  expect(run.books).toMatchObject({ received: 2, copied: 0, forwarded: 2 })
  await run.stop()
})

test("sends one event to each queue of a list, and says where from, why and with what", async () => {
  const templates = [{ name: "both", queue: " queue_1,queue_2 , queue_1", payload: { seen: "{{ data.n }}", fixed: [1] } }]
  const run = await startModule(Queueselect, { templates }, { outQueues, instance: { name: "module" } })
  const event = run.module.event({ n: 5 })
  const { uuid } = event
  await run.send("inbox", event)
  const [first, second] = [run.events["queue_1"]?.[0], run.events["queue_2"]?.[0]]
  expect(first?.tmp).toEqual({ module: { original_event_id: uuid, queue: "queue_1", payload: { seen: 5, fixed: [1] } } })
  expect(second?.tmp).toEqual({ module: { original_event_id: uuid, queue: "queue_2", payload: { seen: 5, fixed: [1] } } })
  expect(first?.uuid).not.toBe(uuid)
  expect(first?.meta.parents).toEqual([uuid])
  expect(second?.uuid).toBe(uuid)
  expect(run.books).toMatchObject({ received: 1, copied: 1, forwarded: 2 })
  first?.set("tmp.module.payload.fixed[0]", "changed")
  expect(second?.get("tmp.module.payload.fixed[0]")).toBe(1)
  await run.stop()
})

test("evaluates all templates, and two that choose one queue send it two events", async () => {
  const templates = [one, { name: "all", queue: "queue_1", payload: "second" }]
  const run = await startModule(Queueselect, { templates }, { outQueues })
  await run.send("inbox", { one: 1 })
  expect(run.sent).toEqual({ queue_1: [{ one: 1 }, { one: 1 }] })
  expect(run.events["queue_1"]?.map((event) => event.get("tmp.module.payload"))).toEqual([null, "second"])
  await run.stop()
})

describe("`nomatch` gets an event once", () => {
  test.each([
    [
      "when no template chose a queue that exists",
      [
        { name: "a", queue: "{{ data }},{{ data }}x" },
        { name: "b", queue: "nowhere" },
      ],
    ],
    ["when there are no templates", []],
    [
      "when templates gave nothing",
      [
        { name: "a", queue: "{{ '' if data else 'queue_1' }}" },
        { name: "b", queue: "" },
      ],
    ],
  ])("%s", async (_title, templates) => {
    const run = await startModule(Queueselect, { templates }, { outQueues })
    await run.send("inbox", "else")
    expect(run.sent).toEqual({ nomatch: ["else"] })
    expect(run.events["nomatch"]?.[0]?.tmp).toEqual({})
    await run.stop()
  })

  test("and not when one template chose a queue and another did not", async () => {
    const templates = [
      { name: "a", queue: "{{ data }}" },
      { name: "b", queue: "nowhere" },
    ]
    const run = await startModule(Queueselect, { templates }, { outQueues })
    await run.send("inbox", "queue_1")
    expect(run.sent).toEqual({ queue_1: ["queue_1"] })
    await run.stop()
  })

  test.each(["inbox", "nomatch", "failed", "successful", "logs", "metrics", "_logs", "constructor", "__proto__"])(
    "when data name what cannot be chosen: %s",
    async (name) => {
      const run = await startModule(Queueselect, { templates: [{ name: "a", queue: "{{ data }}" }] }, { outQueues, successful: true })
      await run.send("inbox", name)
      const { successful: _copies, ...sent } = run.sent
      expect(sent).toEqual({ nomatch: [name] })
      await run.stop()
    },
  )
})

test("a template that cannot be evaluated fails the event, and nothing is sent", async () => {
  const templates = [
    { name: "all", queue: "queue_1" },
    { name: "level", queue: "{{ data.level }}" },
  ]
  const run = await startModule(Queueselect, { templates }, { outQueues })
  await run.send("inbox", { no: "level" }, { level: 5 }, { level: "queue_2" })
  expect(run.sent).toEqual({
    failed: [{ no: "level" }, { level: 5 }],
    queue_1: [{ level: "queue_2" }],
    queue_2: [{ level: "queue_2" }],
  })
  expect(run.events["failed"]?.map((event) => event.meta.history[0]?.kind)).toEqual(["invalid", "invalid"])
  await run.stop()
})

test("logs what was chosen when told to", async () => {
  const run = await startModule(Queueselect, { templates: [one], log_matching: true }, { outQueues })
  const event = run.module.event({ one: 1 })
  await run.send("inbox", event)
  expect(run.lines).toEqual([`info: template one chose queue_1 for event ${event.uuid}`])
  await run.stop()
})

test("one full queue holds events back, whichever they would go to", async () => {
  const run = await startModule(
    Queueselect,
    { templates: [{ name: "a", queue: "{{ data }}" }] },
    { outQueues, queues: { queue_1: { size: 1 } } },
  )
  run.block("queue_1")
  await run.send("inbox", "queue_1", "queue_2", "queue_1")
  expect(run.sent).toEqual({})
  await run.unblock("queue_1")
  expect(run.sent).toEqual({ queue_1: ["queue_1", "queue_1"], queue_2: ["queue_2"] })
  await run.stop()
})

test.each<[unknown, string]>([
  [[{ name: "a", queue: "{% if data %}one{% endif %}" }], "a template needs `{{`"],
  [[{ name: "a", queue: "one;two" }], "names of queues separated by commas"],
  [[{ name: "a", queue: "one, failed" }], "`failed` cannot be chosen"],
  [
    [
      { name: "a", queue: "one" },
      { name: "a", queue: "two" },
    ],
    "two templates are called `a`",
  ],
  [[{ queue: "one" }], "templates[0].name"],
])("mistakes are found before anything starts: %j", (templates, message) => {
  const { problems } = checkArguments(Queueselect.spec, { templates })
  expect(problems).toHaveLength(1)
  expect(problems[0]?.message).toContain(message)
})
