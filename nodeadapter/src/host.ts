/** What a development server in somebody else's process (Vite's) needs of the Node host. Internal to eclipsa's packages. */
export { createRequestListener } from './request-listener.js'
export { requestUrl } from './request-url.js'
export type { Capabilities, CreateHandler, Handler } from './types.js'
export { createUpgradeGate, ownsRealtime, type UpgradeGate } from './upgrade-gate.js'
export { upgradeWebSocket } from './upgrade-websocket.js'
export { createWorkerSymbols as createSymbolStates, type WorkerSymbols as SymbolStates } from './worker-symbols.js'
export type { SymbolState } from './worker-modules.js'
