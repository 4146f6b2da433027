/**
 * What a swap touches of Preact 11, by the names of its published builds. They are the same in all of them, and kept
 * for devtools: its repository lists them in mangle.json.
 */
import { type Component, options as publicOptions, type VNode as PublicVNode } from 'preact'

export interface VNode {
  /** One of our own after a swap. */
  type: unknown
  props: Record<string, unknown> | null
  /** What marks a vnode. */
  constructor: unknown
  /** Its component. */
  __c: Mounted | null
  __: VNode | null
  __k: (VNode | null)[] | null
  /** Its place among the children of its parent. */
  __i: number
}

export interface Mounted extends Component {
  /** The newest vnode; the one in the tree, unless rendering it failed. */
  __v: VNode
  /** Where it is in the document; nowhere, when it is unmounted. */
  __P: Element | null
  __H?: { __: HookState[]; __h: HookState[] } | undefined
}

export interface HookState {
  /** The value of a memo; the callback of an effect. */
  __?: unknown
  /** The dependencies of the last render. */
  __H?: unknown[] | undefined
  /** The cleanup of an effect. */
  __c?: unknown
}

export interface ContextType extends Function {
  Provider: ContextType
  Consumer: Function
  /** The key that its providers and consumers share. */
  __c: string
}

export interface Options {
  vnode?: (vnode: VNode) => void
  /** Before a vnode is compared with the one before. */
  __b?: (vnode: VNode) => void
  diffed?: (vnode: VNode) => void
  unmount?: (vnode: VNode) => void
  debounceRendering?: (process: () => void) => void
}

export const options = publicOptions as unknown as Options

const MARK = Symbol.for('pv')

export const isVNode = (value: unknown): value is VNode => typeof value === 'object' && (value as Partial<VNode> | null)?.constructor === MARK

export const isContext = (value: Function): value is ContextType => 'Provider' in value && 'Consumer' in value

export const isClass = (value: Function): boolean => typeof (value.prototype as { render?: unknown } | undefined)?.render === 'function'

/** The nearest component around a vnode. */
export function componentAround(vnode: PublicVNode | VNode): Mounted | undefined {
  for (let around = (vnode as VNode).__; around; around = around.__) if (around.__c) return around.__c
  return undefined
}
