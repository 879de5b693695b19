// What the gateways share of HTTP: whose address a client has, which pages may use them, and what becomes of WebSocket upgrades that no
// gateway answers.
import type { IncomingHttpHeaders, IncomingMessage, Server } from 'node:http'
import { isIP, type Socket } from 'node:net'
import ipaddr from 'ipaddr.js'

interface Addressed {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly socket: { readonly remoteAddress?: string | undefined }
}

/**
 * The peer's address, or, where the peer is a proxy that the operator trusts, the last one that it was told. Of IPv6 it is
 * the network of 64 bits: whoever has one address there has all of them, and guesses are counted per address.
 */
export function addressOf(request: Addressed, trusted: boolean | readonly string[]): string {
  const peer = plain(request.socket.remoteAddress ?? '')
  const trusts = trusted === true || (Array.isArray(trusted) && trusted.includes(peer))
  if (!trusts) return networkOf(peer)
  const header = request.headers['x-forwarded-for']
  const told = (Array.isArray(header) ? header.join(',') : (header ?? '')).split(',').at(-1)?.trim() ?? ''
  return networkOf(isIP(plain(told)) ? plain(told) : peer)
}

function networkOf(address: string): string {
  if (isIP(address) !== 6) return address
  // Without the interface (`%eth0.100`), of whose name Node takes more than the parser, which throws.
  const [alone = ''] = address.split('%', 1)
  const { parts } = ipaddr.IPv6.parse(alone)
  return `${parts
    .slice(0, 4)
    .map(part => part.toString(16))
    .join(':')}::/64`
}

/** IPv4 in IPv6 clothes is IPv4. */
function plain(address: string): string {
  return address.startsWith('::ffff:') ? address.slice(7) : address
}

/** Which pages may use the server: `origins` of the configuration, and pages of its own host. A WebSocket of a browser
 * knows no CORS, so it is asked there too; what is no browser sends no origin. */
export function originAllowed(origins: readonly string[], { origin, host }: IncomingHttpHeaders): boolean {
  if (origin === undefined || origins.includes('*') || origins.includes(origin)) return true
  return URL.canParse(origin) && new URL(origin).host === host
}

/** ms that a gateway has for taking an upgrade that it claims. */
const CLAIMED = 10_000

/** Node leaves an upgrade that nobody takes hanging: it is answered 404 and closed. One that is claimed and that nobody
 * reads by then is cut. (Not by the socket's own timeout: what is left of that stays with the socket as long as it lives.) */
export function closeUnclaimedUpgrades(server: Server, claimed: readonly string[], wait = CLAIMED): void {
  server.prependListener('upgrade', (request: IncomingMessage, socket: Socket) => {
    // Node listens for no errors of a socket once it has handed it over: one that is reset would end the process.
    socket.on('error', ignore)
    const path = (request.url ?? '/').split('?', 1)[0] as string
    if (claimed.some(prefix => path === prefix || path.startsWith(`${prefix}/`))) {
      setTimeout(cutUnread, wait, socket).unref()
      return
    }
    const answer = 'HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'
    socket.end(answer, () => socket.destroy())
  })
}

// One function for all sockets: each keeps its listeners as long as it lives.
function ignore(): void {}

function cutUnread(socket: Socket): void {
  if (socket.listenerCount('data') === 0) socket.destroy()
}
