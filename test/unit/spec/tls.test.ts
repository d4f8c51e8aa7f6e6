import { expect, test } from "vitest"
import TcpInput from "../../../modules/input/tcp.ts"
import TcpOutput from "../../../modules/output/tcp.ts"
import { checkArguments } from "../../../src/spec/arguments.ts"
import { resolvePaths } from "../../../src/spec/marked.ts"

const absolute = (path: string): string => `/folder/${path}`

test("paths of `tls` count from the bootstrap file", () => {
  const { values, problems } = checkArguments(TcpOutput.spec, { tls: { ca: "ca.pem", cert: "c.pem", key: "c.key", server_name: "x" } })
  expect(problems).toEqual([])
  expect(resolvePaths(TcpOutput.spec, values, absolute)["tls"]).toEqual({
    ca: "/folder/ca.pem",
    cert: "/folder/c.pem",
    key: "/folder/c.key",
    server_name: "x",
    verify: true,
  })
})

test("a listener needs a certificate and its key; `true` is not enough", () => {
  const problems = (tls: unknown): number => checkArguments(TcpInput.spec, { tls }).problems.length
  expect(problems(true)).toBeGreaterThan(0)
  expect(problems({ cert: "c.pem" })).toBeGreaterThan(0)
  expect(problems({ cert: "c.pem", key: "c.key", server_name: "x" })).toBeGreaterThan(0)
  expect(problems({ cert: "c.pem", key: "c.key", ca: "ca.pem", verify: false })).toBe(0)
  expect(problems(false)).toBe(0)
})

test("says in plain words what is wrong with it", () => {
  const first = (spec: typeof TcpInput.spec | typeof TcpOutput.spec, tls: unknown): string =>
    checkArguments(spec, { tls }).problems[0]?.message ?? ""
  expect(first(TcpInput.spec, true)).toContain("`tls`")
  expect(first(TcpOutput.spec, { certt: "c.pem" })).toContain("certt")
})
