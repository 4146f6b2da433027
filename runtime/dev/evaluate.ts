/**
 * Evaluation, the second phase: the algorithm of ECMAScript's cyclic module records (InnerModuleEvaluation
 * and AsyncModuleExecutionFulfilled), so that order, cycles, top-level await and errors are those of ESM.
 * A module is asynchronous only if it or something it imports has top-level await: everything else runs
 * in one go, without a promise per import.
 */

export interface Evaluation {
  /** Makes the generator; its first step links, its second evaluates. */
  start(): Iterator<unknown> | AsyncIterator<unknown>
  /** Static imports in source order, without externals. */
  required(): Evaluation[]
  body?: Iterator<unknown> | AsyncIterator<unknown>
  /** The first step of an asynchronous generator, while it is under way. */
  published?: Promise<unknown> | undefined
  /** The module's own body has top-level await. */
  isAsync: boolean
  status: 'linked' | 'evaluating' | 'evaluating-async' | 'evaluated'
  /** In a box, since anything can be thrown, `undefined` too. */
  failure?: { error: unknown }
  /** Depth-first numbering that finds cycles, as in Tarjan's algorithm. */
  index: number
  ancestor: number
  /** The first module of this one's cycle; itself where there is none. */
  cycleRoot?: Evaluation
  /** When the module became asynchronous, in that order its waiting importers go on; 0 while it isn't. */
  asyncOrder: number
  waitsFor: number
  waiting?: Evaluation[]
  /** What `evaluate` gives for a module that it was called with. */
  done?: { promise: Promise<void>; resolve: () => void; reject: (error: unknown) => void }
}

let asyncCount = 0

/** Evaluates a linked module. Synchronous modules have run when this returns. */
export function evaluate(module: Evaluation): Promise<void> {
  const root = module.status === 'linked' ? module : (module.cycleRoot ?? module)
  if (root.done) return root.done.promise
  const done = (root.done = deferred())
  const stack: Evaluation[] = []
  try {
    visit(root, stack, 0)
    if (root.asyncOrder === 0) done.resolve()
  } catch (error) {
    for (const failed of stack) fail(failed, error)
    done.reject(error) // also when it failed earlier, as an import of another
  }
  return done.promise
}

function visit(module: Evaluation, stack: Evaluation[], index: number): number {
  if (module.status === 'evaluating') return index
  if (module.status !== 'linked') {
    if (module.failure) throw module.failure.error
    return index
  }
  module.status = 'evaluating'
  module.index = module.ancestor = index++
  stack.push(module)
  for (let required of module.required()) {
    index = visit(required, stack, index)
    if (required.status === 'evaluating') {
      module.ancestor = Math.min(module.ancestor, required.ancestor)
    } else {
      required = required.cycleRoot ?? required
      if (required.failure) throw required.failure.error
    }
    if (required.asyncOrder > 0) {
      module.waitsFor++
      ;(required.waiting ??= []).push(module)
    }
  }
  if (module.waitsFor > 0 || module.isAsync) {
    module.asyncOrder = ++asyncCount
    if (module.waitsFor === 0) runAsync(module)
  } else {
    module.body!.next()
  }
  if (module.ancestor === module.index) closeCycle(module, stack)
  return index
}

/** The modules of a cycle become ready together, when its first one is. */
function closeCycle(root: Evaluation, stack: Evaluation[]): void {
  for (;;) {
    const module = stack.pop()!
    // One that fails at once is already marked.
    if (module.status === 'evaluating') module.status = module.asyncOrder > 0 ? 'evaluating-async' : 'evaluated'
    module.cycleRoot = root
    if (module === root) return
  }
}

function runAsync(module: Evaluation): void {
  const run = async () => {
    if (module.published) await module.published
    if (module.failure) throw module.failure.error
    await module.body!.next()
  }
  run().then(
    () => fulfil(module),
    (error) => fail(module, error),
  )
}

function fulfil(module: Evaluation): void {
  if (module.status === 'evaluated') return
  settle(module)
  const ready: Evaluation[] = []
  gatherReady(module, ready)
  ready.sort((a, b) => a.asyncOrder - b.asyncOrder)
  for (const next of ready) {
    if (next.status === 'evaluated') continue
    if (next.isAsync) {
      runAsync(next)
      continue
    }
    try {
      next.body!.next()
    } catch (error) {
      fail(next, error)
      continue
    }
    settle(next)
  }
}

/** Importers whose last asynchronous dependency this was, and theirs if they don't await themselves. */
function gatherReady(module: Evaluation, ready: Evaluation[]): void {
  for (const importer of module.waiting ?? []) {
    if (ready.includes(importer) || importer.cycleRoot?.failure) continue
    if (--importer.waitsFor > 0) continue
    ready.push(importer)
    if (!importer.isAsync) gatherReady(importer, ready)
  }
}

function settle(module: Evaluation): void {
  module.status = 'evaluated'
  module.asyncOrder = 0
  module.done?.resolve()
}

/** The error stays with the module and reaches everything that waits for it. */
function fail(module: Evaluation, error: unknown): void {
  if (module.status === 'evaluated') return
  module.status = 'evaluated'
  module.asyncOrder = 0
  module.failure = { error }
  module.cycleRoot ??= module
  for (const importer of module.waiting ?? []) fail(importer, error)
  module.done?.reject(error)
}

function deferred(): NonNullable<Evaluation['done']> {
  let resolve!: () => void
  let reject!: (error: unknown) => void
  const promise = new Promise<void>((yes, no) => {
    resolve = yes
    reject = no
  })
  promise.catch(() => {}) // whoever imports the module gets the rejection
  return { promise, resolve, reject }
}
