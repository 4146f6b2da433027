/**
 * A save right after another, as when a formatter follows the editor: Vite's watcher drops a change less than 50 ms
 * after the last one of the same file, and would show what was there between the two until somebody saves again.
 */
import { stat } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import type { FSWatcher } from 'vite'

/** Longer than the watcher is deaf, in milliseconds. */
const DEAF = 60

interface Version {
  mtimeMs: number
  size: number
}

/** Tells the watcher's listeners about changes that it dropped. */
export function followQuickSaves(watcher: FSWatcher): void {
  watcher.on('change', (file, announced) => void lookAgain(file, announced))

  async function lookAgain(file: string, announced?: Version): Promise<void> {
    const seen = announced ?? (await versionOf(file))
    await setTimeout(DEAF)
    const now = await versionOf(file)
    // A file that is gone is another event, which is never dropped.
    if (seen && now && (now.mtimeMs !== seen.mtimeMs || now.size !== seen.size)) watcher.emit('change', file, now)
  }
}

const versionOf = (file: string) => stat(file).catch(() => undefined)
