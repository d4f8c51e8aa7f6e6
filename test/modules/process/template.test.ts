import { expect, test } from "vitest"
import Template from "../../../modules/process/template.ts"
import { simulatedPlatform } from "../../../src/platform/simulated/simulated.ts"
import { checkArguments } from "../../../src/spec/arguments.ts"
import { startModule } from "../../../src/testing/index.ts"

/** A simulated platform with one file. */
async function withFile(content: string | Buffer): Promise<ReturnType<typeof simulatedPlatform>> {
  const platform = simulatedPlatform()
  await platform.complete(platform.files.makeDirectory("/etc").catch(() => undefined))
  await platform.complete(platform.files.writeFile("/etc/mail.txt", content))
  return platform
}

test("puts what templates give into the event, a lone path with its type", async () => {
  const run = await startModule(Template, {
    templates: {
      "data.greeting": "Hello {{ data.name }}",
      "data.same": "{{ data.count }}",
      "tmp.deep.list": ["{{ uuid }}"],
      "data.fixed": 5,
    },
  })
  const event = run.module.event({ name: "Ann", count: 3 })
  const { uuid } = event
  await run.send("inbox", event)
  expect(run.sent).toEqual({ outbox: [{ name: "Ann", count: 3, greeting: "Hello Ann", same: 3, fixed: 5 }] })
  expect(run.events["outbox"]?.[0]?.tmp).toEqual({ deep: { list: [uuid] } })
  await run.stop()
})

test("all templates see the event as it came", async () => {
  const run = await startModule(Template, { templates: { "data.a": "{{ data.b }}", "data.b": "{{ data.a }}" } })
  await run.send("inbox", { a: 1, b: 2 })
  expect(run.sent).toEqual({ outbox: [{ a: 2, b: 1 }] })
  await run.stop()
})

test("what a lone path gives is a copy", async () => {
  const run = await startModule(Template, { templates: { "data.b": "{{ data.a }}" } })
  await run.send("inbox", { a: [1] })
  const [event] = run.events["outbox"] ?? []
  event?.set("data.a[0]", "changed")
  expect(event?.data).toEqual({ a: ["changed"], b: [1] })
  await run.stop()
})

test("an event that one template fails for leaves on `failed` as it came", async () => {
  const run = await startModule(Template, { templates: { "data.a": "new {{ data.name }}", "tmp.x": "{{ data.missing }}" } })
  await run.send("inbox", { name: "Ann" })
  expect(run.sent).toEqual({ failed: [{ name: "Ann" }] })
  expect(run.events["failed"]?.[0]?.meta.history).toMatchObject([{ kind: "invalid" }])
  expect(run.events["failed"]?.[0]?.tmp).toEqual({})
  await run.stop()
})

test("an event that has no place for one of the values leaves on `failed` as it came", async () => {
  const run = await startModule(Template, { templates: { "tmp.first": "{{ data.text }}", "data.text.below": "{{ uuid }}" } })
  await run.send("inbox", { text: "x" })
  expect(run.sent).toEqual({ failed: [{ text: "x" }] })
  expect(run.events["failed"]?.[0]?.tmp).toEqual({})
  expect(run.events["failed"]?.[0]?.errors["module"]?.[2]).toContain("`data.text` is neither a map nor a list")
  await run.stop()
})

test("fills in a template file, read once at start", async () => {
  const platform = await withFile("Dear {{ data.name }},\n{% for n in data.numbers %}{{ n }};{% endfor %}\n")
  const run = await startModule(
    Template,
    { filename: "/etc/mail.txt", destination: "data.body", templates: { "data.name": "gone" } },
    { platform },
  )
  await platform.complete(platform.files.writeFile("/etc/mail.txt", "changed"))
  await run.send("inbox", { name: "Ann", numbers: [1, 2] }, { name: "Bob" })
  expect(run.sent["outbox"]).toEqual([{ name: "gone", numbers: [1, 2], body: "Dear Ann,\n1;2;\n" }])
  expect(run.sent["failed"]).toEqual([{ name: "Bob" }])
  await run.stop()
})

test.each<[string, string | Buffer, string, string]>([
  ["there is no such file", "", "/etc/other.txt", "there is no such file"],
  ["it is too big", "x".repeat(1024 * 1024 + 1), "/etc/mail.txt", "a template file at most 1048576"],
  ["it is no text", Buffer.from([0xff, 0xfe]), "/etc/mail.txt", "it is no UTF-8 text"],
])("a template file that cannot be used ends the start: %s", async (_title, content, filename, message) => {
  const platform = await withFile(content)
  const start = startModule(Template, { filename }, { platform })
  await expect(start).rejects.toThrow(message)
  await expect(start).rejects.toMatchObject({ code: "WB_TEMPLATE_FILE" })
})

test("a template file with a mistake ends the start", async () => {
  const platform = await withFile("{{ data.name")
  await expect(startModule(Template, { filename: "/etc/mail.txt" }, { platform })).rejects.toMatchObject({ code: "WB_TEMPLATE_SYNTAX" })
})

test.each([
  [{ uuid: "x" }, "`uuid` of an event cannot be set"],
  [{ name: "x" }, "did you mean `data.name`?"],
  [{ "data.constructor": "x" }, "which paths may not reach"],
  [{ "data.x": "{% if data.a %}b{% endif %}" }, "a template needs `{{`"],
])("mistakes are found before anything starts: %j", (templates, message) => {
  const { problems } = checkArguments(Template.spec, { templates })
  expect(problems.map((problem) => problem.message).join()).toContain(message)
})
