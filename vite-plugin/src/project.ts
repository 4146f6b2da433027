/**
 * The app as the Go binary sees it, and what became of its source files. One for each Vite process; the parts of the
 * plugin share it.
 */
import { readFileSync } from 'node:fs'
import type { ResolvedConfig } from 'vite'
import { slashed, sourceFile } from './ids.js'
import type { AppDescription, ExternalAnswer, ManifestData, TransformAnswer } from './service/protocol.js'
import { type Service, startService } from './service/service.js'
import { SourcePackages } from './source-packages.js'

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }

export type Sides = 'client' | 'server' | 'both'

interface Source {
  code: string
  answer: Promise<TransformAnswer>
}

export class Project {
  /** Of the app, with slashes. */
  root = ''
  app!: AppDescription
  config!: ResolvedConfig
  packages = new SourcePackages('')
  /** The text of `eclipsa:server-manifest`. */
  manifestText = ''
  /** Exports that only removed code imports, by file: what they hold goes from the client's build. */
  readonly removable = new Map<string, Set<string>>()
  /** How many of them a file was last transformed with. */
  readonly marked = new Map<string, number>()
  /** Server-only files that the client's graph holds, with their paths in messages. */
  readonly serverOnly = new Map<string, string>()
  /**
   * In development, by file: what the browser was given last, and what the server runs. A file may be newer than either,
   * since it is read again before the watcher tells of the save.
   */
  readonly had = { client: new Map<string, TransformAnswer>(), server: new Map<string, TransformAnswer>() }
  readonly #sources = new Map<string, Source>()
  #service: Service | undefined
  #opening: Promise<void> | undefined

  get isDev(): boolean {
    return this.config.command === 'serve'
  }

  configure(config: ResolvedConfig): void {
    this.config = config
    this.root = slashed(config.root)
    this.packages = new SourcePackages(this.root)
  }

  /** Starts the service and reads the app; once, however many environments begin. */
  open(): Promise<void> {
    return (this.#opening ??= this.#open())
  }

  async #open(): Promise<void> {
    const onCrash = (message: string): void => this.config.logger.error(`[eclipsa] ${message}`, { timestamp: true })
    this.#service = await startService({ root: this.config.root, version, onCrash })
    await this.rescan()
  }

  /** Reads the app's folder anew. */
  async rescan(): Promise<void> {
    this.app = await this.#running().open({ mode: this.isDev ? 'development' : 'production', base: this.config.base })
  }

  #running(): Service {
    if (this.#service === undefined) throw new Error('[eclipsa] the service is not running')
    return this.#service
  }

  /** The file of a module that we transform; undefined for others, and for the parts of such a file. */
  sourceOf(id: string): string | undefined {
    const file = sourceFile(id)
    return file !== undefined && this.packages.isSource(file) ? file : undefined
  }

  /** In development one parse makes both sides, and the other environment's question finds the answer here. */
  transform(file: string, code: string, sides: Sides): Promise<TransformAnswer> {
    const removable = [...(this.removable.get(file) ?? [])]
    if (sides === 'client') this.marked.set(file, removable.length)
    const key = this.isDev ? file : `${sides} ${file}`
    const known = this.#sources.get(key)
    if (known?.code === code && removable.length === 0) return known.answer
    const answer = this.#running().transform({
      file, code, sides: this.isDev ? 'both' : sides, dev: this.isDev, split: this.isDev, removable,
      sourceMap: this.isDev || Boolean(this.config.build.sourcemap) || sides === 'server',
    })
    answer.catch(() => {}) // whoever asked gets it
    this.#sources.set(key, { code, answer })
    return answer
  }

  /** What a saved file is to become; undefined for what is not ours. */
  async transformSaved(file: string, read: () => string | Promise<string>): Promise<TransformAnswer | undefined> {
    return this.sourceOf(file) === undefined ? undefined : this.transform(file, await read(), 'both')
  }

  /** What a file became when it was last transformed. */
  async known(file: string): Promise<TransformAnswer | undefined> {
    const source = this.#sources.get(file) ?? this.#sources.get(`client ${file}`)
    return source?.answer.catch(() => undefined)
  }

  /** Every file that was transformed, with what it became. */
  async *all(): AsyncGenerator<[file: string, answer: TransformAnswer]> {
    for (const [key, { answer }] of this.#sources) {
      const made = await answer.catch(() => undefined)
      if (made !== undefined) yield [key.replace(/^(?:client|server|both) /, ''), made]
    }
  }

  /** Whether server code can have the package of an import in its bundle. */
  external(specifier: string, folder: string): Promise<ExternalAnswer> {
    return this.#running().external({ specifier, folder })
  }

  async manifest(data: ManifestData): Promise<string> {
    return (await this.#running().manifest({ data })).text
  }

  async close(): Promise<void> {
    const service = this.#service
    this.#service = this.#opening = undefined
    await service?.close()
  }
}
