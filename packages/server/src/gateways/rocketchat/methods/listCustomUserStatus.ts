// `listCustomUserStatus`: statuses beyond the four: there are none.
import { method } from '../method.ts'
import { nothing } from '../params.ts'

export const listCustomUserStatus = method({
  name: 'listCustomUserStatus',
  params: nothing,
  run: async () => [],
})
