// Where a browser is sent after a log-in (RFC 6749 section 3.1.2): addresses that the operator registered for an app.
// They are compared as texts, never after a rewriting: what two programs read differently cannot be used against us.

/** Characters of an address. */
const LENGTH = 2_048
/** RFC 8252 section 7.3: on the user's own machine, where a program takes whatever port is free. */
const LOOPBACK = /^http:\/\/(127\.0\.0\.1|\[::1\]|localhost)(?::[0-9]{1,5})?((?:[/?].*)?)$/
/** Of these a browser runs or reads what follows, instead of going there. */
const NO_PLACES = new Set(['javascript:', 'data:', 'vbscript:', 'file:', 'blob:', 'about:', 'view-source:'])
/** Visible ASCII without quotes, brackets and backslashes, as a URI has it (RFC 3986); square brackets for IPv6. */
const PLAIN = /^[a-z][a-z0-9+.-]*:[!#-;=?-[\]_a-z~]+$/i

/** A browser reads a host into addresses that name none. */
const WEB = /^https?:\/\/[^/?]/i

/** Whether an app may be registered with it: absolute, without a fragment and without credentials. */
export function isRedirect(text: string): boolean {
  if (text.length > LENGTH || !PLAIN.test(text) || text.includes('#') || !URL.canParse(text)) return false
  const { protocol, username, password } = new URL(text)
  if (NO_PLACES.has(protocol) || username !== '' || password !== '') return false
  return !/^https?:$/.test(protocol) || WEB.test(text)
}

/** Whether somebody may be sent there who asks with one of the registered: the same text, on loopback with any port. */
export function isRegistered(asked: string, registered: readonly string[]): boolean {
  return isRedirect(asked) && registered.some(one => one === asked || isSamePlace(one, asked))
}

/** Whether it leads to a program on the user's own machine, of which nobody can keep a secret (RFC 8252 section 8.5). */
export function isNative(redirect: string): boolean {
  return LOOPBACK.test(redirect) || !/^https?:/i.test(redirect)
}

function isSamePlace(registered: string, asked: string): boolean {
  const [one, other] = [LOOPBACK.exec(registered), LOOPBACK.exec(asked)]
  return one !== null && other !== null && one[1] === other[1] && one[2] === other[2]
}
