// What the wires do on one node they do on two whose clients' connections go to one and the other by turns: some of the
// suites of one node as they are. CONCLAVE_TEST_NODES=2 runs any other one so.
import { describe } from 'vitest'
import { suite } from '../engines/suite.ts'

process.env.CONCLAVE_TEST_NODES = '2'

suite('postgres', 'nats')('on two nodes', () => {
  describe('Dino: kicks, bans and mutes', async () => {
    await import('./dino/moderation.test.ts')
  })
  describe('X: conversations', async () => {
    await import('./xchat/conversations.test.ts')
  })
})
