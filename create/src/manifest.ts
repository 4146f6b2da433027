/** The package.json of a new app. */
import { readFileSync } from 'node:fs'
import type { Kind } from './arguments.js'

/** What an app begins with is exact, so that it is what was tested; the lock file and the author take it from there. */
const pinned = { typescript: '7.0.2', vite: '8.3.8' }

/** eclipsa's packages are released together. */
const own = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version as string

const scripts: Record<Kind, Record<string, string>> = {
  standalone: { dev: 'eclipsa dev', build: 'eclipsa build', start: 'eclipsa start', typecheck: 'tsc --noEmit' },
  vite: { dev: 'vite', build: 'vite build', start: 'node dist/server/node.mjs', typecheck: 'tsc --noEmit' },
}

const dependencies = { eclipsa: own }

const devDependencies: Record<Kind, Record<string, string>> = {
  standalone: { typescript: pinned.typescript },
  vite: { '@eclipsa/node': own, typescript: pinned.typescript, vite: pinned.vite },
}

export const dependencyNames = [...Object.keys(dependencies), ...Object.keys(devDependencies.vite)]

export function packageJson(name: string, kind: Kind): string {
  const manifest = {
    name,
    version: '0.0.0',
    private: true,
    type: 'module',
    scripts: scripts[kind],
    dependencies,
    devDependencies: devDependencies[kind],
  }
  return `${JSON.stringify(manifest, null, 2)}\n`
}
