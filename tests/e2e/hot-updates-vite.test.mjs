import { startVite } from '../harness/servers.mjs'
import { hotUpdateTests } from './hot-updates.mjs'

hotUpdateTests({ start: startVite, overlay: 'vite-error-overlay', hasWorker: false })
