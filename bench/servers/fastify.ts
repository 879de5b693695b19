// The framework alone: reads a JSON body and answers 201 with as much as the X wire answers a message with. It checks
// nobody and stores nothing; told to, it verifies one signature of P-256 for each request, which every message costs.

import { generateKeyPairSync, sign, verify } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import fastify from 'fastify'

const [length, verifies] = process.argv.slice(2)
const http = fastify({ logger: false })
const answer = JSON.stringify({ data: { encoded_message_event: 'x'.repeat(Number(length)) } })
const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
/** As long as what is signed of a message of 300 bytes. */
const text = Buffer.alloc(600, 'x')
const signature = sign('sha256', text, privateKey)

http.post('/2/chat/conversations/:id/messages', async (_request, reply) => {
  if (verifies === 'verify' && !verify('sha256', text, publicKey, signature)) throw new Error('it is right')
  return reply.code(201).type('application/json; charset=utf-8').send(answer)
})
await http.listen({ host: '127.0.0.1', port: 0 })
process.send!({ port: (http.server.address() as AddressInfo).port })
process.on('disconnect', () => process.exit())
