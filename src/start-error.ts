/** Why the server, or a command that works on its data, could not start: one sentence for the operator. */
export class StartError extends Error {
  override readonly name = 'StartError'
}

/** Whatever a store says when it cannot open becomes one sentence, after `what` when the store does not name itself. */
export async function orStartError<T>(what: string | undefined, open: () => Promise<T>): Promise<T> {
  try {
    return await open()
  } catch (error) {
    if (error instanceof StartError) throw error
    throw new StartError(what === undefined ? reasonOf(error) : `${what}: ${reasonOf(error)}`, { cause: error })
  }
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
