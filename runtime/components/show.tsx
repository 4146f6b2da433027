/** `Show` and `Dynamic`: conditions as components. */
import { Fragment, h } from 'preact'
import type { ComponentChildren, ComponentType, VNode } from 'preact'

export interface ShowProps {
  /** Anything truthy shows the children. */
  when: unknown
  children: ComponentChildren
  fallback?: ComponentChildren
}

export function Show({ when, children, fallback }: ShowProps): VNode {
  return <Fragment>{when ? children : fallback}</Fragment>
}

export type DynamicProps<P> = { component: ComponentType<P> | string } & P

/** Renders whatever `component` is at the moment, an element's name included, with the other props. */
export function Dynamic<P extends object>({ component, ...props }: DynamicProps<P>): VNode {
  return h(component as ComponentType<object>, props)
}
