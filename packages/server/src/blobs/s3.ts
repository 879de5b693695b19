// Blobs as objects of a store that speaks S3, for any number of processes. An object is there whole or not at all, and
// durable once its PUT is answered, so nothing is named twice and nothing is swept.
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { type ClientRequest, Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { Readable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import { AwsV4Signer } from 'aws4fetch'
import { STORE_ANSWERING, STORE_FLOWING, STORE_PAUSE, STORE_REFUSAL, STORE_TRIES } from '../limits.ts'
import type { S3Place } from '../s3-place.ts'
import { type BlobName, type Blobs, BlobsFailure, checkName, type Part } from './blobs.ts'

export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

/** As other programs take them: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN. */
export function credentialsIn(env: Readonly<Record<string, string | undefined>>): Credentials | undefined {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN: token } = env
  if (!accessKeyId || !secretAccessKey) return undefined
  return { accessKeyId, secretAccessKey, ...(token ? { sessionToken: token } : {}) }
}

/** Never the name of a blob that somebody keeps: those have a hyphen. */
const PROBE = 'probe'

/** Writes, reads and deletes once. Rejects with BlobsFailure where one of them is refused. */
export async function openS3Blobs(place: S3Place, credentials: Credentials): Promise<Blobs> {
  const blobs = new S3Blobs(place, credentials) satisfies Blobs
  await blobs.put(PROBE, new Uint8Array(1), 1)
  ;(await blobs.get(PROBE))?.destroy()
  await blobs.delete(PROBE)
  return blobs
}

interface Asked {
  readonly method: 'GET' | 'PUT' | 'DELETE'
  readonly name: BlobName
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Body
}

interface Body {
  readonly bytes: Uint8Array | AsyncIterable<Uint8Array>
  readonly size: number
}

interface Refused {
  readonly status: number
  /** As S3 names it; empty where the store gives none. */
  readonly code: string
}

/** May be another one the next time. */
class Passing extends BlobsFailure {}

class S3Blobs implements Blobs {
  readonly #place: S3Place
  readonly #credentials: Credentials
  readonly #request: typeof httpRequest
  readonly #agent: HttpAgent

  constructor(place: S3Place, credentials: Credentials) {
    this.#place = place
    this.#credentials = credentials
    const isSecure = place.url.startsWith('https:')
    this.#request = isSecure ? httpsRequest : httpRequest
    this.#agent = isSecure ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true })
  }

  async put(name: BlobName, bytes: Uint8Array | AsyncIterable<Uint8Array>, size: number): Promise<void> {
    checkName(name)
    if (bytes instanceof Uint8Array && bytes.length !== size) throw wrongSize()
    const asked: Asked = { method: 'PUT', name, body: { bytes, size } }
    // A stream can be read once.
    const answer = bytes instanceof Uint8Array ? await this.#tried(asked) : await this.#ask(asked)
    if (!isAnswer(answer)) throw failureOf(answer)
    ignored(answer)
  }

  async get(name: BlobName, part?: Part): Promise<Readable | undefined> {
    checkName(name)
    const headers: Record<string, string> = part ? { range: `bytes=${part.from}-${part.to - 1}` } : {}
    const answer = await this.#tried({ method: 'GET', name, headers })
    if (!isAnswer(answer)) {
      if (isMissing(answer)) return undefined
      throw failureOf(answer)
    }
    if (part && answer.statusCode !== 206) {
      answer.destroy()
      throw new BlobsFailure('the object store gave all of a blob instead of a part')
    }
    return answer
  }

  async delete(name: BlobName): Promise<void> {
    checkName(name)
    const answer = await this.#tried({ method: 'DELETE', name })
    if (isAnswer(answer)) ignored(answer)
    else if (!isMissing(answer)) throw failureOf(answer)
  }

  /** Again where the store was busy or the connection broke: the same request does no harm. */
  async #tried(asked: Asked): Promise<IncomingMessage | Refused> {
    for (let tried = 1; ; tried++) {
      try {
        return await this.#ask(asked)
      } catch (error) {
        if (!(error instanceof Passing) || tried >= STORE_TRIES) throw error
        await pause(STORE_PAUSE * 2 ** (tried - 1))
      }
    }
  }

  async #ask({ method, name, headers = {}, body }: Asked): Promise<IncomingMessage | Refused> {
    const { url, prefix, region } = this.#place
    const signer = new AwsV4Signer({
      ...this.#credentials,
      method,
      url: `${url}${prefix}${name}`,
      headers: { ...headers, 'x-amz-content-sha256': digestOf(body?.bytes) },
      service: 's3',
      region,
    })
    const signed = Object.fromEntries((await signer.sign()).headers)
    const length = body ? { 'content-length': String(body.size) } : {}
    const request = this.#request(signer.url, { method, headers: { ...signed, ...length }, agent: this.#agent })
    request.setTimeout(STORE_ANSWERING).on('timeout', () => request.destroy(new Error('timeout')))
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      request.on('response', resolve).on('error', error => reject(unreachable(error)))
    })
    const poured = pour(request, body)
    try {
      const answer = await Promise.race([answered, poured.then(() => answered)])
      const result = await judged(answer)
      // Of what it refuses the store need not read the rest.
      if (!isAnswer(result) && !request.writableFinished) request.destroy()
      request.setTimeout(STORE_FLOWING)
      return result
    } catch (error) {
      // What comes of the other of the two is known by now.
      for (const other of [answered, poured]) other.catch(() => {})
      request.destroy()
      throw error
    }
  }
}

/** Signed with the bytes, where they are in memory. */
function digestOf(bytes: Body['bytes'] = new Uint8Array()): string {
  return bytes instanceof Uint8Array ? createHash('sha256').update(bytes).digest('hex') : 'UNSIGNED-PAYLOAD'
}

/** The last chunk waits until there is no other: what is too long is broken off before the store has all it was told of. */
async function pour(request: ClientRequest, body: Body | undefined): Promise<void> {
  if (!body) return void request.end()
  const { bytes, size } = body
  if (bytes instanceof Uint8Array) return void request.end(bytes)
  const closed = new AbortController()
  request.on('close', () => closed.abort())
  let seen = 0
  let held: Uint8Array | undefined
  for await (const chunk of bytes) {
    if (chunk.length === 0) continue
    seen += chunk.length
    if (seen > size) throw wrongSize()
    if (held && !request.write(held)) await once(request, 'drain', closed)
    // What it takes after its end is lost without a word.
    if (request.destroyed) return
    held = chunk
  }
  if (seen !== size) throw wrongSize()
  request.end(held)
}

/** Nothing of it is wanted; read to its end, the connection is good for more. */
function ignored(answer: IncomingMessage): void {
  answer.on('error', () => {}).resume()
}

function isAnswer(answer: IncomingMessage | Refused): answer is IncomingMessage {
  return 'headers' in answer
}

/** What is not there, and not what is not allowed to be seen, or a bucket that is not there. */
function isMissing({ status, code }: Refused): boolean {
  return status === 404 && (code === 'NoSuchKey' || code === 'NoSuchVersion')
}

/** Bytes, or why there are none. Throws where another try may go better. */
async function judged(answer: IncomingMessage): Promise<IncomingMessage | Refused> {
  const status = answer.statusCode ?? 0
  if (status >= 200 && status < 300) return answer
  const text = await readRefusal(answer)
  const refused = { status, code: /<Code>([A-Za-z0-9]{1,64})<\/Code>/.exec(text)?.[1] ?? '' }
  if (status >= 500 || status === 429 || PASSING.has(refused.code)) throw new Passing(sentenceOf(refused))
  return refused
}

async function readRefusal(answer: IncomingMessage): Promise<string> {
  let text = ''
  try {
    for await (const chunk of answer.setEncoding('latin1')) {
      text += chunk
      if (text.length > STORE_REFUSAL) break
    }
  } catch (error) {
    throw unreachable(error as NodeJS.ErrnoException)
  }
  return text
}

/** Of 400, what S3 wants to be asked again for. */
const PASSING = new Set(['RequestTimeout', 'OperationAborted'])

/** With the store's own code alone: neither the address nor the name stands in a log. */
function sentenceOf({ status, code }: Refused): string {
  return `the object store refused: ${status}${code === '' ? '' : ` ${code}`}`
}

function failureOf(refused: Refused): BlobsFailure {
  return new BlobsFailure(sentenceOf(refused))
}

function unreachable(error: NodeJS.ErrnoException): Passing {
  return new Passing(`the object store cannot be reached: ${error.code ?? 'no answer in time'}`)
}

function wrongSize(): BlobsFailure {
  return new BlobsFailure('the bytes are not as many as was said')
}
