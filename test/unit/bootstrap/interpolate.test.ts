import { describe, expect, test } from "vitest"
import { parseYaml } from "../../../src/bootstrap/file.ts"
import { interpolate, type SecretText, secretPaths, withoutSecrets } from "../../../src/bootstrap/interpolate.ts"
import { toValue } from "../../../src/bootstrap/node.ts"
import { check } from "./fakes.ts"

const environment = {
  PORT: "9000",
  HOST: "example.test",
  EMPTY: "",
  YES: "true",
  SPACED: " x ",
  COMMENT: "5 # x",
  LIST: "[1, 2]",
  BAD: "a {{ b }}",
}

function fill(text: string, secrets: Record<string, SecretText> = {}) {
  const { root } = parseYaml("test.yaml", text)
  if (root === undefined) throw new Error("no document")
  const { node, problems, secrets: hidden } = interpolate(root, { environment, secrets: new Map(Object.entries(secrets)) })
  return { value: toValue(node), problems: problems.map(({ line, column, code }) => `${line}:${column} ${code}`), hidden }
}

describe("variables", () => {
  test.each([
    ["${PORT}", 9000],
    ["'${PORT}'", 9000],
    ['{ port: "${PORT}" }', { port: 9000 }],
    ["${YES}", true],
    ["${EMPTY}", null],
    ["${COMMENT}", "5 # x"],
    ["${LIST}", "[1, 2]"],
    ["${SPACED}", " x "],
    ["${HOST}:${PORT}", "example.test:9000"],
    ["${NOPE:-5}", 5],
    ["${NOPE:-}", null],
    ["${EMPTY:-x}", "x"],
    ["${PORT:-1}", 9000],
    ["x${NOPE:-}y", "xy"],
    ["$${PORT}", "${PORT}"],
    ["$${PORT} ${PORT}", "${PORT} 9000"],
    ["$PORT", "$PORT"],
    ["a$b{c}", "a$b{c}"],
    ["[ '${PORT}', 'x${PORT}']", [9000, "x9000"]],
    ["|\n  ${HOST}\n  ${PORT}\n", "example.test\n9000\n"],
  ])("%j gives %j", (text, value) => {
    expect(fill(text)).toEqual({ value, problems: [], hidden: [] })
  })

  test("keys stay as they are", () => {
    expect(fill("${PORT}: 1\n").value).toEqual({ "${PORT}": 1 })
  })

  test("what comes from outside adds no keys, lists or templates", () => {
    expect(fill("a: ${LIST}\n").value).toEqual({ a: "[1, 2]" })
    expect(fill("a: x${BAD}\n").problems).toEqual(["1:5 WB_VARIABLE_TEMPLATE"])
  })

  test("a missing variable is a mistake where it stands", () => {
    expect(fill("a:\n  b: http://${NOPE}/${GONE}\n").problems).toEqual(["2:13 WB_VARIABLE_MISSING", "2:21 WB_VARIABLE_MISSING"])
    expect(fill('a: "${NOPE}"\n').problems).toEqual(["1:5 WB_VARIABLE_MISSING"])
    expect(fill("a: ${constructor}\n").problems).toEqual(["1:4 WB_VARIABLE_MISSING"])
  })

  test.each(["${}", "${1X}", "${A B}", "${A", "${A-B}", "${file:}", "${A:=b}"])("%s is no reference", (text) => {
    expect(fill(`a: "${text}"\n`).problems).toEqual(["1:5 WB_VARIABLE_SYNTAX"])
  })
})

describe("secrets", () => {
  test("are text from a file, without the line end at its end, and known as secret", () => {
    expect(fill('{a: "${file:key}", b: "x${file: key }"}', { key: { text: "0123\n" } })).toEqual({
      value: { a: "0123", b: "x0123" },
      problems: [],
      hidden: ["0123"],
    })
  })

  test("that cannot be read are mistakes", () => {
    expect(fill("a: ${file:key}\n", { key: { reason: "ENOENT" } }).problems).toEqual(["1:4 WB_SECRET_UNREADABLE"])
    expect(fill("a: ${file:key}\n").problems).toEqual(["1:4 WB_SECRET_UNREADABLE"])
  })

  test("are asked for by path", () => {
    const { root } = parseYaml("x", "a: ${file:one}\nb: ['x${file:two}', '$${file:three}', '${FOUR}']\n")
    expect(root && [...secretPaths(root)]).toEqual(["one", "two"])
  })

  test("leave no trace in messages, nor does the beginning of a long one", () => {
    const long = "s".repeat(60)
    const problem = {
      file: "x",
      line: 1,
      column: 1,
      severity: "error",
      code: "WB_VALUE_INVALID",
      message: `found \`${long.slice(0, 40)}…\``,
      hint: `a ${long} b`,
    } as const
    expect(withoutSecrets([problem], [long])).toMatchObject([{ message: "found `***…`", hint: "a *** b" }])
  })

  test("count from the folder of the file, and reach the plan", async () => {
    const asked: string[] = []
    const readSecret = (path: string): Promise<Buffer> => {
      asked.push(path)
      return path.endsWith("bad") ? Promise.reject(new Error("no such file")) : Promise.resolve(Buffer.from("pass\n"))
    }
    const text = (path: string) =>
      `modules: {a: {module: wishbone.output.tcp, arguments: {password: "\${file:${path}}", port: "\${PORT}"}}}\nroutingtable: []\n`
    const { plan, secrets } = await check(text("./keys/a"), { readSecret, environment })
    expect(asked).toEqual(["/etc/flow/keys/a"])
    expect(plan?.instances[0]?.arguments).toMatchObject({ password: "pass", port: 9000 })
    expect(secrets).toEqual(["pass"])
    const failed = await check(text("/bad"), { readSecret, environment })
    expect(failed.problems.filter(({ severity }) => severity === "error").map(({ message }) => message)).toEqual([
      "The secret `/bad` cannot be read: no such file",
    ])
    const shown = await check(text("x").replace("password", "port_"), { readSecret, environment })
    expect(JSON.stringify(shown.problems)).not.toContain("pass")
  })
})

describe("in a bootstrap file", () => {
  const file = (argument: string) => `modules: {a: {module: wishbone.output.tcp, arguments: {${argument}}}}\nroutingtable: []\n`

  test("digits that a text argument wants stay text", async () => {
    const { plan } = await check(file('password: "${PORT}", port: "${PORT}", headers: {x: "${YES}"}'), { environment })
    expect(plan?.instances[0]?.arguments).toMatchObject({ password: "9000", port: 9000, headers: { x: "true" } })
  })

  test("a variable of the wrong type is told by what it held", async () => {
    const { problems } = await check(file('port: "${HOST}"'), { environment })
    expect(problems.find(({ severity }) => severity === "error")?.message).toContain("found text `example.test`")
  })

  test("a missing variable is the only thing said about its value", async () => {
    const errors = async (text: string) =>
      (await check(text)).problems.filter(({ severity }) => severity === "error").map(({ code }) => code)
    expect(await errors(file('port: "${NOPE}"'))).toEqual(["WB_VARIABLE_MISSING"])
    expect(await errors("modules: {a: {module: '${NOPE}', timeout: '${NOPE}'}}\nroutingtable: ['${NOPE}']\nfailed: ${NOPE}\n")).toEqual(
      Array(4).fill("WB_VARIABLE_MISSING"),
    )
  })
})
