// `license:getModules`: what a licence opens: there is none.
import { method } from '../method.ts'
import { nothing } from '../params.ts'

export const licenseGetModules = method({
  name: 'license:getModules',
  params: nothing,
  run: async () => [],
})
