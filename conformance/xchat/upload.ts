// Uploads by hand, so that each step can be made wrong on its own (x-chat.md 3.13).
import type { Answered } from './http.ts'
import { ask } from './http.ts'
import { tokenOf } from './start.ts'

/** Bytes of the segments that X's clients cut. */
export const SEGMENT = 3 * 1024 * 1024

export interface Upload {
  readonly session: string
  readonly key: string
  readonly conversation: string
}

const UPLOADS = '/2/chat/media/upload'

export function initialize(url: string, by: string, conversation: string, total: unknown): Promise<Answered> {
  const body = { conversation_id: conversation, total_bytes: total }
  return ask(url, tokenOf(by), 'POST', `${UPLOADS}/initialize`, { body })
}

export async function begin(url: string, by: string, conversation: string, total: number): Promise<Upload> {
  const answer = await initialize(url, by, conversation, total)
  if (answer.status !== 200) throw new Error(`not begun: ${answer.text}`)
  const { session_id, media_hash_key } = answer.body.data
  return { session: session_id, key: media_hash_key, conversation }
}

export function append(
  url: string,
  by: string,
  { session, key, conversation }: Upload,
  index: unknown,
  bytes: Uint8Array | string,
  change: object = {},
): Promise<Answered> {
  const media = typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('base64')
  const body = { conversation_id: conversation, media_hash_key: key, segment_index: index, media, ...change }
  return ask(url, tokenOf(by), 'POST', `${UPLOADS}/${session}/append`, { body })
}

/** `fields` in their order; bytes become a file. */
export async function appendForm(
  url: string,
  by: string,
  session: string,
  fields: readonly (readonly [string, string | Uint8Array])[],
): Promise<Answered> {
  const form = new FormData()
  for (const [name, value] of fields) {
    if (typeof value === 'string') form.append(name, value)
    else form.append(name, new Blob([new Uint8Array(value)]), 'a.bin')
  }
  const headers = { authorization: `Bearer ${tokenOf(by)}` }
  return answered(await fetch(`${url}${UPLOADS}/${session}/append`, { method: 'POST', headers, body: form }))
}

/** A body exactly as it is. */
export async function appendRaw(
  url: string,
  by: string,
  session: string,
  type: string,
  body: Uint8Array | string,
): Promise<Answered> {
  const headers = { authorization: `Bearer ${tokenOf(by)}`, 'content-type': type }
  const sent = typeof body === 'string' ? body : new Uint8Array(body)
  return answered(await fetch(`${url}${UPLOADS}/${session}/append`, { method: 'POST', headers, body: sent }))
}

export function finalize(
  url: string,
  by: string,
  { session, key, conversation }: Upload,
  parts: unknown,
  change: object = {},
): Promise<Answered> {
  const body = { conversation_id: conversation, media_hash_key: key, num_parts: parts, ...change }
  return ask(url, tokenOf(by), 'POST', `${UPLOADS}/${session}/finalize`, { body })
}

/** A whole file; gives its key. */
export async function sendMedium(
  url: string,
  by: string,
  conversation: string,
  bytes: Uint8Array,
  change: object = {},
): Promise<string> {
  const upload = await begin(url, by, conversation, bytes.length)
  const parts = Math.ceil(bytes.length / SEGMENT)
  for (let index = 0; index < parts; index++) {
    const answer = await append(url, by, upload, index, bytes.subarray(index * SEGMENT, (index + 1) * SEGMENT))
    if (answer.status !== 200) throw new Error(`not appended: ${answer.text}`)
  }
  const answer = await finalize(url, by, upload, String(parts), change)
  if (answer.status !== 200) throw new Error(`not finalized: ${answer.text}`)
  return upload.key
}

export interface Downloaded {
  readonly status: number
  readonly headers: Headers
  readonly bytes: Buffer
}

export async function download(
  url: string,
  by: string,
  conversation: string,
  key: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Downloaded> {
  const path = `${url}/2/chat/media/${encodeURIComponent(conversation)}/${encodeURIComponent(key)}`
  const answer = await fetch(path, { headers: { authorization: `Bearer ${tokenOf(by)}`, ...headers } })
  return { status: answer.status, headers: answer.headers, bytes: Buffer.from(await answer.arrayBuffer()) }
}

async function answered(response: Response): Promise<Answered> {
  const text = await response.text()
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    body = undefined
  }
  return { status: response.status, headers: response.headers, body, text }
}
