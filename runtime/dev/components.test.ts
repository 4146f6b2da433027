/** Which components an update replaces, when their state is reset, and when their importers have to know. */
import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import { refreshComponents } from './components.js'
import { createRegistry, type Registry } from './registry.js'

let log: string[]
let registry: Registry
beforeEach(() => {
  log = []
  const refresh = (previous: Function, next: Function, reset: boolean) => log.push(`${previous.name} -> ${next.name}${reset ? ', reset' : ''}`)
  registry = createRegistry({ external: {}, meta: () => ({}), replaced: (replacements) => refreshComponents(replacements, refresh) })
})

interface Shape {
  deps?: string[]
  /** Signatures by name of component or hook. */
  components?: Record<string, string>
  exports?: string[]
  takesOwnUpdates?: boolean
}

let versions = 0

function define(id: string, { deps = [], components = {}, exports = Object.keys(components), takesOwnUpdates = true }: Shape): void {
  const version = ++versions
  const functions = Object.fromEntries(Object.keys(components).map((name) => [name, { [`${name}${version}`]() {} }[`${name}${version}`]!]))
  registry.define(id, deps, [], function* ($) {
    $.exports(Object.fromEntries(exports.map((name) => [name, functions[name]])))
    yield
    if (Object.keys(components).length > 0) $.components(functions, components, takesOwnUpdates)
  })
}

async function started(): Promise<void> {
  await registry.import('main')
  versions = 1
}

describe('components of a module that is evaluated again', () => {
  beforeEach(() => (versions = 0))

  test('are replaced by those of the same name', async () => {
    define('main', { components: { Page: 'a', Row: 'b' }, exports: ['Page'] })
    await started()
    define('main', { components: { Page: 'a', Cell: 'b' }, exports: ['Page'] })
    assert.deepEqual(await registry.update(['main']), { evaluated: ['main'] })
    assert.deepEqual(log, ['Page1 -> Page2'])
  })

  test('lose their state where their own hooks are others', async () => {
    define('main', { components: { Page: 'a', Row: 'b' } })
    await started()
    define('main', { components: { Page: 'a', Row: 'c' } })
    await registry.update(['main'])
    assert.deepEqual(log, ['Page1 -> Page2', 'Row1 -> Row2, reset'])
  })

  test('lose it where a hook that is evaluated again below them is another, through modules between them too', async () => {
    versions = 0
    define('main', { deps: ['aside', 'page'], components: { Main: '' } })
    define('page', { deps: ['between'], components: { Page: 'a' } })
    define('aside', { deps: ['plain'], components: { Aside: 'a' } })
    define('between', { deps: ['hooks'] })
    define('hooks', { components: { useIt: 'a' }, takesOwnUpdates: false })
    define('plain', {})
    await started()
    define('hooks', { components: { useIt: 'b' }, takesOwnUpdates: false })
    define('plain', {})
    await registry.update(['hooks', 'plain'])
    assert.deepEqual(log, ['Aside3 -> Aside3', 'Page2 -> Page2, reset'])
  })

  test('keep it where the hook below them kept its signature', async () => {
    define('main', { deps: ['hooks'], components: { Main: 'a' } })
    define('hooks', { components: { useIt: 'a' }, takesOwnUpdates: false })
    await started()
    define('hooks', { components: { useIt: 'a' }, takesOwnUpdates: false })
    await registry.update(['hooks'])
    assert.deepEqual(log, ['Main1 -> Main1'])
  })
})

describe('the importers of a module of components have to know', () => {
  const importer = () => define('main', { deps: ['view'], components: { Main: '' } })

  for (const [name, next, evaluated] of [
    ['of nothing but the code', { components: { View: 'a' } }, ['view']],
    ['of an export that is gone', { components: { Other: 'a' } }, ['view', 'main']],
    ['of a new export', { components: { View: 'a', More: 'b' } }, ['view', 'main']],
    ['of what is no module of components any more', { components: { View: 'a' }, exports: ['View', 'limit'], takesOwnUpdates: false }, ['view', 'main']],
  ] as [string, Shape, string[]][]) {
    test(name, async () => {
      importer()
      define('view', { components: { View: 'a' } })
      await started()
      define('view', next)
      assert.deepEqual(await registry.update(['view']), { evaluated })
    })
  }

  test('and where there are none the page is loaded again', async () => {
    define('main', { components: { View: 'a' } })
    await started()
    define('main', {})
    assert.deepEqual((await registry.update(['main'])).unaccepted, { id: 'main', chain: ['main'] })
  })
})

test('a broken version between two good ones: the components on the page are those of the first', async () => {
  versions = 0
  define('main', { components: { Page: 'a' } })
  await started()
  registry.define('main', [], [], function* ($) { $.exports({}); yield; throw new Error('broken') })
  await assert.rejects(registry.update(['main']), { message: 'broken' })
  define('main', { components: { Page: 'a' } })
  await registry.update(['main'])
  assert.deepEqual(log, ['Page1 -> Page2'])
})
