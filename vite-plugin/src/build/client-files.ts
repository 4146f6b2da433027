/** What Vite wrote that nobody may fetch: sources in the client's maps, which hold the handlers, and dotfiles of public/. */
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ResolvedConfig } from 'vite'
import { misuse } from '../misuse.js'

/** Maps inside the code can't be cleaned file by file. */
export function checkSourcemap(config: ResolvedConfig): void {
  const { sourcemap } = config.environments['client']?.build ?? config.build
  if (sourcemap === 'inline') throw misuse("build.sourcemap: 'inline' puts the sources, handlers included, into the browser's code: use true or 'hidden', whose maps come without sources.")
}

export async function cleanClientFiles(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    // As `eclipsa build` copies public/: .env, .git and the like stay behind.
    if (entry.name.startsWith('.') && entry.name !== '.well-known' && entry.name !== '.vite') await rm(path, { recursive: true, force: true })
    else if (entry.isDirectory()) await cleanClientFiles(path)
    else if (entry.name.endsWith('.map')) await dropSources(path)
  }
}

async function dropSources(file: string): Promise<void> {
  const map = JSON.parse(await readFile(file, 'utf8')) as { sourcesContent?: unknown }
  if (map.sourcesContent === undefined) return
  delete map.sourcesContent
  await writeFile(file, JSON.stringify(map))
}
