/** Where the Go program of this platform is: for the command `eclipsa`, and for the Vite plugin. */
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const file = process.platform === 'win32' ? 'eclipsa.exe' : 'eclipsa'
const platformPackage = `@eclipsa/${process.platform}-${process.arch}`

/**
 * `ECLIPSA_BINARY`, this platform's package, or `bin/` of a checkout.
 * @throws Error with the sentence for the user where there is none
 */
export function findBinary(): string {
  if (process.env['ECLIPSA_BINARY']) return process.env['ECLIPSA_BINARY']
  const require = createRequire(import.meta.url)
  try {
    return require.resolve(`${platformPackage}/bin/${file}`)
  } catch {
    const checkout = fileURLToPath(new URL(`../bin/${file}`, import.meta.url))
    if (existsSync(checkout)) return checkout
    throw new Error(
      `the package ${platformPackage}, which holds the program for this platform, is not installed.\n` +
        '  Install again without --omit=optional, or set ECLIPSA_BINARY to the path of the program.',
    )
  }
}
