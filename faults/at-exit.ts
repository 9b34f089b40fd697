// What must not outlive the harness, however it ends: servers, mounts, loop devices.

const undoings = new Set<() => void>()
let isWatching = false

/** Runs `undo` when this process ends without having called what is returned. It can not wait for anything. */
export function atExit(undo: () => void): () => void {
  if (!isWatching) watch()
  undoings.add(undo)
  return () => undoings.delete(undo)
}

function watch(): void {
  isWatching = true
  process.once('exit', () => {
    // The last made first: a server before the disk that it writes to.
    for (const undo of [...undoings].toReversed()) undo()
  })
  // Only the end of the process itself runs the above; a signal would not.
  process.once('SIGINT', () => process.exit(130))
  process.once('SIGTERM', () => process.exit(143))
}
