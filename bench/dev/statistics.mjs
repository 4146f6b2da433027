/** Medians, percentiles and Markdown. */

export function quantile(values, q) {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)]
}

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b)
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2
}

export const p95 = (values) => quantile(values, 0.95)

/** Milliseconds, with a digit after the point where there are few. */
export function milliseconds(value) {
  return value < 100 ? value.toFixed(1) : Math.round(value).toLocaleString('en')
}

/** The first row is the head; the first column is text, the others are numbers. */
export function markdown([head, ...rows]) {
  const line = (cells) => `| ${cells.join(' | ')} |`
  return [line(head), `|---|${head.slice(1).map(() => '--:').join('|')}|`, ...rows.map(line)].join('\n')
}
