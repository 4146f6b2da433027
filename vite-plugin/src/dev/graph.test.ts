import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EnvironmentModuleNode } from 'vite'
import { SERVER, SERVER_MANIFEST } from '../ids.js'
import type { ImportRecord, TransformAnswer } from '../service/protocol.js'
import { withImporters } from './graph.js'

/** A graph of whole files, as Vite has it: who imports whom, however. */
function graphOf(importers: Record<string, string[]>): Map<string, EnvironmentModuleNode> {
  const nodes = new Map<string, EnvironmentModuleNode>()
  const nodeOf = (id: string): EnvironmentModuleNode => {
    if (!nodes.has(id)) nodes.set(id, { id, importers: new Set() } as unknown as EnvironmentModuleNode)
    return nodes.get(id)!
  }
  for (const [id, from] of Object.entries(importers)) for (const importer of from) nodeOf(id).importers.add(nodeOf(importer))
  return nodes
}

const importing = (specifier: string, names: string[], kind: ImportRecord['kind'] = 'static'): ImportRecord => ({ specifier, names, kind, line: 1, column: 1 })
const whole = (...imports: ImportRecord[]) =>
  ({ server: { code: '', imports, removed: [], exports: [], exportStars: [], unchanged: false, acceptsHot: false } }) as unknown as TransformAnswer

const staleWith = (changed: string, importers: Record<string, string[]>, answers: Record<string, TransformAnswer> = {}, serverEntry = '/'): string[] => {
  const nodes = graphOf(importers)
  return [...withImporters([nodes.get(changed)!], { answerOf: (file) => answers[file], serverEntry })].map(({ id }) => id!).sort()
}

test('the manifest is evaluated again with the server entry, and with nothing else', () => {
  const importers = { '/app/+page.tsx': [SERVER_MANIFEST], '/app/+server-entry.ts': [SERVER_MANIFEST, SERVER], [SERVER_MANIFEST]: [SERVER] }
  assert.deepEqual(staleWith('/app/+page.tsx', importers, {}, '/app/+server-entry.ts'), ['/app/+page.tsx'])
  assert.deepEqual(staleWith('/app/+server-entry.ts', importers, {}, '/app/+server-entry.ts'), [SERVER, SERVER_MANIFEST, '/app/+server-entry.ts'])
})

test('who imports a file dynamically keeps its state, who imports it statically does not', () => {
  const importers = { '/app/big.ts': ['/app/lazy.ts', '/app/eager.ts', '/app/both.ts', '/app/page.mdx'] }
  const answers = {
    '/app/lazy.ts': whole(importing('preact', ['h']), importing('./big', [], 'dynamic')),
    '/app/eager.ts': whole(importing('./big.js', ['big'])),
    '/app/both.ts': whole(importing('./big', [], 'dynamic'), importing('./big.ts', ['big'])),
  }
  assert.deepEqual(staleWith('/app/big.ts', importers, answers), ['/app/big.ts', '/app/both.ts', '/app/eager.ts', '/app/page.mdx'])
})

test('where an import leads by an alias is not known: it may be the file', () => {
  assert.deepEqual(staleWith('/app/big.ts', { '/app/big.ts': ['/app/a.ts'] }, { '/app/a.ts': whole(importing('@/big', ['big'])) }), ['/app/a.ts', '/app/big.ts'])
})
