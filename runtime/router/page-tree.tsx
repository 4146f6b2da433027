/** A page inside its layouts: the tree that the server renders and the browser hydrates. */
import type { ComponentChildren, ComponentType, VNode } from 'preact'
import { AtomContext } from '../components/atoms.js'
import { RouteContext } from './context.js'
import type { RouteState } from './context.js'

/** A route module, as far as rendering it goes. */
export interface ComponentModule {
  default?: unknown
}

export interface PageModules {
  /** Outer first. */
  layouts: ComponentModule[]
  page: ComponentModule
}

type Wrapper = ComponentType<{ children?: ComponentChildren }>

/** @throws Error naming the route when one of its modules has no component as default export. */
export function pageTree({ layouts, page }: PageModules, route: RouteState): VNode {
  const Page = component(page, '+page', route)
  const tree = layouts.reduceRight<ComponentChildren>((children, layout) => {
    const Layout = component(layout, '+layout', route)
    return <Layout>{children}</Layout>
  }, <Page />)
  return (
    <RouteContext.Provider value={route}>
      <AtomContext.Provider value={new Map()}>{tree}</AtomContext.Provider>
    </RouteContext.Provider>
  )
}

function component(module: ComponentModule, kind: string, { id }: RouteState): Wrapper {
  const found = module.default
  if (typeof found !== 'function') {
    throw new Error(`The ${kind} of route ${id} needs a component as its default export: export default function … () { return … }`)
  }
  return found as Wrapper
}
