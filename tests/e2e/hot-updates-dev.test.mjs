import { startDev } from '../harness/servers.mjs'
import { hotUpdateTests } from './hot-updates.mjs'

hotUpdateTests({ start: startDev, overlay: 'eclipsa-error-overlay', hasWorker: true })
