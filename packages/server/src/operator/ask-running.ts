// The other end of control.ts: asks the server that runs on a data directory, if one does.
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { controlFile, isSame, proofOf } from './control.ts'

interface Reached {
  readonly port: number
  readonly secret: string
  readonly agent: Agent
}

/** ms that a server has for its proof; a program that took over the port may never answer. */
const PATIENCE = 5_000
/** Bytes of the answer that holds a proof. */
const PROOF = 1_024

/**
 * The server's answer; undefined where none runs on this directory. Once it has proven itself every failure is
 * said: then the store is the server's, and going on without it would only fail in another way.
 */
export async function askRunning(
  directory: string,
  name: string,
  body: unknown,
): Promise<{ readonly value: unknown } | { readonly error: string } | undefined> {
  const control = await readControl(directory)
  if (!control) return undefined
  // One connection for both, so that who has proven itself is who gets the request.
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  try {
    const reached = { ...control, agent }
    // A large world takes seconds to write down, in which the server would close a connection that has nothing to say.
    const sent = Buffer.from(JSON.stringify(body ?? null))
    if (!(await isOurs(reached))) return undefined
    const { status, answer } = await exchange(reached, 'POST', `/${name}`, sent)
    const value: unknown = JSON.parse(answer)
    if (status === 200) return { value }
    const { error } = value as { error?: string }
    return { error: error ?? `The server refused (${status}).` }
  } catch {
    return { error: 'The server went away before it answered. What was asked may be done or not.' }
  } finally {
    agent.destroy()
  }
}

async function readControl(directory: string): Promise<Omit<Reached, 'agent'> | undefined> {
  try {
    const { port, secret } = JSON.parse(await readFile(controlFile(directory), 'utf8')) as Partial<Reached>
    return Number.isInteger(port) && typeof secret === 'string' ? { port: port as number, secret } : undefined
  } catch {
    return undefined
  }
}

/** False for nobody and for anybody else: the file is left over from a server that was killed. */
async function isOurs(reached: Reached): Promise<boolean> {
  const challenge = randomBytes(32).toString('hex')
  try {
    const { answer } = await exchange(reached, 'GET', `/hello/${challenge}`, null)
    const { proof } = JSON.parse(answer) as { proof?: unknown }
    return typeof proof === 'string' && isSame(proof, proofOf(reached.secret, challenge))
  } catch {
    return false
  }
}

function exchange(
  { port, secret, agent }: Reached,
  method: 'GET' | 'POST',
  path: string,
  body: Buffer | null,
): Promise<{ readonly status: number; readonly answer: string }> {
  const headers = body ? { authorization: `Bearer ${secret}`, 'content-length': body.length } : {}
  const patience = body ? {} : { signal: AbortSignal.timeout(PATIENCE) }
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, method, path, headers, agent, ...patience }, response => {
      // Of a stranger no more than a proof is read.
      if (!body && Number(response.headers['content-length'] ?? PROOF + 1) > PROOF) {
        sent.destroy(new Error('no proof'))
        return
      }
      text(response).then(answer => resolve({ status: response.statusCode ?? 0, answer }), reject)
    })
    sent.on('error', reject)
    sent.end(body ?? undefined)
  })
}
