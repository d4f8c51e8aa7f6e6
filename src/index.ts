// The public door: all that module authors and embedding programs import. Built-in modules come through it too.

export { Invalid, isWishboneError, Quarantine, Retry, TransientError, WishboneError } from "./errors.ts"
export { Event, type Encoding } from "./event.ts"
export { type Result, type FailedSlot, Ticket, type TicketOwner } from "./ticket.ts"
export type { Log } from "./log.ts"
export type {
  Address,
  Clock,
  Connection,
  ConnectionEvents,
  FileHandle,
  Files,
  Listener,
  Platform,
  Random,
  Sockets,
  StandardStreams,
  Timer,
  Timers,
} from "./platform/platform.ts"
export { duration, path, port, secret, size, templated, z } from "./spec/schema.ts"
export { defineModule } from "./spec/define.ts"
export type { Args, Contract, ModuleSpec } from "./spec/spec.ts"
export type { BackgroundBody } from "./actor/background.ts"
export type { Batch, BatchHandler } from "./actor/batch.ts"
export { Circuit } from "./actor/circuit.ts"
export type { Handler } from "./actor/consumer.ts"
export { FlowModule } from "./actor/flow.ts"
export { InputModule } from "./actor/input.ts"
export { LineJoin, type LineJoinOptions } from "./actor/line-join.ts"
export { LineSplit, type LineSplitOptions, type TakeLine } from "./actor/line-split.ts"
export type { ModuleClass } from "./actor/instance.ts"
export type { ModuleContext } from "./actor/module.ts"
export { OutputModule, textOrBytes } from "./actor/output.ts"
export type { Submit } from "./actor/producer.ts"
export { ProcessModule } from "./actor/process.ts"
export { decodeEvent, encodeEvent } from "./event-codec.ts"
export type { Spool } from "./spool/spool.ts"
export { Spools } from "./spool/spools.ts"
export type { SpoolReader } from "./spool/reader.ts"
export type { SpooledRecord } from "./spool/spooled-record.ts"
export type { SpoolWriter } from "./spool/writer.ts"
