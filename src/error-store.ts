// Entries of the error catalogue (src/error-catalogue.ts) for stores.

import { listed } from "./error-text.ts"

type Details = Readonly<Record<string, unknown>>

interface Entry {
  readonly exitStatus: 1 | 2
  readonly message: (details: Details) => string
  readonly hint: (details: Details) => string
}

export const storeErrors = {
  WB_STORE_FULL: {
    exitStatus: 1,
    message: (d) => `the store takes no more than ${d["size"]} entries in \`${d["bucket"]}\`, and holds ${d["waiting"]}`,
    hint: () => "Raise `size` of the store, or take a driver that keeps its entries on disk.",
  },
  WB_STORE_SCHEMA: {
    exitStatus: 1,
    message: (d) =>
      `the store ${d["store"]} was written by a newer version: its schema is ${d["found"]}, and ${d["known"]} is the newest known here`,
    hint: () => "Update wishbone-ts, or give this graph a store of its own. Nothing was changed.",
  },
  WB_STORE_FOREIGN: {
    exitStatus: 1,
    message: (d) => `${d["what"]} is not one of ours: it lacks ${listed(d["missing"])}`,
    hint: () => "Give the store a schema or a folder of its own. Nothing was changed.",
  },
  WB_STORE_UNREACHABLE: {
    exitStatus: 1,
    message: (d) => `the ${d["driver"]} store at ${d["at"]} cannot be reached: ${d["reason"]}`,
    hint: () => "Is the server running, and are `host`, `port`, `database` and the credentials right?",
  },
  WB_STORE_CLIENT_MISSING: {
    exitStatus: 1,
    message: (d) => `a store with \`driver: ${d["driver"]}\` needs the package \`${d["name"]}\`, which is not installed`,
    hint: (d) => `\`npm install ${d["name"]}\` beside wishbone-ts brings it.`,
  },
  WB_STORE_REFUSED: {
    exitStatus: 1,
    message: (d) => `the buffer refused to keep what belongs under \`${d["bucket"]}\``,
    hint: () => "Its `store` answered `false`: it is full, or its own store is away.",
  },
  WB_STORE_GARBAGE: {
    exitStatus: 1,
    message: (d) => `the buffer gave something under \`${d["bucket"]}\` that was not stored by wishbone-ts`,
    hint: () => "Its `get` must give back what `store` was given, as it was or as the JSON of it.",
  },
  WB_STORE_CLOSED: {
    exitStatus: 1,
    message: () => "the store is closed",
    hint: () => "",
  },
} as const satisfies Record<string, Entry>
