/** The HTML document around a rendered page. */
import { Fragment } from 'preact'
import type { ComponentType, VNode } from 'preact'
import { renderToString } from 'preact-render-to-string'
import { CONTAINER_ID, STATE_ID, writePageState } from '../client/page-state.js'
import type { PageState } from '../client/page-state.js'
import type { SSRRootProps } from '../context-types.js'
import type { Assets } from './manifest.js'
import { MetadataTags } from './metadata.js'
import type { Metadata } from './metadata.js'

/** The document of apps without `+ssr-root.tsx`. */
export function DefaultSSRRoot({ head, children }: SSRRootProps): VNode {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta content="width=device-width, initial-scale=1" name="viewport" />
        {head}
      </head>
      <body>{children}</body>
    </html>
  )
}

export interface DocumentParts {
  root: ComponentType<SSRRootProps>
  /** The page, rendered. */
  html: string
  metadata: Metadata
  assets: Assets[]
  /** Absent on pages that stay plain HTML. */
  state?: PageState
}

export function renderDocument({ root: Root, html, metadata, assets, state }: DocumentParts): string {
  const head = (
    <Fragment>
      <MetadataTags metadata={metadata} />
      {unique(assets, 'styles').map((href) => (
        <link href={href} rel="stylesheet" />
      ))}
      {unique(assets, 'preload').map((href) => (
        <link href={href} rel="modulepreload" />
      ))}
      {unique(assets, 'scripts').map((src) => (
        <script src={src} type="module" />
      ))}
    </Fragment>
  )
  const children = (
    <Fragment>
      <div dangerouslySetInnerHTML={{ __html: html }} id={CONTAINER_ID} />
      {state === undefined ? null : (
        <script dangerouslySetInnerHTML={{ __html: writePageState(state) }} id={STATE_ID} type="application/json" />
      )}
    </Fragment>
  )
  return `<!DOCTYPE html>${renderToString(<Root head={head}>{children}</Root>)}`
}

function unique(assets: readonly Assets[], kind: keyof Assets): string[] {
  return [...new Set(assets.flatMap((group) => group[kind]))]
}
