// Reads the files that the argument `tls` names, and looks at them before they are needed: a wrong one ends the start, by name.

import { WishboneError } from "../errors.ts"
import type { Platform, TlsClient, TlsServer } from "../platform/platform.ts"
import type { TlsClientArgument, TlsServerArgument } from "../spec/tls.ts"

/** An instance about to start. */
interface Starting {
  readonly name: string
  readonly platform: Platform
}

/** What a listener needs; `undefined` without TLS. @throws WishboneError `WB_TLS_FILE`, `WB_TLS_UNUSABLE` */
export async function readTlsServer(of: Starting, tls: TlsServerArgument): Promise<TlsServer | undefined> {
  if (tls === false) return undefined
  const { cert, key, ca } = await readFiles(of, tls)
  return checked(of, { cert: cert as Buffer, key: key as Buffer, ca, verify: tls.verify })
}

/** What a connecting module needs; `undefined` without TLS. @throws WishboneError `WB_TLS_FILE`, `WB_TLS_UNUSABLE` */
export async function readTlsClient(of: Starting, tls: TlsClientArgument): Promise<TlsClient | undefined> {
  if (tls === false) return undefined
  if (tls === true) return {}
  return checked(of, { ...(await readFiles(of, tls)), serverName: tls.server_name, verify: tls.verify })
}

type Names = { readonly [Name in "ca" | "cert" | "key"]?: string | undefined }
type Contents = { readonly [Name in keyof Names]: Buffer | undefined }

async function readFiles(of: Starting, { ca, cert, key }: Names): Promise<Contents> {
  return { ca: await read(of, "ca", ca), cert: await read(of, "cert", cert), key: await read(of, "key", key) }
}

async function read({ name, platform }: Starting, argument: string, file: string | undefined): Promise<Buffer | undefined> {
  if (file === undefined) return undefined
  try {
    return await platform.files.readFile(file)
  } catch (cause) {
    const { code, message } = cause as { code?: string; message: string }
    throw new WishboneError("WB_TLS_FILE", { instance: name, argument: `tls.${argument}`, file, code, problem: message }, { cause })
  }
}

function checked<Tls extends TlsClient | TlsServer>({ name, platform }: Starting, tls: Tls): Tls {
  try {
    platform.sockets.checkTls(tls)
    return tls
  } catch (cause) {
    throw new WishboneError("WB_TLS_UNUSABLE", { instance: name, problem: (cause as Error).message }, { cause })
  }
}
