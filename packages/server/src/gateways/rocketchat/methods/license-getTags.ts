// `license:getTags`: the same, in names.
import { method } from '../method.ts'
import { nothing } from '../params.ts'

export const licenseGetTags = method({
  name: 'license:getTags',
  params: nothing,
  run: async () => [],
})
