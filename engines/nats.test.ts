import { connect } from '@nats-io/transport-node'
import { expect, test } from 'vitest'
import { startNats } from './nats.ts'
import { suite } from './suite.ts'

suite('nats')('NATS servers of the tests', () => {
  test('three form a cluster, and one that was killed comes back into it', async () => {
    const nats = await startNats({ servers: 3 })
    try {
      const [first, second, third] = nats.servers
      const heard: string[] = []
      const reader = await connect({ servers: first?.url })
      const subscription = reader.subscribe('room.1', {
        callback: (_error, message) => {
          heard.push(message.string())
        },
      })
      await reader.flush()
      await third?.kill()
      await third?.start()
      await nats.whole()
      for (const server of [second, third]) {
        const writer = await connect({ servers: server?.url })
        await expect
          .poll(async () => {
            writer.publish('room.1', server?.url)
            await writer.flush()
            return heard
          })
          .toContain(server?.url)
        await writer.close()
      }
      subscription.unsubscribe()
      await reader.close()
    } finally {
      await nats.stop()
    }
    expect(nats.servers.map(({ pid }) => pid)).toEqual([0, 0, 0])
  })

  test('refuse who has no password, where there is one', async () => {
    const nats = await startNats({ user: 'a', password: 'b' })
    try {
      await expect(connect({ servers: nats.url })).rejects.toThrow()
      const connection = await connect({ servers: nats.url, user: 'a', pass: 'b' })
      await connection.close()
    } finally {
      await nats.stop()
    }
  })
})
