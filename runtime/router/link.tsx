/** `Link`: an anchor. Navigation without a page load comes with the router. */
import type { JSX, VNode } from 'preact'

export type LinkProps = JSX.IntrinsicElements['a'] & { href: string }

export function Link(props: LinkProps): VNode {
  return <a {...props} />
}
