// `UserPresence:ping`: the connection is alive, which its own pings say.
import { method } from '../method.ts'
import { nothing } from '../params.ts'

export const userPresencePing = method({
  name: 'UserPresence:ping',
  params: nothing,
  run: async () => undefined,
})
