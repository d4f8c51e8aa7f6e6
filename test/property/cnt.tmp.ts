import { Calls } from "../../src/actor/calls.ts"
import { playRandomGraph } from "./random-graphs.ts"
let n: Record<string, number> = {}
const add = (k: string) => { n[k] = (n[k] ?? 0) + 1 }
const p = Calls.prototype as any
const o = p.abandon
p.abandon = function () { for (const c of this.running) add(`moved ${c.moved} kept ${c.kept} successful ${this.parts.ends.successful.queue !== null} held ${this.parts.holds.has(c.event)} copy ${c.successCopy !== null}`); return o.call(this) }
for (let s = 1; s <= 1000; s++) { await playRandomGraph(s);  }
console.log(n)
