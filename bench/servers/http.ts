// node:http alone: finds out who asks by the hash of a token, checks the form of a JSON body, and answers with about as much as a
// message is answered with. It stores nothing; told to, it verifies one signature of P-256 for each request.

import { createHash, generateKeyPairSync, sign, verify } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { z } from 'zod'

const [token, status, length, verifies] = process.argv.slice(2)
const users = new Map([[hashOf(token!), 'somebody']])
const form = z.looseObject({ message: z.looseObject({ rid: z.string(), msg: z.string() }).optional() })
const answer = JSON.stringify({ success: true, message: 'x'.repeat(Number(length)) })
const head = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(answer) }
const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
/** As long as what is signed of a message of 300 bytes. */
const text = Buffer.alloc(600, 'x')
const signature = sign('sha256', text, privateKey)

function hashOf(given: string): string {
  return createHash('sha256').update(given).digest('hex')
}

const http = createServer((request, response) => {
  const parts: Buffer[] = []
  request.on('data', part => parts.push(part))
  request.on('end', () => {
    const given = request.headers['x-auth-token'] ?? request.headers.authorization?.slice('Bearer '.length)
    const known = typeof given === 'string' && users.has(hashOf(given))
    const formed = form.safeParse(JSON.parse(Buffer.concat(parts).toString())).success
    if (!known || !formed || (verifies === 'verify' && !verify('sha256', text, publicKey, signature)))
      response.writeHead(400).end()
    else response.writeHead(Number(status), head).end(answer)
  })
})
http.listen(0, '127.0.0.1', 4_096, () => process.send!({ port: (http.address() as AddressInfo).port }))
process.on('disconnect', () => process.exit())
