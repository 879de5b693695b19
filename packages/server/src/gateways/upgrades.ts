// What the gateways share of HTTP: whose address a client has, and what becomes of WebSocket upgrades that no
// gateway answers.
import type { IncomingMessage, Server } from 'node:http'
import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'

interface Addressed {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly socket: { readonly remoteAddress?: string | undefined }
}

/** The peer's address, or, where the peer is a proxy that the operator trusts, the last one that it was told. */
export function addressOf(request: Addressed, trusted: boolean | readonly string[]): string {
  const peer = plain(request.socket.remoteAddress ?? '')
  const trusts = trusted === true || (Array.isArray(trusted) && trusted.includes(peer))
  if (!trusts) return peer
  const header = request.headers['x-forwarded-for']
  const told = (Array.isArray(header) ? header.join(',') : (header ?? '')).split(',').at(-1)?.trim() ?? ''
  return isIP(plain(told)) ? plain(told) : peer
}

/** IPv4 in IPv6 clothes is IPv4. */
function plain(address: string): string {
  return address.startsWith('::ffff:') ? address.slice(7) : address
}

/** Node leaves an upgrade that nobody takes hanging: it is answered 404 and closed. */
export function closeUnclaimedUpgrades(server: Server, claimed: readonly string[]): void {
  server.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
    const path = (request.url ?? '/').split('?', 1)[0] as string
    if (claimed.some(prefix => path === prefix || path.startsWith(`${prefix}/`))) return
    // Node listens for no errors of a socket once it has handed it over: one that is reset would end the process.
    socket.on('error', () => {})
    const answer = 'HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'
    socket.end(answer, () => socket.destroy())
  })
}
