// A folder of one's own for a while, readable by this user alone. For programs that leave nothing behind; a run that can be simulated
// gets its folders from `Files`.

import { tmpdir } from "node:os"
import { join } from "node:path"
import fs from "fs-extra"

export interface TemporaryFolder {
  /** Absolute. */
  readonly path: string
  /** Removes it with all that is in it. */
  remove(): Promise<void>
}

/** Makes a folder whose name begins with `prefix`, where the system keeps such. */
export async function temporaryFolder(prefix: string): Promise<TemporaryFolder> {
  const path = await fs.mkdtemp(join(tmpdir(), prefix))
  return { path, remove: () => fs.remove(path) }
}
