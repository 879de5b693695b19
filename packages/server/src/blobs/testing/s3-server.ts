// A store that speaks S3 as far as blobs need it, and takes nothing for granted: each request is signed again with Amazon's
// own signer and the signatures are compared, the bytes with what was signed, their number with what was announced.
import { createHash, createHmac } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { SignatureV4 } from '@smithy/signature-v4'

export const REGION = 'eu-test-1'
export const CREDENTIALS = { accessKeyId: 'THE-KEY', secretAccessKey: 'the/secret+of=the-store' }

/** What goes wrong with a request: a refusal (`unread`: of bytes that nobody reads), the connection at once, in the middle of
 * a blob or of a refusal, or a range is not seen. */
export type Fault =
  | { readonly status: number; readonly code: string; readonly unread?: true }
  | 'cut'
  | 'half'
  | 'half refused'
  | 'whole'

export interface S3Server {
  readonly url: string
  /** By key, in the bucket `bucket`. */
  readonly objects: Map<string, Buffer>
  /** As they came: `PUT prefix/name`. */
  readonly requests: string[]
  /** Of the next requests, one each. */
  readonly faults: Fault[]
  close(): Promise<void>
}

const BUCKET = '/bucket/'
/** ms by which clocks may differ, as at Amazon's. */
const SKEW = 15 * 60_000

export async function startS3(): Promise<S3Server> {
  const objects = new Map<string, Buffer>()
  const requests: string[] = []
  const faults: Fault[] = []
  const sockets = new Set<Socket>()
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy())
  })
  server.on('connection', socket => sockets.add(socket.on('close', () => sockets.delete(socket))))

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '' } = request
    requests.push(`${method} ${url.slice(BUCKET.length)}`)
    const fault = faults.shift()
    if (fault === 'cut') return void request.socket.destroy()
    if (typeof fault === 'object' && fault.unread) return refuse(response, fault.status, fault.code)
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const body = Buffer.concat(chunks)
    if (typeof fault === 'object') return refuse(response, fault.status, fault.code)
    if (fault === 'half refused') {
      response.writeHead(503, { 'content-length': 100 })
      return void response.write('<Error>', () => response.destroy())
    }
    const wrong = await wrongIn(request, body)
    if (wrong) return refuse(response, ...wrong)
    if (!url.startsWith(BUCKET)) return refuse(response, 404, 'NoSuchBucket')
    const key = url.slice(BUCKET.length).split('?')[0] as string
    if (method === 'PUT') objects.set(key, body)
    if (method === 'DELETE') objects.delete(key)
    if (method !== 'GET') return void response.writeHead(method === 'PUT' ? 200 : 204).end()
    const whole = objects.get(key)
    if (!whole) return refuse(response, 404, 'NoSuchKey')
    const range = fault === 'whole' ? '' : (request.headers.range ?? '')
    const [, from, to] = /^bytes=([0-9]+)-([0-9]+)$/.exec(range) ?? []
    const part = from === undefined ? whole : whole.subarray(Number(from), Number(to) + 1)
    response.writeHead(from === undefined ? 200 : 206, { 'content-length': part.length })
    if (fault === 'half') return void response.write(part.subarray(0, part.length >> 1), () => response.destroy())
    response.end(part)
  }

  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    objects,
    requests,
    faults,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

async function wrongIn(
  { method = '', url = '', headers }: IncomingMessage,
  body: Buffer,
): Promise<[number, string] | null> {
  const {
    authorization = '',
    'x-amz-date': date = '',
    'x-amz-content-sha256': digest,
  } = headers as Record<string, string>
  const [, signed] = /SignedHeaders=([a-z0-9;-]+), Signature=[0-9a-f]{64}$/.exec(authorization) ?? []
  if (signed === undefined || digest === undefined) return [403, 'AccessDenied']
  if (method === 'PUT' && Number(headers['content-length'] ?? Number.NaN) !== body.length)
    return [411, 'MissingContentLength']
  const at = new Date(date.replace(/^(....)(..)(..T..)(..)(..Z)$/, '$1-$2-$3:$4:$5'))
  if (!(Math.abs(Date.now() - at.getTime()) < SKEW)) return [403, 'RequestTimeTooSkewed']
  const names = signed.split(';')
  if (!['host', 'x-amz-content-sha256', 'x-amz-date'].every(name => names.includes(name))) return [403, 'AccessDenied']
  const kept = Object.fromEntries(names.map(name => [name, String(headers[name])]))
  const [hostname = '', port = ''] = String(headers.host).split(':')
  const [path = '', query = ''] = url.split('?')
  const parameters = Object.fromEntries(new URLSearchParams(query))
  const request = { method, protocol: 'http:', hostname, port: Number(port), path, query: parameters, headers: kept }
  const again = await signer(CREDENTIALS).sign(request, { signingDate: at })
  if (again.headers.authorization !== authorization) return [403, 'SignatureDoesNotMatch']
  const isSame = digest === 'UNSIGNED-PAYLOAD' || digest === createHash('sha256').update(body).digest('hex')
  return isSame ? null : [400, 'XAmzContentSHA256Mismatch']
}

function signer(credentials: typeof CREDENTIALS): SignatureV4 {
  return new SignatureV4({
    credentials,
    region: REGION,
    service: 's3',
    sha256: Sha256,
    uriEscapePath: false,
    applyChecksum: false,
  })
}

type Source = string | ArrayBuffer | ArrayBufferView

function bytesOf(source: Source): Buffer {
  if (typeof source === 'string') return Buffer.from(source)
  return ArrayBuffer.isView(source)
    ? Buffer.from(source.buffer, source.byteOffset, source.byteLength)
    : Buffer.from(source)
}

/** As Amazon's signer takes it. */
class Sha256 {
  readonly #hash

  constructor(secret?: Source) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret))
  }

  update(chunk: Uint8Array | string): void {
    this.#hash.update(chunk)
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest()
  }

  reset(): void {}
}

function refuse(response: ServerResponse, status: number, code: string): void {
  const text = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>No.</Message></Error>`
  response.writeHead(status, { 'content-type': 'application/xml' }).end(text)
}
