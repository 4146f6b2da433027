/** Go's diagnostics as Vite's errors and warnings: its logger and its overlay show place, frame and what to do. */
import type { Rollup } from 'vite'
import type { Diagnostic } from './service/protocol.js'

export const isError = (diagnostic: Diagnostic): boolean => diagnostic.severity === 0

export function viteError(diagnostic: Diagnostic, file: string): Rollup.RollupError {
  const { text, hint, line, column, notes = [] } = diagnostic
  const message = [text, ...(hint ? [hint] : []), ...notes].join('\n')
  const error = Object.assign(new Error(message), {
    id: file,
    plugin: 'eclipsa',
    ...(line > 0 && { loc: { file, line, column: column - 1 }, frame: frameOf(diagnostic) }),
  })
  error.stack = '' // the frame says where; our own stack is nobody's concern
  return error
}

/** The line with a mark under the offending text. */
function frameOf({ line, column, length, lineText }: Diagnostic): string {
  const number = `${line}`
  const before = lineText.slice(0, column - 1).replace(/[^\t]/g, ' ')
  return `${number} | ${lineText}\n${' '.repeat(number.length)} | ${before}${'^'.repeat(Math.max(1, length))}`
}
