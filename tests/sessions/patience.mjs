/** A bound against hanging, never a measure: nothing here takes a hundredth of it unless something is wrong. */
const PATIENCE = 20_000

/** The promise's outcome, or an error that says what never came. */
export async function patience(promise, what, milliseconds = PATIENCE) {
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${milliseconds} ms in vain for ${what}`)), milliseconds)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
