/** `For`: one child for each item of an array. */
import { Fragment } from 'preact'
import type { ComponentChildren, Key, VNode } from 'preact'

export interface ForProps<T> {
  arr: readonly T[]
  fn: (item: T, index: number) => ComponentChildren
  /** What makes an item itself when the array changes; without it, its place does. */
  key?: (item: T, index: number) => Key
  /** Shown for an empty array. */
  fallback?: ComponentChildren
}

/**
 * Renders `fn(item, index)` for each item.
 *
 * `key` never reaches a Preact component: `eclipsa/jsx-runtime` hands a key that is a function on as `keyOf`.
 */
export function For<T>(props: ForProps<T>): VNode {
  const { arr, fn, fallback } = props
  const { keyOf } = props as { keyOf?: ForProps<T>['key'] }
  if (arr.length === 0) return <Fragment>{fallback}</Fragment>
  return (
    <Fragment>
      {arr.map((item, index) => (
        <Fragment key={keyOf ? keyOf(item, index) : index}>{fn(item, index)}</Fragment>
      ))}
    </Fragment>
  )
}
