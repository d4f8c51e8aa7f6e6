// Modules that the tests of this folder declare.

import { defineModule } from "../../../src/spec/define.ts"
import { duration, path, port, secret, size, templated, z } from "../../../src/spec/schema.ts"

export const output = defineModule({
  name: "acme.output.parcel",
  summary: "Sends parcels.",
  arguments: {
    host: templated(z.string()).default("127.0.0.1").describe("Where parcels go."),
    port: port().default(19283).describe("Port of the depot."),
    timeout: duration().default(10_000).describe("Longest wait for the depot."),
    keep_bytes: size({ maxBytes: 1024 }).default(0).describe("Bytes kept for a second try."),
    password: secret().min(3).optional().describe("Opens the gate."),
    base_dir: path().optional().describe("Where labels lie."),
    weight: z.int().min(1).describe("Weight in grams."),
    mode: z.enum(["air", "sea"]).default("air").describe("How parcels travel."),
    tls: z
      .union([z.literal(true), z.object({ ca: z.string(), key: secret().optional(), verify: z.boolean().default(true) })])
      .optional()
      .describe("Encryption."),
    headers: z.record(z.string(), templated(z.string())).default({}).describe("Labels of the parcel."),
    rates: z.array(templated(z.number())).default([]).describe("Prices."),
    note: templated(z.string()).nullable().default(null).describe("A card."),
  },
  aliases: { address: "host" },
  queues: {
    inbox: { direction: "in", summary: "Parcels to send." },
    returned: { direction: "out", summary: "Parcels that came back." },
  },
  contract: (args) => ({
    acknowledges: args.mode === "air" ? "accepted" : "none",
    waits: { inbox: ["returned"] },
    failsWithinMs: "arguments.timeout",
    reorders: false,
    holds: "nothing",
  }),
  examples: [
    { title: "By sea", arguments: { weight: 100, mode: "sea", timeout: "5m", payload: "{{ uuid }} {{ data }}", password: "open sesame" } },
  ],
})

export const flow = defineModule({
  name: "acme.flow.sort",
  summary: "Sorts parcels.",
  arguments: {},
  queues: { inbox: { direction: "in", summary: "Parcels." }, "*": { direction: "out", summary: "One for each town." } },
})
