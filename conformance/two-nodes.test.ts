// What the wires do on one node they do on two whose clients' connections go to one and the other by turns: some of the
// suites of one node as they are. CONCLAVE_TEST_NODES=2 runs any other one so.
import { describe } from 'vitest'
import { suite } from '../engines/suite.ts'

/** ms of one test: two nodes start in the time of one, and each answer has a way to go. */
const TIME = 60_000

process.env.CONCLAVE_TEST_NODES = '2'

suite('postgres', 'nats')('on two nodes', () => {
  describe('Dino: kicks, bans and mutes', { timeout: TIME }, async () => {
    await import('./dino/moderation.test.ts')
  })
  describe('X: conversations', { timeout: TIME }, async () => {
    await import('./xchat/conversations.test.ts')
  })
})
