// The public door: all that module authors and embedding programs import. Built-in modules come through it too.

export { Admission, type AdmissionOptions, type Applicant } from "./actor/admission.ts"
export { AppendFiles, type AppendFilesOptions, type FileLines } from "./actor/append-files.ts"
export type { BackgroundBody } from "./actor/background.ts"
export type { Batch, BatchHandler } from "./actor/batch.ts"
export { BatchEnds } from "./actor/batch-ends.ts"
export { bytesOfText, type Charset, charset, textOfBytes } from "./actor/charset.ts"
export { Circuit } from "./actor/circuit.ts"
export { bodyEncodings, expanded, isBodyEncoding } from "./actor/compressed-body.ts"
export { confinedPath, prepareFolder } from "./actor/confined-path.ts"
export { confinedTarget, type UrlBase, urlBase } from "./actor/confined-url.ts"
export type { Handler } from "./actor/consumer.ts"
export { checkDecodedData, decodedBytesMax, decodedDepthMax } from "./actor/decoded-data.ts"
export { DecodedStream, type DecodedStreamOptions } from "./actor/decoded-stream.ts"
export { type Decoded, Decoder } from "./actor/decoder.ts"
export { DelimitedDecoder } from "./actor/delimited-decoder.ts"
export { Encoder } from "./actor/encoder.ts"
export type { FileDisposalOptions } from "./actor/file-disposal.ts"
export type { FileFollowOptions } from "./actor/file-follow.ts"
export type { FileInputParts } from "./actor/file-input.ts"
export { FileIntake, type FileIntakeOptions, type WholeFile } from "./actor/file-intake.ts"
export { FilePattern } from "./actor/file-pattern.ts"
export { FileTail, type FileTailOptions } from "./actor/file-tail.ts"
export { FlowModule, type SubmitQueue } from "./actor/flow.ts"
export type { FileLine, FollowedFileOptions } from "./actor/followed-file.ts"
export { HttpAccess, type HttpAccessOptions } from "./actor/http-access.ts"
export { acceptedAnswer, failedAnswer, jsonAnswer, resultsAnswer } from "./actor/http-answers.ts"
export { statusOfInvalid, type TakenBody, takeBody } from "./actor/http-body-intake.ts"
export { HttpDestination, type HttpDestinationArguments, type HttpTarget } from "./actor/http-destination.ts"
export { type RequestTarget, requestTarget } from "./actor/http-query.ts"
export { excerpt, headerNameProblem, headerValue, retryAfterMs } from "./actor/http-text.ts"
export { InputModule } from "./actor/input.ts"
export type { ModuleClass } from "./actor/instance.ts"
export { type ChunkLines, LineAnswers, type LineAnswersOptions } from "./actor/line-answers.ts"
export { LineConnection, type LineConnectionParts, type LineDecoding } from "./actor/line-connection.ts"
export { LineJoin, type LineJoinOptions } from "./actor/line-join.ts"
export { LineQuestions, type LineQuestionsOptions, notSent } from "./actor/line-questions.ts"
export { LineSplit, type LineSplitOptions, type TakeLine } from "./actor/line-split.ts"
export { type Confirmation, Link, type LinkParts, type Sent } from "./actor/link.ts"
export type { BatchHandlers, Handlers, Module, ModuleContext } from "./actor/module.ts"
export { ModuleFunction } from "./actor/module-function.ts"
export { type MsgpackCodec, msgpackCodec } from "./actor/msgpack.ts"
export { OutputModule, textOrBytes } from "./actor/output.ts"
export type { PartContext } from "./actor/part.ts"
export { compilePattern, type Pattern, pattern } from "./actor/patterns.ts"
export { ProcessModule } from "./actor/process.ts"
export type { Submit } from "./actor/producer.ts"
export type { SentBytes } from "./actor/released.ts"
export { RequestCircuit, type RequestCircuitOptions, type RequestFailure } from "./actor/request-circuit.ts"
export { type BodyFormat, type Drafted, type DraftLimits, type DraftPart, RequestDraft, RequestDrafts } from "./actor/request-drafts.ts"
export { type RetryFigures, Retrying, type RetryParts } from "./actor/retry.ts"
export type { RetrySettings } from "./actor/retry-settings.ts"
export { Slabs } from "./actor/slabs.ts"
export { Tail, type TailOptions, WrittenConfirmation } from "./actor/tail.ts"
export type { Template } from "./actor/template.ts"
export { LateTemplate } from "./actor/template-arguments.ts"
export { TemplateFunction } from "./actor/template-function.ts"
export { formatTime } from "./actor/time-format.ts"
export { readTlsClient, readTlsServer } from "./actor/tls-files.ts"
export {
  type FailureKind,
  failureKinds,
  Invalid,
  isInvalid,
  isWishboneError,
  Quarantine,
  Retry,
  TransientError,
  WishboneError,
} from "./errors.ts"
export { type Encoding, type ErrorRecord, Event, type EventMeta, type HistoryEntry, type Origin } from "./event.ts"
export { decodeEvent, type EventPieces, encodeEvent, fromJson, type JsonStyle, piecesOf, toJson } from "./event-codec.ts"
export { EventDraft, type PathSteps } from "./event-draft.ts"
export { deepCopy, parsePath } from "./event-path.ts"
export { eventPath, mapByPath, type PathUse } from "./event-schema.ts"
export type { Log } from "./log.ts"
export type {
  Http,
  HttpAnswer,
  HttpBody,
  HttpBodyEvents,
  HttpExchange,
  HttpHandler,
  HttpListener,
  HttpListenOptions,
} from "./platform/http.ts"
export type { HttpPool, HttpPoolOptions, HttpRequest, HttpResponse } from "./platform/http-pool.ts"
export type {
  Address,
  Clock,
  Connection,
  ConnectionEvents,
  ConnectOptions,
  FileHandle,
  FileStat,
  Files,
  Listener,
  ListenOptions,
  OpenOptions,
  Pem,
  Platform,
  Random,
  Sockets,
  StandardStreams,
  Timer,
  Timers,
  TlsClient,
  TlsCode,
  TlsServer,
  WatchEvents,
  Watcher,
} from "./platform/platform.ts"
export type { ComponentClass } from "./router/parts.ts"
export { defineModule } from "./spec/define.ts"
export { defineFunction, type FunctionKind, type FunctionSpec } from "./spec/function.ts"
export type { KindShape } from "./spec/kinds.ts"
export { defineProtocol, type ProtocolKind, type ProtocolSpec } from "./spec/protocol.ts"
export {
  type DurationBounds,
  duration,
  type MeasureSchema,
  path,
  port,
  type SizeBounds,
  secret,
  size,
  storeName,
  type TemplatedSchema,
  templated,
  z,
} from "./spec/schema.ts"
export type {
  Acknowledges,
  Args,
  ArgumentShape,
  ComponentSpec,
  Contract,
  Example,
  InQueue,
  MemoryLimits,
  Merged,
  ModuleDeclaration,
  ModuleKind,
  ModuleSpec,
  OutQueue,
  QueueMap,
  QueueSpec,
} from "./spec/spec.ts"
export { type TlsClientArgument, type TlsServerArgument, tlsClient, tlsServer } from "./spec/tls.ts"
export { answerRecords, type Offering } from "./spool/answers.ts"
export type { SpoolReader } from "./spool/reader.ts"
export type { Spool } from "./spool/spool.ts"
export type { SpooledRecord } from "./spool/spooled-record.ts"
export { Spools } from "./spool/spools.ts"
export type { SpoolWriter } from "./spool/writer.ts"
export { Bucket } from "./store/bucket.ts"
export type { Buffered } from "./store/buffer-adapter.ts"
export type { StoreClient } from "./store/client-adapter.ts"
export { type MadeStore, registerStore, type StoreContext, type StoreDriver, type StoreFactory } from "./store/driver.ts"
export type { PlainEntry } from "./store/plain-entry.ts"
export type * from "./store/store.ts"
export { Stores } from "./store/stores.ts"
export { type FailedSlot, type Result, Ticket, type TicketOwner } from "./ticket.ts"
