// The built-in modules, one line each. A module that is not listed here does not exist.

import type { ModuleClass } from "../src/index.ts"
import Fanout from "./flow/fanout.ts"
import Funnel from "./flow/funnel.ts"
import Dictgenerator from "./input/dictgenerator.ts"
import DiskInput from "./input/disk.ts"
import Stdin from "./input/stdin.ts"
import TcpInput from "./input/tcp.ts"
import Testevent from "./input/testevent.ts"
import DiskOutput from "./output/disk.ts"
import Null from "./output/null.ts"
import Stdout from "./output/stdout.ts"
import TcpOutput from "./output/tcp.ts"

/** All built-in modules. */
export const components: readonly ModuleClass[] = [
  // Inputs
  Dictgenerator,
  DiskInput,
  Stdin,
  TcpInput,
  Testevent,
  // Flow
  Fanout,
  Funnel,
  // Outputs
  DiskOutput,
  Null,
  Stdout,
  TcpOutput,
]
