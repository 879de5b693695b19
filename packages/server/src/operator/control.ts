// How the command line reaches a running server: a listener of its own on loopback, whose port and secret stand in
// a file that only the server's user can read. The store itself is held by the server alone. Who asks first proves
// nothing and is proven to: a port that another program took over after a crash gets neither secret nor world.
import { createHmac, hash, timingSafeEqual } from 'node:crypto'
import { rename, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { ZodError } from 'zod'
import type { Core } from '../engine/core.ts'
import { isUnavailable } from '../engine/engine.ts'
import { runRequest } from './requests.ts'
import { OperatorError } from './users.ts'
import { WorldError } from './world.ts'

/** Bytes of one request: a world of a million users or two. */
const BODY = 256 * 1024 * 1024
const CHALLENGE = /^\/hello\/([0-9a-f]{64})$/

export interface Control {
  close(): Promise<void>
}

export function controlFile(directory: string): string {
  return join(directory, 'control.json')
}

/** What only the holder of the secret can say to a challenge of 64 hex digits. */
export function proofOf(secret: string, challenge: string): string {
  return createHmac('sha256', secret).update(`conclave control ${challenge}`).digest('hex')
}

export async function openControl(core: Core, directory: string): Promise<Control> {
  const secret = Buffer.from(core.random.bytes(32)).toString('base64url')
  const server = createServer((request, response) => {
    void answer(core, secret, request, response).catch(error => {
      core.log.error({ err: error }, 'bug in the control listener')
      if (response.headersSent || !response.writable) response.destroy()
      else send(response, 500, { error: 'The server failed at this; its log says where.' })
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  server.unref()
  const { port } = server.address() as AddressInfo
  const path = controlFile(directory)
  // Written aside and renamed: nobody reads half a file, and the mode is there from the first byte.
  await rm(`${path}.new`, { force: true })
  await writeFile(`${path}.new`, JSON.stringify({ port, secret }), { mode: 0o600, flag: 'wx' })
  await rename(`${path}.new`, path)
  return {
    close: async () => {
      await rm(path, { force: true })
      server.closeAllConnections()
      await new Promise<void>(resolve => server.close(() => resolve()))
    },
  }
}

async function answer(core: Core, secret: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const challenge = CHALLENGE.exec(request.url ?? '')?.[1]
  if (challenge !== undefined) return send(response, 200, { proof: proofOf(secret, challenge) })
  if (!isSame(request.headers.authorization ?? '', `Bearer ${secret}`))
    return send(response, 401, { error: 'not allowed' })
  if (request.method !== 'POST') return send(response, 405, { error: 'POST only' })
  const read = await readBody(request)
  if ('error' in read) return send(response, 400, read)
  try {
    send(response, 200, await runRequest(core, (request.url ?? '/').slice(1), read.body))
  } catch (error) {
    const sentence = sentenceOf(error)
    if (sentence === undefined) throw error
    send(response, 400, { error: sentence })
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  const text = Buffer.from(JSON.stringify(body ?? null))
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': text.length }).end(text)
}

/** What is too large is read to its end all the same: a client that is still writing hears no answer. */
async function readBody(request: IncomingMessage): Promise<{ readonly body: unknown } | { readonly error: string }> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size <= BODY) chunks.push(chunk)
    else chunks.length = 0
  }
  if (size > BODY) return { error: `The request is too large: it has at most ${BODY} bytes.` }
  try {
    return { body: JSON.parse(Buffer.concat(chunks).toString('utf8') || 'null') }
  } catch {
    return { error: 'The request is not JSON.' }
  }
}

/** What an operator is told of an error; undefined for a bug. */
export function sentenceOf(error: unknown): string | undefined {
  if (error instanceof OperatorError || error instanceof WorldError) return error.message
  if (isUnavailable(error)) return 'The store does not take writes now.'
  if (error instanceof ZodError)
    return `The field "${error.issues[0]?.path.join('.') ?? ''}" is not valid: ${error.issues[0]?.message ?? ''}.`
  return undefined
}

/** Over hashes of one length, so that neither content nor length shows in the time it takes. */
export function isSame(given: string, expected: string): boolean {
  return timingSafeEqual(hash('sha256', given, 'buffer'), hash('sha256', expected, 'buffer'))
}
