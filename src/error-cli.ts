// Entries of the error catalogue (src/error-catalogue.ts) for commands: background processes and their pid files, files that commands
// write.

import { suggestion } from "./error-text.ts"

type Details = Readonly<Record<string, unknown>>

interface Entry {
  readonly exitStatus: 1 | 2
  readonly message: (details: Details) => string
  readonly hint: (details: Details) => string
}

export const cliErrors = {
  // Files that commands write
  WB_OUT_FILE: {
    exitStatus: 1,
    message: (d) => `\`${d["file"]}\` cannot be written: ${d["reason"]}`,
    hint: () => "Name a file with `--out` that this user may write, in a folder that exists.",
  },
  WB_FIX_SYNTAX: {
    exitStatus: 2,
    message: (d) => `\`${d["file"]}\` was left as it is: it cannot be read as YAML, so nothing in it can be mended safely`,
    hint: () => "Mend what is listed above by hand, then call `lint --fix` again.",
  },
  WB_FIX_UNSAFE: {
    exitStatus: 1,
    message: (d) => `\`${d["file"]}\` was left as it is: with today's names it would mean something else${d["problem"]}`,
    hint: () => "Change the names by hand. An alias of YAML (`*name`) that several modules share is the usual reason.",
  },
  WB_FIX_CHANGED: {
    exitStatus: 1,
    message: (d) => `\`${d["file"]}\` was left as it is: somebody changed it meanwhile`,
    hint: () => "Call `lint --fix` again.",
  },
  WB_FIX_WRITE: {
    exitStatus: 1,
    message: (d) => `\`${d["file"]}\` cannot be written: ${d["reason"]}`,
    hint: () => "It needs a folder in which this user may make files; `--config - < FILE` prints what the file would be.",
  },

  WB_NAMESPACE_UNKNOWN: {
    exitStatus: 2,
    message: (d) => `Nothing is known of a namespace \`${d["namespace"]}\``,
    hint: (d) => `${suggestion(d["namespace"], d["known"])} \`--config FILE\` lists what the packages of a bootstrap file bring.`.trim(),
  },

  // start
  WB_START_STDIN: {
    exitStatus: 2,
    message: () => "`start` cannot read its bootstrap file from standard input",
    hint: () => "Save it in a file; `debug --config -` reads standard input.",
  },
  WB_START_LOG: {
    exitStatus: 1,
    message: (d) => `The log \`${d["file"]}\` cannot be written: ${d["reason"]}`,
    hint: () => "Name a file with `--log` that this user may write, in a folder that exists.",
  },
  WB_START_ENDED: {
    exitStatus: 1,
    message: (d) => `The graph does not run: its process ended ${d["how"]} before it was ready`,
    hint: (d) => `Its last words stand above and in \`${d["log"]}\`; \`debug\` runs the same file in the foreground.`,
  },
  WB_START_TIMEOUT: {
    exitStatus: 1,
    message: (d) => `The graph did not start within ${d["timeout"]}; its process was ended`,
    hint: (d) => `\`${d["log"]}\` may tell what it waits for. \`--start-timeout\` gives it more time.`,
  },
  WB_BACKGROUND_ALONE: {
    exitStatus: 2,
    message: () => "`background` is what `start` runs; it cannot be called by itself",
    hint: () => "Call `start`, or `debug` to stay in the foreground.",
  },

  // Pid files
  WB_PID_FILE_HELD: {
    exitStatus: 1,
    message: (d) =>
      `\`${d["file"]}\` belongs to a graph that runs: process ${d["pid"]}${d["config"] === "" ? "" : `, of \`${d["config"]}\``}`,
    hint: () => "`stop` ends it. To run another one beside it, name another file with `--pid`.",
  },
  WB_PID_FILE_MISSING: {
    exitStatus: 1,
    message: (d) => `There is no pid file \`${d["file"]}\`: no graph was started with it, or it has ended${d["end"]}`,
    hint: () => "`--pid` names the file that `start` was called with; by default that is `wishbone.pid` in the folder of the call.",
  },
  WB_PID_FILE_INVALID: {
    exitStatus: 1,
    message: (d) => `\`${d["file"]}\` is no pid file of \`start\`: ${d["problem"]}`,
    hint: () => "Nothing was signalled, and the file was left alone. Remove it if it is a leftover.",
  },
  WB_PID_FILE_UNREADABLE: {
    exitStatus: 1,
    message: (d) => `The pid file \`${d["file"]}\` cannot be read: ${d["reason"]}`,
    hint: () => "Call this as the user who called `start`.",
  },
  WB_PID_FILE_WRITE: {
    exitStatus: 1,
    message: (d) => `The pid file \`${d["file"]}\` cannot be written: ${d["reason"]}`,
    hint: () => "Name a file with `--pid` in a folder that exists and that this user may write.",
  },
  WB_PID_FILE_STALE: {
    exitStatus: 1,
    message: (d) => `Process ${d["pid"]} of \`${d["file"]}\` is gone, though nobody had told it to end${d["end"]}`,
    hint: (d) =>
      `The pid file was removed. ${(d["log"] ?? "") === "" ? "" : `\`${d["log"]}\` may tell what happened; `}\`start\` starts the graph anew.`,
  },
  WB_PID_FILE_FOREIGN: {
    exitStatus: 1,
    message: (d) =>
      `Process ${d["pid"]} of \`${d["file"]}\` is another program by now: the graph has ended and its number was given away${d["end"]}`,
    hint: () => "Nothing was signalled; the pid file was removed.",
  },
  WB_PROCESS_DENIED: {
    exitStatus: 1,
    message: (d) => `Process ${d["pid"]} belongs to another user, so it cannot be ${d["what"]}`,
    hint: () => "Call this as the user who called `start`, or as root.",
  },
  WB_STOP_TIMEOUT: {
    exitStatus: 1,
    message: (d) => `Process ${d["pid"]} still runs ${d["timeout"]} after it was told to ${d["what"]}`,
    hint: (d) =>
      d["what"] === "end"
        ? "The system does not let go of it, which happens while a disk or network file system hangs."
        : "Wait longer with `--timeout`, or end it at once with `kill`, which loses what it holds in memory.",
  },
  WB_STOP_BADLY: {
    exitStatus: 1,
    message: (d) => `Process ${d["pid"]} ended without telling what became of its events`,
    hint: (d) =>
      `It was killed or crashed meanwhile${(d["log"] ?? "") === "" ? "" : `; \`${d["log"]}\` may tell more`}. What was on disk is still there.`,
  },
  WB_KILL_UNCONFIRMED: {
    exitStatus: 2,
    message: (d) => `Process ${d["pid"]} was not killed: nobody can be asked here`,
    hint: () => "Add `--yes` to kill without being asked; `stop` ends it in order.",
  },
} satisfies Record<string, Entry>
