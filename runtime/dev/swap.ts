/** Gives one mounted component the code of another, with its hooks and its state. */
import { Component } from 'preact'
import { computed, Signal } from '@preact/signals'
import { componentAround, type HookState, isClass, type Mounted } from './preact-internals.js'

/** Functions, or classes with the same base: an instance of the one can become one of the other. */
export function isSameKind(previous: Function, next: Function): boolean {
  return isClass(previous) === isClass(next) && Object.getPrototypeOf(previous) === Object.getPrototypeOf(next)
}

/** The component around it renders another in its place. */
export function replace(instance: Mounted): void {
  const around = componentAround(instance.__v)
  if (around) rerender(around)
}

export function swap(instance: Mounted, next: Function, resetState: boolean): void {
  const vnode = instance.__v
  vnode.type = next
  const inTree = vnode.__?.__k?.[vnode.__i]
  if (inTree?.__c === instance) inTree.type = next
  if (isClass(next)) {
    becomeInstance(instance, next as new (...parameters: unknown[]) => object)
  } else {
    instance.constructor = next
    if (resetState) resetHooks(instance)
    else for (const hook of instance.__H?.__ ?? []) forgetCode(hook)
  }
  rerender(instance)
}

/** Whatever its `shouldComponentUpdate` says. */
const rerender = (instance: Mounted): void => Component.prototype.forceUpdate.call(instance)

/** As if nothing had been rendered yet. */
function resetHooks(instance: Mounted): void {
  for (const { __c: cleanup } of instance.__H?.__ ?? []) {
    try {
      if (typeof cleanup === 'function') cleanup()
    } catch (error) {
      console.error(error)
    }
  }
  instance.__H = { __: [], __h: [] }
  delete instance.componentDidCatch // of `useErrorBoundary`
}

/**
 * Without dependencies to compare with, Preact makes a memo again, and runs an effect again, with its cleanup before:
 * their code may be another. What only holds state stays.
 */
function forgetCode(hook: HookState): void {
  if (Array.isArray(hook.__H) && !isRef(hook.__) && !isState(hook.__)) hook.__H = undefined
}

/** What `useRef` makes. */
const isRef = (value: unknown): boolean => value !== null && typeof value === 'object' && Object.keys(value).join() === 'current'

const Computed = Object.getPrototypeOf(computed(() => undefined)) as object

/** What `useSignal` makes; a computed signal holds code. */
const isState = (value: unknown): boolean => value instanceof Signal && !Object.prototype.isPrototypeOf.call(Computed, value)

/**
 * Makes an object an instance of another class: the constructor runs on it, as that of a base class would give it, so
 * that handlers in fields are the new ones and know their `this`. Other fields keep their values.
 */
function becomeInstance(instance: Mounted, next: new (...parameters: unknown[]) => object): void {
  const fields = Object.entries(instance)
  const base = Object.getPrototypeOf(next) as object
  Object.setPrototypeOf(instance, next.prototype as object)
  Object.setPrototypeOf(next, function () {
    return instance
  })
  try {
    new next(instance.props, instance.context)
  } finally {
    Object.setPrototypeOf(next, base)
    for (const [name, value] of fields) if (typeof value !== 'function') Object.assign(instance, { [name]: value })
  }
}
