import { startDev } from '../harness/servers.mjs'
import { sessionTests } from './session-tests.mjs'
import { stoppingTest } from './stopping.mjs'

const NO_CLOSE_FRAME = 'gorilla/websocket ends the connection over a negative length without a close frame'

sessionTests('eclipsa dev', (root) => startDev(root), {
  mode: 'development',
  deviations: {
    'frames with the handshake': 'gorilla/websocket refuses frames that come with the handshake (DESIGN.md D7); no browser sends any',
    'close 1014': 'gorilla/websocket does not know the code (DESIGN.md D7)',
    'a close frame of one byte': 'gorilla/websocket takes it for one without a code',
    'a frame that says it has 9223372036854775808 bytes': NO_CLOSE_FRAME,
    'a frame that says it has 18446744073709551615 bytes': NO_CLOSE_FRAME,
  },
})
stoppingTest('eclipsa dev', (root) => startDev(root))
