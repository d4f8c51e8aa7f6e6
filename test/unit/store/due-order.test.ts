import fc from "fast-check"
import { expect, test } from "vitest"
import { compareDue, DueOrder, type DuePlace } from "../../../src/store/due-order.ts"

const place = fc.record({
  dueMs: fc.integer({ min: 0, max: 50 }),
  id: fc.integer({ min: 0, max: 5000 }).map((id) => String(id).padStart(4, "0")),
})
const step = fc.record({ add: fc.boolean(), at: fc.nat() })

function build(places: readonly DuePlace[]): { order: DueOrder<DuePlace>; model: DuePlace[] } {
  const order = new DueOrder<DuePlace>()
  const model = [...new Map(places.map((each) => [each.id, each])).values()]
  for (const each of model) order.add(each)
  return { order, model: model.toSorted(compareDue) }
}

test("gives what was put in by time, then by id, however it was put in and taken out", () => {
  fc.assert(
    fc.property(fc.array(place, { maxLength: 2000 }), fc.array(step, { maxLength: 200 }), (places, steps) => {
      const { order, model } = build(places)
      for (const { add, at } of steps) {
        const chosen = model[at % Math.max(1, model.length)]
        if (chosen === undefined) break
        expect(order.remove(chosen)).toBe(true)
        expect(order.remove(chosen)).toBe(false)
        model.splice(model.indexOf(chosen), 1)
        if (!add) continue
        const again = { ...chosen, dueMs: at % 60 }
        order.add(again)
        model.push(again)
        model.sort(compareDue)
      }
      expect([...order.from()]).toEqual(model)
    }),
    { numRuns: 50 },
  )
})

test("goes on behind any place, whether there is something at it or not", () => {
  fc.assert(
    fc.property(fc.array(place, { minLength: 1, maxLength: 1500 }), place, (places, after) => {
      const { order, model } = build(places)
      expect([...order.from(after)]).toEqual(model.filter((each) => compareDue(each, after) > 0))
    }),
    { numRuns: 50 },
  )
})
