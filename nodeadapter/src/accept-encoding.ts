/** Whether a client takes an encoding (RFC 9110, section 12.5.3). `q=0` forbids; `*` stands for the rest. */
export function accepts(header: string | undefined, encoding: string): boolean {
  let rest = false
  for (const item of (header ?? '').split(',')) {
    const [name, ...parameters] = item.split(';')
    const weight = parameters.map((parameter) => /^\s*q=([\d.]+)\s*$/i.exec(parameter)?.[1]).find((q) => q !== undefined)
    const taken = weight === undefined || Number(weight) > 0
    const token = name!.trim().toLowerCase()
    if (token === encoding) return taken
    if (token === '*') rest = taken
  }
  return rest
}
