/** `--name=value` and plain numbers of the command line. */

export function flag(name, otherwise) {
  return process.argv.find((argument) => argument.startsWith(`--${name}=`))?.slice(name.length + 3) ?? otherwise
}

export function numbers(otherwise) {
  const given = process.argv.slice(2).filter((argument) => !argument.startsWith('--')).map(Number)
  return given.length > 0 ? given : otherwise
}
