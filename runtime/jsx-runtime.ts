/**
 * What TSX compiles to (`jsxImportSource: "eclipsa"`): Preact's runtime. The one addition: a `key` that is a function
 * is no key but a prop (`<For key={…}>`), which Preact would keep from the component.
 */
import { jsx as preactJsx } from 'preact/jsx-runtime'
import type { ComponentType, VNode } from 'preact'

export { Fragment } from 'preact/jsx-runtime'
export type { JSX } from 'preact/jsx-runtime'

type Props = Record<string, unknown>

export function jsx(type: string | ComponentType, props: Props, key?: unknown): VNode {
  if (typeof key === 'function') return preactJsx(type as string, { ...props, keyOf: key } as never) as VNode
  return preactJsx(type as string, props as never, key as string) as VNode
}

export { jsx as jsxs, jsx as jsxDEV }
