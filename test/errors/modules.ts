// Provocations of what keeps modules from starting: ports, certificates, files.

import { fileURLToPath } from "node:url"
import FileInput from "../../modules/input/file.ts"
import TcpInput from "../../modules/input/tcp.ts"
import FileOutput from "../../modules/output/file.ts"
import TcpOutput from "../../modules/output/tcp.ts"
import { realPlatform } from "../../src/platform/real.ts"
import { simulatedPlatform } from "../../src/platform/simulated/simulated.ts"
import { startModule } from "../../src/testing/harness.ts"
import { type Provocations, thrown } from "./told.ts"

const noCertificate = fileURLToPath(new URL("../fixtures/tls/README.md", import.meta.url))

export const moduleProvocations: Provocations = {
  WB_PORT_IN_USE: thrown("Two instances of `wishbone.input.tcp` with the same `port`.", async () => {
    const platform = simulatedPlatform()
    await startModule(TcpInput, { port: 7000 }, { platform })
    await startModule(TcpInput, { port: 7000 }, { platform, instance: { name: "receiver" } })
  }),
  // The simulated network has every address; this one is of no machine (RFC 5737).
  WB_LISTEN_FAILED: thrown("A `wishbone.input.tcp` whose `host` is `192.0.2.1`, an address of another machine.", () =>
    startModule(TcpInput, { host: "192.0.2.1", port: 7000 }, { platform: realPlatform(), instance: { name: "receiver" } }),
  ),
  WB_TLS_FILE: thrown("A `wishbone.output.tcp` with `tls: { ca: /flow/ca.pem }`, where there is no such file.", () =>
    startModule(TcpOutput, { tls: { ca: "/flow/ca.pem" } }, { instance: { name: "out" } }),
  ),
  WB_TLS_UNUSABLE: thrown("A `wishbone.output.tcp` with `tls: { ca: ./README.md }`.", () =>
    startModule(TcpOutput, { tls: { ca: noCertificate } }, { platform: realPlatform(), instance: { name: "out" } }),
  ),
  WB_STATE_FILE: thrown("A `wishbone.input.file` with `position_file: /srv/flow/positions/log.json`, and there is no `/srv`.", () =>
    startModule(FileInput, { path: "/var/log/app.log", position_file: "/srv/flow/positions/log.json" }, { instance: { name: "log" } }),
  ),
  WB_INPUT_FILE_PATH: thrown("A `wishbone.input.file` with `path: /var/log`, which is a folder.", async () => {
    const platform = simulatedPlatform()
    platform.disk.put("/var/log/app.log", "")
    await startModule(FileInput, { path: "/var/log" }, { platform, instance: { name: "log" } })
  }),
  WB_OUTPUT_FILE_BASE: thrown("A `wishbone.output.file` with `base_dir: /srv/archive/today`, and there is no `/srv/archive`.", () =>
    startModule(FileOutput, { base_dir: "/srv/archive/today", path: "all.log" }, { instance: { name: "archive" } }),
  ),
}
