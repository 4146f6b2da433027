/**
 * `eclipsa/dev/refresh`: swaps components of a running page. It is bundled with the app's packages, since it has to
 * work on the page's own Preact. @prefresh/core swaps what is mounted; this adds what it leaves out: components that
 * are not on the page at the moment, and the state of `useSignal` and `useRef`, which are memos to Preact.
 *
 * Memos are made again and effects run again, with their cleanup before: their code may be another.
 */
import '@prefresh/core'
import { type Component, options as publicOptions, type VNode } from 'preact'
import { computed, Signal } from '@preact/signals'

/** What Preact's builds call these (mangle.json of its repository, and constants.js of @prefresh/core). */
interface HookState {
  /** The value of a memo; the callback of an effect. */
  __?: unknown
  /** The dependencies of the last render; none of an effect that runs after each. */
  __H?: unknown[] | undefined
  /** The cleanup of an effect. */
  __c?: unknown
}

type Mounted = Component & { __H?: { __: HookState[] } }

type Context = Function & {
  Provider: Context
  Consumer: Function & { contextType: Context }
  /** The key that its providers and consumers share. */
  __c: string
}

interface Options {
  debounceRendering?: (process: () => void) => void
  vnode?: (vnode: VNode) => void
  diffed?: (vnode: VNode) => void
  unmount?: (vnode: VNode) => void
}

declare global {
  /** Set by @prefresh/core. */
  var __PREFRESH__: { replaceComponent(previous: Function, next: Function, resetState: boolean): void }
}

const options = publicOptions as Options
/** By each version of a component: the newest one. Old ones stay in modules that were not evaluated again. */
const families = new WeakMap<Function, { newest: Function }>()
const mounted = new WeakMap<Function, Set<Mounted>>()

const instanceOf = (vnode: VNode): Mounted | null | undefined => (vnode as { __c?: Mounted | null }).__c

const vnodeBefore = options.vnode
options.vnode = (vnode) => {
  if (typeof vnode.type === 'function') {
    const family = families.get(vnode.type)
    if (family) vnode.type = family.newest as typeof vnode.type
  }
  vnodeBefore?.(vnode)
}

const diffedBefore = options.diffed
options.diffed = (vnode) => {
  const instance = instanceOf(vnode)
  if (instance && typeof vnode.type === 'function') {
    const known = mounted.get(vnode.type)
    if (known) known.add(instance)
    else mounted.set(vnode.type, new Set([instance]))
  }
  diffedBefore?.(vnode)
}

const unmountBefore = options.unmount
options.unmount = (vnode) => {
  const instance = instanceOf(vnode)
  if (instance && typeof vnode.type === 'function') mounted.get(vnode.type)?.delete(instance)
  unmountBefore?.(vnode)
}

/** What rendering has thrown since components were swapped. */
let thrown: unknown[] | undefined

// In a microtask, as Preact does by itself.
options.debounceRendering = (process) =>
  queueMicrotask(() => {
    try {
      process()
    } catch (error) {
      thrown?.push(error)
      throw error
    }
  })

/** Errors of components that were swapped, to be asked for after the next task has begun; each is thrown as well. */
export function takeRenderErrors(): unknown[] {
  const errors = thrown ?? []
  thrown = undefined
  return errors
}

/** Puts `next` in the place of `previous`, wherever that is rendered or will be. */
export function refresh(previous: Function, next: Function, resetState: boolean): void {
  if (previous === next) return
  thrown ??= []
  if (isContext(previous) || isContext(next)) {
    if (isContext(previous) && isContext(next)) keepContext(previous, next)
    return
  }
  const family = families.get(previous) ?? { newest: previous }
  family.newest = next
  families.set(previous, family)
  families.set(next, family)

  const instances = mounted.get(previous) ?? new Set()
  mounted.delete(previous)
  mounted.set(next, instances)
  const restore = resetState ? [] : [...instances].flatMap(keepState)
  globalThis.__PREFRESH__.replaceComponent(previous, next, resetState)
  for (const undo of restore) undo()
}

/** Gives what undoes the replacement where it goes too far. */
function keepState({ __H: hooks }: Mounted): (() => void)[] {
  return (hooks?.__ ?? []).flatMap((hook) => {
    const { __: value, __H: dependencies, __c: cleanup } = hook
    if (isRef(value) || isState(value)) return [() => void (hook.__H = dependencies)]
    // It runs again after the next render anyway. If that fails, nothing has been taken down.
    if (dependencies === undefined && typeof cleanup === 'function') {
      hook.__c = undefined
      return [() => void (hook.__c = cleanup)]
    }
    return []
  })
}

/** What `useRef` makes. */
const isRef = (value: unknown): boolean => value !== null && typeof value === 'object' && Object.keys(value).join() === 'current'

const Computed = Object.getPrototypeOf(computed(() => undefined)) as object

/** What `useSignal` makes; a computed signal holds code. */
const isState = (value: unknown): boolean => value instanceof Signal && !Object.prototype.isPrototypeOf.call(Computed, value)

const isContext = (value: Function): value is Context => 'Provider' in value && 'Consumer' in value

/** A new context takes the place of the one before: providers stay mounted, and consumers find them. */
function keepContext(previous: Context, next: Context): void {
  next.__c = previous.__c
  families.set(next, families.get(previous) ?? { newest: previous })
  families.set(next.Consumer, families.get(previous.Consumer) ?? { newest: previous.Consumer })
}
