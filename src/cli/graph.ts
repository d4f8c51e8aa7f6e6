// `graph`: draws the instances and routes of a bootstrap file, for a terminal, Graphviz, Mermaid or as a picture.

import { type Command, Option } from "commander"
import picocolors from "picocolors"
import { problemsText } from "../bootstrap/report.ts"
import { drawDot, drawMermaid } from "../router/draw-markup.ts"
import { type Drawing, drawingOf } from "../router/draw-model.ts"
import { drawSvg } from "../router/draw-svg.ts"
import { drawText, type Paint } from "../router/draw-text.ts"
import { type CliCommand, type Context, examples } from "./command.ts"
import { loadBootstrap } from "./load.ts"
import { giveAnswer } from "./out-file.ts"

const formats = ["terminal", "dot", "mermaid", "svg"] as const
type Format = (typeof formats)[number]

interface GraphCommandOptions {
  readonly config: string
  readonly set?: readonly string[]
  readonly format?: Format
  readonly out?: string
}

export const command: CliCommand = {
  declare(command: Command): void {
    command
      .requiredOption("--config <file>", "the bootstrap file; `-` reads standard input")
      .option("--set <path=value...>", "settings that `debug` is given")
      .addOption(new Option("--format <format>", "how it is drawn (default: by the name of --out, else terminal)").choices(formats))
      .option("--out <file>", "write it to a file instead of standard output")
      .addHelpText("after", helpText)
  },

  async run(options: GraphCommandOptions, { registry: load, shell }: Context): Promise<number> {
    const { config, set, out } = options
    const loaded = await loadBootstrap({ config, registry: await load(), platform: await shell.platform(), ...(set && { set }) })
    const { graph, plan, problems } = loaded
    if (plan === undefined || graph === undefined) {
      const errors = problems.filter(({ severity }) => severity === "error")
      shell.err(problemsText(errors, loaded.sources))
      return 2
    }
    const format = options.format ?? formatOf(out)
    const coloured = shell.terminal?.colour === true && out === undefined
    await giveAnswer(draw(drawingOf(graph, plan), format, coloured), { out, shell })
    return 0
  },
}

const helpText = `${examples("graph --config flow.yaml", "graph --config flow.yaml --out flow.svg", "graph --config flow.yaml --format dot | dot -Tpng -o flow.png")}

Routes of failed events are drawn with \`✗\`, or in red; those of logs, and the way through a directory, dotted.
Exit status: 0 drawn, 1 the file of --out cannot be written, 2 a file with errors, or bad usage.`

const endings: Readonly<Record<string, Format>> = { svg: "svg", dot: "dot", gv: "dot", mmd: "mermaid", mermaid: "mermaid" }

function formatOf(out: string | undefined): Format {
  const ending = /\.([a-z]+)$/i.exec(out ?? "")?.[1]?.toLowerCase() ?? ""
  return (Object.hasOwn(endings, ending) ? endings[ending] : undefined) ?? "terminal"
}

function draw(drawing: Drawing, format: Format, coloured: boolean): string {
  switch (format) {
    case "dot":
      return drawDot(drawing)
    case "mermaid":
      return drawMermaid(drawing)
    case "svg":
      return drawSvg(drawing)
    case "terminal":
      return drawText(drawing, paint(coloured))
  }
}

function paint(coloured: boolean): Paint {
  const { bold, dim, red } = picocolors.createColors(coloured)
  return { name: bold, faint: dim, failed: red }
}
