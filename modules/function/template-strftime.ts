// A time as text.

import { defineFunction, formatTime, Invalid, TemplateFunction } from "../../src/index.ts"

const isoFormat = "YYYY-MM-DD[T]HH:mm:ss.SSSZZ"

const spec = defineFunction({
  name: "wishbone.function.template.strftime",
  summary: "`strftime(seconds, format)`: a time as text, in UTC: `YYYY-MM-DD HH:mm:ss.SSSZZ` and the like; `[text]` stands for itself.",
  arguments: {},
  examples: [{ title: "No arguments", arguments: {} }],
})

export default class Strftime extends TemplateFunction<typeof spec> {
  static readonly spec = spec

  call(seconds: unknown, format: unknown = isoFormat): string {
    const time = typeof seconds === "string" && seconds.trim() !== "" ? Number(seconds) : seconds
    if (typeof time !== "number" || !Number.isFinite(time)) throw new Invalid("`strftime` takes seconds since 1970, and a format")
    if (typeof format !== "string") throw new Invalid("the format of `strftime` is text")
    return formatTime(time, format)
  }
}
