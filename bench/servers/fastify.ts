// The framework alone: reads a JSON body and answers 201 with as much as the X wire answers a message with. It checks
// nobody and stores nothing.

import type { AddressInfo } from 'node:net'
import fastify from 'fastify'

const http = fastify({ logger: false })
const answer = JSON.stringify({ data: { encoded_message_event: 'x'.repeat(Number(process.argv[2])) } })
http.post('/2/chat/conversations/:id/messages', async (_request, reply) =>
  reply.code(201).type('application/json; charset=utf-8').send(answer),
)
await http.listen({ host: '127.0.0.1', port: 0 })
process.send!({ port: (http.server.address() as AddressInfo).port })
process.on('disconnect', () => process.exit())
