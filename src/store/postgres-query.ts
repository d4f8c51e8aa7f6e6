// How the parts of the PostgreSQL driver run statements.

import type { QueryResult } from "pg"

/** Runs a statement with its parameters. */
export type Query = (text: string, values?: readonly unknown[]) => Promise<QueryResult>
