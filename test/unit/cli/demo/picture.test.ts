import { describe, expect, test } from "vitest"
import { asciiGlyphs, type Piece, paintedText, pictureOf, type Scene, unicodeGlyphs } from "../../../../src/cli/demo/picture.ts"
import { Rate } from "../../../../src/cli/demo/rate.ts"

const scene: Scene = {
  sent: 1_234_567,
  delivered: 1_234_000,
  repeated: 7,
  sentPerSecond: 200,
  outputs: [
    { name: "output_1", state: "killed", perSecond: 0, received: 1000 },
    { name: "output_2", state: "up", perSecond: 199.7, received: 42 },
    { name: "output_3", state: "up", perSecond: 0, received: 0 },
  ],
  onDisk: 500,
  onDiskMax: 1000,
  writing: false,
  over: false,
}

function linesOf(changes: Partial<Scene> = {}, columns = 80, glyphs = unicodeGlyphs): string[] {
  return pictureOf({ ...scene, ...changes }, { columns, glyphs }).map((pieces) => paintedText(pieces, { colour: false }).trimEnd())
}

describe("the picture", () => {
  test("shows who takes events, who is down and what waits", () => {
    expect(linesOf({}, 80)).toEqual([
      "",
      "   input      ● 200/s      1,234,567 sent",
      "     ▼",
      "   output_1   ✗ killed                                       1,000 received",
      "     ▼ failed",
      "   output_2   ● 200/s      █████████████████████████████        42 received",
      "     ▼ failed",
      "   output_3   ○ ready                                            0 received",
      "     ▼ failed",
      "   disk       ● waiting    ███████████████                     500 waiting",
      "     ╰─ fed back to the top when it is quiet",
      "",
      "   1,234,567 sent = 1,234,000 received + 500 on disk + 67 under way   (7 received twice)",
    ])
  })

  test.each([60, 80, 120, 200])("has %s columns to fit in, but for its last line", (columns) => {
    for (const line of linesOf({}, columns).slice(0, -1)) expect(line.length).toBeLessThan(columns)
  })

  test("what the disk has offered again and is not confirmed counts once", () => {
    expect(linesOf({ sent: 100, delivered: 90, onDisk: 30 }).at(-1)).toContain("100 sent = 90 received + 10 on disk + 0 under way")
  })

  test("bars are in proportion, and never longer than there is room", () => {
    const [one, two] = [100, 400].map((perSecond) => ({ name: `output_${perSecond}`, state: "up" as const, perSecond, received: 1 }))
    const lines = linesOf({ outputs: [one, two].flatMap((output) => output ?? []) })
    const bar = (line = ""): number => line.split("█").length - 1
    expect(bar(lines[3])).toBeGreaterThan(bar(lines[5]) / 5)
    expect(bar(lines[3])).toBeLessThan(bar(lines[5]) / 3)
  })

  test("the last picture shows what was, and nothing at work", () => {
    const outputs = scene.outputs.map((output) => ({ ...output, state: "ended" as const }))
    const text = linesOf({ outputs, onDisk: 0, over: true }).join("\n")
    expect(text).toContain("input      ○ ended")
    expect(text).not.toContain("●")
  })

  test("does without Unicode where there is none", () => {
    expect(linesOf({}, 80, asciiGlyphs).join("")).toMatch(/^[ -~]*$/)
  })
})

describe("painted text", () => {
  const pieces: Piece[] = [["abc", "good"], ["def"], ["ghi", "bad"]]

  test("is cut by what is seen, not by its colours", () => {
    expect(paintedText(pieces, { colour: false, width: 4 })).toBe("abcd")
    expect(paintedText(pieces, { colour: true, width: 4 })).toBe("\u001b[32mabc\u001b[39md")
    expect(paintedText(pieces, { colour: true, width: 0 })).toBe("")
  })
})

test("a rate is that of the last second", () => {
  const rate = new Rate()
  expect(rate.note(0, 10)).toBe(0)
  expect(rate.note(500, 60)).toBe(100)
  expect(rate.note(1000, 60)).toBe(50)
  expect(rate.note(1400, 60)).toBe(0)
})
