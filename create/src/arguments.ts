/** What the command line says. Whatever can be wrong with it is one sentence. */
import { parseArgs } from 'node:util'
import { targetProblem } from './target.js'

export type Kind = 'standalone' | 'vite'

export interface Wish {
  /** As typed: relative to the current folder, or absolute. */
  folder?: string
  kind?: Kind
}

/** A mistake of the person at the keyboard; its message is for them. */
export class UsageError extends Error {}

export const help = `Usage: npm create eclipsa [folder] [-- --standalone | --vite]

Writes a new eclipsa app into a folder that doesn't exist yet, or is empty. The folder's
name is the app's. Asks for what isn't given, where there is a terminal.

  --standalone  served and built by \`eclipsa\` alone (the default)
  --vite        inside Vite, beside its other plugins
  --help        this text`

const options = {
  help: { type: 'boolean', short: 'h' },
  standalone: { type: 'boolean' },
  vite: { type: 'boolean' },
} as const

/** @throws UsageError */
export function readArguments(args: string[]): Wish | 'help' {
  const { values, positionals } = parse(args)
  if (values.help) return 'help'
  if (values.standalone && values.vite) throw new UsageError('--standalone and --vite exclude each other: choose one')
  const [folder, ...rest] = positionals
  if (rest.length > 0) throw new UsageError(`one folder is enough, and "${rest[0]}" is another: leave it out, or write the name without spaces`)
  const problem = folder === undefined ? undefined : targetProblem(folder)
  if (problem !== undefined) throw new UsageError(problem)
  return { ...(folder !== undefined && { folder }), ...kindOf(values) }
}

function parse(args: string[]) {
  try {
    return parseArgs({ args, options, allowPositionals: true })
  } catch (error) {
    // Node's sentence names the option and goes on about "--".
    const [sentence] = (error as Error).message.split(/\.? To specify/)
    throw new UsageError(`${sentence}: --help lists what there is`)
  }
}

function kindOf({ standalone, vite }: { standalone?: boolean; vite?: boolean }): { kind?: Kind } {
  if (vite) return { kind: 'vite' }
  return standalone ? { kind: 'standalone' } : {}
}
