// `getSetupWizardParameters`: what an administrator is led through at the first start: nothing.
import { method } from '../method.ts'
import { nothing } from '../params.ts'

export const getSetupWizardParameters = method({
  name: 'getSetupWizardParameters',
  params: nothing,
  run: async () => ({ settings: [], serverAlreadyRegistered: true }),
})
