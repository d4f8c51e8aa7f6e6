// `--out FILE`: an answer goes into a file instead of to standard output.

import { WishboneError } from "../errors.ts"
import type { Shell } from "./shell.ts"

/** Gives an answer. @throws `WB_OUT_FILE` */
export async function giveAnswer(text: string, { out, shell }: { out: string | undefined; shell: Shell }): Promise<void> {
  if (out === undefined) return shell.out(text)
  const { files } = await shell.platform()
  try {
    await files.writeFile(out, text)
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown)
    throw new WishboneError("WB_OUT_FILE", { file: out, reason }, { cause: thrown })
  }
}
