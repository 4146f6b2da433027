/** A server module that the browser's code imports. */
export function leak(path: string, chain: string[]): Error {
  const error = new Error(
    `${path} is server-only, but the browser's code imports it\n` +
      (chain.length > 1 ? `The chain of imports: ${chain.join(' → ')}\n` : '') +
      'Use what it exports only in handlers of realtime(), action() or loader(), or import it in `if (IS_SSR) { … }`.',
  )
  error.stack = ''
  return error
}
