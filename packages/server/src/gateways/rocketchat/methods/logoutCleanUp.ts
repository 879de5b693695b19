// `logoutCleanUp`: called beside `logout`, which leaves nothing to clean.
import { method } from '../method.ts'
import { nothing } from '../params.ts'

export const logoutCleanUp = method({
  name: 'logoutCleanUp',
  params: nothing,
  run: async () => undefined,
})
