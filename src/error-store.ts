// Entries of the error catalogue (src/error-catalogue.ts) for stores.

import { counted, listed, suggestion } from "./error-text.ts"

type Details = Readonly<Record<string, unknown>>

interface Entry {
  readonly exitStatus: 1 | 2
  readonly message: (details: Details) => string
  readonly hint: (details: Details) => string
}

export const storeErrors = {
  WB_STORE_FULL: {
    exitStatus: 1,
    message: (d) => `The store is full: of \`${d["bucket"]}\` it holds ${counted(d["waiting"])}, and may hold ${counted(d["size"])}`,
    hint: () => "Raise `size` of the store, or take a driver that keeps its entries on disk.",
  },
  WB_STORE_SCHEMA: {
    exitStatus: 1,
    message: (d) =>
      `The store ${d["store"]} was written by a newer version: its schema is ${d["found"]}, and ${d["known"]} is the newest known here`,
    hint: () => "Update wishbone-ts, or give this graph a store of its own. Nothing was changed.",
  },
  WB_STORE_FOREIGN: {
    exitStatus: 1,
    message: (d) => `${String(d["what"]).replace(/^the /, "The ")} is not one of ours: it lacks ${listed(d["missing"])}`,
    hint: () => "Give the store a schema or a folder of its own. Nothing was changed.",
  },
  WB_STORE_UNREACHABLE: {
    exitStatus: 1,
    message: (d) => `The ${d["driver"]} store at ${d["at"]} cannot be reached: ${d["reason"]}`,
    hint: () => "Is the server running, and are `host`, `port`, `database` and the credentials right?",
  },
  WB_STORE_CLIENT_MISSING: {
    exitStatus: 1,
    message: (d) => `A store with \`driver: ${d["driver"]}\` needs the package \`${d["name"]}\`, which is not installed`,
    hint: (d) => `\`npm install ${d["name"]}\` beside wishbone-ts brings it.`,
  },
  WB_STORE_UNKNOWN: {
    exitStatus: 2,
    message: (d) => `There is no store \`${d["name"]}\``,
    hint: (d) => suggestion(d["name"], d["known"]) || "Declare it at the top of the file, below `stores:`.",
  },
  WB_STORE_DRIVER: {
    exitStatus: 2,
    message: (d) => `The store \`${d["name"]}\` asks for the driver \`${d["driver"]}\`, and there is none of that name`,
    hint: (d) =>
      suggestion(d["driver"], d["known"]) || "A driver of a package needs the package in `packages:`; one in a file is named by its path.",
  },
  WB_STORE_STARTUP: {
    exitStatus: 1,
    message: (d) => `The store \`${d["name"]}\` could not be opened within ${d["seconds"]} s: ${d["reason"]}`,
    hint: () => "Start its server first, or give it longer: `startup: 5m`.",
  },
  WB_STORE_ABILITY: {
    exitStatus: 2,
    message: (d) => `${d["what"]} of \`${d["instance"]}\` needs a store that is ${d["ability"]}, and this one is not`,
    hint: (d) => `Every built-in driver is; a store of a user's own that is says so by \`${d["ability"]}: true\` in its \`abilities\`.`,
  },
  WB_RETRY_PLACE: {
    exitStatus: 2,
    message: (d) => `\`retry:\` cannot stand on \`${d["instance"]}\`: ${d["problem"]}`,
    hint: () => "Write a `wishbone.flow.retry` out, in front of the instance whose failures are to be kept, and route its queues.",
  },
  WB_RETRY_FAILOVER: {
    exitStatus: 2,
    message: (d) =>
      `\`${d["instance"]}\` keeps what fails there and tries it again: nothing goes on to \`${d["next"]}\` before every try has failed`,
    hint: () => "Put `retry:` on the last member of a chain of outputs: a module that keeps its events does not fail over.",
  },
  WB_STORE_NAME: {
    exitStatus: 2,
    message: (d) => `\`${d["name"]}\` cannot be registered as a store driver: it ${d["problem"]}`,
    hint: () => "A name has letters, digits, `_` and `-`; `memory`, `file`, `postgres` and `redis` are taken.",
  },
  WB_STORE_EXPORT: {
    exitStatus: 2,
    message: (d) =>
      `The store driver \`${d["name"]}\` exports ${d["found"] === "nothing" ? "nothing" : `a value of type ${d["found"]}`} as its default, where a class or a function is expected`,
    hint: () => "Export it as the default: `export default class MyStore { store(id, data) { … } get(id) { … } }`.",
  },
  WB_STORE_SHAPE: {
    exitStatus: 1,
    message: (d) => {
      const { methods } = d
      const found =
        Array.isArray(methods) && methods.length > 0 ? `something with ${listed(methods)}` : "something without the methods of a store"
      return `The store driver \`${d["driver"]}\` gave ${found}, which is neither a buffer nor a client nor a whole store`
    },
    hint: () =>
      "A buffer has `store` and `get`; a client has `store`, `retrieve`, `update`, `remove` and `disconnect`; a whole store has the methods of `Store`.",
  },
  WB_STORE_REFUSED: {
    exitStatus: 1,
    message: (d) => `The buffer refused to keep what belongs under \`${d["bucket"]}\``,
    hint: () => "Its `store` answered `false`: it is full, or its own store is away.",
  },
  WB_STORE_GARBAGE: {
    exitStatus: 1,
    message: (d) => `The buffer gave something under \`${d["bucket"]}\` that was not stored by wishbone-ts`,
    hint: () => "Its `get` must give back what `store` was given, as it was or as the JSON of it.",
  },
  WB_STORE_CLOSED: {
    exitStatus: 1,
    message: () => "The store is closed, so it neither gives nor takes entries",
    hint: () => "Use it before it is closed, or open it again.",
  },
} as const satisfies Record<string, Entry>
