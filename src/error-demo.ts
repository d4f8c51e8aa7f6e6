// Entries of the error catalogue (src/error-catalogue.ts) for the demonstrations.

type Details = Readonly<Record<string, unknown>>

interface Entry {
  readonly exitStatus: 1 | 2
  readonly message: (details: Details) => string
  readonly hint: (details: Details) => string
}

export const demoErrors = {
  WB_DEMO_LISTENER: {
    exitStatus: 1,
    message: (d) => `The demo's ${d["name"]} did not start: ${d["reason"]}`,
    hint: () => "It is a Node process of its own that listens on 127.0.0.1: see that this user may start one.",
  },
  WB_DEMO_STUCK: {
    exitStatus: 1,
    message: (d) => `The demo waited ${d["seconds"]} s in vain: ${d["what"]}`,
    hint: () => "A machine that is very busy can be the reason: try again, and if it stays so, tell us what it printed.",
  },
} satisfies Record<string, Entry>
