/** What update messages do to a page, with a real registry and a host that takes notes. */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, mock, test } from 'node:test'
import { createUpdateQueue, type UpdateHost, type UpdateQueue } from './apply-update.js'
import type { ModuleText, UpdateMessage } from './hot-messages.js'
import { createRegistry, type Registry } from './registry.js'

let log: string[]
let registry: Registry
let host: UpdateHost
let queue: UpdateQueue
/** Resolves with the next outcome of an update. */
let outcome: () => Promise<string>

beforeEach(() => {
  log = []
  const outcomes: string[] = []
  const waiting: ((text: string) => void)[] = []
  const came = (text: string) => {
    const next = waiting.shift()
    if (next) next(text)
    else outcomes.push(text)
  }
  outcome = () => new Promise((resolve) => (outcomes.length > 0 ? resolve(outcomes.shift()!) : waiting.push(resolve)))
  registry = createRegistry({ external: {}, meta: () => ({ log }) })
  host = {
    registry,
    root: 'http://localhost/',
    addPackages: async (url) => void log.push(`packages ${url}`),
    loadSince: async (version) => void log.push(`load since ${version}`),
    renderErrors: async () => [],
    reload: (reason) => came(`reload: ${reason}`),
    updated: (names) => came(`updated ${names}`),
    failed: (errors) => came(`failed ${errors}`),
  }
  queue = createUpdateQueue(host, 1)
  mock.method(console, 'error', () => {})
})
afterEach(() => mock.restoreAll())

function code(text: string, body = ''): string {
  return `function*($) { "use strict"; $.exports({ get text() { return ${JSON.stringify(text)} } }); yield; $.meta.log.push(${JSON.stringify(text)}); $.meta.hot.accept(); ${body} }`
}
const text = (id: string, content: string, body?: string): ModuleText => ({ id, deps: [], dynamic: [], code: code(content, body) })
const update = (version: number, modules: ModuleText[], more: Partial<UpdateMessage> = {}): UpdateMessage =>
  ({ type: 'update', version, modules, names: modules.map(({ id }) => id), ...more })

/** As packs do: with the function itself. */
async function started(...modules: ModuleText[]): Promise<void> {
  for (const { id, deps, dynamic, code } of modules) registry.define(id, deps, dynamic, (0, eval)(`(${code})`))
  for (const { id } of modules) await registry.import(id)
  log.length = 0
}

test('modules that run are replaced, others only defined; the page says what was updated', async () => {
  await started(text('app/a.ts', 'a1'))
  queue.push(update(2, [text('app/a.ts', 'a2'), text('app/later.ts', 'later')]))
  assert.equal(await outcome(), 'updated app/a.ts,app/later.ts')
  assert.deepEqual(log, ['a2'])
  assert.equal((await registry.import('app/later.ts')).text, 'later')
})

test('what the page has already is skipped, and so is what it does not run', async () => {
  await started(text('app/a.ts', 'a1'))
  queue.push(update(2, [text('app/a.ts', 'a1'), text('app/other.ts', 'other')]))
  assert.equal(await outcome(), 'updated ')
  assert.deepEqual(log, [])
})

test('a module that a later pack defined anew, while the page runs the old one, is no old news', async () => {
  await started(text('app/a.ts', 'a1'))
  const { id, deps, dynamic, code } = text('app/a.ts', 'a2')
  registry.define(id, deps, dynamic, (0, eval)(`(${code})`))
  queue.push(update(2, [text('app/a.ts', 'a2')]))
  assert.equal(await outcome(), 'updated app/a.ts')
  assert.deepEqual(log, ['a2'])
})

test('the same code with other imports is news', async () => {
  await started(text('app/a.ts', 'a1'))
  queue.push(update(2, [{ ...text('app/a.ts', 'a1'), deps: ['app/b.ts'] }, text('app/b.ts', 'b1')]))
  await outcome()
  assert.deepEqual(log, ['b1', 'a1'])
})

test('code is compiled under its own URL, when it is first evaluated', async () => {
  await started(text('app/+page.tsx', 'p1'))
  queue.push(update(7, [text('app/+page.tsx', 'p2', 'throw new Error("no")'), { ...text('app/unused.ts', ''), code: 'no function at all' }]))
  assert.equal(await outcome(), 'failed Error: no')
  const error = (console.error as unknown as ReturnType<typeof mock.fn>).mock.calls[0]!.arguments[0] as Error
  assert.match(error.stack!, /http:\/\/localhost\/app\/\+page\.tsx\?v=7:1:\d+/)
})

test('packages come before what imports them', async () => {
  await started(text('app/a.ts', 'a1'))
  queue.push(update(2, [text('app/a.ts', 'a2')], { deps: '/deps.js' }))
  await outcome()
  assert.deepEqual(log, ['packages /deps.js', 'a2'])
})

test('nobody accepts: the page is loaded again, and is told why', async () => {
  await started({ ...text('app/a.ts', 'a1'), code: 'function*($) { yield }' })
  queue.push(update(2, [text('app/a.ts', 'a2')]))
  assert.equal(await outcome(), 'reload: app/a.ts takes no hot updates')
})

test('an error while a swapped component renders is the update\'s', async () => {
  await started(text('app/a.ts', 'a1'))
  host.renderErrors = async () => [new Error('render')]
  queue.push(update(2, [text('app/a.ts', 'a2')]))
  assert.equal(await outcome(), 'failed Error: render')
})

test('what is broken stays so, whatever else is updated, until it is repaired', async () => {
  await started(text('app/a.ts', 'a1'), text('app/b.ts', 'b1'))
  queue.push(update(2, [text('app/a.ts', 'a2', 'throw new Error("no")')]))
  assert.equal(await outcome(), 'failed Error: no')
  queue.push(update(3, [text('app/b.ts', 'b3')]))
  assert.equal(await outcome(), 'failed Error: no')
  queue.push(update(4, [text('app/a.ts', 'a4')]))
  assert.equal(await outcome(), 'updated app/a.ts')
  assert.deepEqual(log.filter((line) => line !== 'a2'), ['b3', 'a4'])
})

test('modules that are gone clean up', async () => {
  const gone = text('app/gone.ts', 'gone', '$.meta.hot.prune(() => $.meta.log.push("pruned"))')
  registry.define(gone.id, [], [], (0, eval)(`(${gone.code})`))
  await started({ ...text('app/a.ts', 'a1'), deps: [gone.id] })
  queue.push(update(2, [text('app/a.ts', 'a2')], { removed: ['app/gone.ts'] }))
  await outcome()
  assert.deepEqual(log, ['a2', 'pruned'])
})

test('where texts may not be evaluated a script defines them', async () => {
  await started(text('app/a.ts', 'a1'))
  const next = text('app/a.ts', 'a2')
  const factory = (0, eval)(`(${next.code})`)
  mock.method(globalThis, 'eval', () => { throw new EvalError('CSP') })
  host.loadSince = async (version) => {
    log.push(`since ${version}`)
    registry.define(next.id, next.deps, next.dynamic, factory)
  }
  queue.push(update(5, [next]))
  assert.equal(await outcome(), 'updated app/a.ts')
  queue.push(update(6, [next]))
  assert.equal(await outcome(), 'updated ')
  assert.deepEqual(log, ['since 1', 'a2', 'since 5'])
})

test('a message that can\'t be read loads the page again', async () => {
  host.addPackages = async () => { throw new Error('not found') }
  queue.push(update(2, [], { deps: '/gone.js' }))
  assert.equal(await outcome(), 'reload: the update could not be read: Error: not found')
})
