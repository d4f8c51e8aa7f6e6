// Entries of the error catalogue (src/error-catalogue.ts) for changes to a graph that runs.

type Details = Readonly<Record<string, unknown>>

interface Entry {
  readonly exitStatus: 1 | 2
  readonly message: (details: Details) => string
  readonly hint: (details: Details) => string
}

export const reloadErrors = {
  WB_RELOAD_RESTART: {
    exitStatus: 2,
    message: (d) => `\`${d["what"]}\`${d["where"] === undefined ? "" : ` of \`${d["where"]}\``} cannot change while the graph runs`,
    hint: () => "Stop the graph and start it again, or leave this setting as it was.",
  },
} satisfies Record<string, Entry>
