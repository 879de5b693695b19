// `license:hasLicense`: no.
import { method } from '../method.ts'
import { nothing } from '../params.ts'

export const licenseHasLicense = method({
  name: 'license:hasLicense',
  params: nothing,
  run: async () => false,
})
