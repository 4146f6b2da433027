/** Hot updates of the registry: which modules are evaluated again after a change, and what they are told. */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, mock, test } from 'node:test'
import type { HotContext } from './hot.js'
import { createRegistry, type Factory, type ModuleScope, type Registry, type RegistryOptions } from './registry.js'

type Body = (hot: HotContext, scope: ModuleScope, ...deps: Record<string, unknown>[]) => void

let log: string[]
let registry: Registry
beforeEach(() => {
  log = []
  registry = newRegistry()
})
afterEach(() => mock.restoreAll())

function newRegistry(options: Partial<RegistryOptions> = {}): Registry {
  return createRegistry({ external: {}, meta: (id) => ({ url: id }), ...options })
}

const hotOf = ($: ModuleScope): HotContext => ($.meta as { hot?: HotContext }).hot!

/** A module that logs its evaluation as `id`, with its version where it has one, and exports the version. */
function module(id: string, version: number, deps: string[], body?: Body): Factory {
  return function* ($, ...namespaces) {
    $.exports({ get version() { return version } })
    ;($.meta as { specifiers?: object }).specifiers = Object.fromEntries(deps.map((dep) => [`./${dep}`, dep]))
    yield
    log.push(version === 1 ? id : `${id}@${version}`)
    body?.(hotOf($), $, ...(namespaces as Record<string, unknown>[]))
  }
}

interface Options {
  version?: number
  weak?: string[]
  dynamic?: string[]
}

function define(id: string, deps: string[] = [], body?: Body, { version = 1, weak, dynamic = [] }: Options = {}): void {
  registry.define(id, deps, dynamic, module(id, version, [...deps, ...dynamic], body), weak)
}

/** `main` imported, and what that logged forgotten. */
async function started(id = 'main'): Promise<void> {
  await registry.import(id)
  log = []
}

const accepting: Body = (hot) => hot.accept()

describe('where a change ends', () => {
  test('a module that accepts itself is evaluated again alone', async () => {
    define('main', ['leaf'])
    define('leaf', [], accepting)
    await started()
    define('leaf', [], accepting, { version: 2 })
    assert.deepEqual(await registry.update(['leaf']), { evaluated: ['leaf'] })
    assert.deepEqual(log, ['leaf@2'])
    assert.equal((await registry.import('leaf')).version, 2)
  })

  test('the importers between a change and what accepts it are evaluated again, each once, dependencies first', async () => {
    define('main', ['page'])
    define('page', ['left', 'right', 'aside'], accepting)
    define('left', ['shared'])
    define('right', ['shared'])
    define('aside')
    define('shared')
    await started()
    define('shared', [], undefined, { version: 2 })
    assert.deepEqual(await registry.update(['shared']), { evaluated: ['shared', 'left', 'right', 'page'] })
    assert.deepEqual(log, ['shared@2', 'left', 'right', 'page'])
  })

  test('what nobody accepts touches nothing, and its chain of importers is told', async () => {
    define('main', ['page', 'other'])
    define('page', ['leaf'])
    define('other', ['leaf'], (hot) => { hot.accept(); hot.dispose(() => log.push('disposed')) })
    define('leaf')
    await started()
    define('leaf', [], undefined, { version: 2 })
    assert.deepEqual(await registry.update(['leaf']), {
      evaluated: [],
      unaccepted: { id: 'leaf', chain: ['leaf', 'page', 'main'] },
    })
    assert.deepEqual(log, [])
    assert.equal((await registry.import('leaf')).version, 1)
  })

  test('with evaluateRoots the ends of the chains are evaluated again too', async () => {
    define('main', ['page', 'state'])
    define('page', ['leaf'])
    define('leaf')
    define('state')
    await started()
    define('leaf', [], undefined, { version: 2 })
    assert.deepEqual(await registry.update(['leaf'], { evaluateRoots: true }), { evaluated: ['leaf', 'page', 'main'] })
    assert.deepEqual(log, ['leaf@2', 'page', 'main'])
  })

  test('modules that are not live are only redefined', async () => {
    define('main', ['page'], accepting)
    define('page')
    define('later')
    await started()
    define('later', [], undefined, { version: 2 })
    assert.deepEqual(await registry.update(['later', 'unknown']), { evaluated: [] })
    assert.deepEqual(log, [])
    assert.equal((await registry.import('later')).version, 2)
  })

  test('a cycle is evaluated again as a whole, and ends', async () => {
    define('main', ['a'])
    define('a', ['b'], accepting)
    define('b', ['c'])
    define('c', ['b', 'a'])
    await started()
    define('c', ['b', 'a'], undefined, { version: 2 })
    assert.deepEqual((await registry.update(['c'])).evaluated.sort(), ['a', 'b', 'c'])
    assert.deepEqual(log, ['c@2', 'b', 'a'])
  })

  test('the entry in a cycle is the end of the chain', async () => {
    define('main', ['a'])
    define('a', ['main'])
    await started()
    assert.deepEqual((await registry.update(['a'])).unaccepted, { id: 'a', chain: ['a', 'main'] })
    assert.deepEqual((await registry.update(['a'], { evaluateRoots: true })).evaluated, ['a', 'main'])
  })

  test('weak importers keep the old instance, and are no way up', async () => {
    let seen: unknown
    define('main', ['view', 'body'])
    define('view', ['body'], (_hot, _$, body) => (seen = () => body!['version']), { weak: ['body'] })
    define('body', [])
    await started()
    define('body', [], undefined, { version: 2 })
    assert.deepEqual((await registry.update(['body'], { evaluateRoots: true })).evaluated, ['body', 'main'])
    assert.equal((seen as () => unknown)(), 1)
    define('view', ['body'], undefined, { version: 3, weak: ['body'] })
    assert.deepEqual((await registry.update(['view'], { evaluateRoots: true })).evaluated, ['view', 'main'])
  })

  test('weak dependencies are evaluated before, in their place among the others', async () => {
    define('main', ['first', 'weak', 'last'], undefined, { weak: ['weak'] })
    define('first')
    define('weak')
    define('last')
    await registry.import('main')
    assert.deepEqual(log, ['first', 'weak', 'last', 'main'])
  })

  test('in a page a dynamic importer that accepts takes the update; on a server it asks again by itself', async () => {
    let open: (() => Promise<Record<string, unknown>>) | undefined
    define('main', ['menu'])
    define('menu', [], (hot, $) => { hot.accept(); open = () => $.import(0) }, { dynamic: ['dialog'] })
    define('dialog', ['leaf'])
    define('leaf')
    await started()
    await open!()
    log = []
    define('leaf', [], undefined, { version: 2 })
    assert.deepEqual((await registry.update(['leaf'], { evaluateRoots: true })).evaluated, ['leaf', 'dialog'])
    define('leaf', [], undefined, { version: 3 })
    assert.deepEqual((await registry.update(['leaf'])).evaluated, ['menu'])
    log = []
    await open!()
    assert.deepEqual(log, ['leaf@3', 'dialog'])
  })

  test('a module that the app no longer has is forgotten, with its importers evaluated again', async () => {
    define('main', ['page', 'gone'])
    define('page')
    define('gone')
    await started()
    registry.remove(['gone'])
    define('main', ['page'], undefined, { version: 2 })
    assert.deepEqual(await registry.update(['main', 'gone'], { evaluateRoots: true }), { evaluated: ['main'] })
    assert.equal(registry.isLive('gone'), false)
    await assert.rejects(registry.import('gone'), /never sent/)
  })

  test('imports are those of the running instance: a change that drops one is not stopped by it', async () => {
    define('main', ['page'])
    define('page', ['old'], accepting)
    define('old')
    await started()
    define('page', ['new'], accepting, { version: 2 })
    define('old', [], undefined, { version: 2 })
    define('new')
    assert.deepEqual((await registry.update(['page', 'old', 'new'])).evaluated, ['new', 'page'])
    assert.equal(registry.isLive('old'), false)
  })

  test('a module that takes its own updates as components', async () => {
    define('main', ['view'])
    define('view', [], (_hot, $) => $.components({}, {}, true))
    await started()
    define('view', [], undefined, { version: 2 })
    assert.deepEqual((await registry.update(['view'])).evaluated, ['view'])
    assert.equal((await registry.update(['view'])).unaccepted?.id, 'view')
  })

  test('acceptExports accepts as long as nothing else is exported', async () => {
    define('main', ['a', 'b'])
    define('a', [], (hot) => hot.acceptExports(['version', 'more'], (next) => log.push(`got ${next?.['version']}`)))
    define('b', [], (hot) => hot.acceptExports('other'))
    await started()
    define('a', [], undefined, { version: 2 })
    assert.deepEqual((await registry.update(['a'])).evaluated, ['a'])
    assert.deepEqual(log, ['a@2', 'got 2'])
    assert.equal((await registry.update(['b'])).unaccepted?.id, 'b')
  })
})

describe('import.meta.hot', () => {
  test('accept(callback): the old instance\'s callback gets the new namespace', async () => {
    const accept = (name: string): Body => (hot) => hot.accept((next) => log.push(`${name} got ${next?.['version']}`))
    define('main', [], accept('first'))
    await started()
    define('main', [], accept('second'), { version: 2 })
    await registry.update(['main'])
    define('main', [], accept('third'), { version: 3 })
    await registry.update(['main'])
    assert.deepEqual(log, ['main@2', 'first got 2', 'main@3', 'second got 3'])
  })

  test('accept(dep): the importer stays, and is told', async () => {
    define('main', ['dep', 'other'], (hot) => hot.accept('./dep', (next) => log.push(`dep ${next?.['version']}`)))
    define('dep', ['below'])
    define('below')
    define('other')
    await started()
    define('below', [], undefined, { version: 2 })
    assert.deepEqual((await registry.update(['below'])).evaluated, ['below', 'dep'])
    assert.deepEqual(log, ['below@2', 'dep', 'dep 1'])
    assert.equal((await registry.update(['other'])).unaccepted?.id, 'other')
  })

  test('accept([deps]): one call with the new ones in their places', async () => {
    define('main', ['a', 'b', 'c'], (hot) =>
      hot.accept(['./a', './b', './c'], (modules) => log.push(modules.map((next) => next?.['version'] ?? '-').join(' '))))
    for (const id of ['a', 'b', 'c']) define(id)
    await started()
    for (const id of ['a', 'c']) define(id, [], undefined, { version: 2 })
    await registry.update(['a', 'c'])
    assert.deepEqual(log, ['a@2', 'c@2', '2 - 2'])
  })

  test('an importer that is evaluated again itself is not told', async () => {
    define('main', ['page'])
    define('page', ['dep', 'lib'], (hot) => { hot.accept(); hot.accept('./dep', () => log.push('told')) })
    define('dep')
    define('lib')
    await started()
    await registry.update(['dep', 'lib'])
    assert.deepEqual(log, ['dep', 'lib', 'page'])
  })

  test('accepting what is not imported says so', async () => {
    define('main', [], (hot) => hot.accept('./nothing', () => {}))
    await assert.rejects(registry.import('main'), /"main" imports nothing by this name/)
  })

  test('dispose: importers first, all before anything is evaluated; data lives on', async () => {
    const body = (id: string): Body => (hot) => {
      log.push(`${id} has ${hot.data['from'] ?? 'nothing'}`)
      hot.dispose((data) => { log.push(`${id} disposed`); data['from'] = `${id} before` })
    }
    define('main', ['page'])
    define('page', ['leaf'], (hot, $) => { hot.accept(); body('page')(hot, $) })
    define('leaf', [], body('leaf'))
    await started()
    await registry.update(['leaf'])
    assert.deepEqual(log, ['page disposed', 'leaf disposed', 'leaf', 'leaf has leaf before', 'page', 'page has page before'])
  })

  test('an asynchronous dispose is waited for, one that fails is no obstacle', async () => {
    mock.method(console, 'error', () => {})
    define('main', ['a', 'b'])
    define('a', [], (hot) => { hot.accept(); hot.dispose(async () => { await null; log.push('closed') }) })
    define('b', [], (hot) => { hot.accept(); hot.dispose(() => { throw new Error('no') }) })
    await started()
    await registry.update(['a', 'b'])
    assert.deepEqual(log, ['closed', 'a', 'b'])
  })

  test('prune: what nothing imports any more cleans up, and with it what only that imported', async () => {
    const pruned = (id: string): Body => (hot) => { hot.dispose(() => log.push(`${id} disposed`)); hot.prune(() => log.push(`${id} pruned`)) }
    define('main', ['page', 'kept'])
    define('page', ['gone', 'kept'], accepting)
    define('gone', ['below', 'kept'], pruned('gone'))
    define('below', [], pruned('below'))
    define('kept', [], pruned('kept'))
    await started()
    define('page', ['kept'], accepting, { version: 2 })
    registry.remove(['gone', 'below'])
    await registry.update(['page'])
    assert.deepEqual(log, ['page@2', 'gone disposed', 'below disposed', 'gone pruned', 'below pruned'])
    define('page', ['gone'], accepting, { version: 3 })
    define('gone', [], pruned('gone'))
    log = []
    await registry.update(['page'])
    assert.deepEqual(log, ['gone', 'page@3'])
  })

  test('prune is for updates that leave a module out, not for those that evaluate it again', async () => {
    define('main', ['page'])
    define('page', ['style'], accepting)
    define('style', [], (hot) => { hot.accept(); hot.prune(() => log.push('pruned')) })
    await started()
    await registry.update(['style'])
    await registry.update(['page'])
    assert.deepEqual(log, ['style', 'page'])
  })

  test('invalidate in the callback goes on to the importers, which get the new instance', async () => {
    let seen: unknown
    define('main', ['page'])
    define('page', ['leaf'], (hot, _$, leaf) => { hot.accept(); seen = leaf!['version'] })
    const refusing: Body = (hot) => hot.accept(() => hot.invalidate('no'))
    define('leaf', [], refusing)
    await started()
    define('leaf', [], (hot) => hot.accept(() => {}), { version: 2 })
    // The callback that refuses belongs to the instance before: it refuses for the module.
    assert.deepEqual((await registry.update(['leaf'])).evaluated, ['leaf', 'page'])
    assert.deepEqual({ log, seen }, { log: ['leaf@2', 'page'], seen: 2 })
  })

  test('invalidate while evaluating; at the end of the chain nobody has accepted', async () => {
    const payloads: unknown[] = []
    define('main', ['leaf'], (hot) => hot.on('vite:invalidate', (payload) => payloads.push(payload)))
    define('leaf', [], accepting)
    await started()
    define('leaf', [], (hot) => { hot.accept(); hot.invalidate('other exports') }, { version: 2 })
    assert.deepEqual((await registry.update(['leaf'])).unaccepted, { id: 'leaf', chain: ['leaf', 'main'] })
    assert.deepEqual(payloads, [{ path: 'leaf', message: 'other exports' }])
  })

  test('invalidate in a first evaluation means nothing', async () => {
    define('main', [], (hot) => { hot.accept(); hot.invalidate() })
    await started()
    assert.deepEqual(await registry.update([]), { evaluated: [] })
  })

  test('invalidate outside of updates asks the host for one', async () => {
    const refused: string[] = []
    registry = newRegistry({ refused: (id) => refused.push(id) })
    let hot: HotContext
    define('main', ['leaf'], accepting)
    define('leaf', [], (context) => { hot = context; context.accept() })
    await started()
    await registry.update(['leaf'])
    hot!.invalidate()
    hot!.invalidate()
    assert.deepEqual(refused, ['leaf'])
    assert.deepEqual(await registry.update([]), { evaluated: ['main'] })
  })

  test('events reach the listeners of live instances', async () => {
    const listening: Body = (hot) => {
      hot.accept()
      const listener = (payload: { updates: { path: string }[] }) => log.push(`after ${payload.updates.map(({ path }) => path)}`)
      hot.on('vite:beforeUpdate', () => log.push('before'))
      hot.on('vite:afterUpdate', listener)
      hot.on('custom', listener)
      hot.off('custom', listener)
      hot.send('custom')
      hot.decline()
    }
    define('main', [], listening)
    await started()
    await registry.update(['main'])
    await registry.update(['main'])
    registry.emit('custom', {})
    assert.deepEqual(log, ['before', 'main', 'after main', 'before', 'main', 'after main'])
  })
})

describe('evaluations that fail', () => {
  const failing: Body = () => { throw new Error('broken') }
  const told = (id: string): Body => (hot) => hot.accept((next) => log.push(`${id} got ${next ? next['version'] : 'nothing'}`))

  test('the error rejects; what accepted before still does, and the next good update heals', async () => {
    define('main', ['page', 'other'])
    define('page', ['leaf'], told('page'))
    define('leaf')
    define('other', [], told('other'))
    await started()
    define('leaf', [], failing, { version: 2 })
    define('other', [], told('other'), { version: 2 })
    await assert.rejects(registry.update(['leaf', 'other']), { message: 'broken' })
    assert.deepEqual(log, ['other@2', 'leaf@2', 'other got 2', 'page got nothing'])
    assert.deepEqual(registry.failed().sort(), ['leaf', 'page'])
    log = []
    define('leaf', [], undefined, { version: 3 })
    assert.deepEqual(await registry.update(['leaf']), { evaluated: ['leaf', 'page'] })
    assert.deepEqual(log, ['leaf@3', 'page', 'page got 1'])
    assert.deepEqual(registry.failed(), [])
  })

  test('what failed is tried again with the next update, whatever that changes', async () => {
    let broken = false
    define('main', ['page', 'other'])
    define('page', [], (hot) => { hot.accept(); if (broken) throw new Error('broken') })
    define('other', [], accepting)
    await started()
    broken = true
    await assert.rejects(registry.update(['page']))
    broken = false
    assert.deepEqual((await registry.update(['other'])).evaluated.sort(), ['other', 'page'])
  })

  test('a page\'s module that failed from the start is not tried again by updates of others', async () => {
    let open: (() => Promise<unknown>) | undefined
    define('main', ['menu', 'other'])
    define('menu', [], (hot, $) => { hot.accept(); open = () => $.import(0) }, { dynamic: ['dialog'] })
    define('other', [], accepting)
    define('dialog', [], failing)
    await started()
    await assert.rejects(open!())
    assert.deepEqual((await registry.update(['other'])).evaluated, ['other'])
    define('dialog', [], undefined, { version: 2 })
    assert.deepEqual((await registry.update(['dialog'])).evaluated, ['menu'])
    assert.deepEqual((await open!() as { version: number }).version, 2)
  })

  test('an import that is missing fails the update; the next one makes up for it', async () => {
    define('main', ['page'])
    define('page', [], told('page'))
    await started()
    define('page', ['gone'], told('page'), { version: 2 })
    await assert.rejects(registry.update(['page']), /"gone", imported by "page" was never sent/)
    define('gone')
    assert.deepEqual((await registry.update(['gone'])).evaluated, ['gone', 'page'])
    assert.deepEqual(log, ['page got nothing', 'gone', 'page@2', 'page got 2'])
  })

  test('nothing is pruned while a module is broken', async () => {
    define('main', ['page'])
    define('page', ['state'], accepting)
    define('state', [], (hot) => hot.prune(() => log.push('pruned')))
    await started()
    define('page', ['state', 'gone'], accepting, { version: 2 })
    await assert.rejects(registry.update(['page']))
    define('page', ['state'], accepting, { version: 3 })
    await registry.update(['page'])
    assert.deepEqual(log, ['page@3'])
  })

  test('a callback that throws rejects, after the others were called', async () => {
    define('main', ['a', 'b'])
    define('a', [], (hot) => hot.accept(() => { throw new Error('callback') }))
    define('b', [], told('b'))
    await started()
    await assert.rejects(registry.update(['a', 'b']), { message: 'callback' })
    assert.deepEqual(log, ['a', 'b', 'b got 1'])
    assert.deepEqual(registry.failed(), [])
  })
})

describe('updates and time', () => {
  function newGate(): { promise: Promise<void>; resolve: () => void } {
    let resolve!: () => void
    const promise = new Promise<void>((done) => (resolve = done))
    return { promise, resolve }
  }

  /** A module that waits in its body. */
  function waiting(id: string, until: Promise<unknown>, { version = 1, begins = () => {} } = {}): Factory {
    return async function* ($) {
      $.exports({ get version() { return version } })
      yield
      hotOf($).accept()
      log.push(`${id}@${version} begins`)
      begins()
      await until
      log.push(`${id}@${version} ends`)
    }
  }

  test('an update that comes while one is under way waits for it', async () => {
    const gate = newGate()
    define('main', ['slow', 'fast'])
    registry.define('slow', [], [], waiting('slow', Promise.resolve()))
    define('fast', [], accepting)
    await started()
    registry.define('slow', [], [], waiting('slow', gate.promise, { version: 2 }))
    const first = registry.update(['slow']).then(() => log.push('first done'))
    const second = registry.update(['fast']).then(() => log.push('second done'))
    gate.resolve()
    await Promise.all([first, second])
    assert.deepEqual(log, ['slow@2 begins', 'slow@2 ends', 'first done', 'fast', 'second done'])
  })

  test('a repair of a module that never ends does not wait for it', async () => {
    const begun = newGate()
    define('main', ['slow', 'fast'])
    registry.define('slow', [], [], waiting('slow', Promise.resolve()))
    define('fast', [], (hot) => hot.accept(() => log.push('fast told')))
    await started()
    registry.define('slow', [], [], waiting('slow', new Promise(() => {}), { version: 2, begins: begun.resolve }))
    const first = registry.update(['slow', 'fast'])
    await begun.promise
    registry.define('slow', [], [], waiting('slow', Promise.resolve(), { version: 3 }))
    assert.deepEqual(await registry.update(['slow']), { evaluated: ['slow'] })
    await first
    assert.deepEqual(log, ['fast', 'slow@2 begins', 'fast told', 'slow@3 begins', 'slow@3 ends'])
  })

  test('an update while the first import is under way', async () => {
    const [gate, begun] = [newGate(), newGate()]
    define('main', ['leaf', 'slow'])
    define('leaf', [], accepting)
    registry.define('slow', [], [], waiting('slow', gate.promise, { begins: begun.resolve }))
    const importing = registry.import('main')
    await begun.promise
    define('leaf', [], accepting, { version: 2 })
    assert.deepEqual((await registry.update(['leaf'])).evaluated, ['leaf'])
    gate.resolve()
    await importing
    assert.deepEqual(log, ['leaf', 'slow@1 begins', 'leaf@2', 'slow@1 ends', 'main'])
  })
})

test('the host hears of instances that took over, and may refuse them', async () => {
  const heard: string[][] = []
  registry = newRegistry({
    replaced(replacements) {
      heard.push(replacements.map(({ previous, next }) => `${next.id} ${previous.namespace['version']}->${next.namespace['version']}`))
      return replacements.some(({ next }) => next.id === 'leaf') ? ['leaf'] : []
    },
  })
  define('main', ['page'])
  define('page', ['leaf'], accepting)
  define('leaf', [], accepting)
  await started()
  define('leaf', [], accepting, { version: 2 })
  await registry.update(['leaf'])
  assert.deepEqual(heard, [['leaf 1->2'], ['page 1->1']])
})
