// What nodes do in the database beside the store.
import type { Functions } from './migrations.ts'
import { NODE_FUNCTIONS } from './nodes.ts'
import { PRESENCE_FUNCTIONS } from './presence.ts'
import { QUOTA_FUNCTIONS } from './quota.ts'

export const FUNCTIONS: Functions = { of: 'nodes', texts: [NODE_FUNCTIONS, PRESENCE_FUNCTIONS, QUOTA_FUNCTIONS] }
