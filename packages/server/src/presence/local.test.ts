import { presenceContract } from './contract.ts'
import { localPresence } from './local.ts'

presenceContract('local', async () => localPresence())
