import { describe, expect, test } from "vitest"
import { check } from "./fakes.ts"

const text = `modules:
  source: {module: wishbone.input.tcp}
  output_1:
    module: wishbone.output.tcp
    arguments: {port: 1}
  spool: {module: wishbone.output.disk, arguments: {directory: x}}
routingtable:
  - source.outbox -> output_1.inbox
  - output_1.failed -> spool.inbox
`

const set = (...sets: string[]) => check(text, { sets, environment: { PORT: "7" } })

describe("--set", () => {
  test("sets an argument of an instance, read as YAML", async () => {
    const { plan, problems } = await set(
      "output_1.port=9000",
      "output_1.keepalive=true",
      "output_1.host='5'",
      "output_1.headers.accept=text/plain",
      "source.port = ${PORT}",
    )
    expect(problems).toEqual([])
    expect(plan?.instances[1]?.arguments).toMatchObject({ port: 9000, keepalive: true, host: "5", headers: { accept: "text/plain" } })
    expect(plan?.instances[0]?.arguments).toMatchObject({ port: 7 })
  })

  test("sets anything by its whole path", async () => {
    const { plan, problems } = await set(
      "modules.output_1.timeout=5s",
      "state=/state",
      "metrics.interval=1s",
      "modules.output_1.queues.inbox.size=9",
      "routingtable.2=output_1.successful -> sink.inbox",
      "modules.sink={module: wishbone.output.stdout}",
      "failed=spool.inbox",
    )
    expect(problems).toEqual([])
    expect(plan?.instances[1]).toMatchObject({ timeoutMs: 5000, queues: { inbox: { size: 9 } } })
    expect(plan).toMatchObject({ state: "/state", metricsIntervalMs: 1000, failed: { instance: "spool", queue: "inbox" } })
    expect(plan?.routes).toHaveLength(3)
  })

  test("the last one counts, and an empty value is nothing", async () => {
    expect((await set("output_1.port=2", "output_1.port=3")).plan?.instances[1]?.arguments["port"]).toBe(3)
    expect((await set("output_1.host=")).problems).toMatchObject([{ code: "WB_ARGUMENT_INVALID" }])
    expect((await set("modules.output_1.timeout=")).plan?.instances[1]).not.toHaveProperty("timeoutMs")
  })

  test("a mistake in a value is placed in the option, after those of the file", async () => {
    const { problems, sources } = await set("output_1.port=x", "output_1.prot=5", "output_1.host=a: b: c")
    expect(problems.map(({ file, line, column, code }) => `${file}:${line}:${column} ${code}`)).toEqual([
      "--set output_1.host=a: b: c:1:18 WB_YAML_SYNTAX",
      "--set output_1.port=x:1:15 WB_ARGUMENT_INVALID",
      "--set output_1.prot=5:1:1 WB_ARGUMENT_UNKNOWN",
    ])
    expect(sources.get("--set output_1.port=x")).toBe("output_1.port=x")
  })

  test.each([
    ["output_1.port", "WB_SET_SYNTAX", "`--set output_1.port` is not of the form `path=value`"],
    ["=5", "WB_SET_SYNTAX", undefined],
    ["output_1=5", "WB_SET_SYNTAX", undefined],
    ["output_1..port=5", "WB_SET_SYNTAX", undefined],
    ["output_2.port=5", "WB_SET_PATH", "`--set output_2.port`: there is neither an instance nor a top-level key called `output_2`"],
    [
      "modules.output_1.module.x=5",
      "WB_SET_THROUGH_VALUE",
      "`--set modules.output_1.module.x`: `modules.output_1.module` is text `wishbone.output.tcp`, so nothing can be set inside it",
    ],
    ["routingtable.x=5", "WB_SET_THROUGH_VALUE", undefined],
    ["routingtable.9=5", "WB_SET_THROUGH_VALUE", undefined],
  ])("%s is refused", async (option, code, message) => {
    const { problems, plan } = await set(option)
    expect(problems).toMatchObject([{ code, file: `--set ${option}` }])
    const text = expect.any(String) as string
    expect(problems[0]?.message).toEqual(message ?? text)
    expect(plan).toBeUndefined()
  })
})
