/**
 * Text to values. Whatever a stranger sends, the result is data: no function, nothing with a prototype
 * other than a built-in one, and no more work than the limits in `tags.ts` allow. The parsed JSON is
 * walked once and changed in place.
 */
import { fromBase64 } from './base64.js'
import { MAX_BIGINT_DIGITS, MAX_DEPTH, MAX_NODES, SerializationError, isForbiddenKey, typedArrays } from './tags.js'
import type { PathStep } from './tags.js'

/**
 * The value of a text that `encode` made. `root` is what it is called in errors.
 * @throws SerializationError (a `TypeError`) for anything else.
 */
export function decode(text: string, root = 'value'): unknown {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    throw new SerializationError('read', root, [], 'it is not JSON')
  }
  return revive(json, root)
}

/** `decode` for JSON that is parsed already; it is changed in place and must not be used again. */
export function revive(json: unknown, root = 'value'): unknown {
  return typeof json === 'object' && json !== null ? new Decoder(root).visit(json, 1) : json
}

class Decoder {
  readonly #root: string
  readonly #steps: PathStep[] = []
  #nodesLeft = MAX_NODES

  constructor(root: string) {
    this.#root = root
  }

  /** `depth` counts the objects, arrays, Maps and Sets around the node and the node itself. */
  visit(node: object, depth: number): unknown {
    if (depth > MAX_DEPTH) this.#fail(`it is nested deeper than ${MAX_DEPTH} levels`)
    if (Array.isArray(node)) return this.#array(node, depth)
    const keys = Object.keys(node)
    if (keys.length === 1 && keys[0] === '$') return this.#tagged((node as { $: unknown }).$, depth)
    this.#count(keys.length)
    const object = node as Record<string, unknown>
    for (const key of keys) {
      if (isForbiddenKey(key)) this.#fail(`a key named ${key} is refused`)
      const value = object[key]
      if (typeof value === 'object' && value !== null) object[key] = this.#child(key, value, depth)
    }
    return object
  }

  #array(items: unknown[], depth: number): unknown[] {
    this.#count(items.length)
    for (let i = 0; i < items.length; i++) {
      const item = items[i]
      if (typeof item === 'object' && item !== null) items[i] = this.#child(i, item, depth)
    }
    return items
  }

  #child(step: PathStep, node: object, depth: number): unknown {
    this.#steps.push(step)
    const value = this.visit(node, depth + 1)
    this.#steps.pop()
    return value
  }

  #tagged(content: unknown, depth: number): unknown {
    if (!Array.isArray(content) || typeof content[0] !== 'string') this.#fail('it has a malformed tag')
    const name: string = content[0]
    if (name === 'undefined' && content.length === 1) return undefined
    if (content.length !== 2) this.#fail('it has a malformed tag')
    const data: unknown = content[1]
    switch (name) {
      case '$':
        return { $: typeof data === 'object' && data !== null ? this.#child('$', data, depth) : data }
      case 'Map':
        return this.#map(data, depth)
      case 'Set':
        return Array.isArray(data) ? new Set(this.#array(data, depth)) : this.#malformed(name)
      default:
        return this.#scalar(name, data)
    }
  }

  #map(data: unknown, depth: number): Map<unknown, unknown> {
    if (!Array.isArray(data)) return this.#malformed('Map')
    this.#count(data.length * 2)
    const map = new Map<unknown, unknown>()
    for (let i = 0; i < data.length; i++) {
      const entry: unknown = data[i]
      if (!Array.isArray(entry) || entry.length !== 2) this.#malformed('Map')
      this.#steps.push(i)
      const [key, value] = this.#array(entry as unknown[], depth)
      this.#steps.pop()
      map.set(key, value)
    }
    return map
  }

  #scalar(name: string, data: unknown): unknown {
    switch (name) {
      case 'number':
        return numbers.get(data) ?? this.#malformed(name)
      case 'bigint':
        if (typeof data !== 'string' || data.length > MAX_BIGINT_DIGITS + 1) return this.#malformed(name)
        return /^-?\d+$/.test(data) ? BigInt(data) : this.#malformed(name)
      case 'Date':
        if (data === null) return new Date(NaN)
        return Number.isInteger(data) && Math.abs(data as number) <= 8.64e15
          ? new Date(data as number)
          : this.#malformed(name)
      case 'URL':
        return typeof data === 'string' && URL.canParse(data) ? new URL(data) : this.#malformed(name)
      default:
        return this.#bytes(name, data)
    }
  }

  #bytes(name: string, data: unknown): unknown {
    const type = typedArrays.get(name)
    if (!type && name !== 'ArrayBuffer') this.#fail(`the tag ${JSON.stringify(name.slice(0, 40))} is unknown`)
    const bytes = typeof data === 'string' ? fromBase64(data) : undefined
    if (!bytes) return this.#malformed(name)
    if (!type) return bytes.buffer
    return bytes.length % type.BYTES_PER_ELEMENT === 0 ? new type(bytes.buffer) : this.#malformed(name)
  }

  #count(nodes: number): void {
    this.#nodesLeft -= nodes
    if (this.#nodesLeft < 0) this.#fail(`it holds more than ${MAX_NODES} values`)
  }

  #malformed(name: string): never {
    return this.#fail(`the ${name} in it is malformed`)
  }

  #fail(problem: string): never {
    throw new SerializationError('read', this.#root, this.#steps, problem)
  }
}

const numbers: ReadonlyMap<unknown, number> = new Map<unknown, number>([
  ['NaN', NaN],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
  ['-0', -0],
])
