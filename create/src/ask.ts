/** The questions, at a terminal. Enter takes what is in brackets; a name that can't be is asked for again. */
import { createInterface } from 'node:readline/promises'
import type { Kind, Wish } from './arguments.js'
import { targetProblem } from './target.js'

/** Ctrl-C or Ctrl-D at a question. */
export class Cancelled extends Error {}

const kinds: Record<string, Kind> = { '': 'standalone', 1: 'standalone', standalone: 'standalone', 2: 'vite', vite: 'vite' }

/** @throws Cancelled */
export async function askForRest(wish: Wish, input: NodeJS.ReadableStream, output: NodeJS.WritableStream): Promise<Required<Wish>> {
  const terminal = createInterface({ input, output })
  // A question that is open when the terminal closes would never be answered.
  const closed = new Promise<never>((_, reject) => terminal.once('close', () => reject(new Cancelled())))
  closed.catch(() => {})
  const ask = (question: string): Promise<string> => Promise.race([terminal.question(question), closed])
  try {
    const folder = wish.folder ?? (await askForFolder(ask, output))
    const kind = wish.kind ?? (await askForKind(ask, output))
    return { folder, kind }
  } finally {
    terminal.close()
  }
}

type Ask = (question: string) => Promise<string>

async function askForFolder(ask: Ask, output: NodeJS.WritableStream): Promise<string> {
  for (;;) {
    const folder = (await ask('Name of the app [my-app]: ')).trim() || 'my-app'
    const problem = targetProblem(folder)
    if (problem === undefined) return folder
    output.write(`  ${problem}\n`)
  }
}

async function askForKind(ask: Ask, output: NodeJS.WritableStream): Promise<Kind> {
  output.write('1  standalone: served and built by eclipsa alone\n2  vite: inside Vite, beside its other plugins\n')
  for (;;) {
    const answer = (await ask('Which one [1]: ')).trim().toLowerCase()
    if (Object.hasOwn(kinds, answer)) return kinds[answer]!
    output.write('  1 or 2\n')
  }
}
