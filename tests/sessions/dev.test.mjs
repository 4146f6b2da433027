import { startDev } from '../harness/servers.mjs'
import { sessionTests } from './session-tests.mjs'

sessionTests('eclipsa dev', (root) => startDev(root), {
  mode: 'development',
  deviations: {
    'frames with the handshake': 'gorilla/websocket refuses frames that come with the handshake (DESIGN.md D7); no browser sends any',
    'close 1014': 'gorilla/websocket does not know the code (DESIGN.md D7)',
  },
})
