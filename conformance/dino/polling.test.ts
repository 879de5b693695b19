// Whether clients may poll is the operator's choice.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startServer, type TestServer } from '../server.ts'
import { DinoClient } from './client.ts'

describe('a server with dino.polling = false', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startServer({
      world: { users: [{ id: '1', username: 'ann', tokens: ['tok1'] }] },
      config: { dino: { polling: false } },
    })
  })
  afterAll(() => server.remove())

  test.each([3, 4])('says so to a client of Engine.IO %d that begins to poll', async eio => {
    const answer = await fetch(`${server.url}/socket.io/?EIO=${eio}&transport=polling`)
    expect(answer.status).toBe(403)
    const message = 'polling is switched off on this server: connect by WebSocket (transports: ["websocket"])'
    expect(await answer.json()).toEqual({ code: 4, message })
  })

  test.each([2, 4] as const)('serves the client of generation %d by WebSocket', async generation => {
    const client = await DinoClient.open(server.url, { generation, transports: ['websocket'] })
    expect((await client.login('1', 'ann')).code).toBe(200)
    client.close()
  })
})
