// The public door: all that module authors and embedding programs import. Built-in modules come through it too.

export type { BackgroundBody } from "./actor/background.ts"
export type { Batch, BatchHandler } from "./actor/batch.ts"
export { Circuit } from "./actor/circuit.ts"
export type { Handler } from "./actor/consumer.ts"
export { FlowModule } from "./actor/flow.ts"
export { InputModule } from "./actor/input.ts"
export type { ModuleClass } from "./actor/instance.ts"
export { type ChunkLines, LineAnswers, type LineAnswersOptions } from "./actor/line-answers.ts"
export { LineConnection, type LineConnectionParts } from "./actor/line-connection.ts"
export { LineJoin, type LineJoinOptions } from "./actor/line-join.ts"
export { LineQuestions, type LineQuestionsOptions, notSent } from "./actor/line-questions.ts"
export { LineSplit, type LineSplitOptions, type TakeLine } from "./actor/line-split.ts"
export { type Confirmation, Link, type LinkParts, type Sent } from "./actor/link.ts"
export type { ModuleContext } from "./actor/module.ts"
export { OutputModule, textOrBytes } from "./actor/output.ts"
export { ProcessModule } from "./actor/process.ts"
export type { Submit } from "./actor/producer.ts"
export type { SentBytes } from "./actor/released.ts"
export { Slabs } from "./actor/slabs.ts"
export { Tail, type TailOptions, WrittenConfirmation } from "./actor/tail.ts"
export { readTlsClient, readTlsServer } from "./actor/tls-files.ts"
export { Invalid, isWishboneError, Quarantine, Retry, TransientError, WishboneError } from "./errors.ts"
export { type Encoding, Event } from "./event.ts"
export { decodeEvent, encodeEvent } from "./event-codec.ts"
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
export { defineModule } from "./spec/define.ts"
export { duration, path, port, secret, size, templated, z } from "./spec/schema.ts"
export type { Args, Contract, ModuleSpec } from "./spec/spec.ts"
export { type TlsClientArgument, type TlsServerArgument, tlsClient, tlsServer } from "./spec/tls.ts"
export type { SpoolReader } from "./spool/reader.ts"
export type { Spool } from "./spool/spool.ts"
export type { SpooledRecord } from "./spool/spooled-record.ts"
export { Spools } from "./spool/spools.ts"
export type { SpoolWriter } from "./spool/writer.ts"
export { type FailedSlot, type Result, Ticket, type TicketOwner } from "./ticket.ts"
