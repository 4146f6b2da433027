/** Hono's types with what eclipsa adds to them. */
import type { Context, Env, MiddlewareHandler } from 'hono'
import type { ComponentChildren } from 'preact'
import type { RouteParams } from './router/context.js'

/**
 * Variables that every request of the app has. Extend it where a middleware sets one:
 *
 *     declare module 'eclipsa' { interface AppVariables { user: User } }
 */
export interface AppVariables {}

/** The page that a request belongs to, the same for pages, data and upgrades. */
export interface RequestPage {
  url: URL
  path: string
  params: RouteParams
}

interface AppEnv<E extends Env> {
  // `any` where it says nothing, as Hono has it: what a host hands in is its own affair.
  Bindings: E extends { Bindings: infer Bindings extends object } ? Bindings : any
  Variables: AppVariables & { page: RequestPage } & (E extends { Variables: infer Variables extends object } ? Variables : {})
}

/** Hono's context in an eclipsa app. */
export type AppContext<E extends Env = Env> = Context<AppEnv<E>>

/** The default export of `+middleware.ts`. */
export type RouteMiddleware<E extends Env = Env> = MiddlewareHandler<AppEnv<E>>

/** What `metadata` gets where it is a function. */
export interface MetadataContext {
  params: RouteParams
  url: URL
}

/** What `+ssr-root.tsx` gets; it returns the document. */
export interface SSRRootProps {
  head: ComponentChildren
  children: ComponentChildren
}
