import { describe, expect, test } from "vitest"
import { bootstrapErrors } from "../../../src/error-bootstrap.ts"
import { check, findings } from "./fakes.ts"

/** A right file, with places to put something wrong. */
function file(parts: { top?: string; out?: string; modules?: string; routes?: string } = {}): string {
  return `${parts.top ?? ""}modules:
  source:
    module: wishbone.input.tcp
  out:
    module: wishbone.output.tcp
${parts.out ?? ""}  spool:
    module: wishbone.output.disk
    arguments:
      directory: ./spool
${parts.modules ?? ""}routingtable:
  - source.outbox -> out.inbox
  - out.failed -> spool.inbox
${parts.routes ?? ""}`
}

/** Message and hint of the only finding. */
async function only(text: string): Promise<{ at: string; code: string; message: string; hint: string }> {
  const { problems } = await check(text)
  expect(problems).toHaveLength(1)
  const [problem] = problems
  return {
    at: `${problem?.line}:${problem?.column}`,
    code: problem?.code ?? "",
    message: problem?.message ?? "",
    hint: problem?.hint ?? "",
  }
}

describe("a right file", () => {
  test("becomes a plan with defaults filled in, paths absolute and units in milliseconds and bytes", async () => {
    const { plan, problems, graph } = await check(file())
    expect(problems).toEqual([])
    expect(plan).toMatchObject({
      file: "test.yaml",
      folder: "/etc/flow",
      state: "/etc/flow/.wishbone",
      metricsIntervalMs: 10_000,
      defaultQueue: { size: 100, bytes: 16_777_216, order: "fifo", whenFull: "wait", priority: 1000 },
      routes: [
        { source: { instance: "source", queue: "outbox" }, destination: { instance: "out", queue: "inbox" } },
        { source: { instance: "out", queue: "failed" }, destination: { instance: "spool", queue: "inbox" } },
      ],
    })
    expect(plan).not.toHaveProperty("failed")
    expect(plan?.instances[1]).toMatchObject({
      name: "out",
      module: "wishbone.output.tcp",
      arguments: { port: 19283, timeout: 10_000 },
      queues: {},
      consumers: { min: 1, max: 1, idleMs: 10_000 },
      inflight: { events: 100_000, bytes: 33_554_432 },
      holdMax: 10_000,
    })
    expect(plan?.instances[1]).not.toHaveProperty("timeoutMs")
    expect(plan?.instances[2]?.arguments["directory"]).toBe("/etc/flow/spool")
    expect(graph?.waysOut("source")).toEqual(["out", "spool"])
  })

  test("may set everything there is to set", async () => {
    const { plan, problems } = await check(
      file({
        top: "state: /var/lib/flow\nfailed: spool.inbox\nmetrics: {interval: 1m}\n",
        out: `    description: the first choice
    arguments: {port: 9000, timeout: 250ms, tail_bytes: 64 KiB, host: "1.2.3.4"}
    queues:
      inbox: {size: 5, bytes: 1 MiB, order: priority, when_full: wait, priority: -1}
    consumers: {min: 2, max: 8, idle: 1m}
    timeout: 5
    inflight: {events: 10, bytes: 2k}
    hold_max: 7
`,
      }),
    )
    expect(problems).toEqual([])
    expect(plan).toMatchObject({ state: "/var/lib/flow", failed: { instance: "spool", queue: "inbox" }, metricsIntervalMs: 60_000 })
    expect(plan?.instances[1]).toMatchObject({
      description: "the first choice",
      arguments: { port: 9000, timeout: 250, tail_bytes: 65_536, host: "1.2.3.4" },
      queues: { inbox: { size: 5, bytes: 1_048_576, order: "priority", whenFull: "wait", priority: -1 } },
      consumers: { min: 2, max: 8, idleMs: 60_000 },
      timeoutMs: 5000,
      inflight: { events: 10, bytes: 2048 },
      holdMax: 7,
    })
  })

  test("may leave out what it names", async () => {
    const out = "    arguments:\n    queues:\n    consumers:\n    timeout:\n    inflight:\n    hold_max:\n    description:\n"
    expect(await findings(file({ top: "state:\nfailed:\nmetrics:\n", out }))).toEqual([])
  })

  test("takes the size of queues from the outside, where it says nothing itself", async () => {
    const { plan } = await check(file({ out: "    queues: {inbox: {order: lifo}}\n" }), { queueSize: 7 })
    expect(plan?.defaultQueue.size).toBe(7)
    expect(plan?.instances[1]?.queues["inbox"]).toMatchObject({ size: 7, order: "lifo" })
  })

  test("one minimum of consumers lifts the maximum with it", async () => {
    const { plan } = await check(file({ out: "    consumers: {min: 3}\n" }))
    expect(plan?.instances[1]?.consumers).toMatchObject({ min: 3, max: 3 })
  })

  test("may share settings by aliases, whose mistakes are told once", async () => {
    const shared = (port: string) => `modules:
  a: {module: wishbone.output.tcp, arguments: &shared {port: ${port}}}
  b: {module: wishbone.output.tcp, arguments: *shared}
  source: {module: wishbone.input.tcp}
routingtable:
  - source.outbox -> a.inbox
  - a.failed -> b.inbox
`
    expect((await check(shared("9000"))).plan?.instances[1]?.arguments["port"]).toBe(9000)
    expect(await findings(shared("90000"))).toEqual(["2:62 error WB_ARGUMENT_INVALID", "3:3 warning WB_FAILED_UNROUTED"])
  })

  test("of Wishbone 3 runs, each old spelling noted with today's", async () => {
    const text = `modules:
  source:
    module: wishbone.module.input.tcp
    event: false
    arguments: {address: 0.0.0.0}
  change:
    module: wishbone.function.modify
  out:
    module: wishbone_contrib.module.output.tcp
  log:
    module: wishbone.output.stdout
routingtable:
  - source.outbox -> change.inbox
  - change.outbox -> out.inbox
  - out._failed -> spool.inbox
  - wishbone_logs.outbox -> log.inbox
`.replace("  log:", "  spool:\n    module: wishbone.output.disk\n    arguments: {directory: /x}\n  log:")
    const { plan, problems } = await check(text)
    expect(
      problems.filter((problem) => problem.severity === "note").map(({ line, column, code, hint }) => `${line}:${column} ${code} ${hint}`),
    ).toEqual([
      "3:13 WB_NAME_ALIAS Write `wishbone.input.tcp`.",
      "4:5 WB_KEY_IGNORED Wishbone 3 read it and did nothing with it; the argument `native_events` does what it was meant for.",
      "5:17 WB_NAME_ALIAS Write `host`.",
      "7:13 WB_NAME_ALIAS Write `wishbone.process.modify`.",
      "9:13 WB_NAME_ALIAS Write `wishbone.output.tcp`.",
      "18:5 WB_NAME_ALIAS Write `out.failed`.",
      "19:5 WB_NAME_ALIAS Write `_logs.outbox`.",
    ])
    expect(plan?.instances.map((instance) => instance.module)).toEqual([
      "wishbone.input.tcp",
      "wishbone.process.modify",
      "wishbone.output.tcp",
      "wishbone.output.disk",
      "wishbone.output.stdout",
    ])
    expect(plan?.instances[0]?.arguments["host"]).toBe("0.0.0.0")
  })
})

describe("mistakes", () => {
  test("are all told, in the order of the file, and there is no plan", async () => {
    const text = file({
      top: "stat: x\n",
      out: "    arguments: {prot: 1, keepalive: yes}\n    timout: 5\n    queues: {inbox: {sise: 1}}\n",
      modules: "  Bad-Name: {module: wishbone.flow.funel}\n",
      routes: "  - source.outbox -> spool.inbox\n  - out.faild -> nobody.inbox\n  - nonsense\n",
    })
    const { plan } = await check(text)
    expect(plan).toBeUndefined()
    expect(await findings(text)).toEqual([
      "1:1 error WB_KEY_UNKNOWN",
      "7:17 error WB_ARGUMENT_UNKNOWN",
      "7:37 error WB_ARGUMENT_INVALID",
      "8:5 error WB_KEY_UNKNOWN",
      "9:22 error WB_KEY_UNKNOWN",
      "14:3 error WB_INSTANCE_NAME",
      "14:22 error WB_MODULE_UNKNOWN",
      "18:5 error WB_ROUTE_SOURCE_TWICE",
      "19:5 error WB_ROUTE_UNKNOWN_QUEUE",
      "19:18 error WB_ROUTE_UNKNOWN_INSTANCE",
      "20:5 error WB_ROUTE_SYNTAX",
    ])
  })

  test("warnings leave the plan", async () => {
    const { plan, problems } = await check(file({ modules: "  idle: {module: wishbone.output.tcp}\n" }))
    expect(problems.map((problem) => problem.severity)).toEqual(["warning", "warning"])
    expect(plan).toBeDefined()
  })

  test.each([
    ["    timout: 5\n", "There is no key `timout` in `out`", "Did you mean `timeout`?"],
    [
      "    retries: {max: 3}\n",
      "There is no key `retries` in `out`",
      "Known are `module`, `description`, `arguments`, `queues`, `consumers`, `timeout`, `inflight`, `hold_max`, `protocol`, `functions`, `retry` and `event`.",
    ],
    ["    arguments: {prot: 1}\n", "`wishbone.output.tcp` has no argument `prot`", "Did you mean `port`?"],
    [
      "    arguments: {keepalive: off}\n",
      "Argument `keepalive` of `wishbone.output.tcp`: expected true or false, found text `off`",
      "YAML 1.2 reads `off` as text: write `false`.",
    ],
    [
      "    arguments: {host: 5}\n",
      "Argument `host` of `wishbone.output.tcp`: expected text, found the number 5",
      'Put it in quotes: `"5"`.',
    ],
    ["    arguments: {headers: {a: 1}}\n", undefined, 'Put it in quotes: `"1"`.'],
    ["    arguments: [a]\n", "The arguments of `wishbone.output.tcp`: expected a map of argument names to values, found a list", undefined],
    [
      "    timeout: soon\n",
      "`timeout`: expected a duration of at least 1ms, such as `10s` or `250ms`, found text `soon`",
      "A plain number is seconds.",
    ],
    ["    timeout: 0\n", undefined, "A plain number is seconds."],
    [
      "    inflight: {bytes: lots}\n",
      "`bytes`: expected a size of at least 1 byte, such as `64 KiB` or `16 MiB`, found text `lots`",
      "A plain number is bytes.",
    ],
    ["    hold_max: 1.5\n", "`hold_max`: expected a whole number of at least 1, found the number 1.5", ""],
    ["    hold_max: [1]\n", "`hold_max`: expected a whole number of at least 1, found a list", ""],
    ["    consumers: 4\n", "`consumers`: expected a map (`key: value`, one a line), found the number 4", ""],
    ["    consumers: {min: 4, max: 2}\n", "`max`: expected at least `min`, which is 4, found the number 2", ""],
    ["    consumers: {max: 0}\n", "`max`: expected a whole number from 1 to 10000, found the number 0", ""],
    [
      "    queues: {inbox: {when_full: drop}}\n",
      "`when_full`: expected one of `wait`, `drop_new`, `drop_old`, `spill`, found text `drop`",
      "",
    ],
    ["    queues: {inbox: {order: fivo}}\n", undefined, "Did you mean `fifo`?"],
    ["    queues: {inbox: {spill: disk}}\n", "`spill`: expected to stand beside `when_full: spill`, found text `disk`", ""],
    [
      "    queues: {inbox: {sync: never}}\n",
      "`sync`: expected to stand beside `store: disk` or `when_full: spill`, found text `never`",
      "",
    ],
    [
      "    queues: {inbox: {store: disk, sync: sometimes}}\n",
      "`sync`: expected `batch` or `never` or a duration of at least 1ms, such as `10s` or `250ms`, found text `sometimes`",
      "A plain number is seconds.",
    ],
    ["    queues: {inbx: {size: 1}}\n", "`out` has no in queue `inbx`", "Did you mean `inbox`?"],
    [
      "    queues: {failed: {size: 1}}\n",
      "`out` has no in queue `failed`",
      "A queue is set up where it is consumed: put this below `queues:` of `spool`, as `inbox`.",
    ],
    ["    description: {a: b}\n", "`description`: expected text, found a map", ""],
  ])("%j", async (out, message, hint) => {
    const text = expect.any(String) as string
    expect(await only(file({ out }))).toMatchObject({ message: message ?? text, hint: hint ?? text })
  })

  test.each([
    ["  x.y: {module: wishbone.flow.funnel}\n", "`x.y` cannot be the name of an instance: it holds a dot"],
    ["  _x: {module: wishbone.flow.funnel}\n", "`_x` cannot be the name of an instance: names that begin with `_` belong to the runtime"],
    [
      "  Xy: {module: wishbone.flow.funnel}\n",
      "`Xy` cannot be the name of an instance: it is not in snake_case, or longer than 100 characters",
    ],
    ["  constructor: {module: wishbone.flow.funnel}\n", undefined],
  ])("an instance cannot be named so: %j", async (modules, message) => {
    const { problems } = await check(file({ modules }))
    const [error, ...others] = problems.filter(({ severity }) => severity === "error")
    expect(error?.code).toBe("WB_INSTANCE_NAME")
    expect(others).toEqual([])
    const text = expect.any(String) as string
    expect(error?.message).toEqual(message ?? text)
  })

  test("an instance without a module, or with a module where its map should be", async () => {
    const modules = "  one:\n  two: {description: x}\n  three: wishbone.flow.funnel\n  four: {module: [a]}\n"
    const { problems } = await check(file({ modules }))
    expect(problems.map(({ line, code, hint }) => `${line} ${code} ${hint}`)).toEqual([
      "10 WB_KEY_MISSING It names the module, for example `module: wishbone.output.tcp`.",
      "11 WB_KEY_MISSING It names the module, for example `module: wishbone.output.tcp`.",
      "12 WB_VALUE_INVALID Write `module: wishbone.flow.funnel` on a line of its own below `three:`.",
      "13 WB_VALUE_INVALID ",
    ])
  })

  test("an argument that is missing stands at `arguments:`, or at the instance", async () => {
    const modules = "  one: {module: wishbone.flow.throttle}\n  two:\n    module: wishbone.flow.throttle\n    arguments: {}\n"
    const { problems } = await check(file({ modules }))
    expect(problems.filter(({ code }) => code === "WB_ARGUMENT_MISSING").map(({ line, column }) => `${line}:${column}`)).toEqual([
      "10:3",
      "13:5",
    ])
  })

  test("the routing table has to be a list of texts", async () => {
    expect(await findings("modules: {a: {module: wishbone.flow.funnel}}\nroutingtable: a.b -> c.d\n")).toEqual([
      "2:15 error WB_VALUE_INVALID",
    ])
    const found = await check(file({ routes: "  - out.successful: spool.inbox\n  - 5\n  -\n" }))
    expect(found.problems.map(({ line, code, message }) => `${line} ${code} ${message}`)).toEqual([
      "13 WB_ROUTE_SYNTAX `…` is no route: expected text, found a map",
      "14 WB_ROUTE_SYNTAX `5` is no route: expected text, found the number 5",
      "15 WB_ROUTE_SYNTAX `` is no route: expected text, found nothing",
    ])
  })

  test("a mistake inside a quoted route is placed inside the quotes", async () => {
    expect(await findings(file({ routes: "  - 'out.successful -> nobody.inbox'\n" }))).toEqual(["13:24 error WB_ROUTE_UNKNOWN_INSTANCE"])
  })

  test("the catch-all `failed` is checked like the end of a route", async () => {
    expect(await only(file({ top: "failed: nobody.inbox\n" }))).toMatchObject({
      at: "1:9",
      message: "`failed: nobody.inbox`: there is no instance `nobody`",
    })
    expect((await only(file({ top: "failed: spool\n" }))).message).toBe("`spool` is no route: `spool` names no queue")
    expect((await only(file({ top: "failed: [spool.inbox]\n" }))).code).toBe("WB_VALUE_INVALID")
    expect((await only(file({ top: "failed: source.outbox\n" }))).code).toBe("WB_ROUTE_DIRECTION")
    expect((await only(file({ top: "failed: _logs.out\n" }))).message).toBe("`failed: _logs.out`: only logs lead into `_logs`")
  })

  test("a file that is no map, or empty, or lacks a section", async () => {
    expect(await findings("")).toEqual(["1:1 error WB_BOOTSTRAP_EMPTY"])
    expect(await findings("---\n...\n")).toEqual(["1:1 error WB_BOOTSTRAP_EMPTY"])
    expect(await findings("- a\n")).toEqual(["1:1 error WB_VALUE_INVALID"])
    expect(await findings("state: x\n")).toEqual(["1:1 error WB_KEY_MISSING", "1:1 error WB_KEY_MISSING"])
    expect(await findings("modules:\nroutingtable: []\n")).toEqual(["1:1 error WB_KEY_MISSING"])
    expect(await findings("modules: {}\nroutingtable: []\n")).toEqual(["1:1 error WB_KEY_MISSING"])
    expect(await findings("modules: [a]\nroutingtable: []\n")).toEqual(["1:10 error WB_VALUE_INVALID"])
  })

  test("a key that comes twice does not hide the other mistakes", async () => {
    expect(await findings(file({ out: "    timout: 1\n    module: x\n" }))).toEqual([
      "6:5 error WB_KEY_UNKNOWN",
      "7:5 error WB_YAML_KEY_TWICE",
    ])
  })

  test("a circle is told at the route that is best cut, also where the catch-all makes it", async () => {
    const routes = "  - funnel.outbox -> out.inbox\n"
    const text = `modules:
  source: {module: wishbone.input.tcp}
  funnel: {module: wishbone.flow.funnel}
  out: {module: wishbone.output.tcp}
routingtable:
  - source.outbox -> funnel.one
${routes}  - out.failed -> funnel.two
`
    expect(await findings(text)).toEqual(["8:5 error WB_ROUTE_DEADLOCK", "8:5 error WB_ROUTE_SPIN"])
  })

  test("of an instance whose arguments are wrong no circle is told", async () => {
    const text = `modules:
  source: {module: wishbone.input.tcp}
  funnel: {module: wishbone.flow.funnel}
  slow: {module: wishbone.flow.throttle, arguments: {events_max: 0}}
routingtable:
  - source.outbox -> funnel.one
  - funnel.outbox -> slow.inbox
  - slow.outbox -> funnel.two
`
    expect(await findings(text)).toEqual(["4:66 error WB_ARGUMENT_INVALID"])
    expect(await findings(text.replace("max: 0", "max: 1"))).toEqual(["8:5 error WB_ROUTE_DEADLOCK"])
  })
})

describe("warnings", () => {
  test("an output whose `failed` leads nowhere; not a disk, nor what only logs reach", async () => {
    const modules =
      "  last: {module: wishbone.output.tcp}\n  change: {module: wishbone.process.modify}\n  log: {module: wishbone.output.stdout}\n"
    const routes = "  - out.successful -> change.inbox\n  - change.outbox -> last.inbox\n  - _logs.outbox -> log.inbox\n"
    expect(await findings(file({ modules, routes }))).toEqual(["10:3 warning WB_FAILED_UNROUTED", "11:3 warning WB_FAILED_UNROUTED"])
    expect(await findings(file({ top: "failed: spool.inbox\n", modules, routes }))).toEqual([])
  })

  test("an output behind the catch-all is told why it is spared", async () => {
    const { problems } = await check(file({ top: "failed: reject.inbox\n", modules: "  reject: {module: wishbone.output.stdout}\n" }))
    expect(problems).toMatchObject([{ line: 11, code: "WB_FAILED_UNROUTED", hint: expect.stringContaining("spares it") as string }])
  })

  test("a queue that drops, unless it holds logs", async () => {
    const modules = "  log: {module: wishbone.output.stdout, queues: {inbox: {when_full: drop_old}}}\n"
    const routes = "  - _logs.outbox -> log.inbox\n"
    const out = "    queues: {inbox: {when_full: drop_new}}\n"
    const { problems } = await check(file({ modules, routes, out }))
    expect(problems).toMatchObject([{ line: 6, column: 33, severity: "warning", code: "WB_QUEUE_DROPS" }])
    expect(problems[0]?.message).toBe("`out.inbox` throws away new events when it is full")
  })

  test("an input that leads nowhere, and an instance nothing leads to", async () => {
    const modules = "  more: {module: wishbone.input.tcp}\n  alone: {module: wishbone.flow.funnel}\n"
    const { problems } = await check(file({ modules }))
    expect(problems.map(({ line, code, hint }) => `${line} ${code} ${hint}`)).toEqual([
      "10 WB_INPUT_UNROUTED Add a route, for example `more.outbox -> …`.",
      "11 WB_INSTANCE_UNREACHED Add a route, for example `… -> alone.one`, or remove the instance.",
    ])
  })

  test("are not made up from routes that could not be read", async () => {
    expect(await findings(file({ routes: "  - out.successful -> spol.inbox\n" }))).toEqual(["13:23 error WB_ROUTE_UNKNOWN_INSTANCE"])
  })
})

test("secret arguments are hidden in the lines that are shown", async () => {
  const out =
    '    arguments:\n      password: "hunter 2"\n      host: http://me:hunter3@example.test/\n      route_key: |\n        plain\n      prot: 1\n'
  const { sources } = await check(file({ out }))
  const shown = sources.get("test.yaml") ?? ""
  expect(shown).not.toMatch(/hunter/)
  expect(shown).toContain("      password: ******* **")
  expect(shown).toContain("        plain")
  expect(shown.split("\n").map((line) => line.length)).toEqual(
    file({ out })
      .split("\n")
      .map((line) => line.length),
  )
})

test("every code of the catalogue for bootstrap files is provoked", async () => {
  const seen = new Set<string>()
  const provoke = async (text: string | Uint8Array, options: Parameters<typeof check>[1] = {}): Promise<void> => {
    for (const { code } of (await check(text, options)).problems) seen.add(code)
  }
  await provoke(new Uint8Array(1024 * 1024 + 1))
  await provoke(Uint8Array.of(0xff))
  await provoke("[".repeat(100))
  await provoke("a: b: c")
  for (const yaml of [
    "a: 1\n---\nb: 2",
    "a: 1\na: 2\n__proto__: 1\n<<: 1",
    "a: *b",
    "a: &b [*b]",
    `a: &b [${"1,".repeat(99)}]\nc: [${"*b,".repeat(200)}]`,
  ])
    await provoke(yaml)
  await provoke("a: ${NOPE}\nb: ${+}\nc: ${BAD}\nd: ${file:x}", { environment: { BAD: "{{ x }}" } })
  await provoke(file(), { sets: ["x", "nobody.x=1", "out.port.deep.er=1", "out.port=1", "state.x.y=1", "routingtable.9=x"] })
  await provoke(file({ top: "state: x\n" }), { sets: ["state.x=1"] })
  await provoke("")
  await provoke("x: 1\nmodules: 5")
  await provoke(
    file({ modules: "  _x: {event: true, module: wishbone.flow.funnel}\n", out: "    queues: {x: {}, inbox: {when_full: drop_old}}\n" }),
  )
  await provoke(
    file({
      routes:
        "  - a\n  - a.b -> c.d\n  - out.x -> out._failed\n  - out._logs -> _logs.out\n  - out.metrics -> _logs.out\n  - out.failed -> spool.inbox\n",
    }),
  )
  await provoke("modules: {a: {module: wishbone.flow.fanout}}\nroutingtable: [a.X -> a.inbox, a.failed -> a.inbox, a.y -> a.inbox]")
  await provoke("modules: {a: {module: wishbone.flow.fanout}}\nroutingtable: [a.failed -> a.inbox]")
  await provoke(file({ modules: "  a: {module: wishbone.input.tcp}\n  b: {module: wishbone.output.tcp}\n" }))
  // Found by whoever opens the file, before there is anything to check.
  seen.add("WB_FILE_UNREADABLE")
  expect(Object.keys(bootstrapErrors).filter((code) => !seen.has(code))).toEqual([])
})
