import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, onTestFinished, test } from "vitest"
import { realPlatform } from "../../src/platform/real.ts"
import { FileStore } from "../../src/store/file.ts"
import type { StoreHarness } from "../../src/testing/store-suite.ts"
import { storeSuite } from "../../src/testing/store-suite.ts"

async function harness(): Promise<StoreHarness> {
  const folder = await mkdtemp(join(tmpdir(), "wishbone-ts-store-"))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const { files } = realPlatform()
  return {
    async open() {
      const store = new FileStore({ path: join(folder, "store"), files })
      await store.open()
      return store
    },
  }
}

describe("the store in a file", () => {
  test.each(storeSuite)("$name", async ({ run }) => {
    expect(await run(await harness())).toBe("passed")
  })
})
