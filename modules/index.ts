// The built-in components, one line each. One that is not listed here does not exist.

import type { ComponentClass } from "../src/index.ts"
import Count from "./flow/count.ts"
import Fanout from "./flow/fanout.ts"
import Funnel from "./flow/funnel.ts"
import Queueselect from "./flow/queueselect.ts"
import RetryFlow from "./flow/retry.ts"
import Roundrobin from "./flow/roundrobin.ts"
import Switch from "./flow/switch.ts"
import Throttle from "./flow/throttle.ts"
import Ttl from "./flow/ttl.ts"
import Append from "./function/module-append.ts"
import Lowercase from "./function/module-lowercase.ts"
import SetValue from "./function/module-set.ts"
import Uppercase from "./function/module-uppercase.ts"
import Choice from "./function/template-choice.ts"
import Cycle from "./function/template-cycle.ts"
import Environment from "./function/template-environment.ts"
import Epoch from "./function/template-epoch.ts"
import Pid from "./function/template-pid.ts"
import RandomBool from "./function/template-random-bool.ts"
import RandomInteger from "./function/template-random-integer.ts"
import RandomUuid from "./function/template-random-uuid.ts"
import RandomWord from "./function/template-random-word.ts"
import Regex from "./function/template-regex.ts"
import Strftime from "./function/template-strftime.ts"
import Version from "./function/template-version.ts"
import Cron from "./input/cron.ts"
import Dictgenerator from "./input/dictgenerator.ts"
import DiskInput from "./input/disk.ts"
import FileInput from "./input/file.ts"
import Generator from "./input/generator.ts"
import HttpInput from "./input/http.ts"
import Stdin from "./input/stdin.ts"
import TcpInput from "./input/tcp.ts"
import Testevent from "./input/testevent.ts"
import DiskOutput from "./output/disk.ts"
import FileOutput from "./output/file.ts"
import HttpOutput from "./output/http.ts"
import Null from "./output/null.ts"
import Stdout from "./output/stdout.ts"
import TcpOutput from "./output/tcp.ts"
import Dedupe from "./process/dedupe.ts"
import Modify from "./process/modify.ts"
import Template from "./process/template.ts"
import BinaryDecoder from "./protocol/decode-binary.ts"
import DummyDecoder from "./protocol/decode-dummy.ts"
import JsonDecoder from "./protocol/decode-json.ts"
import MsgpackDecoder from "./protocol/decode-msgpack.ts"
import PlainDecoder from "./protocol/decode-plain.ts"
import BinaryEncoder from "./protocol/encode-binary.ts"
import DummyEncoder from "./protocol/encode-dummy.ts"
import JsonEncoder from "./protocol/encode-json.ts"
import MsgpackEncoder from "./protocol/encode-msgpack.ts"
import PlainEncoder from "./protocol/encode-plain.ts"

/** All built-in components: modules, protocols and functions. */
export const components: readonly ComponentClass[] = [
  // Inputs
  Cron,
  Dictgenerator,
  DiskInput,
  FileInput,
  Generator,
  HttpInput,
  Stdin,
  TcpInput,
  Testevent,
  // Flow
  Count,
  Fanout,
  Funnel,
  Queueselect,
  RetryFlow,
  Roundrobin,
  Switch,
  Throttle,
  Ttl,
  // Process
  Dedupe,
  Modify,
  Template,
  // Outputs
  DiskOutput,
  FileOutput,
  HttpOutput,
  Null,
  Stdout,
  TcpOutput,
  // Protocols
  BinaryDecoder,
  DummyDecoder,
  JsonDecoder,
  MsgpackDecoder,
  PlainDecoder,
  BinaryEncoder,
  DummyEncoder,
  JsonEncoder,
  MsgpackEncoder,
  PlainEncoder,
  // Functions on events
  Append,
  Lowercase,
  SetValue,
  Uppercase,
  // Functions in templates
  Choice,
  Cycle,
  Environment,
  Epoch,
  Pid,
  RandomBool,
  RandomInteger,
  RandomUuid,
  RandomWord,
  Regex,
  Strftime,
  Version,
]
