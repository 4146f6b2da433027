/** `export const metadata` of pages and layouts, as elements for the head. */
import { Fragment } from 'preact'
import type { VNode } from 'preact'
import type { MetadataContext } from '../context-types.js'

/** `openGraph` and `twitter` become `og:…` and `twitter:…` properties. */
export interface Metadata {
  title?: string
  description?: string
  canonical?: string
  openGraph?: Record<string, string>
  twitter?: Record<string, string>
}

type MetadataExport = Metadata | ((context: MetadataContext) => Metadata | Promise<Metadata>)

/** Outer modules first: inner ones overwrite. */
export async function readMetadata(modules: readonly Record<string, unknown>[], context: MetadataContext): Promise<Metadata> {
  let merged: Metadata = {}
  for (const module of modules) {
    const metadata = module['metadata'] as MetadataExport | undefined
    if (metadata === undefined) continue
    merged = { ...merged, ...(typeof metadata === 'function' ? await metadata(context) : metadata) }
  }
  return merged
}

export function MetadataTags({ metadata }: { metadata: Metadata }): VNode {
  const { title, description, canonical, openGraph = {}, twitter = {} } = metadata
  return (
    <Fragment>
      {title === undefined ? null : <title>{title}</title>}
      {description === undefined ? null : <meta content={description} name="description" />}
      {canonical === undefined ? null : <link href={canonical} rel="canonical" />}
      {Object.entries(openGraph).map(([name, value]) => (
        <meta content={value} property={`og:${name}`} />
      ))}
      {Object.entries(twitter).map(([name, value]) => (
        <meta content={value} name={`twitter:${name}`} />
      ))}
    </Fragment>
  )
}
