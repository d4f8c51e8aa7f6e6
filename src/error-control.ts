// Entries of the error catalogue (src/error-catalogue.ts) for the admin socket and for what a person does to a spool.

import { suggestion } from "./error-text.ts"

type Details = Readonly<Record<string, unknown>>

interface Entry {
  readonly exitStatus: 1 | 2
  readonly message: (details: Details) => string
  readonly hint: (details: Details) => string
}

export const controlErrors = {
  WB_SPOOL_SAME: {
    exitStatus: 2,
    message: (d) => `Events cannot be moved to \`${d["directory"]}\`: they are there already`,
    hint: () => "Name another directory with `--to`.",
  },
  WB_SPOOL_REMOVED_RANGES: {
    exitStatus: 1,
    message: (d) => `Too many separate stretches would be removed from \`${d["directory"]}\`: at most ${d["rangesMax"]} are kept`,
    hint: () => "Remove longer stretches, or let the oldest events be delivered first.",
  },
  WB_EVENTS_PLACE: {
    exitStatus: 2,
    message: () => "Say which spool is meant: `--directory DIR`, or `--config FILE` with `--instance NAME`",
    hint: () => "For example `wishbone-ts events list --directory ./buffer`.",
  },
  WB_EVENTS_INSTANCE: {
    exitStatus: 2,
    message: (d) => `\`${d["instance"]}\` keeps no events on disk`,
    hint: (d) => suggestion(d["instance"], d["known"]),
  },
  WB_EVENTS_SELECTION: {
    exitStatus: 2,
    message: (d) => `Say which events to ${d["action"]}`,
    hint: () => "`--sequence 1-10,15`, `--uuid UUID`, `--quarantined`, or `--all` for everything that waits.",
  },
  WB_EVENTS_TARGET: {
    exitStatus: 2,
    message: (d) =>
      d["action"] === "move" ? "Say where to move the events to" : `\`--to\` belongs to \`move\`, not to \`${d["action"]}\``,
    hint: (d) => (d["action"] === "move" ? "`--to DIR` names the directory of the other spool." : "Leave it out."),
  },
  WB_EVENTS_UNCONFIRMED: {
    exitStatus: 2,
    message: (d) => `Nothing was removed: ${d["found"]} would be, and nobody can be asked here`,
    hint: () => "Add `--yes` to remove without being asked.",
  },
  WB_EVENTS_NOT_FOUND: {
    exitStatus: 1,
    message: (d) => `There is no such event in \`${d["directory"]}\``,
    hint: () => "`events list` shows what is there.",
  },
  WB_CONTROL_REQUEST: {
    exitStatus: 2,
    message: (d) => `The request cannot be answered: ${d["problem"]}`,
    hint: (d) => String(d["hint"] ?? ""),
  },
  WB_CONTROL_SPOOL: {
    exitStatus: 1,
    message: (d) => `The graph does not use the spool \`${d["directory"]}\``,
    hint: () => "The request `spools` lists those it uses.",
  },
  WB_CONTROL_ANSWER: {
    exitStatus: 1,
    message: (d) => String(d["message"]),
    hint: (d) => String(d["hint"] ?? ""),
  },
  WB_CONTROL_CLOSED: {
    exitStatus: 1,
    message: (d) =>
      `The graph at \`${d["path"]}\` ended the connection before it had answered${d["reason"] === undefined ? "" : `: ${d["reason"]}`}`,
    hint: () => "What was done until then stays done; ask again to see what is left.",
  },
} satisfies Record<string, Entry>
