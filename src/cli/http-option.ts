// `--http`: where a running graph serves its health and its metrics. Shared by the commands that run a graph.

import { InvalidArgumentError, Option } from "commander"
import type { HealthServer } from "../control/health.ts"
import type { MeasuredRouter } from "../control/metrics-source.ts"
import type { Log } from "../log.ts"
import type { Address, Platform } from "../platform/platform.ts"
import { packageVersion } from "./version.ts"

/** The option; its value is an {@link Address}. */
export function httpOption(): Option {
  return new Option(
    "--http <address>",
    "serve /live, /ready and /metrics: 127.0.0.1:9280, a port of 127.0.0.1, or a path for a unix socket (./w.sock)",
  ).argParser(httpAddress)
}

/** `9280`, `127.0.0.1:9280`, `[::1]:9280`, or a path, which has a slash. @throws InvalidArgumentError */
export function httpAddress(text: string): Address {
  if (text.includes("/")) return { path: text }
  const [, v6, name, digits = ""] = /^(?:(?:\[([0-9a-f:.]+)\]|([^:[\]\s]+)):)?(\d{1,5})$/i.exec(text) ?? []
  const port = Number(digits)
  if (digits === "" || port > 65_535)
    throw new InvalidArgumentError(
      "Expected an address and a port such as 127.0.0.1:9280 (0.0.0.0:9280 for all addresses), or the path of a unix socket with a slash in it.",
    )
  return { host: v6 ?? name ?? "127.0.0.1", port }
}

/** Serves health and metrics of a graph, if they were asked for. @throws `WB_HTTP_LISTEN` */
export async function serveHealth(
  address: Address | undefined,
  parts: { platform: Platform; log: Log; router: MeasuredRouter },
): Promise<HealthServer | undefined> {
  if (address === undefined) return undefined
  // Loaded by those who ask for it.
  const { HealthServer } = await import("../control/health.ts")
  return HealthServer.start({ ...parts, address, version: packageVersion() })
}
