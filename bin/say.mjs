// What the start script says, all of it on stderr: stdout belongs to what it starts.

/**
 * One line about something that takes a while.
 *
 * @param {string} sentence
 */
export function announce(sentence) {
  process.stderr.write(`stowage: ${sentence}\n`)
}

/**
 * An error whose message is a sentence for the user, to be shown without a stack.
 *
 * @param {string} sentence
 */
export function failure(sentence) {
  return Object.assign(new Error(sentence), { name: FAILURE })
}

/**
 * True for what `failure` makes.
 *
 * @param {unknown} error
 * @returns {error is Error}
 */
export function isFailure(error) {
  return error instanceof Error && error.name === FAILURE
}

const FAILURE = 'StartFailure'
