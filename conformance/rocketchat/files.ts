// Files as clients send and fetch them: forms, confirmations, downloads.
import { createHash } from 'node:crypto'
import { tap } from './ddp.ts'
import { IDS, type Name, tokenOf } from './start.ts'

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at by each test
type Any = any

export interface Sent {
  readonly bytes?: Uint8Array
  readonly name?: string
  readonly type?: string
  /** Beside the file, after it as clients send them, or before it. */
  readonly fields?: Readonly<Record<string, string>>
  readonly before?: boolean
  readonly field?: string
}

export const authOf = (name: Name | null): Record<string, string> =>
  name ? { 'x-user-id': IDS[name], 'x-auth-token': tokenOf(name) } : {}

export async function post(
  url: string,
  who: Name | null,
  path: string,
  sent: Sent = {},
): Promise<{ status: number; type: string | null; body: Any }> {
  const form = new FormData()
  const fields = (): void => {
    for (const [name, value] of Object.entries(sent.fields ?? {})) form.append(name, value)
  }
  if (sent.before) fields()
  const file = new Blob([new Uint8Array(sent.bytes ?? Buffer.from('hello'))], { type: sent.type ?? 'text/plain' })
  form.append(sent.field ?? 'file', file, sent.name ?? 'hello.txt')
  if (!sent.before) fields()
  const answer = await fetch(`${url}/api/v1/${path}`, { method: 'POST', headers: authOf(who), body: form })
  const text = await answer.text()
  tap.received(who && IDS[who], text)
  return { status: answer.status, type: answer.headers.get('content-type'), body: JSON.parse(text) }
}

export interface Fetched {
  readonly status: number
  readonly headers: Headers
  readonly bytes: Buffer
}

export async function get(
  url: string,
  who: Name | null,
  link: string,
  headers: Record<string, string> = {},
): Promise<Fetched> {
  const answer = await fetch(`${url}${link}`, { headers: { ...authOf(who), ...headers } })
  return { status: answer.status, headers: answer.headers, bytes: Buffer.from(await answer.arrayBuffer()) }
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
