// Four projects. `layout` and `fast` run in parallel; `serial` drives real processes, files and sockets one file after
// another; `soak` runs long and only when asked for (`npm run soak`).
import { defineConfig } from "vitest/config"

const seconds = 1000

export default defineConfig({
  test: {
    passWithNoTests: true,
    projects: [
      // Reads and parses the whole tree.
      { test: { name: "layout", include: ["test/layout.test.ts"], testTimeout: 60 * seconds } },
      {
        test: {
          name: "fast",
          include: ["test/{unit,modules,property,store}/**/*.test.ts", "test/docs.test.ts", "test/errors.test.ts"],
          testTimeout: 30 * seconds,
        },
      },
      {
        test: {
          name: "serial",
          include: ["test/integration/**/*.test.ts"],
          fileParallelism: false,
          testTimeout: 60 * seconds,
          hookTimeout: 60 * seconds,
        },
      },
      {
        test: {
          name: "soak",
          include: ["test/soak/**/*.test.ts"],
          fileParallelism: false,
          testTimeout: 3600 * seconds,
          hookTimeout: 120 * seconds,
        },
      },
    ],
    coverage: { provider: "v8", include: ["src/**/*.ts", "modules/**/*.ts"], reporter: ["text-summary", "html", "lcov"] },
  },
})
