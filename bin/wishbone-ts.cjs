#!/usr/bin/env node
// Launcher. It does the two things that must happen before the program is loaded, and nothing else:
//
// - The thread pool of libuv takes its size from the environment when it is first used. Each open spool may have a
//   sync under way, and with the default of four threads one slow disk would hold up name lookups and every other file.
// - Compiled code is cached where Node can do it (22 and later): it saves a part of every start.
//
// It is CommonJS because an ES module would load its imports before the first line could run.
"use strict"

process.env.UV_THREADPOOL_SIZE ??= "16"

const { enableCompileCache } = require("node:module")
const { join } = require("node:path")
const { pathToFileURL } = require("node:url")

const entry = pathToFileURL(join(__dirname, "..", "dist", "bin", "main.js")).href

enableCompileCache?.()
import(entry).catch((error) => {
  // Only the entry itself: any other missing file is a fault to be shown as it is.
  const notBuilt = error?.code === "ERR_MODULE_NOT_FOUND" && error.url === entry
  console.error(
    notBuilt ? "wishbone-ts is not built yet: dist/bin/main.js is missing. Run `npm run build` in its folder, then try again." : error,
  )
  process.exitCode = 1
})
