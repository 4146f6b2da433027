/** Reads source maps of version 3, with or without sections: as much as an error's place needs. */

export interface SourceMap {
  sources: string[]
  sourcesContent?: (string | null)[]
  mappings: string
}

export interface IndexMap {
  sections: { offset: { line: number; column: number }; map: SourceMap }[]
}

export interface SourcePlace {
  source: string
  /** 1-based, like `column`. */
  line: number
  column: number
  lineText: string
}

/** @param line and `column`: 1-based, of the generated text */
export function sourcePlace(map: SourceMap | IndexMap, line: number, column: number): SourcePlace | undefined {
  if (!('sections' in map)) return placeIn(map, line - 1, column - 1)
  const section = map.sections.findLast(({ offset }) => offset.line < line - 1 || (offset.line === line - 1 && offset.column < column))
  if (!section) return undefined
  const first = section.offset.line === line - 1 ? section.offset.column : 0
  return placeIn(section.map, line - 1 - section.offset.line, column - 1 - first)
}

/** The last mapping of the line that begins at or before the column. */
function placeIn({ sources, sourcesContent, mappings }: SourceMap, line: number, column: number): SourcePlace | undefined {
  const lines = mappings.split(';')
  let [source, sourceLine, sourceColumn] = [0, 0, 0]
  let found: SourcePlace | undefined
  for (let at = 0; at <= line && at < lines.length; at++) {
    let generated = 0
    for (const segment of lines[at]!.split(',')) {
      const fields = decode(segment)
      if (fields.length === 0) continue
      generated += fields[0]!
      if (at === line && generated > column) return found
      source += fields[1] ?? 0
      sourceLine += fields[2] ?? 0
      sourceColumn += fields[3] ?? 0
      if (at !== line) continue
      const lineText = sourcesContent?.[source]?.split('\n')[sourceLine] ?? ''
      // One field says that there is no source from here on.
      found = fields.length < 4 ? undefined : { source: sources[source]!, line: sourceLine + 1, column: sourceColumn + 1, lineText }
    }
  }
  return found
}

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** Base64 digits of five bits and a continuation bit each, the sign in the lowest bit of the value. */
function decode(segment: string): number[] {
  const fields: number[] = []
  let [value, shift] = [0, 0]
  for (const character of segment) {
    const digit = DIGITS.indexOf(character)
    value += (digit & 31) << shift
    if (digit & 32) {
      shift += 5
    } else {
      fields.push(value & 1 ? -(value >> 1) : value >> 1)
      value = shift = 0
    }
  }
  return fields
}
