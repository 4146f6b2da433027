/** `eclipsa/server`: the server app, for the generated server entry and for hosts. */
export { createApp } from './server/app.js'
export type { Capabilities, CreateHandler, Handler, Report, UpgradeServer } from './server/handler.js'
export type { Assets, ClientManifest, Load, Manifest, RouteEntry, Segment, Settings, SymbolEntry } from './server/manifest.js'
