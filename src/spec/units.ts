// Durations and sizes as people write them. A duration is milliseconds inside, a size is bytes inside; in YAML a plain number is
// seconds or bytes, and text has a unit.

const durationUnits: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

const kibi = 1024
const kilo = 1000
// A lone letter and `KiB` mean powers of 1024, `KB` powers of 1000, as in the tools people size disks and buffers with.
const sizeUnits: Readonly<Record<string, number>> = {
  b: 1,
  k: kibi,
  kb: kilo,
  kib: kibi,
  m: kibi ** 2,
  mb: kilo ** 2,
  mib: kibi ** 2,
  g: kibi ** 3,
  gb: kilo ** 3,
  gib: kibi ** 3,
  t: kibi ** 4,
  tb: kilo ** 4,
  tib: kibi ** 4,
}

/** What text a duration may be, for JSON Schema. */
export const durationPattern = "^\\s*\\d+(\\.\\d+)?\\s*([mM]?[sS]|[mMhHdD])\\s*$"

/** What text a size may be, for JSON Schema. */
export const sizePattern = "^\\s*\\d+(\\.\\d+)?\\s*([kKmMgGtT]([iI]?[bB])?|[bB])\\s*$"

/**
 * Milliseconds of a duration: a number is seconds, text has a unit (`250ms`, `10s`, `5m`, `2h`, `1d`). Undefined when it is neither,
 * negative, or longer than can be counted exactly. Rounded to whole milliseconds; what is more than nothing stays at least one.
 */
export function parseDuration(value: unknown): number | undefined {
  const ms = typeof value === "number" ? value * 1000 : scaled(value, durationUnits)
  if (ms === undefined || !(ms >= 0) || ms > Number.MAX_SAFE_INTEGER) return undefined
  return ms > 0 ? Math.max(1, Math.round(ms)) : 0
}

/** Bytes of a size: a number is bytes, text has a unit (`64 KiB`, `16 MiB`, `10 MB`, `1g`). Undefined when it is no whole number of bytes. */
export function parseSize(value: unknown): number | undefined {
  const bytes = typeof value === "number" ? value : scaled(value, sizeUnits)
  return bytes !== undefined && Number.isSafeInteger(bytes) && bytes >= 0 ? bytes : undefined
}

function scaled(value: unknown, units: Readonly<Record<string, number>>): number | undefined {
  if (typeof value !== "string") return undefined
  const found = /^\s*(\d+(?:\.\d+)?)\s*([a-z]+)\s*$/i.exec(value)
  const unit = found?.[2]?.toLowerCase()
  if (found === null || unit === undefined || !Object.hasOwn(units, unit)) return undefined
  return Number(found[1]) * (units[unit] ?? 1)
}

/** The shortest exact text of a duration: `10s`, `1500ms`, `2h`. */
export function formatDuration(ms: number): string {
  return (
    shortest(ms, [
      ["d", 86_400_000],
      ["h", 3_600_000],
      ["m", 60_000],
      ["s", 1000],
    ]) ?? `${ms}ms`
  )
}

/** The shortest exact text of a size: `16 MiB`, `100 bytes`. */
export function formatSize(bytes: number): string {
  return (
    shortest(bytes, [
      [" TiB", kibi ** 4],
      [" GiB", kibi ** 3],
      [" MiB", kibi ** 2],
      [" KiB", kibi],
    ]) ?? `${bytes} ${bytes === 1 ? "byte" : "bytes"}`
  )
}

function shortest(value: number, units: readonly (readonly [string, number])[]): string | undefined {
  if (value === 0) return undefined
  const fitting = units.find(([, scale]) => value % scale === 0)
  return fitting === undefined ? undefined : `${value / fitting[1]}${fitting[0]}`
}
