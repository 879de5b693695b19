// Which addresses may be called where a client named the host: those of the public Internet. What a name resolves to is
// checked in the very look-up whose result is connected to, so that a name that means something else a moment later
// (DNS rebinding) leads nowhere else.
import { type LookupAddress, lookup } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import ipaddr from 'ipaddr.js'

export class ForbiddenAddress extends Error {
  override readonly name = 'ForbiddenAddress'
}

/** Public by its range, but answered inside of a cloud's hosts alone: Azure's platform channel, with its metadata. */
const INSIDE = new Set(['168.63.129.16'])
/** The only unicast addresses of IPv6 that are given out: 2000::/3. What else counts as unicast leads to IPv4 or nowhere. */
const GLOBAL = { mask: 0xe000, value: 0x2000 }

/** Loopback, private, link-local, shared, multicast, reserved and translated addresses are not. */
export function isPublic(address: string): boolean {
  if (!ipaddr.isValid(address)) return false
  // An IPv4 address in IPv6 clothes is what it means.
  const parsed = ipaddr.process(address)
  if (parsed.range() !== 'unicast' || INSIDE.has(parsed.toString())) return false
  return parsed instanceof ipaddr.IPv4 || ((parsed.parts[0] ?? 0) & GLOBAL.mask) === GLOBAL.value
}

/** Whether a URL's host is an address that may not be called. A name is looked at when it is looked up. */
export function isForbiddenHost(hostname: string): boolean {
  const bare = hostname.replace(/^\[(.*)\]$/, '$1')
  return isIP(bare) !== 0 && !isPublic(bare)
}

type Resolve = (
  host: string,
  options: { readonly all: true; readonly family?: number },
  done: (error: NodeJS.ErrnoException | null, found: LookupAddress[]) => void,
) => void

/** One address inside among others is enough to refuse all. */
export function guardedLookup(resolve: Resolve = lookup as Resolve): LookupFunction {
  return (hostname, options, callback) => {
    const family = typeof options.family === 'number' ? { family: options.family } : {}
    resolve(hostname, { all: true, ...family }, (error, found) => {
      const [first] = found ?? []
      if (error || !first) return callback(error ?? new ForbiddenAddress(), '')
      if (!found.every(({ address }) => isPublic(address))) return callback(new ForbiddenAddress(), '')
      if (options.all) return callback(null, found)
      return callback(null, first.address, first.family)
    })
  }
}
