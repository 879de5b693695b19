// `license:isEnterprise`: no.
import { method } from '../method.ts'
import { nothing } from '../params.ts'

export const licenseIsEnterprise = method({
  name: 'license:isEnterprise',
  params: nothing,
  run: async () => false,
})
