// What the reference of Rocket.Chat's wire says of a server's behaviour, sentence by sentence, in our own words and with the
// section that says it. Where this server differs on purpose, the table holds what it does (protocol/rocketchat.md).
import { afterAll, afterEach, beforeAll, describe, test } from 'vitest'
import { begin, closeClients, server } from './cases/tools.ts'
import { HANDSHAKE, METHODS, PING } from './derived/connection.ts'
import { ENCRYPTION } from './derived/encryption.ts'
import { REST } from './derived/envelope.ts'
import { QUEUE, SUGGESTED } from './derived/exchange.ts'
import { FILES } from './derived/files.ts'
import { HISTORY } from './derived/history.ts'
import { LOGIN } from './derived/login.ts'
import { MESSAGES } from './derived/messages.ts'
import { METHODS7 } from './derived/methods.ts'
import { MORE } from './derived/more.ts'
import { GROUP_KEY, ROOM_KEY } from './derived/room-keys.ts'
import { RESET } from './derived/rotation.ts'
import { ROUTES7 } from './derived/routes.ts'
import { SETUPS } from './derived/setups.ts'
import { STREAMS } from './derived/streams.ts'
import type { Derived } from './derived/tools.ts'
import { USER_KEYS } from './derived/user-keys.ts'

const TABLES: Readonly<Record<string, readonly Derived[]>> = {
  handshake: HANDSHAKE,
  pings: PING,
  'methods and publications': METHODS,
  streams: STREAMS,
  'log-in': LOGIN,
  REST,
  "users' keys": USER_KEYS,
  'room key': ROOM_KEY,
  'e2e.updateGroupKey': GROUP_KEY,
  suggestions: SUGGESTED,
  'who waits': QUEUE,
  rotation: RESET,
  encryption: ENCRYPTION,
  messages: MESSAGES,
  files: FILES,
  history: HISTORY,
  'methods that clients call': METHODS7,
  'routes that clients call': ROUTES7,
  'several sections': MORE,
  'other configurations': SETUPS,
}

beforeAll(begin)
afterEach(closeClients)
afterAll(() => server?.remove())

for (const [area, table] of Object.entries(TABLES)) {
  describe(area, () => {
    for (const [section, says, run] of table)
      test(`${section}: ${says}`, async () => {
        await run()
      })
  })
}
