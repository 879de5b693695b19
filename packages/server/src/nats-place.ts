// Which NATS: `nats://user:password@a:4222,nats://b:4222`. The servers of one cluster, of which any does; `tls://` speaks TLS.
// What authenticates is the same for all and stands with any of them: a user and a password, or a token alone.
import { isIP } from 'node:net'

export interface NatsPlace {
  /** `host:port`, at least one. */
  readonly servers: readonly string[]
  /** Spoken with TLS whatever the server asks for; one that asks for it gets it in any case. */
  readonly tls: boolean
  readonly login: NatsLogin | null
}

export type NatsLogin =
  | { readonly by: 'password'; readonly user: string; readonly password: string }
  | { readonly by: 'token'; readonly token: string }

/** Servers of one cluster that may be named; the others are learnt of. */
const SERVERS_MOST = 16
const PORT = 4222
const FORM = /^(?:(nats|tls):\/\/)?(?:([^/?#@,\s]*)@)?([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::(\d{1,5}))?\/?$/

/** undefined for what names no place. The first server needs its scheme, so that nothing else is taken for one. */
export function natsPlaceOf(text: string): NatsPlace | undefined {
  const parts = text.split(',')
  if (parts.length > SERVERS_MOST) return undefined
  const servers: string[] = []
  const schemes = new Set<string>()
  const logins = new Set<string>()
  for (const [index, part] of parts.entries()) {
    const [matched, scheme, login, host = '', port] = FORM.exec(part.trim()) ?? []
    if (matched === undefined || (index === 0 && scheme === undefined)) return undefined
    if (host.startsWith('[') && isIP(host.slice(1, -1)) !== 6) return undefined
    const number = Number(port ?? PORT)
    if (number < 1 || number > 65_535) return undefined
    if (scheme !== undefined) schemes.add(scheme)
    if (login !== undefined) logins.add(login)
    servers.push(`${host}:${number}`)
  }
  if (schemes.size > 1 || logins.size > 1) return undefined
  const [credentials] = logins
  const login = credentials === undefined ? null : loginOf(credentials)
  return login === undefined ? undefined : { servers, tls: schemes.has('tls'), login }
}

function loginOf(text: string): NatsLogin | undefined {
  try {
    const [user = '', ...rest] = text.split(':').map(decodeURIComponent)
    if (user === '' || rest.length > 1) return undefined
    const [password] = rest
    return password === undefined ? { by: 'token', token: user } : { by: 'password', user, password }
  } catch {
    return undefined
  }
}
