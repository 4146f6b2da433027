/** One process of the binary: frames in and out, and its end. What was asked of it is the service's concern. */
import { spawn } from 'node:child_process'
import { FrameReader } from './frames.js'
import type { Reply } from './protocol.js'
import { ServiceError } from './service-error.js'

/** How long a process may take to end after its stdin did. It ends at once, unless somebody stopped it. */
const PATIENCE = 2_000

export interface ChildEvents {
  reply(reply: Reply): void
  /** Once, and not after `end()`. With an error there is no use in another process. */
  ended(how: string, error?: ServiceError): void
}

export interface Child {
  send(frame: Buffer): void
  /** Whether it keeps Node alive; it doesn't at first. */
  hold(isHeld: boolean): void
  /** Ends the process; done when it has. */
  end(): Promise<void>
}

export function startChild(binary: string, events: ChildEvents): Child {
  const frames = new FrameReader()
  const child = spawn(binary, ['service'], { stdio: ['pipe', 'pipe', 'inherit'], windowsHide: true })
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()))
  let isOver = false

  function over(how: string, error?: ServiceError): void {
    if (isOver) return
    isOver = true
    events.ended(how, error)
  }

  function hold(isHeld: boolean): void {
    const how = isHeld ? 'ref' : 'unref'
    for (const one of [child, child.stdin, child.stdout] as { ref?(): void; unref?(): void }[]) one[how]?.()
  }

  child.stdin.on('error', () => {}) // its end says the same
  child.stdout.on('error', () => {})
  child.stdout.on('data', (chunk: Buffer) => {
    if (isOver) return
    try {
      for (const reply of frames.push(chunk)) events.reply(reply as Reply)
    } catch (error) {
      child.kill('SIGKILL')
      over('', new ServiceError(`the program ${binary} does not speak the plugin's protocol (${(error as Error).message})`))
    }
  })
  child.on('error', (error) => over('', new ServiceError(`the program ${binary} could not be started: ${error.message}`)))
  child.on('close', (code, signal) => over(signal ?? `exit code ${code}`))
  hold(false)

  return {
    send: (frame) => void child.stdin.write(frame),
    hold,
    end() {
      isOver = true
      hold(true)
      child.stdin.end()
      const impatience = setTimeout(() => child.kill('SIGKILL'), PATIENCE)
      return closed.finally(() => clearTimeout(impatience))
    },
  }
}
