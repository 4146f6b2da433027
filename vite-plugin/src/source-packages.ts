/** Packages with `eclipsa` as a peer are source: they may have symbols of their own. */
import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { slashed } from './ids.js'

interface Manifest {
  name?: string
  dependencies?: Record<string, string>
  devDependencies?: Record<string, string>
  peerDependencies?: Record<string, string>
}

export class SourcePackages {
  /** Names, for Vite's settings. */
  readonly source: string[] = []
  readonly #folders: string[] = []
  /** eclipsa itself and its companions, wherever they are linked from. */
  readonly #own: string[] = []

  readonly #root: string

  constructor(root: string) {
    this.#root = root
    if (root === '') return
    const seen = new Set<string>()
    const visit = (folder: string, manifest: Manifest | undefined, direct: boolean): void => {
      const names = Object.keys({ ...manifest?.dependencies, ...(direct && { ...manifest?.devDependencies, ...manifest?.peerDependencies }) })
      for (const name of names) {
        const found = findPackage(folder, name)
        if (found === undefined || seen.has(found)) continue
        seen.add(found)
        if (name === 'eclipsa' || name.startsWith('@eclipsa/')) {
          this.#own.push(`${found}/`)
          continue
        }
        const its = readManifest(found)
        if (its?.peerDependencies?.['eclipsa'] !== undefined) {
          this.source.push(name)
          this.#folders.push(`${found}/`)
          visit(found, its, false)
        }
      }
    }
    visit(root, readManifest(root), true)
    const eclipsa = findPackage(root, 'eclipsa')
    if (eclipsa !== undefined) this.#own.push(`${eclipsa}/`)
  }

  /** Whether a file is the project's own code: package app's rule (`Project.IsSource`). */
  isSource(file: string): boolean {
    const isInstalled = file.includes('/node_modules/')
    if (!isInstalled && file.startsWith(`${this.#root}/`)) return true
    if (this.#own.some((folder) => file.startsWith(folder))) return false
    return !isInstalled || this.#folders.some((folder) => file.startsWith(folder))
  }
}

/** The real folder of a package, as Node looks for it. */
export function findPackage(from: string, name: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name)
    if (existsSync(join(candidate, 'package.json'))) return slashed(realpathSync(candidate))
    if (folder === dirname(folder)) return undefined
  }
}

function readManifest(folder: string): Manifest | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest
  } catch {
    return undefined
  }
}
