/**
 * A save right after another, as when a formatter follows the editor: Vite's watcher drops a change less than 50 ms
 * after the last one of the same file, and would show what was there between the two until somebody saves again.
 */
import { stat } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import type { FSWatcher } from 'vite'

/** Longer than the watcher is deaf, than it takes to tell of what it heard, and than a save takes; in milliseconds. */
const DEAF = 60
const TELLING = 20
const FILLING = 10

interface Version {
  mtimeMs: number
  size: number
}

/** Tells the watcher's listeners about changes that it dropped. */
export function followQuickSaves(watcher: FSWatcher): void {
  /** What the watcher told last, of files whose turn is to come. */
  const told = new Map<string, Version>()
  watcher.on('change', (file, version) => void lookAgain(file, version))

  async function lookAgain(file: string, announced?: Version): Promise<void> {
    const version = announced?.size ? announced : await settled(file)
    if (version === undefined) return
    told.set(file, version)
    await setTimeout(DEAF)
    const now = await versionOf(file)
    if (now && !isTold(file, now)) await setTimeout(TELLING)
    // A file that is gone is another event, which is never dropped.
    if (now && !isTold(file, now)) watcher.emit('change', file, now)
    else if (told.get(file) === version) told.delete(file)
  }

  function isTold(file: string, { mtimeMs, size }: Version): boolean {
    const last = told.get(file)
    return last === undefined || (last.mtimeMs === mtimeMs && last.size === size)
  }
}

/** A file is empty for a moment while it is saved: whoever reads it then (Vite too) waits for the rest. */
async function settled(file: string): Promise<Version | undefined> {
  await setTimeout(FILLING)
  return versionOf(file)
}

const versionOf = (file: string) => stat(file).catch(() => undefined)
