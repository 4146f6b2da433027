/// <reference types="eclipsa/env" preserve="true" />
/** The package `eclipsa`: what components, handlers and middlewares import. */
export { realtime } from './realtime/realtime.js'
export { defineRealtimeWebSocketAdapter } from './realtime/adapter.js'
export type {
  RealtimeCloseEvent,
  RealtimeConnection,
  RealtimeError,
  RealtimeHandle,
  RealtimeHandler,
  RealtimeMiddleware,
  RealtimeStatus,
  RealtimeUpgradeWebSocket,
  RealtimeWebSocketAdapter,
  RealtimeWebSocketAdapterObject,
} from './realtime/types.js'

export type { AppContext, AppVariables, MetadataContext, RequestPage, RouteMiddleware, SSRRootProps } from './context-types.js'

// `createElement` is what `{...props} key={…}` compiles to, where the order of the two matters.
export { Fragment, createContext, createElement } from 'preact'
export { useContext } from 'preact/hooks'
export { effect, signal } from '@preact/signals'
export { onMount, useComputed, useComputed as useComputed$, useSignal, useWatch } from './components/hooks.js'
export { onCleanup } from './components/cleanups.js'
export { For } from './components/for.js'
export type { ForProps } from './components/for.js'
export { Dynamic, Show } from './components/show.js'
export type { DynamicProps, ShowProps } from './components/show.js'

export { Link } from './router/link.js'
export type { LinkProps } from './router/link.js'
export { useLocation, useRouteParams } from './router/context.js'
export type { RouteLocation, RouteParams } from './router/context.js'

export { resumeContainer } from './client/resume.js'
export { IS_BROWSER, IS_SSR } from './environment.js'
