/** Places in texts: `app/+page.tsx:3:14`, as messages, import chains and mapped stacks write them. */

export interface Place {
  /** Relative to the app. */
  file: string
  line: number
  column: number
  /** Where it stands in the text. */
  start: number
  end: number
}

/** A path with an extension, not part of an URL and not absolute; folders may be called `(group)`. */
const PLACE = /(?<![^\s("'`])((?:\.\.\/)*[^\s:"'`()/\\][^\s:"'`\\]*\.[A-Za-z]\w*)(?::(\d+)(?::(\d+))?)?(?![\w/]|:\d)/g

export function placesIn(text: string): Place[] {
  return [...text.matchAll(PLACE)].flatMap((match) => {
    const [whole, file, line, column] = match
    // Without a line it may be any word with a dot in it.
    if (line === undefined && (!file!.includes('/') || file!.includes('node_modules/'))) return []
    if (file!.includes('node_modules/')) return []
    return [{ file: file!, line: Number(line ?? 1), column: Number(column ?? 1), start: match.index, end: match.index + whole.length }]
  })
}
