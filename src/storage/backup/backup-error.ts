/** Why a backup could not be made or restored, in one sentence for the operator. */
export class BackupError extends Error {
  override readonly name = 'BackupError'
}
