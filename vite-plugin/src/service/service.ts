/** The Go binary as a child process: many questions at once, one restart after a crash. */
import { type ChildProcess, spawn } from 'node:child_process'
import { findBinary } from './binary.js'
import { encodeFrame, FrameReader } from './frames.js'
import { type Answers, type FormatRequest, type ManifestRequest, type OpenRequest, PROTOCOL, type Reply, type Request, type TransformRequest } from './protocol.js'

export interface ServiceOptions {
  root: string
  /** Of this package; the binary's must be the same. */
  version: string
  /** Gets a sentence that names the files which were being transformed. */
  onCrash?: (message: string) => void
  binary?: string
}

export interface Service {
  open(request: OpenRequest): Promise<Answers['open']>
  manifest(request: ManifestRequest): Promise<Answers['manifest']>
  transform(request: TransformRequest): Promise<Answers['transform']>
  format(request: FormatRequest): Promise<Answers['format']>
  /** Ends the process. */
  close(): Promise<void>
}

export class ServiceError extends Error {
  override name = 'ServiceError'
  readonly hint: string | undefined
  /** Relative to the app, with `:line:column` where known. */
  readonly path: string | undefined
  constructor(text: string, { hint, path }: { hint?: string; path?: string } = {}) {
    super([path === undefined ? text : `${path}: ${text}`, ...(hint === undefined ? [] : [hint])].join('\n'))
    this.hint = hint
    this.path = path
    this.stack = '' // it is the user's mistake: our own stack says nothing about it
  }
}

interface Pending {
  request: Request
  resolve(answer: never): void
  reject(error: Error): void
}

/** Of one service: a crash that comes back is not the machine's mood. */
const RESTARTS = 1

export async function startService(options: ServiceOptions): Promise<Service> {
  const binary = options.binary ?? findBinary()
  const pending = new Map<number, Pending>()
  let nextId = 1
  let child: ChildProcess
  let restarts = 0
  let opened: Request | undefined
  let over: Error | undefined
  let isClosing = false

  function begin(): void {
    const frames = new FrameReader()
    const started = (child = spawn(binary, ['service'], { stdio: ['pipe', 'pipe', 'inherit'] }))
    started.stdin!.on('error', () => {}) // its end says the same
    started.stdout!.on('data', (chunk: Buffer) => {
      try {
        for (const reply of frames.push(chunk)) settle(reply as Reply)
      } catch (error) {
        over = new ServiceError(`the program ${binary} does not speak the plugin's protocol (${(error as Error).message})`)
        started.kill('SIGKILL')
      }
    })
    started.on('error', (error) => ended(new ServiceError(`the program ${binary} could not be started: ${error.message}`)))
    started.on('close', (code, signal) => {
      if (started === child) ended(undefined, signal === null ? `exit code ${code}` : signal)
    })
    hold()
  }

  function send(id: number, request: Request): void {
    child.stdin!.write(encodeFrame({ id, request }))
  }

  function ask<T extends Request['type']>(request: Extract<Request, { type: T }>): Promise<Answers[T]> {
    return new Promise((resolve, reject) => {
      if (over !== undefined) return reject(over)
      const id = nextId++
      pending.set(id, { request, resolve: resolve as Pending['resolve'], reject })
      hold()
      send(id, request)
    })
  }

  /** Vite decides when its process ends: the child keeps it only while an answer is waited for. */
  function hold(): void {
    const how = pending.size > 0 ? 'ref' : 'unref'
    for (const one of [child, child.stdin, child.stdout] as { ref?(): void; unref?(): void }[]) one[how]?.()
  }

  function settle(reply: Reply): void {
    const asked = pending.get(reply.id)
    if (asked === undefined) return
    pending.delete(reply.id)
    hold()
    if ('error' in reply) asked.reject(new ServiceError(reply.error.text, reply.error))
    else asked.resolve(reply.answer as never)
  }

  function ended(error: ServiceError | undefined, how = ''): void {
    if (isClosing) return
    const files = [...pending.values()].flatMap(({ request }) => (request.type === 'transform' ? [request.file] : []))
    const crash = `the program ${binary} ended (${how})${files.length === 0 ? '' : ` while it transformed ${files.join(', ')}`}`
    if (error === undefined && over === undefined && restarts < RESTARTS) {
      restarts++
      options.onCrash?.(`${crash}: it is started again.`)
      const asked = [...pending]
      begin()
      send(0, hello())
      if (opened !== undefined) send(0, opened)
      for (const [id, { request }] of asked) send(id, request)
      return
    }
    over ??= error ?? new ServiceError(`${crash}. It was started again before: please report this, with the file.`)
    for (const asked of pending.values()) asked.reject(over)
    pending.clear()
  }

  const hello = (): Request => ({ type: 'hello', protocol: PROTOCOL, version: options.version })

  begin()
  await ask<'hello'>({ type: 'hello', protocol: PROTOCOL, version: options.version })

  return {
    open(request) {
      opened = { type: 'open', root: options.root, ...request }
      return ask<'open'>(opened as Extract<Request, { type: 'open' }>)
    },
    manifest: (request) => ask<'manifest'>({ type: 'manifest', ...request }),
    transform: (request) => ask<'transform'>({ type: 'transform', ...request }),
    format: (request) => ask<'format'>({ type: 'format', ...request }),
    close() {
      isClosing = true
      over ??= new ServiceError('the service was closed')
      for (const asked of pending.values()) asked.reject(over)
      pending.clear()
      if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
      return new Promise((resolve) => {
        child.ref()
        child.once('close', () => resolve())
        child.stdin!.end()
      })
    },
  }
}
