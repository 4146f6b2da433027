#!/usr/bin/env node
/** `npm create eclipsa`: asks for what the arguments don't say, writes the app, says what comes next. */
import { relative } from 'node:path'
import { UsageError, type Wish, help, readArguments } from './arguments.js'
import { Cancelled, askForRest } from './ask.js'
import { writeApp } from './app.js'

async function main(): Promise<void> {
  const wish = readArguments(process.argv.slice(2))
  if (wish === 'help') return console.log(help)
  const choice = process.stdin.isTTY && process.stdout.isTTY ? await askForRest(wish, process.stdin, process.stdout) : withDefaults(wish)
  const folder = writeApp(choice)
  console.log(`\nWritten: ${shown(folder)}\n\n${nextSteps(folder).join('\n')}\n`)
}

function withDefaults({ folder, kind = 'standalone' }: Wish): Required<Wish> {
  if (folder === undefined) throw new UsageError('there is no terminal to ask for a name: say it, as in `npm create eclipsa my-app`')
  return { folder, kind }
}

function nextSteps(folder: string): string[] {
  const manager = packageManager()
  const here = relative('', folder)
  return [...(here === '' ? [] : [`  cd ${/\s/.test(here) ? JSON.stringify(here) : here}`]), `  ${manager} install`, `  ${manager} run dev`]
}

const shown = (folder: string): string => relative('', folder) || 'this folder'

/** Whoever runs this says so: "npm/11.0.0 node/v24.0.0 …". */
function packageManager(): string {
  const [name] = process.env['npm_config_user_agent']?.split('/') ?? []
  return name !== undefined && ['pnpm', 'yarn', 'bun'].includes(name) ? name : 'npm'
}

main().catch((error: unknown) => {
  if (error instanceof Cancelled) {
    console.log()
    return process.exit(130)
  }
  const expected = error instanceof UsageError
  console.error(expected ? `create-eclipsa: ${error.message}` : error)
  process.exit(1)
})
