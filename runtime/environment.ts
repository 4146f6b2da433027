/** Which side runs. In compiled code both are constants, so that the other side's branch goes. */

export const IS_BROWSER: boolean = typeof document !== 'undefined'
export const IS_SSR: boolean = !IS_BROWSER
