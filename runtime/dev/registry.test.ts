/** The registry against ESM itself: each case's modules also run as real ES modules, and the traces must be equal. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRegistry, type Factory, type RegistryOptions } from './registry.js'

interface Module {
  deps?: string[]
  /** The module's own text; imports are written as `$1`, `$2`, … for the namespaces in order of `deps`. */
  esm: string
  factory: Factory
}

function registryOf(modules: Record<string, Module>, options: Partial<RegistryOptions> = {}) {
  const registry = createRegistry({ external: {}, meta: (id) => ({ url: id }), ...options })
  for (const [id, module] of Object.entries(modules)) registry.define(id, module.deps ?? [], [], module.factory)
  return registry
}

/** The engine's own trace, through `node:vm`: it links cycles, which `data:` URLs could not. */
async function esmTrace(modules: Record<string, Module>, entry: string): Promise<unknown[]> {
  const { SourceTextModule, createContext } = await import('node:vm') as unknown as {
    // Experimental in Node, so @types/node has it without our way of calling it.
    SourceTextModule: new (text: string, options: object) => VmModule
    createContext: (globals: object) => object
  }
  const order: unknown[] = []
  const context = createContext({ order, Promise, queueMicrotask })
  const made = new Map<string, VmModule>()
  const load = (id: string): VmModule => {
    const existing = made.get(id)
    if (existing) return existing
    const { deps = [], esm } = modules[id]!
    const imports = deps.map((dep, i) => `import * as $${i + 1} from ${JSON.stringify(dep)};`).join('')
    const module = new SourceTextModule(imports + esm, { context, identifier: id })
    made.set(id, module)
    return module
  }
  const root = load(entry)
  await root.link((specifier: string) => load(specifier))
  await root.evaluate().catch((error: Error) => order.push(`threw ${error.message}`))
  return order
}
interface VmModule {
  link(linker: (specifier: string) => VmModule): Promise<void>
  evaluate(): Promise<void>
}

let order: unknown[]
async function registryTrace(modules: Record<string, Module>, entry: string): Promise<unknown[]> {
  order = []
  await registryOf(modules).import(entry).catch((error: Error) => order.push(`threw ${error.message}`))
  return order
}

const tick = () => Promise.resolve()

const cases: Record<string, Record<string, Module>> = {
  'a cycle with a hoisted function': {
    main: {
      deps: ['a', 'b'],
      esm: 'order.push("main", $1.a, $2.b())',
      *factory($, a, b) {
        $.exports({})
        yield
        order.push('main', (a as any).a, (b as any).b())
      },
    },
    a: {
      deps: ['b'],
      esm: 'export function hoisted() { return "hoisted" } order.push("a"); export let a = $1.b()',
      *factory($, b) {
        $.exports({ get hoisted() { return hoisted }, get a() { return a } })
        yield
        order.push('a')
        let a = (b as any).b()
        function hoisted() { return 'hoisted' }
      },
    },
    b: {
      deps: ['a'],
      esm: 'export function b() { return $1.hoisted() } order.push("b", b())',
      *factory($, a) {
        $.exports({ get b() { return b } })
        yield
        order.push('b', b())
        function b(): unknown { return (a as any).hoisted() }
      },
    },
  },
  'top-level await holds back importers, not siblings': {
    main: {
      deps: ['slow', 'fast', 'late'],
      esm: 'order.push("main", $1.value)',
      *factory($, slow) { $.exports({}); yield; order.push('main', (slow as any).value) },
    },
    slow: {
      esm: 'order.push("slow 1"); await null; await null; order.push("slow 2"); export const value = 1',
      async *factory($) {
        $.exports({ get value() { return value } })
        yield
        order.push('slow 1'); await tick(); await tick(); order.push('slow 2')
        const value = 1
      },
    },
    fast: { esm: 'order.push("fast")', *factory($) { $.exports({}); yield; order.push('fast') } },
    late: {
      deps: ['slow'],
      esm: 'order.push("late", $1.value)',
      *factory($, slow) { $.exports({}); yield; order.push('late', (slow as any).value) },
    },
  },
  'top-level await inside a cycle': {
    main: {
      deps: ['a', 'b'],
      esm: 'order.push("main")',
      *factory($) { $.exports({}); yield; order.push('main') },
    },
    a: {
      deps: ['b'],
      esm: 'order.push("a"); export const a = 1',
      *factory($) { $.exports({ get a() { return a } }); yield; order.push('a'); const a = 1 },
    },
    b: {
      deps: ['a'],
      esm: 'order.push("b 1"); await null; order.push("b 2"); try { $1.a } catch (e) { order.push(e.name) }',
      async *factory($, a) {
        $.exports({})
        yield
        order.push('b 1'); await tick(); order.push('b 2')
        try { (a as any).a } catch (e) { order.push((e as Error).name) }
      },
    },
  },
  'an error in a dependency stops its importers only': {
    main: {
      deps: ['first', 'bad', 'never'],
      esm: 'order.push("main")',
      *factory($) { $.exports({}); yield; order.push('main') },
    },
    first: { esm: 'order.push("first")', *factory($) { $.exports({}); yield; order.push('first') } },
    bad: { esm: 'order.push("bad"); throw new Error("no")', *factory($) { $.exports({}); yield; order.push('bad'); throw new Error('no') } },
    never: { esm: 'order.push("never")', *factory($) { $.exports({}); yield; order.push('never') } },
  },
  'a rejected top-level await reaches the importer of the importer': {
    main: { deps: ['mid'], esm: 'order.push("main")', *factory($) { $.exports({}); yield; order.push('main') } },
    mid: { deps: ['bad'], esm: 'order.push("mid")', *factory($) { $.exports({}); yield; order.push('mid') } },
    bad: {
      esm: 'await null; order.push("bad"); throw new Error("later")',
      async *factory($) { $.exports({}); yield; await tick(); order.push('bad'); throw new Error('later') },
    },
  },
}

const hasVmModules = process.execArgv.includes('--experimental-vm-modules') || (process.env.NODE_OPTIONS ?? '').includes('vm-modules')
for (const [name, modules] of Object.entries(cases)) {
  test(`as in ESM: ${name}`, async () => {
    assert.ok(hasVmModules, 'run with node --experimental-vm-modules: the expectation comes from the engine')
    assert.deepEqual(await registryTrace(modules, 'main'), await esmTrace(modules, 'main'))
  })
}

const counting = (counts: Record<string, number>, id: string): Factory =>
  function* ($) {
    counts[id] = (counts[id] ?? 0) + 1
    const instance = counts[id]
    $.exports({ get instance() { return instance } })
    yield
  }

test('invalidate forgets the modules and their importers, and nothing else', async () => {
  const counts: Record<string, number> = {}
  const registry = createRegistry({ external: {}, meta: () => ({}) })
  registry.define('page', ['state', 'view'], [], counting(counts, 'page'))
  registry.define('view', ['state'], [], counting(counts, 'view'))
  registry.define('state', [], [], counting(counts, 'state'))
  await registry.import('page')
  assert.deepEqual(registry.invalidate(['view']).sort(), ['page', 'view'])
  await registry.import('page')
  assert.deepEqual(counts, { page: 2, view: 2, state: 1 })
  assert.deepEqual(registry.invalidate(['unknown']), [])
})

test('an error is remembered until the module is invalidated', async () => {
  let runs = 0
  const registry = createRegistry({ external: {}, meta: () => ({}) })
  registry.define('main', ['bad'], [], function* ($) { $.exports({}); yield })
  registry.define('bad', [], [], function* ($) { $.exports({}); yield; runs++; throw new Error(`run ${runs}`) })
  for (const id of ['main', 'main', 'bad']) await assert.rejects(registry.import(id), { message: 'run 1' })
  assert.deepEqual(registry.failed().sort(), ['bad', 'main'])
  registry.invalidate(['bad'])
  await assert.rejects(registry.import('main'), { message: 'run 2' })
})

test('a factory that throws while linking fails its importers, not the registry', async () => {
  const registry = createRegistry({ external: {}, meta: () => ({}) })
  registry.define('main', ['bad'], [], function* ($) { $.exports({}); yield })
  registry.define('bad', [], [], function* () { throw new Error('at link') })
  await assert.rejects(registry.import('main'), { message: 'at link' })
  registry.define('bad', [], [], function* ($) { $.exports({}); yield })
  registry.invalidate(['bad'])
  await registry.import('main')
})

test('export *: own names win, default stays, an ambiguous name is nobody\'s, cycles end', async () => {
  const registry = createRegistry({ external: { 'npm:x': { fromPackage: 3, default: 4 } }, meta: () => ({}) })
  registry.define('barrel', ['a', 'b', 'npm:x'], [], function* ($, a, b, x) {
    $.exports({ get own() { return 'barrel' } })
    $.star(a); $.star(b); $.star(x)
    yield
  })
  registry.define('a', ['barrel'], [], function* ($, barrel) {
    $.exports({ get own() { return 'a' }, get both() { return 'a' }, get onlyA() { return counter } })
    $.star(barrel)
    yield
    counter = 1
  })
  let counter = 0
  registry.define('b', [], [], function* ($) {
    $.exports({ get both() { return 'b' }, get default() { return 'b' } })
    yield
  })
  const barrel = await registry.import('barrel')
  assert.deepEqual(Object.keys(barrel).sort(), ['fromPackage', 'onlyA', 'own'])
  assert.deepEqual({ ...barrel }, { own: 'barrel', onlyA: 1, fromPackage: 3 })
})

test('a binding that another part assigns is set through the namespace', async () => {
  const registry = createRegistry({ external: {}, meta: () => ({}) })
  registry.define('body', [], [], function* ($) {
    $.exports({ get count() { return count }, set count(value) { count = value } })
    yield
    let count = 1
  })
  registry.define('view', ['body'], [], function* ($, body) {
    $.exports({})
    yield
    ;(body as { count: number }).count++
  })
  await registry.import('view')
  assert.equal((await registry.import('body')).count, 2)
})

test('what is missing is fetched once, with everything below it', async () => {
  const fetched: string[] = []
  const registry = createRegistry({
    external: {},
    meta: (id) => ({ url: id }),
    async fetchMissing(id) {
      fetched.push(id)
      registry.define('late', ['leaf'], [], function* ($) { $.exports({ get url() { return ($.meta as { url: string }).url } }); yield })
      registry.define('leaf', [], [], function* ($) { $.exports({}); yield })
    },
  })
  let imported: unknown
  registry.define('main', [], ['late', 'npm:lazy'], function* ($) {
    $.exports({})
    yield
    imported = $.import(0)
  })
  await registry.import('main')
  assert.equal(((await imported) as { url: string }).url, 'late')
  assert.deepEqual(fetched, ['late'])
})

test('a dynamic import of a package that is bundled apart', async () => {
  const registry = createRegistry({ external: {}, lazy: { 'npm:big': async () => ({ big: true }) }, meta: () => ({}) })
  assert.deepEqual(await registry.import('npm:big'), { big: true })
})

test('a module that nobody sends is a clear error', async () => {
  const registry = createRegistry({ external: {}, meta: () => ({}) })
  registry.define('main', ['gone'], [], function* ($) { $.exports({}); yield })
  await assert.rejects(registry.import('main'), /"gone", imported by "main" was never sent/)
  await assert.rejects(registry.import('toString'), /"toString" was never sent/)
})

test('a module that imports itself while it runs waits for its own end', async () => {
  const registry = createRegistry({ external: {}, meta: () => ({}) })
  let seen: unknown
  registry.define('self', [], ['self'], function* ($) {
    $.exports({ get late() { return late } })
    yield
    seen = $.import(0).then((self) => self.late)
    const late = 'bound'
  })
  await registry.import('self')
  assert.equal(await seen, 'bound')
})
