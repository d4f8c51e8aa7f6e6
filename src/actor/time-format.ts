// A time as text, in UTC, by the tokens that Wishbone's users know (those of Python's arrow):
//   YYYY YY · MMMM MMM MM M · DDDD DDD (day of the year) DD D Do · dddd ddd d (1 = Monday) · W (ISO week, 2024-W05-4)
//   HH H hh h A a · mm m · ss s · S to SSSSSS (parts of a second) · X (seconds since 1970) x (microseconds) · ZZZ ZZ Z
// `[text]` stands for itself, as does everything that is no token.

import { Invalid } from "../errors.ts"

/** A moment, taken apart. */
interface Moment {
  readonly date: Date
  /** Microseconds within the second: as exact as a number of seconds with fractions is. */
  readonly micros: number
  readonly epochMicros: number
}

const months = "January February March April May June July August September October November December".split(" ")
const days = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split(" ")
const token = /\[[^\]]*\]|YYYY|YY|MMMM|MMM|MM|M|DDDD|DDD|DD|Do|D|dddd|ddd|d|HH|H|hh|h|A|a|mm|m|ss|s|S{1,6}|ZZZ|ZZ|Z|X|x|W/g

const tokens: Readonly<Record<string, (moment: Moment) => string>> = {
  YYYY: ({ date }) => padded(date.getUTCFullYear(), 4),
  YY: ({ date }) => padded(date.getUTCFullYear() % 100, 2),
  MMMM: ({ date }) => months[date.getUTCMonth()] ?? "",
  MMM: ({ date }) => (months[date.getUTCMonth()] ?? "").slice(0, 3),
  MM: ({ date }) => padded(date.getUTCMonth() + 1, 2),
  M: ({ date }) => String(date.getUTCMonth() + 1),
  DDDD: ({ date }) => padded(dayOfYear(date), 3),
  DDD: ({ date }) => String(dayOfYear(date)),
  DD: ({ date }) => padded(date.getUTCDate(), 2),
  Do: ({ date }) => ordinal(date.getUTCDate()),
  D: ({ date }) => String(date.getUTCDate()),
  dddd: ({ date }) => days[weekday(date) - 1] ?? "",
  ddd: ({ date }) => (days[weekday(date) - 1] ?? "").slice(0, 3),
  d: ({ date }) => String(weekday(date)),
  HH: ({ date }) => padded(date.getUTCHours(), 2),
  H: ({ date }) => String(date.getUTCHours()),
  hh: ({ date }) => padded(date.getUTCHours() % 12 || 12, 2),
  h: ({ date }) => String(date.getUTCHours() % 12 || 12),
  A: ({ date }) => (date.getUTCHours() < 12 ? "AM" : "PM"),
  a: ({ date }) => (date.getUTCHours() < 12 ? "am" : "pm"),
  mm: ({ date }) => padded(date.getUTCMinutes(), 2),
  m: ({ date }) => String(date.getUTCMinutes()),
  ss: ({ date }) => padded(date.getUTCSeconds(), 2),
  s: ({ date }) => String(date.getUTCSeconds()),
  ZZZ: () => "UTC",
  ZZ: () => "+00:00",
  Z: () => "+0000",
  X: ({ epochMicros }) => String(Math.floor(epochMicros / 1e6)),
  x: ({ epochMicros }) => String(epochMicros),
  W: ({ date }) => isoWeek(date),
}

/**
 * Writes a time down.
 *
 * @param seconds since 1970, with fractions, as in `event.timestamp`
 * @throws Invalid when it is no time that a calendar knows.
 * @example
 * formatTime(0.25, "YYYY-MM-DD[T]HH:mm:ss.SSSZZ") // 1970-01-01T00:00:00.250+00:00
 */
export function formatTime(seconds: number, format: string): string {
  const epochMicros = Math.round(seconds * 1e6)
  const date = new Date(Math.floor(epochMicros / 1000))
  if (Number.isNaN(date.getTime())) throw new Invalid(`${seconds} seconds since 1970 is no time that can be written down`)
  const moment: Moment = { date, epochMicros, micros: ((epochMicros % 1e6) + 1e6) % 1e6 }
  return format.replace(token, (found) => {
    if (found.startsWith("[")) return found.slice(1, -1)
    if (found.startsWith("S")) return padded(moment.micros, 6).slice(0, found.length)
    return tokens[found]?.(moment) ?? found
  })
}

function padded(value: number, width: number): string {
  return value < 0 ? `-${String(-value).padStart(width, "0")}` : String(value).padStart(width, "0")
}

function ordinal(day: number): string {
  const ending = day > 10 && day < 14 ? "th" : (["th", "st", "nd", "rd"][day % 10] ?? "th")
  return `${day}${ending}`
}

/** 1 for Monday to 7 for Sunday. */
function weekday(date: Date): number {
  return date.getUTCDay() || 7
}

const dayMs = 86_400_000

function dayOfYear(date: Date): number {
  const first = Date.UTC(date.getUTCFullYear(), 0, 1)
  return Math.floor((date.getTime() - first) / dayMs) + 1
}

/** Weeks begin on Monday, and the first is the one with the year's first Thursday. */
function isoWeek(date: Date): string {
  const thursday = new Date(date.getTime() + (4 - weekday(date)) * dayMs)
  const week = Math.ceil(dayOfYear(thursday) / 7)
  return `${padded(thursday.getUTCFullYear(), 4)}-W${padded(week, 2)}-${weekday(date)}`
}
