/** A sentence for the user, as the Go side has them. */
export class ServiceError extends Error {
  override name = 'ServiceError'
  readonly hint: string | undefined
  /** Relative to the app, with `:line:column` where known. */
  readonly path: string | undefined
  constructor(text: string, { hint, path }: { hint?: string; path?: string } = {}) {
    super([path === undefined ? text : `${path}: ${text}`, ...(hint === undefined ? [] : [hint])].join('\n'))
    this.hint = hint
    this.path = path
    this.stack = '' // it is the user's mistake: our own stack says nothing about it
  }
}
