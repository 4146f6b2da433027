/** A build that fails leaves the one before it as it was: Vite empties its folders first, and the client's is written before the server's. */
import { existsSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/** Runs `build`, which writes the folders; on failure they are what they were. */
export async function keepingPrevious(folders: string[], build: () => Promise<void>): Promise<void> {
  const kept = folders.map((folder) => ({ folder, aside: join(dirname(folder), `.previous-${basename(folder)}`) }))
  for (const { folder, aside } of kept) await setAside(folder, aside)
  try {
    await build()
  } catch (error) {
    for (const { folder, aside } of kept) await bringBack(folder, aside)
    throw error
  }
  for (const { aside } of kept) await remove(aside)
}

async function setAside(folder: string, aside: string): Promise<void> {
  if (existsSync(aside)) await remove(folder) // a build was killed: what is aside is the last whole one
  else await rename(folder, aside).catch(() => {}) // there is none, or it is a volume's: that can't be kept
}

async function bringBack(folder: string, aside: string): Promise<void> {
  await remove(folder).catch(() => {})
  if (existsSync(aside)) await rename(aside, folder)
}

const remove = (folder: string): Promise<void> => rm(folder, { recursive: true, force: true })
