/**
 * `eclipsa/dev/refresh`: swaps components of a running page. It is bundled with the app's packages, since it has to
 * work on the page's own Preact.
 *
 * Modules that were not evaluated again, and vnodes that were made before, still name old versions of a component:
 * wherever one of them is about to be rendered, the newest takes its place.
 */
import { type ContextType, isContext, isVNode, type Mounted, options, type VNode } from './preact-internals.js'
import { isSameKind, replace, swap } from './swap.js'

/** By each version of a component. It holds the newest only, so that the others can go. */
const families = new WeakMap<Function, { newest: Function }>()
let isAnyReplaced = false

/** The mounted instances of a component, each with the vnode that it was mounted with: its parent may hold on to that. */
const mounted = new WeakMap<Function, Map<Mounted, WeakRef<VNode>>>()

/** What rendering has thrown since components were swapped. */
let thrown: unknown[] | undefined

/** Puts `next` in the place of `previous`, wherever that is rendered or will be. */
export function refresh(previous: Function, next: Function, resetState: boolean): void {
  if (previous === next) return
  if (isContext(previous) || isContext(next)) {
    if (isContext(previous) && isContext(next)) keepContext(previous, next)
    return
  }
  thrown ??= []
  setNewest(previous, next)
  const instances = mounted.get(previous)
  if (!instances) return
  if (!isSameKind(previous, next)) return void [...instances.keys()].forEach(replace)
  mounted.delete(previous)
  mounted.set(next, instances)
  for (const [instance, first] of instances) {
    const vnode = first.deref()
    if (vnode) vnode.type = next
    swap(instance, next, resetState)
  }
}

/** Errors of swapped components, to be asked for when the next task has begun; each is thrown as well. */
export function takeRenderErrors(): unknown[] {
  const errors = thrown ?? []
  thrown = undefined
  return errors
}

function setNewest(previous: Function, next: Function): void {
  const family = families.get(previous) ?? { newest: next }
  family.newest = next
  families.set(previous, family)
  families.set(next, family)
  isAnyReplaced = true
}

/** The context before goes on in the place of the new one: providers stay mounted, and consumers find them. */
function keepContext(previous: ContextType, next: ContextType): void {
  next.__c = previous.__c
  families.set(next, families.get(previous) ?? { newest: previous })
  families.set(next.Consumer, families.get(previous.Consumer) ?? { newest: previous.Consumer })
  isAnyReplaced = true
}

function useNewest(vnode: VNode): void {
  const family = typeof vnode.type === 'function' ? families.get(vnode.type) : undefined
  if (family) vnode.type = family.newest
}

/** Vnodes that were made before a swap and are rendered now: children, and whatever else a component is given. */
function useNewestIn(value: unknown): void {
  if (Array.isArray(value)) value.forEach(useNewestIn)
  else if (isVNode(value)) useNewest(value)
}

const before = { ...options }

options.vnode = (vnode) => {
  if (isAnyReplaced) useNewest(vnode)
  before.vnode?.(vnode)
}

options.__b = (vnode) => {
  if (isAnyReplaced && vnode.props) for (const value of Object.values(vnode.props)) useNewestIn(value)
  before.__b?.(vnode)
}

options.diffed = (vnode) => {
  const { type, __c: instance } = vnode
  if (instance && typeof type === 'function') {
    const known = mounted.get(type)
    if (!known) mounted.set(type, new Map([[instance, new WeakRef(vnode)]]))
    else if (!known.has(instance)) known.set(instance, new WeakRef(vnode))
  }
  before.diffed?.(vnode)
}

options.unmount = (vnode) => {
  if (vnode.__c && typeof vnode.type === 'function') mounted.get(vnode.type)?.delete(vnode.__c)
  before.unmount?.(vnode)
}

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
