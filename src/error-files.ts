// Entries of the error catalogue (src/error-catalogue.ts) for modules that read and write files.

type Details = Readonly<Record<string, unknown>>

interface Entry {
  readonly exitStatus: 1 | 2
  readonly message: (details: Details) => string
  readonly hint: (details: Details) => string
}

export const fileErrors = {
  WB_STATE_FILE: {
    exitStatus: 1,
    message: (d) => `\`${d["instance"]}\` cannot keep its position in \`${d["file"]}\`: ${d["problem"]}`,
    hint: () => "Each instance needs a `position_file` of its own in a folder that this user may write, below a folder that exists.",
  },
  WB_INPUT_FILE_PATH: {
    exitStatus: 1,
    message: (d) => `\`${d["instance"]}\` cannot read \`${d["path"]}\`: ${d["problem"]}`,
    hint: (d) => String(d["hint"] ?? ""),
  },
  WB_OUTPUT_FILE_BASE: {
    exitStatus: 1,
    message: (d) => `\`${d["instance"]}\` cannot write below \`${d["directory"]}\`: ${d["problem"]}`,
    hint: () => "Name a folder that this user may write in `base_dir`; a missing one is made only below an existing one.",
  },
} as const satisfies Record<string, Entry>
