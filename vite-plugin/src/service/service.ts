/** The Go binary as a child process: many questions at once, one restart after a crash. */
import { findBinary } from './binary.js'
import { type Child, startChild } from './child.js'
import { encodeFrame } from './frames.js'
import { type Answers, type ExternalRequest, type FormatRequest, type ManifestRequest, type OpenRequest, PROTOCOL, type Reply, type Request, type TransformRequest } from './protocol.js'
import { ServiceError } from './service-error.js'

export { ServiceError }

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
  external(request: ExternalRequest): Promise<Answers['external']>
  format(request: FormatRequest): Promise<Answers['format']>
  /** Ends the process. */
  close(): Promise<void>
}

interface Pending {
  frame: Buffer
  /** What is being transformed. */
  file: string | undefined
  resolve(answer: never): void
  reject(error: Error): void
}

/** Of one service: a crash that comes back is not the machine's mood. */
const RESTARTS = 1

/** How many files a sentence names; a build asks for hundreds at once. */
const NAMED = 5

export async function startService(options: ServiceOptions): Promise<Service> {
  const service = new RunningService(options)
  await service.start()
  return service
}

class RunningService implements Service {
  readonly #options: ServiceOptions
  readonly #binary: string
  readonly #pending = new Map<number, Pending>()
  #nextId = 1
  #child: Child | undefined
  #restarts = 0
  /** Whether the process knows version and app; what is asked until then waits in #pending. */
  #isReady = false
  /** The last one that succeeded: another process has to know its app, too. */
  #opened: Extract<Request, { type: 'open' }> | undefined
  /** Why nothing is answered any more. */
  #over: ServiceError | undefined

  constructor(options: ServiceOptions) {
    this.#options = options
    this.#binary = options.binary ?? findBinary()
  }

  async start(): Promise<void> {
    this.#begin()
    try {
      await this.#greet()
    } catch (error) {
      await this.#fail(error as ServiceError) // another version: there is nothing to start again
      throw error
    }
    this.#isReady = true
  }

  async open(request: OpenRequest): Promise<Answers['open']> {
    const asked = { type: 'open', root: this.#options.root, ...request } as const
    const app = await this.#ask<'open'>(asked)
    this.#opened = asked
    return app
  }

  manifest(request: ManifestRequest): Promise<Answers['manifest']> {
    return this.#ask<'manifest'>({ type: 'manifest', ...request })
  }

  transform(request: TransformRequest): Promise<Answers['transform']> {
    return this.#ask<'transform'>({ type: 'transform', ...request })
  }

  external(request: ExternalRequest): Promise<Answers['external']> {
    return this.#ask<'external'>({ type: 'external', ...request })
  }

  format(request: FormatRequest): Promise<Answers['format']> {
    return this.#ask<'format'>({ type: 'format', ...request })
  }

  close(): Promise<void> {
    return this.#fail(new ServiceError('the service was closed'))
  }

  #begin(): void {
    this.#isReady = false
    this.#child = startChild(this.#binary, {
      reply: (reply) => this.#settle(reply),
      ended: (how, error) => this.#ended(how, error),
    })
    this.#hold()
  }

  #greet(): Promise<unknown> {
    return this.#ask<'hello'>({ type: 'hello', protocol: PROTOCOL, version: this.#options.version }, true)
  }

  /** `isPreparation` is not kept waiting. */
  #ask<T extends Request['type']>(request: Extract<Request, { type: T }>, isPreparation = false): Promise<Answers[T]> {
    return new Promise((resolve, reject) => {
      if (this.#over !== undefined) return reject(this.#over)
      const id = this.#nextId++
      const file = 'file' in request ? request.file : undefined
      let frame
      try {
        frame = encodeFrame({ id, request })
      } catch (error) {
        return reject(new ServiceError(`${file ?? `"${request.type}"`} can't be sent to the program: ${(error as Error).message}`))
      }
      this.#pending.set(id, { frame, file, resolve: resolve as Pending['resolve'], reject })
      this.#hold()
      if (this.#isReady || isPreparation) this.#child!.send(frame)
    })
  }

  #settle(reply: Reply): void {
    const asked = this.#pending.get(reply.id)
    if (asked === undefined) return
    this.#pending.delete(reply.id)
    this.#hold()
    if ('error' in reply) asked.reject(new ServiceError(reply.error.text, reply.error))
    else asked.resolve(reply.answer as never)
  }

  /** Vite decides when its process ends: the child keeps it only while an answer is waited for. */
  #hold(): void {
    this.#child?.hold(this.#pending.size > 0)
  }

  #ended(how: string, error: ServiceError | undefined): void {
    const crash = `the program ${this.#binary} ended (${how})${whileTransforming(this.#pending.values())}`
    if (error === undefined && this.#isReady && this.#restarts < RESTARTS) {
      this.#restarts++
      this.#options.onCrash?.(`${crash}: it is started again.`)
      void this.#restart()
      return
    }
    const advice = this.#restarts > 0
      ? '. It was started again before: please report this, with the file.'
      : `. It may be of another version than eclipsa, which is ${this.#options.version}: install again.`
    this.#giveUp(error ?? new ServiceError(`${crash}${advice}`))
  }

  /** Another process gets what has no answer yet once it knows the app: it works on everything at the same time. */
  async #restart(): Promise<void> {
    this.#begin()
    try {
      await this.#greet()
    } catch (error) {
      return this.#fail(error as ServiceError) // another version was installed meanwhile
    }
    try {
      if (this.#opened !== undefined) await this.#ask<'open'>(this.#opened, true)
    } catch (error) {
      this.#rejectAll(error as ServiceError) // a mistake in the app since then: the next "open" may find it mended
    }
    if (this.#over !== undefined) return
    this.#isReady = true
    for (const { frame } of this.#pending.values()) this.#child!.send(frame)
  }

  #giveUp(why: ServiceError): void {
    this.#over ??= why
    this.#rejectAll(this.#over)
  }

  #rejectAll(why: ServiceError): void {
    for (const { reject } of this.#pending.values()) reject(why)
    this.#pending.clear()
    this.#hold()
  }

  #fail(why: ServiceError): Promise<void> {
    this.#giveUp(why)
    return this.#child!.end()
  }
}

function whileTransforming(pending: Iterable<Pending>): string {
  const files = [...new Set([...pending].flatMap(({ file }) => file ?? []))]
  if (files.length === 0) return ''
  const more = files.length > NAMED ? ` and ${files.length - NAMED} more` : ''
  return ` while it transformed ${files.slice(0, NAMED).join(', ')}${more}`
}
