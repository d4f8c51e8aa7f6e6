import { hostname } from "node:os"
import { expect, test } from "vitest"
import { realPlatform } from "../../../src/platform/real.ts"

test("knows the process it runs in, with the environment as it was at the start", () => {
  process.env.WISHBONE_TEST = "before"
  const platform = realPlatform()
  process.env.WISHBONE_TEST = "after"
  expect(platform.environment.WISHBONE_TEST).toBe("before")
  delete process.env.WISHBONE_TEST
  expect(Object.isFrozen(platform.environment)).toBe(true)
  expect(platform.pid).toBe(process.pid)
  expect(platform.hostname).toBe(hostname())
})
