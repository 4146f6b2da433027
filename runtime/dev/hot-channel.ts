/**
 * The hot channel: a WebSocket that the server speaks over. It is cut when a laptop sleeps or the server drops a page
 * that is far behind; then the page asks for what it missed. Another run of the server means another page.
 */
import type { HotMessage } from './hot-messages.js'
import { visible, wait } from './waiting.js'

/** The first wait after a failure; each further one is twice as long, up to the last. */
const FIRST_WAIT = 100
const LAST_WAIT = 2_000

export interface HotChannelHost {
  /** Asked for each attempt, since it names what the page has seen. */
  url(): URL
  receive(message: HotMessage): void
  emit(event: string, payload: unknown): void
  /** Whether the server that answers now is another run: it will never take this page's token. */
  isAnotherServer(): Promise<boolean>
  reload(reason: string): void
}

/** Goes on as long as the page does. */
export async function followHotChannel(host: HotChannelHost): Promise<void> {
  for (let pause = FIRST_WAIT; ; pause = Math.min(pause * 2, LAST_WAIT)) {
    if (await connection(host)) pause = FIRST_WAIT
    else if (await host.isAnotherServer()) return host.reload('the dev server was started again')
    await wait(pause)
    await visible()
  }
}

/** One connection from its opening to its end; says whether there was one. */
function connection(host: HotChannelHost): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = new WebSocket(host.url())
    let connected = false
    socket.onmessage = ({ data }) => {
      if (!connected) host.emit('vite:ws:connect', { webSocket: socket })
      connected = true
      host.receive(JSON.parse(data) as HotMessage)
    }
    socket.onclose = () => {
      if (connected) host.emit('vite:ws:disconnect', { webSocket: socket })
      resolve(connected)
    }
  })
}
