// How the command line reaches a running server: a listener of its own on loopback, whose port and secret stand in
// a file that only the server's user can read. The store itself is held by the server alone.
import { createHash, timingSafeEqual } from 'node:crypto'
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { ZodError } from 'zod'
import type { Core } from '../engine/core.ts'
import { isUnavailable } from '../engine/engine.ts'
import { runRequest } from './requests.ts'
import { OperatorError } from './users.ts'
import { WorldError } from './world.ts'

const FILE = 'control.json'
/** Bytes of one request: a world of a few hundred thousand users. */
const BODY = 256 * 1024 * 1024

export interface Control {
  close(): Promise<void>
}

export async function openControl(core: Core, directory: string): Promise<Control> {
  const secret = Buffer.from(core.random.bytes(32)).toString('base64url')
  const server = createServer((request, response) => {
    void answer(core, secret, request, response).catch(error => {
      core.log.error({ err: error }, 'bug in the control listener')
      response.destroy()
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  server.unref()
  const { port } = server.address() as AddressInfo
  const path = join(directory, FILE)
  // Written aside and renamed: nobody reads half a file, and the mode is there from the first byte.
  await writeFile(`${path}.new`, JSON.stringify({ port, secret }), { mode: 0o600 })
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
  const send = (status: number, body: unknown): void => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body ?? null))
  }
  if (!sameSecret(request.headers.authorization ?? '', `Bearer ${secret}`)) return send(401, { error: 'not allowed' })
  if (request.method !== 'POST') return send(405, { error: 'POST only' })
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > BODY) return send(413, { error: 'The request is too large.' })
    chunks.push(chunk)
  }
  let body: unknown
  try {
    body = JSON.parse(Buffer.concat(chunks).toString('utf8') || 'null')
  } catch {
    return send(400, { error: 'The request is not JSON.' })
  }
  try {
    send(200, await runRequest(core, (request.url ?? '/').slice(1), body))
  } catch (error) {
    const sentence = sentenceOf(error)
    if (sentence === undefined) throw error
    send(400, { error: sentence })
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
function sameSecret(given: string, expected: string): boolean {
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(hash(given), hash(expected))
}

/** Asks a running server; undefined where none runs on this directory. */
export async function askRunning(
  directory: string,
  name: string,
  body: unknown,
): Promise<{ readonly value: unknown } | { readonly error: string } | undefined> {
  let control: { port: number; secret: string }
  try {
    control = JSON.parse(await readFile(join(directory, FILE), 'utf8'))
  } catch {
    return undefined
  }
  let response: Response
  try {
    response = await fetch(`http://127.0.0.1:${control.port}/${name}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${control.secret}` },
      body: JSON.stringify(body ?? null),
    })
  } catch {
    return undefined
  }
  const value: unknown = await response.json()
  if (response.status === 401) return undefined
  if (!response.ok) return { error: (value as { error?: string }).error ?? 'The server refused.' }
  return { value }
}
