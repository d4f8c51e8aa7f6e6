// The live graph of `demo failover` as lines of text: who takes events, who is down, what waits on disk. Pure: the same scene gives the
// same picture.
//
//     input       ● 201/s
//       ▼
//     output_1    ✗ killed
//       ▼ failed
//     output_2    ● 201/s    ████████████████████████          812
//       ▼ failed
//     disk        ○          nothing waits
//
// Every character here is one column wide.

import pc from "picocolors"
import type { DestinationState } from "./destination.ts"

export type Paint = "good" | "bad" | "warm" | "quiet" | "strong"

/** A piece of a line and its colour. */
export type Piece = readonly [text: string, paint?: Paint | undefined]

/** One output and its listener. */
interface OutputScene {
  readonly name: string
  readonly state: DestinationState
  readonly perSecond: number
  readonly received: number
}

export interface Scene {
  readonly sent: number
  readonly delivered: number
  readonly repeated: number
  readonly sentPerSecond: number
  readonly outputs: readonly OutputScene[]
  readonly onDisk: number
  /** The most that was on disk in this run. */
  readonly onDiskMax: number
  /** Whether events go to disk just now. */
  readonly writing: boolean
  /** The graph has ended: nothing is on its way. */
  readonly over: boolean
}

/** The signs that are drawn with. */
export interface Glyphs {
  readonly active: string
  readonly idle: string
  readonly dead: string
  readonly down: string
  readonly bar: string
  readonly back: string
}

export const unicodeGlyphs: Glyphs = { active: "●", idle: "○", dead: "✗", down: "▼", bar: "█", back: "╰─" }
export const asciiGlyphs: Glyphs = { active: "*", idle: "o", dead: "x", down: "v", bar: "#", back: "\\_" }

const nameWidth = 11
const stateWidth = 13
const countWidth = 10
const margin = "   "

/** The picture for a terminal of so many columns. */
export function pictureOf(scene: Scene, { columns, glyphs }: { columns: number; glyphs: Glyphs }): Piece[][] {
  const width = Math.min(columns, 100)
  const barMax = Math.max(4, width - margin.length - nameWidth - stateWidth - countWidth - 14)
  const parts = { barMax, glyphs, fullPerSecond: Math.max(1, scene.sentPerSecond, ...scene.outputs.map(({ perSecond }) => perSecond)) }
  return [
    [],
    inputLine(scene, glyphs),
    arrow(glyphs, ""),
    ...scene.outputs.flatMap((output) => [outputLine(output, parts), arrow(glyphs, "failed")]),
    diskLine(scene, parts),
    [[`${margin}  ${glyphs.back} fed back to the top when it is quiet`, "quiet"]],
    [],
    totals(scene),
  ]
}

/** Pieces as text, cut at `width`, with colours if they are wanted. */
export function paintedText(
  pieces: readonly Piece[],
  { colour, width = Number.POSITIVE_INFINITY }: { colour: boolean; width?: number },
): string {
  let left = width
  let text = ""
  for (const [whole, paint] of pieces) {
    const part = whole.slice(0, left)
    left -= part.length
    text += paint === undefined || part === "" ? part : painters(colour)[paint](part)
  }
  return text
}

function painters(colour: boolean): Record<Paint, (text: string) => string> {
  const { green, red, yellow, dim, bold } = pc.createColors(colour)
  return { good: green, bad: red, warm: yellow, quiet: dim, strong: bold }
}

function inputLine({ over, sent, sentPerSecond }: Scene, { active, idle }: Glyphs): Piece[] {
  const [state, paint]: Piece = over ? [`${idle} ended`, "quiet"] : [`${active} ${rate(sentPerSecond)}`, "good"]
  return [[margin], ["input".padEnd(nameWidth)], [state.padEnd(stateWidth), paint], [`${count(sent)} sent`, "quiet"]]
}

function arrow({ down }: Glyphs, queue: string): Piece[] {
  return [[`${margin}  ${down} ${queue}`.trimEnd(), "quiet"]]
}

interface Drawing {
  readonly barMax: number
  readonly glyphs: Glyphs
  /** What a full bar stands for. */
  readonly fullPerSecond: number
}

function outputLine({ name, state: process, perSecond, received }: OutputScene, { barMax, glyphs, fullPerSecond }: Drawing): Piece[] {
  const busy = process === "up" && perSecond >= 1
  const [state, paint] = outputState(process, busy ? perSecond : 0, glyphs)
  const bar = busy ? glyphs.bar.repeat(Math.max(1, Math.round((Math.min(perSecond, fullPerSecond) / fullPerSecond) * barMax))) : ""
  return [
    [margin],
    [name.padEnd(nameWidth)],
    [state.padEnd(stateWidth), paint],
    [bar.padEnd(barMax), "good"],
    [count(received).padStart(countWidth), received === 0 ? "quiet" : undefined],
    [" received", "quiet"],
  ]
}

function outputState(process: DestinationState, perSecond: number, { active, dead, idle }: Glyphs): Piece {
  if (process === "killed") return [`${dead} killed`, "bad"]
  if (perSecond > 0) return [`${active} ${rate(perSecond)}`, "good"]
  return [`${idle} ${process === "up" ? "ready" : process}`, "quiet"]
}

function diskLine({ onDisk, onDiskMax, writing }: Scene, { barMax, glyphs }: Drawing): Piece[] {
  const [state, paint]: Piece = writing
    ? [`${glyphs.active} writing`, "warm"]
    : onDisk > 0
      ? [`${glyphs.active} waiting`, "warm"]
      : [`${glyphs.idle} ready`, "quiet"]
  const bar = glyphs.bar.repeat(onDisk === 0 ? 0 : Math.max(1, Math.round((onDisk / Math.max(1, onDiskMax)) * barMax)))
  return [
    [margin],
    ["disk".padEnd(nameWidth)],
    [state.padEnd(stateWidth), paint],
    [bar.padEnd(barMax), "warm"],
    [count(onDisk).padStart(countWidth), onDisk === 0 ? "quiet" : "warm"],
    [" waiting", "quiet"],
  ]
}

function totals({ sent, delivered, repeated, onDisk }: Scene): Piece[] {
  // What the disk has offered again stays there until it is confirmed: it may have arrived already.
  const missing = Math.max(0, sent - delivered)
  const waiting = Math.min(onDisk, missing)
  return [
    [margin],
    [`${count(sent)} sent = ${count(delivered)} received + ${count(waiting)} on disk + ${count(missing - waiting)} under way`, "strong"],
    [`   (${count(repeated)} received twice)`, "quiet"],
  ]
}

function rate(perSecond: number): string {
  return `${Math.round(perSecond)}/s`
}

/** `1,204`. */
function count(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",")
}
